"""What is excused is there: an excuse for a line that is no more would hide nothing, or another."""

from tests.mutants.__main__ import excused, text
from tests.mutants.sites import sites_of
from tests.mutants.touched import ROOT


def test_every_excuse_is_for_a_mistake_that_can_be_made() -> None:
    reasons = excused().reasons
    made = {
        (site.path, site.edit(text(site.path)), site.before(text(site.path)))
        for path in {path for path, _, _ in reasons}
        for site in sites_of(ROOT / path, ROOT)
    }
    assert reasons.keys() - made == set()
    assert all(reason.endswith(".") for reason in reasons.values())
