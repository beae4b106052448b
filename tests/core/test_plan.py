"""What holds for every situation that a link can be in."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from syncd.core.consent import CONSENT, OptedOut, forbids
from syncd.core.normalise import identity_key
from syncd.core.plan import OPTED_OUT, Planner, Showing, Situation
from syncd.model.link import Link
from syncd.model.op import OpKind
from syncd.model.plan import LinkPlan
from syncd.model.policy import Deleted, OnLeave, PairPolicy
from syncd.model.rule import Policy, Rule
from syncd.model.side import SIDES, Both, Side
from syncd.model.spec import ConsentSpec
from syncd.model.values import Consent, Fields, Level, Value
from syncd.store.links import advanced

from .world import (
    CITY,
    EMAIL,
    JOINED,
    SETS,
    TO_RIGHT,
    flag,
    link,
    mapping,
    mirrored_plan,
    mirrored_planner,
    mirrored_situation,
    planner,
    rule,
    showing,
    sorted_plan,
    spec,
    stored,
)

DAYS = [datetime(2026, 3, day, tzinfo=UTC) for day in range(1, 5)]
RULES: tuple[tuple[Rule, ...], ...] = (
    (EMAIL, CITY, SETS),
    (EMAIL, rule(policy=Policy.NEWEST), JOINED),
    (EMAIL, rule(policy=Policy.LEFT), flag("vip", "vip"), flag("gold", "gold")),
    (EMAIL, CITY, rule("city", "GREETING", direction=TO_RIGHT)),
)

days = st.none() | st.sampled_from(DAYS)
consents = st.none() | st.builds(Consent, st.sampled_from([Level.GRANTED, Level.REVOKED]), days)
cities = st.sampled_from([None, "Bonn", "Kiel"])
tags = st.none() | st.frozensets(st.sampled_from(["vip", "gold", "shop"]), min_size=1)
flags = st.sampled_from([None, True, False])
emails = st.sampled_from(["ada@example.org", "Ada@example.org", "bea@example.org", "nobody", None])
lefts = st.fixed_dictionaries(
    {"email": emails, "city": cities, "tags": tags, CONSENT: consents, "ref": cities}
)
rights = st.fixed_dictionaries(
    {
        "email": emails,
        "CITY": cities,
        "GREETING": cities,
        "TAGS": tags,
        "custom.tags": st.sampled_from([None, "vip", "gold, vip"]),
        "vip": flags,
        "gold": flags,
        CONSENT: consents,
        "REF": cities,
    }
)


def lives_in_bonn(fields: Fields) -> bool:
    return "Bonn" in (fields.get("city"), fields.get("CITY"))


filters = st.sampled_from([None, lives_in_bonn])
policies = st.builds(
    PairPolicy,
    create=st.sampled_from([frozenset(SIDES), frozenset({Side.LEFT}), frozenset[Side]()]),
    deleted=st.sampled_from(Deleted),
    filter=st.builds(Both, filters, filters),
    on_leave=st.sampled_from(OnLeave),
    untag=st.just(frozenset({"shop", "vip"})),
    resubscribe=st.booleans(),
)
consent_specs = st.none() | st.builds(
    ConsentSpec,
    revocable=st.booleans(),
    grantable=st.booleans(),
    ends_record=st.booleans(),
    suppresses_absent=st.booleans(),
)


def specs(reference: str) -> st.SearchStrategy[object]:
    return st.builds(
        lambda consent, place, creates, deletes: spec(
            consent=consent, reference=place, creates=creates, deletes=deletes
        ),
        consent_specs,
        st.sampled_from([None, reference]),
        st.booleans(),
        st.booleans(),
    )


planners = st.builds(
    lambda rules, policy, left, right: planner(*rules, policy=policy, left=left, right=right),
    st.sampled_from(RULES),
    policies,
    specs("ref"),
    specs("REF"),
)


def shown(name: str, fields: st.SearchStrategy[dict[str, Value]]) -> st.SearchStrategy[Showing]:
    return st.builds(Showing, st.just(name), fields, st.sampled_from([False, False, True]), days)


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    left = draw(st.none() | shown("l1", lefts))
    right = draw(shown("r1", rights) if left is None else st.none() | shown("r1", rights))
    ids = Both(left.remote_id if left else None, right.remote_id if right else None)
    shadow: Both[Fields] = Both({}, {})
    if left and right and draw(st.booleans()):
        held = {"tags": frozenset({"vip"}), "tags['vip']": frozenset({"vip"})}
        there = {"TAGS": frozenset({"vip"}), "custom.tags": frozenset({"vip"})}
        email = {"email": "ada@example.org"}
        shadow = Both(
            {**email, "city": "Bonn", **held},
            {**email, "CITY": "Bonn", **there, "vip['vip']": frozenset({"vip"})},
        )
    ended = draw(st.sampled_from([None, None, OPTED_OUT, "counterpart_deleted"]))
    ledger = draw(st.none() | st.builds(OptedOut, st.sampled_from(DAYS)))
    choices = draw(st.dictionaries(st.just("city = CITY"), st.sampled_from(SIDES)))
    rivalled = draw(st.dictionaries(st.sampled_from(SIDES), st.just("x9")))
    keys = Both(*(key_of(s.fields) if s and not s.gone else None for s in (left, right)))
    lifted = {key: draw(st.sampled_from(DAYS)) for key in keys if key and draw(st.booleans())}
    return Situation(
        Link(5, ids, shadow, ended),
        Both(left, right),
        ledger,
        choices,
        rivalled=rivalled,
        let_in=Both(*(lifted.get(key) for key in keys)),
        opted_out=draw(st.sampled_from([frozenset(), frozenset({"ada@example.org"})])),
    )


@given(planners, situations())
def test_swapping_left_and_right_swaps_the_plan(one: Planner, at: Situation) -> None:
    turned = mirrored_planner(one).plan(mirrored_situation(at))
    assert mirrored_plan(turned) == sorted_plan(one.plan(at))


@given(planners, situations())
def test_a_plan_writes_only_to_records_that_exist_and_creates_only_those_that_never_did(
    one: Planner, at: Situation
) -> None:
    for draft in one.plan(at).drafts:
        target = at.sides[draft.side]
        if draft.kind in (OpKind.CREATE, OpKind.SUPPRESS):
            assert target is None
            assert draft.remote_id is None
        else:
            assert target is not None
            assert not target.gone
            assert draft.remote_id == target.remote_id
            assert draft.current == target.fields


def opted_out(one: Planner, at: Situation) -> bool:
    """Somebody opted out, and neither a person nor a newer opt-in has let them in again."""
    if one.policy.resubscribe or at.ledger is not None:
        return not one.policy.resubscribe
    said = at.sides.map(lambda s: s.fields.get(CONSENT) if s and not s.gone else None)
    return any(
        isinstance(c, Consent)
        and c.level is Level.REVOKED
        and (upto is None or (c.at is not None and c.at > upto))
        for c, upto in zip(said, at.let_in, strict=True)
    )


@given(planners, situations())
def test_nobody_who_opted_out_is_created_or_granted_anything(one: Planner, at: Situation) -> None:
    for draft in one.plan(at).drafts:
        written = draft.patch.get(CONSENT)
        if opted_out(one, at):
            assert draft.kind is not OpKind.CREATE
            assert written is None or (
                isinstance(written, Consent) and written.level is Level.REVOKED
            )
        if isinstance(written, Consent) and written.level is Level.GRANTED:
            assert one.policy.resubscribe or at.let_in[draft.side] is not None


@given(planners, situations())
def test_an_opt_out_reaches_every_record_that_can_show_it(one: Planner, at: Situation) -> None:
    at = replace(at, let_in=Both(None, None))  # by nobody, under whatever address
    if not opted_out(one, at):
        return
    plan = one.plan(at)
    for side in SIDES:
        showing_now, can = at.sides[side], one.specs[side].consent
        if showing_now is None or showing_now.gone or can is None or not can.revocable:
            continue
        said = showing_now.fields.get(CONSENT)
        if isinstance(said, Consent) and said.level is Level.REVOKED:
            continue
        if at.link.ended == OPTED_OUT and can.ends_record:
            continue  # it was written, and the record is vanishing
        assert any(CONSENT in d.patch and d.urgent for d in plan.drafts if d.side is side)


@given(planners, situations())
def test_nothing_is_created_without_its_key(one: Planner, at: Situation) -> None:
    for draft in one.plan(at).drafts:
        if draft.kind is OpKind.CREATE:
            address = draft.patch.get("email")
            assert isinstance(address, str)
            assert identity_key(address)


@given(planners, situations())
def test_what_is_only_planned_is_planned_again(one: Planner, at: Situation) -> None:
    """Intents may be thrown away at any time, and what a plan stores must not lose them."""
    plan = one.plan(at)
    kept = replace(at, link=replace(at.link, shadow=plan.shadow, ended=plan.ended))
    if plan.ended == OPTED_OUT:
        return  # then only what has to reach the vanishing record may be left out
    assert one.plan(kept).drafts == plan.drafts


def carried_out(one: Planner, at: Situation, plan: LinkPlan) -> Situation:
    """The situation after every write of a plan was confirmed."""
    sides, shadow = at.sides, plan.shadow
    ended, ids = plan.ended, at.link.ids
    for draft in plan.drafts:
        target = sides[draft.side]
        before = target.fields if target else {}
        if draft.kind in (OpKind.UPDATE, OpKind.CREATE):
            if draft.kind is OpKind.CREATE:
                names = {n for r in one.mapping.rules for n in r.fields(draft.side)}
                before = dict.fromkeys({*names, one.specs[draft.side].reference or "email"})
            name = draft.remote_id or ("l1" if draft.side is Side.LEFT else "r1")
            after = stored(one.mapping, draft.side, before, draft.patch)
            sides = sides.having(draft.side, replace(target or Showing(name, {}), fields=after))
            ids = ids.having(draft.side, name)
        if draft.kind is OpKind.DELETE and target:
            sides = sides.having(draft.side, replace(target, gone=True))
        shadow = Both(*(advanced(shadow[s], draft.advance[s]) for s in SIDES))
        ended = draft.ends or ended
    return replace(at, link=Link(5, ids, shadow, ended), sides=sides)


@given(planners, situations())
def test_once_carried_out_a_plan_is_quiet(one: Planner, at: Situation) -> None:
    for _ in range(3):
        at = carried_out(one, at, one.plan(at))
    assert one.plan(at).drafts == ()


@given(planners, situations())
def test_every_planned_write_passes_the_last_look(one: Planner, at: Situation) -> None:
    """Else it would be planned and refused for ever."""
    keys = Both(*(key_of(s.fields) if s else None for s in at.sides))
    known = frozenset(key for key in keys if key is not None)
    let_in = frozenset(k for k, upto in zip(keys, at.let_in, strict=True) if k and upto)
    for draft in one.plan(at).drafts:
        address = draft.patch.get("email")
        if isinstance(address, str) and draft.kind is OpKind.UPDATE:
            continue  # a changed address: tested with the guard
        assert not forbids(
            draft.kind,
            draft.patch,
            draft.current,
            address="email",
            suppressed=known if at.ledger else frozenset(),
            resubscribe=one.policy.resubscribe,
            lifted=frozenset() if at.ledger else let_in,
        )


def key_of(fields: Fields) -> str | None:
    address = fields.get("email")
    return identity_key(address) if isinstance(address, str) else None


def test_a_record_that_comes_back_to_the_filter_brings_its_tags_along_again() -> None:
    policy = PairPolicy(
        filter=Both(lives_in_bonn, None), on_leave=OnLeave.UNTAG, untag=frozenset({"shop"})
    )
    one = planner(EMAIL, CITY, SETS, policy=policy)
    tagged = frozenset({"shop", "vip"})
    agreed = link({"city": "Bonn", "tags": tagged}, {"CITY": "Bonn", "TAGS": tagged})
    left = showing(Side.LEFT, city="Kiel", tags=tagged)
    right = showing(Side.RIGHT, CITY="Bonn", TAGS=tagged)
    away = Situation(agreed, Both(left, right))
    away = carried_out(one, away, one.plan(away))
    assert away.sides.right
    assert away.sides.right.fields["TAGS"] == frozenset({"vip"})
    back = replace(
        away,
        sides=away.sides.having(Side.LEFT, replace(left, fields={**left.fields, "city": "Bonn"})),
    )
    back = carried_out(one, back, one.plan(back))
    assert back.sides.right
    assert back.sides.right.fields["TAGS"] == tagged


def test_tags_are_taken_off_every_field_that_stands_for_them_and_in_any_case() -> None:
    policy = PairPolicy(
        filter=Both(lives_in_bonn, None), on_leave=OnLeave.UNTAG, untag=frozenset({"VIP", "shop"})
    )
    rules = (EMAIL, JOINED, flag("vip", "vip"))
    lower = {"tags": replace(mapping().catalogues.left["tags"], lower=True)}
    one = planner(policy=policy, at=mapping(*rules, left=lower))
    left = showing(Side.LEFT, city="Kiel", tags=frozenset({"vip", "new"}))
    right = showing(Side.RIGHT, **{"custom.tags": "new, vip", "vip": True})
    [draft] = one.plan(Situation(link(), Both(left, right))).drafts
    assert draft.patch == {"custom.tags": "new", "vip": False}
    assert (draft.side, draft.kind, draft.remote_id) == (Side.RIGHT, OpKind.UPDATE, right.remote_id)
    assert draft.current == right.fields
    assert draft.link_id == link().id
