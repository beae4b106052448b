"""The lattice of consent, and the last look before every write."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.core.consent import (
    CONSENT,
    LEDGER,
    LIFTED,
    NEITHER,
    OptedOut,
    carried,
    decide,
    forbids,
    questioned,
    shown,
    wanted_writes,
)
from syncd.model.op import OpKind
from syncd.model.side import SIDES, Both, Side
from syncd.model.spec import ConsentSpec
from syncd.model.values import Consent, Fields, Level, Patch, Value

NOW = datetime(2026, 3, 2, tzinfo=UTC)
DAYS = [NOW + timedelta(days=n) for n in range(4)]
OUT, IN, NOTHING = (Consent(level) for level in (Level.REVOKED, Level.GRANTED, Level.UNKNOWN))

days = st.none() | st.sampled_from(DAYS)
consents = st.builds(Consent, st.sampled_from(Level), days)
pairs = st.builds(Both, consents, consents)
ledgers = st.none() | st.builds(OptedOut, st.sampled_from(DAYS))


def decided(
    left: Consent, right: Consent, ledger: OptedOut | None = None, resubscribe: bool = False
) -> Level:
    return decide(Both(left, right), ledger, resubscribe=resubscribe)


def test_an_opt_out_on_either_side_wins() -> None:
    for left, right in product([OUT, IN, NOTHING], repeat=2):
        expected = Level.REVOKED if OUT in (left, right) else Level.UNKNOWN
        assert decided(left, right) is expected


@given(pairs)
def test_the_ledger_wins_over_whatever_is_shown(shown_now: Both[Consent]) -> None:
    assert decide(shown_now, OptedOut(NOW), resubscribe=False) is Level.REVOKED


@given(pairs, ledgers, st.booleans())
def test_swapping_the_sides_changes_nothing(
    shown_now: Both[Consent], ledger: OptedOut | None, resubscribe: bool
) -> None:
    assert decide(shown_now, ledger, resubscribe=resubscribe) is decide(
        shown_now.flipped(), ledger, resubscribe=resubscribe
    )


@given(pairs, ledgers)
def test_without_resubscription_nothing_is_ever_granted(
    shown_now: Both[Consent], ledger: OptedOut | None
) -> None:
    assert decide(shown_now, ledger, resubscribe=False) is not Level.GRANTED


@given(pairs, ledgers)
def test_only_an_opt_in_newer_than_every_opt_out_lifts_it(
    shown_now: Both[Consent], ledger: OptedOut | None
) -> None:
    if decide(shown_now, ledger, resubscribe=True) is not Level.GRANTED:
        return
    opt_ins = [c.at for c in shown_now if c.level is Level.GRANTED and c.at]
    opt_outs = [c.at for c in shown_now if c.level is Level.REVOKED]
    opt_outs += [ledger.at] if ledger else []
    assert opt_outs
    assert all(at is not None and at < max(opt_ins) for at in opt_outs)


@given(pairs, ledgers, st.booleans(), st.sampled_from(SIDES), consents)
def test_one_more_opt_out_never_leads_to_a_permission(
    shown_now: Both[Consent], ledger: OptedOut | None, resubscribe: bool, side: Side, more: Consent
) -> None:
    """The decision rises with what it rests on: unknown and granted below revoked."""
    worse = shown_now.having(side, Consent(Level.REVOKED, None))
    assert decide(worse, ledger, resubscribe=resubscribe) is Level.REVOKED


@given(pairs, ledgers, st.booleans())
def test_deciding_what_was_decided_is_quiet(
    shown_now: Both[Consent], ledger: OptedOut | None, resubscribe: bool
) -> None:
    can = Both(ConsentSpec(grantable=True), ConsentSpec(grantable=True))
    level = decide(shown_now, ledger, resubscribe=resubscribe)
    writes = wanted_writes(level, shown_now, can)
    after = shown_now
    for side, value in writes.items():
        after = after.having(side, value)
    again = decide(after, ledger, resubscribe=resubscribe)
    if level is Level.REVOKED:
        assert [c.level for c in after] == [Level.REVOKED] * 2
        assert again is Level.REVOKED
    assert wanted_writes(again, after, can) == {}


def test_an_opt_out_is_written_with_its_date_where_it_is_not_shown_and_can_be() -> None:
    can, cannot = ConsentSpec(), ConsentSpec(revocable=False)
    dated = Consent(Level.REVOKED, NOW)
    written = Consent(Level.REVOKED, NOW, "syncd")
    assert wanted_writes(Level.REVOKED, Both(dated, IN), Both(can, can)) == {Side.RIGHT: written}
    assert wanted_writes(Level.REVOKED, Both(dated, IN), Both(can, cannot)) == {}
    assert wanted_writes(Level.REVOKED, Both(dated, IN), Both(can, None)) == {}
    assert wanted_writes(Level.REVOKED, Both(dated, dated), Both(can, can)) == {}


def test_an_opt_out_that_the_ledger_tells_is_written_with_the_ledgers_date() -> None:
    """Not with that of an opt-in on the other side, nor without one."""
    can = ConsentSpec()
    for other in (Consent(Level.GRANTED, DAYS[3]), NOTHING, Consent(Level.REVOKED, DAYS[0])):
        writes = wanted_writes(
            Level.REVOKED, Both(other, NOTHING), Both(can, can), OptedOut(DAYS[1])
        )
        assert writes[Side.RIGHT] == Consent(Level.REVOKED, DAYS[1], "syncd")


# -- what was lifted, and what a person is asked -----------------------------------------------

CONFIRMED = Consent(Level.GRANTED, DAYS[2], "mail")
LET_IN = Consent(Level.UNKNOWN, DAYS[2], LIFTED)


@given(pairs, st.booleans())
def test_what_is_left_of_a_lifted_opt_out_is_no_opt_out(
    shown_now: Both[Consent], resubscribe: bool
) -> None:
    level = decide(shown_now, None, resubscribe=resubscribe, let_in=Both(DAYS[3], DAYS[3]))
    remnants = any(c.level is Level.REVOKED for c in shown_now)
    assert level is (Level.GRANTED if remnants else Level.UNKNOWN)


@given(pairs, st.builds(Both, days, days), st.booleans())
def test_a_lifting_never_counts_beside_a_word_of_the_ledger(
    shown_now: Both[Consent], let_in: Both[datetime | None], resubscribe: bool
) -> None:
    ledger = OptedOut(DAYS[1])
    with_it = decide(shown_now, ledger, resubscribe=resubscribe, let_in=let_in)
    assert with_it is decide(shown_now, ledger, resubscribe=resubscribe)


def test_an_opt_out_later_than_the_lifting_counts() -> None:
    later = Consent(Level.REVOKED, DAYS[2])
    let_in = Both(DAYS[1], DAYS[1])
    assert decide(Both(later, IN), None, resubscribe=False, let_in=let_in) is Level.REVOKED


def test_a_lifting_counts_for_the_side_that_shows_its_address() -> None:
    for side in SIDES:
        shown_now = Both(NOTHING, NOTHING).having(side, OUT)
        for lifted, level in ((side, Level.GRANTED), (side.other, Level.REVOKED)):
            let_in = NEITHER.having(lifted, NOW)
            assert decide(shown_now, None, resubscribe=False, let_in=let_in) is level


@pytest.mark.parametrize("back", [CONFIRMED, LET_IN])
@pytest.mark.parametrize("side", SIDES)
def test_one_side_alone_that_lets_in_after_the_opt_out_is_a_question(
    side: Side, back: Consent
) -> None:
    there = Both(OUT, OUT).having(side, back)
    asks = questioned(there, OptedOut(DAYS[1]), resubscribe=True)
    assert asks is not None
    assert asks[side] == back
    assert asks[side.other] == Consent(Level.REVOKED, DAYS[1], LEDGER)
    assert questioned(there, OptedOut(DAYS[1]), resubscribe=False) is None
    assert questioned(there, OptedOut(DAYS[2]), resubscribe=True) is None, "not later"
    assert questioned(there, None, resubscribe=True) is None


@given(consents)
def test_an_undated_permission_asks_nobody(other: Consent) -> None:
    both = Both(IN, replace(other, at=None))
    assert questioned(both, OptedOut(NOW), resubscribe=True) is None


def test_it_is_kept_in_mind_that_an_opt_out_ended() -> None:
    lifted = {CONSENT: LET_IN, "city": "Bern"}
    assert carried({CONSENT: OUT}, {CONSENT: None, "city": "Bern"}, DAYS[2]) == lifted
    assert carried(lifted, {CONSENT: None, "city": "Bern"}, DAYS[3]) == lifted
    assert carried(lifted, {CONSENT: OUT}, DAYS[3]) == {CONSENT: OUT}
    assert carried({CONSENT: OUT}, {CONSENT: IN}, DAYS[3]) == {CONSENT: IN}
    assert carried({CONSENT: None}, {CONSENT: None}, DAYS[3]) == {CONSENT: None}
    assert carried({CONSENT: OUT}, {"city": "Bern"}, DAYS[3]) == {"city": "Bern"}


def test_an_opt_in_is_written_only_over_an_opt_out() -> None:
    can = ConsentSpec(grantable=True)
    newer = Consent(Level.GRANTED, NOW)
    assert wanted_writes(Level.GRANTED, Both(newer, OUT), Both(can, can)).keys() == {Side.RIGHT}
    assert wanted_writes(Level.GRANTED, Both(newer, NOTHING), Both(can, can)) == {}
    assert wanted_writes(Level.GRANTED, Both(newer, OUT), Both(can, ConsentSpec())) == {}


def test_a_record_without_consent_is_unknown() -> None:
    assert shown({}) == shown({CONSENT: None}) == shown({CONSENT: "yes"}) == NOTHING
    assert shown({CONSENT: OUT}) == OUT


# -- the last look -----------------------------------------------------------------------

ADA = "ada@example.org"
writes = st.sampled_from([OpKind.CREATE, OpKind.UPDATE])
spellings = st.sampled_from([ADA, "Ada@Example.ORG", " ada@example.org\u200b"])


def look(
    patch: Patch,
    current: Fields | None = None,
    kind: OpKind = OpKind.UPDATE,
    *,
    resubscribe: bool = False,
) -> str | None:
    return forbids(
        kind,
        patch,
        current or {},
        address="email",
        suppressed=frozenset({ADA}),
        resubscribe=resubscribe,
    )


@given(writes, spellings, st.none() | st.just(IN), st.booleans())
def test_no_suppressed_address_is_created_or_moved_to_where_it_would_be_mailed(
    kind: OpKind, address: str, present: Consent | None, resubscribe: bool
) -> None:
    assert look({"email": address}, {CONSENT: present}, kind, resubscribe=resubscribe)


@given(spellings, st.sampled_from([None, NOTHING, IN, "granted"]), consents)
def test_no_opt_out_is_lifted_or_erased(address: str, written: Value, present: Consent) -> None:
    assert look({CONSENT: written}, {"email": address, CONSENT: present})


@pytest.mark.parametrize("resubscribe", [True, False])
def test_no_opt_out_that_the_ledger_still_holds_is_lifted(resubscribe: bool) -> None:
    assert look({CONSENT: IN}, {"email": ADA, CONSENT: OUT}, resubscribe=resubscribe)


def test_what_a_person_lifted_may_be_written_by_a_pair_that_lifts_nothing_itself() -> None:
    current: Fields = {"email": " Bea@Example.org", CONSENT: OUT}
    for lifted, passes in ((frozenset({"bea@example.org"}), True), (frozenset({ADA}), False)):
        why = forbids(
            OpKind.UPDATE,
            {CONSENT: IN},
            current,
            address="email",
            suppressed=frozenset({ADA}),
            resubscribe=False,
            lifted=lifted,
        )
        assert (why is None) is passes


def test_a_pair_that_allows_it_may_lift_an_opt_out_but_never_blur_it() -> None:
    assert look({CONSENT: IN}, {CONSENT: OUT}, resubscribe=True) is None
    assert look({CONSENT: None}, {CONSENT: OUT}, resubscribe=True)
    assert look({CONSENT: NOTHING}, {CONSENT: OUT}, resubscribe=True)


@pytest.mark.parametrize("resubscribe", [True, False])
def test_an_opt_out_always_passes(resubscribe: bool) -> None:
    patch: Patch = {CONSENT: OUT, "email": ADA}
    assert look(patch, resubscribe=resubscribe) is None
    assert look({"email": ADA}, kind=OpKind.SUPPRESS, resubscribe=resubscribe) is None
    assert look({}, {"email": ADA}, OpKind.DELETE, resubscribe=resubscribe) is None


def test_other_writes_pass() -> None:
    assert look({"email": "bea@example.org"}) is None
    assert look({"city": "Bonn"}, {"email": ADA}) is None
    assert look({"email": ADA}, {CONSENT: OUT}) is None  # it stays opted out
    assert look({"email": None}) is None
