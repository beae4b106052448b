"""Members of a set that a connector keeps for itself: they stay where they are, and are listed."""

import pytest

from syncd.core.canonical import Canonical, canonical
from syncd.core.consent import CONSENT
from syncd.core.plan import Situation
from syncd.core.shadow import in_shadow
from syncd.model.link import Link
from syncd.model.op import OpKind
from syncd.model.side import SIDES, Both
from syncd.model.spec import FieldSpec, Kind
from syncd.model.values import Consent, Level, SetDelta

from .world import (
    EMAIL,
    JOINED,
    LEFT,
    RIGHT,
    SETS,
    Person,
    catalogue,
    flag,
    join,
    link,
    mapping,
    planner,
    rule,
    showing,
    split,
)

MARK = frozenset({"crm-optout"})
MARKED = FieldSpec("TAGS", Kind.SET, lower=True, reserved=tuple(MARK))
THERE = catalogue(MARKED)
TEXT = rule("custom.tags", "TAGS", as_set=True, forward=split, backward=join)
EMPTY_LINK = Link(5, Both("l1", "r1"), Both({}, {}))


@pytest.mark.parametrize("typed", ["crm-optout", "CRM-OptOut", " crm-optout ", "Crm-Optout\n"])
def test_a_reserved_member_is_told_however_it_is_written(typed: str) -> None:
    form = canonical(frozenset({typed, "vip"}), MARKED, country=None)
    assert form == Canonical(frozenset({"crm-optout", "vip"}), "reserved")


def test_a_name_that_only_looks_like_it_is_free() -> None:
    assert canonical(frozenset({"crm optout"}), MARKED, country=None).problem is None


@pytest.mark.parametrize("typed", ["crm-optout", "CRM-OptOut"])
def test_it_stays_on_the_side_where_it_was_typed_and_is_listed_for_ever(typed: str) -> None:
    person = Person(
        mapping(SETS, right=THERE), SETS, Both({"tags": frozenset({typed, "vip"})}, {"TAGS": None})
    )
    for _ in range(3):
        merged = person.sync()
        assert merged.problem == "reserved"
        assert person.show() == (frozenset({typed, "vip"}), frozenset({"vip"}))
    person.edit(LEFT, "tags", frozenset({typed, "new"}))
    person.sync()
    assert person.show() == (frozenset({typed, "new"}), frozenset({"new"}))
    person.edit(LEFT, "tags", frozenset({"new"}))
    assert person.sync().problem is None
    assert person.show() == (frozenset({"new"}), frozenset({"new"}))


def test_so_it_does_in_a_text_that_stands_for_a_set() -> None:
    person = Person(
        mapping(TEXT, right=THERE), TEXT, Both({"custom.tags": "crm-optout, vip"}, {"TAGS": None})
    )
    assert person.sync().problem == "reserved"
    assert person.sync().problem == "reserved"
    assert person.show() == ("crm-optout, vip", frozenset({"vip"}))


@pytest.mark.parametrize("one", [SETS, TEXT])
def test_it_does_not_travel_from_the_side_that_reserves_it(one: object) -> None:
    at = mapping(EMAIL, one, right=THERE)  # type: ignore[arg-type]
    left = showing(LEFT, **{"tags": None, "custom.tags": None})
    right = showing(RIGHT, TAGS=MARK | {"vip"})
    plan = planner(at=at).plan(Situation(EMPTY_LINK, Both(left, right)))
    [draft] = plan.drafts
    assert draft.side is LEFT
    assert list(draft.patch.values()) in ([SetDelta(frozenset({"vip"}))], ["vip"])
    assert plan.problems == {one.name: "reserved"}  # type: ignore[attr-defined]


def test_the_mark_of_somebody_who_opted_out_is_ours_and_no_problem() -> None:
    at = mapping(EMAIL, SETS, right=THERE)
    consent = {CONSENT: Consent(Level.REVOKED)}
    left, right = showing(LEFT, tags=None, **consent), showing(RIGHT, TAGS=MARK, **consent)
    plan = planner(at=at).plan(Situation(EMPTY_LINK, Both(left, right)))
    assert (plan.drafts, plan.problems) == ((), {})


def test_what_was_counted_as_agreed_before_is_not_taken_away() -> None:
    """An earlier version left it out in silence, and took it to be on both sides."""
    at = mapping(SETS, right=THERE)
    person = Person(at, SETS, Both({"tags": MARK}, {"TAGS": None}))
    person.shadow = in_shadow(SETS, Both((MARK,), (MARK,)))
    assert person.sync().problem == "reserved"
    assert person.show() == (MARK, None)


@pytest.mark.parametrize("here", SIDES)
def test_a_new_record_is_made_with_the_members_that_fit(here: object) -> None:
    at = mapping(EMAIL, SETS, right=THERE)
    tags = frozenset({"crm-optout", "vip"})
    sides = (
        Both(showing(LEFT, tags=tags), None)
        if here is LEFT
        else Both(None, showing(RIGHT, TAGS=tags))
    )
    ids = Both(*(side.remote_id if side else None for side in sides))
    plan = planner(at=at).plan(Situation(Link(5, ids, Both({}, {})), sides))
    [draft] = plan.drafts
    assert draft.kind is OpKind.CREATE
    assert frozenset({"vip"}) in draft.patch.values()
    assert plan.problems == {SETS.name: "reserved"}
    assert draft.advance.left["tags"] == draft.advance.right["TAGS"] == frozenset({"vip"})


def test_a_new_record_is_made_with_the_members_that_are_short_enough() -> None:
    short = catalogue(FieldSpec("TAGS", Kind.SET, max_length=4))
    at = mapping(EMAIL, SETS, right=short)
    left = showing(LEFT, tags=frozenset({"vip", "far too long"}))
    at_first = Situation(Link(5, Both("l1", None), Both({}, {})), Both(left, None))
    plan = planner(at=at).plan(at_first)
    assert plan.drafts[0].patch["TAGS"] == frozenset({"vip"})
    assert plan.problems == {SETS.name: "invalid_set"}


def test_a_flag_about_another_member_has_nothing_to_do_with_it() -> None:
    vip = flag("vip", "vip")
    at = mapping(EMAIL, vip, left=catalogue(FieldSpec("tags", Kind.SET, reserved=tuple(MARK))))
    left, right = showing(LEFT, tags=MARK | {"vip"}), showing(RIGHT, vip=None)
    plan = planner(at=at).plan(Situation(link(), Both(left, right)))
    assert plan.drafts[0].patch == {"vip": True}
    assert plan.problems == {}


def test_a_joined_text_does_not_get_it_either() -> None:
    at = mapping(EMAIL, JOINED, left=catalogue(FieldSpec("tags", Kind.SET, reserved=tuple(MARK))))
    left = showing(LEFT, tags=MARK | {"vip"})
    new = Situation(Link(5, Both("l1", None), Both({}, {})), Both(left, None))
    plan = planner(at=at).plan(new)
    assert plan.drafts[0].patch["custom.tags"] == "vip"
    assert plan.problems == {JOINED.name: "reserved"}
