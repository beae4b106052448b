"""Who each account turned out to be."""

from dataclasses import replace

import sqlalchemy as sa

from syncd.model.record import Identity, Resource
from syncd.model.spec import FieldSpec, Kind
from syncd.store import accounts
from syncd.store.accounts import Checked

from .samples import HOUR, NOW

CHECKED = Checked(
    connector="ghl",
    identity=Identity("loc-1", "Example Ltd", "DE", "Europe/Berlin"),
    catalogues={
        Resource.CONTACT: {
            "email": FieldSpec("email", Kind.EMAIL, max_length=255, lower=True, clearable=False),
            "custom.size": FieldSpec("custom.size", Kind.CHOICE, choices=("S", "M")),
            "tags": FieldSpec("tags", Kind.SET, reserved=("crm-optout",)),
        }
    },
    settings="hash",
    checked_at=NOW,
)


def test_an_account_comes_out_as_it_went_in(store: sa.Engine) -> None:
    with store.begin() as db:
        assert accounts.load(db, "crm") is None
        accounts.save(db, "crm", CHECKED)
        assert accounts.load(db, "crm") == CHECKED


def test_a_later_check_replaces_the_earlier(store: sa.Engine) -> None:
    later = replace(CHECKED, identity=Identity("loc-2", "Other"), checked_at=NOW + HOUR)
    with store.begin() as db:
        for checked in (CHECKED, later):
            accounts.save(db, "crm", checked)
        assert accounts.load(db, "crm") == later


def test_an_account_to_be_asked_anew_was_checked_long_ago_and_no_other_was(
    store: sa.Engine,
) -> None:
    with store.begin() as db:
        for name in ("crm", "mail"):
            accounts.save(db, name, CHECKED)
        accounts.ask_anew(db, "crm")
        asked = accounts.load(db, "crm")
        assert asked is not None
        assert replace(asked, checked_at=NOW) == CHECKED
        assert asked.checked_at < NOW - 1000 * HOUR
        assert accounts.load(db, "mail") == CHECKED
