"""What reconciling one link decides: writes, agreements, conflicts, standings."""

from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from datetime import datetime

from syncd.core import consent
from syncd.core.consent import CONSENT, OptedOut
from syncd.core.merge import merge, shadow_name
from syncd.core.normalise import identity_key
from syncd.core.translate import Mapping
from syncd.model.link import Link, State
from syncd.model.op import OpKind
from syncd.model.plan import Draft, LinkPlan, Standing
from syncd.model.policy import Deleted, OnLeave, PairPolicy
from syncd.model.rule import Direction, Policy, Rule, Values
from syncd.model.side import SIDES, Both, Side
from syncd.model.spec import ResourceSpec
from syncd.model.values import Consent, Fields, Level, Patch, SetDelta, Value

OPTED_OUT = "opted_out"
DELETED = "counterpart_deleted"


@dataclass(frozen=True, slots=True)
class Showing:
    """One side of a link, as it was last seen.

    Attributes:
        gone: evidence says that it no longer exists.
        modified: when its platform says that it last changed.
    """

    remote_id: str
    fields: Fields
    gone: bool = False
    modified: datetime | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """All that the decision about one link rests on.

    Attributes:
        sides: what each side shows; None where the record was never created.
        ledger: what the suppression ledger holds of either side's address.
        choices: by rule name, the side that a person chose for a conflict.
    """

    link: Link
    sides: Both[Showing | None]
    ledger: OptedOut | None = None
    choices: MappingType[str, Side] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Planner:
    """Decides about links of one pair and resource."""

    mapping: Mapping
    policy: PairPolicy
    specs: Both[ResourceSpec]

    def plan(self, at: Situation) -> LinkPlan:
        """What is to be done about one link."""
        left, right = at.sides.left, at.sides.right
        alive = at.sides.map(lambda s: s is not None and not s.gone)
        if alive.left and alive.right and left and right:
            return self._both_alive(at, Both(left, right))
        if not alive.left and not alive.right:
            return self._stop(at, "both_gone", Both(Standing(State.GONE), Standing(State.GONE)))
        here = Side.LEFT if alive.left else Side.RIGHT
        present, missing = at.sides[here], at.sides[here.other]
        assert present is not None  # noqa: S101 - `alive` says so; for the type checker
        if missing is None:
            return self._one_missing(at, here, present)
        return self._one_gone(at, here, present, missing)

    # -- both sides exist ---------------------------------------------------------------

    def _both_alive(self, at: Situation, sides: Both[Showing]) -> LinkPlan:
        consents = sides.map(lambda s: consent.shown(s.fields))
        level = consent.decide(consents, at.ledger, resubscribe=self.policy.resubscribe)
        if level is Level.REVOKED and at.link.ended == OPTED_OUT:
            return self._already_ended(at, sides, consents)
        drafts = self._consent_drafts(at, sides, level, consents)
        linked = Both(Standing(State.LINKED), Standing(State.LINKED))
        if any(self._ends_record(d.side) for d in drafts):
            return LinkPlan(drafts, at.link.shadow, linked)  # the record is about to vanish
        if not self.takes(sides):
            leaving = self._untag_drafts(at, sides) if self.policy.on_leave is OnLeave.UNTAG else ()
            out = Both(Standing(State.FILTERED, "filter"), Standing(State.FILTERED, "filter"))
            return LinkPlan((*drafts, *leaving), at.link.shadow, out)
        return self._merge_fields(at, sides, drafts, linked)

    def _consent_drafts(
        self, at: Situation, sides: Both[Showing], level: Level, consents: Both[Consent]
    ) -> tuple[Draft, ...]:
        if level is Level.UNKNOWN:
            return ()
        writes = consent.wanted_writes(level, consents, self.specs.map(lambda s: s.consent))
        return tuple(
            self._consent_draft(at.link, side, sides[side], value) for side, value in writes.items()
        )

    def _already_ended(
        self, at: Situation, sides: Both[Showing], consents: Both[Consent]
    ) -> LinkPlan:
        """The opt-out was carried out, and the record on the mailing side is vanishing."""
        drafts = tuple(
            d
            for d in self._consent_drafts(at, sides, Level.REVOKED, consents)
            if not self._ends_record(d.side)
        )
        parked = Standing(State.PARKED, OPTED_OUT)
        return LinkPlan(drafts, at.link.shadow, Both(parked, parked), ended=OPTED_OUT)

    def _consent_draft(self, link: Link, side: Side, showing: Showing, value: Consent) -> Draft:
        ends = OPTED_OUT if self._ends_record(side) and value.level is Level.REVOKED else None
        return Draft(
            link_id=link.id,
            side=side,
            kind=OpKind.UPDATE,
            remote_id=showing.remote_id,
            patch={CONSENT: value},
            current=showing.fields,
            ends=ends,
            urgent=value.level is Level.REVOKED,
        )

    def _ends_record(self, side: Side) -> bool:
        spec = self.specs[side].consent
        return spec is not None and spec.ends_record

    def takes(self, sides: Both[Showing]) -> bool:
        """Whether the pair's filter takes this link."""
        return all(
            predicate is None or predicate(sides[side].fields)
            for side, predicate in zip(SIDES, self.policy.filter, strict=True)
        )

    def _merge_fields(
        self,
        at: Situation,
        sides: Both[Showing],
        drafts: tuple[Draft, ...],
        standing: Both[Standing],
    ) -> LinkPlan:
        now = sides.map(lambda s: s.fields)
        shadow: Both[dict[str, Value]] = at.link.shadow.map(dict)
        patches: dict[Side, dict[str, Value | SetDelta]] = {}
        advances: dict[Side, Both[dict[str, Value | SetDelta]]] = {}
        conflicts: dict[str, Both[Values]] = {}
        problems: dict[str, str] = {}
        rules = (*self.mapping.rules, *self._reference_rules(sides, problems))
        for rule in rules:
            prefer = at.choices.get(rule.name) or self._winner(rule.policy, sides)
            merged = merge(
                rule, self._with_reference(rule, now, sides), at.link.shadow, prefer, self.mapping
            )
            for side in SIDES:
                shadow[side].update(merged.agreed[side])
            if merged.conflict:
                conflicts[rule.name] = Both(
                    *(tuple(now[side][n] for n in rule.fields(side)) for side in SIDES)
                )
            if merged.problem:
                problems[rule.name] = merged.problem
            for side, step in merged.steps.items():
                add_to_patch(patches.setdefault(side, {}), step.patch)
                moves = advances.setdefault(side, Both({}, {}))
                moves.left.update(step.advance.left)
                moves.right.update(step.advance.right)
        updates = tuple(
            Draft(
                link_id=at.link.id,
                side=side,
                kind=OpKind.UPDATE,
                remote_id=sides[side].remote_id,
                patch=patch,
                current=sides[side].fields,
                advance=Both(advances[side].left, advances[side].right),
                routine=patch.keys() == {self.specs[side].reference},
            )
            for side, patch in patches.items()
        )
        shadows: Both[Fields] = Both(shadow.left, shadow.right)
        return LinkPlan((*drafts, *updates), shadows, standing, conflicts, problems)

    def _winner(self, policy: Policy, sides: Both[Showing]) -> Side | None:
        match policy:
            case Policy.LEFT:
                return Side.LEFT
            case Policy.RIGHT:
                return Side.RIGHT
            case Policy.NEWEST:
                left, right = sides.left.modified, sides.right.modified
                if left is None or right is None or left == right:
                    return None
                return Side.LEFT if left > right else Side.RIGHT
            case Policy.MANUAL:
                return None

    # -- the other side's id, kept in a field where a platform has a place for it --------

    def _reference_rules(self, sides: Both[Showing], problems: dict[str, str]) -> tuple[Rule, ...]:
        """One rule per side that has a place; none where somebody else's value stands."""
        rules = []
        for side in SIDES:
            name = self.specs[side].reference
            if name is None or self._is_mapped(side, name):
                continue
            present = sides[side].fields.get(name)
            if present not in (None, sides[side.other].remote_id):
                problems[f"{name} = id"] = "reference_taken"
                continue
            rules.append(reference_rule(side, name))
        return tuple(rules)

    def _is_mapped(self, side: Side, name: str) -> bool:
        return any(name in rule.fields(side) for rule in self.mapping.rules)

    def _with_reference(self, rule: Rule, now: Both[Fields], sides: Both[Showing]) -> Both[Fields]:
        if rule.fields(Side.LEFT) == (ID,):
            return now.having(Side.LEFT, {ID: sides.left.remote_id})
        if rule.fields(Side.RIGHT) == (ID,):
            return now.having(Side.RIGHT, {ID: sides.right.remote_id})
        return now

    # -- one side does not exist --------------------------------------------------------

    def _one_missing(self, at: Situation, here: Side, present: Showing) -> LinkPlan:
        """The counterpart was never created, or waits to be."""
        if self._is_opted_out(at, present):
            return self._suppress(at, here, present)
        if not self._takes_one(here, present):
            return self._stand(at, here, Standing(State.FILTERED, "filter"))
        if here.other not in self.policy.create or not self.specs[here.other].creates:
            return self._stand(at, here, Standing(State.FILTERED, "create_off"))
        key = present.fields.get(self.policy.keys.first[here])
        if not isinstance(key, str) or identity_key(key) is None:
            return self._stand(at, here, Standing(State.PARKED, "no_key"))
        draft, problems = self._create(at, here, present)
        standing = Both(Standing(State.WAITING), Standing(State.WAITING))
        return LinkPlan((draft,), at.link.shadow, standing, problems=problems)

    def _is_opted_out(self, at: Situation, present: Showing) -> bool:
        """Nobody is created who opted out; a newer opt-in lifts that only on both sides."""
        return at.ledger is not None or consent.shown(present.fields).level is Level.REVOKED

    def _takes_one(self, here: Side, present: Showing) -> bool:
        predicate = self.policy.filter[here]
        return predicate is None or predicate(present.fields)

    def _suppress(self, at: Situation, here: Side, present: Showing) -> LinkPlan:
        """Carry an opt-out on: to the record that does not show it, and to the address."""
        drafts = list(self._revoke_here(at, here, present))
        there = here.other
        spec = self.specs[there].consent
        address = present.fields.get(self.policy.keys.first[here])
        if spec and spec.suppresses_absent and isinstance(address, str) and not at.link.ended:
            target = self.policy.keys.first[there]
            drafts.append(
                Draft(
                    link_id=at.link.id,
                    side=there,
                    kind=OpKind.SUPPRESS,
                    remote_id=None,
                    patch={target: address},
                    ends=OPTED_OUT,
                    urgent=True,
                )
            )
            return replace_standing(at, tuple(drafts), here, Standing(State.WAITING), None)
        return replace_standing(
            at, tuple(drafts), here, Standing(State.PARKED, OPTED_OUT), OPTED_OUT
        )

    def _revoke_here(self, at: Situation, here: Side, present: Showing) -> tuple[Draft, ...]:
        spec = self.specs[here].consent
        if spec is None or not spec.revocable:
            return ()
        if consent.shown(present.fields).level is Level.REVOKED:
            return ()
        return (self._consent_draft(at.link, here, present, Consent(Level.REVOKED, None, "syncd")),)

    def _create(self, at: Situation, here: Side, present: Showing) -> tuple[Draft, dict[str, str]]:
        there = here.other
        patch: dict[str, Value | SetDelta] = {}
        advance: Both[dict[str, Value | SetDelta]] = Both({}, {})
        problems: dict[str, str] = {}
        for rule in self.mapping.rules:
            if not rule.direction.reaches(there):
                continue
            names = rule.fields(here)
            if any(n not in present.fields for n in names):
                continue
            shown = tuple(present.fields[n] for n in names)
            image = self.mapping.across(rule, there, shown)
            if image is None:
                continue
            cut_for_good = image.problem == "too_long" and rule.direction is not Direction.BOTH
            if image.problem:
                problems[rule.name] = image.problem
                if not cut_for_good:
                    continue
            self._add_to_create(rule, here, shown, image.values, patch, advance)
        reference = self.specs[there].reference
        if reference is not None and not self._is_mapped(there, reference):
            patch[reference] = present.remote_id
            advance[there][reference] = present.remote_id
            advance[here][ID] = present.remote_id
        draft = Draft(
            link_id=at.link.id,
            side=there,
            kind=OpKind.CREATE,
            remote_id=None,
            patch=patch,
            advance=Both(advance.left, advance.right),
        )
        return draft, problems

    def _add_to_create(
        self,
        rule: Rule,
        here: Side,
        shown: Values,
        image: Values,
        patch: dict[str, Value | SetDelta],
        advance: Both[dict[str, Value | SetDelta]],
    ) -> None:
        there = here.other
        patch.update(
            (name, value)
            for name, value in zip(rule.fields(there), image, strict=True)
            if value is not None and not self.mapping.spec(there, name).read_only
        )
        if rule.as_set:
            home = here if self.mapping.holds_set(rule, here) else there
            members = shown[0] if home is here else image[0]
            known = members if isinstance(members, frozenset) else frozenset()
            for side in SIDES:
                advance[side][shadow_name(rule, side)] = (
                    known if rule.only is None else known & rule.only
                )
            return
        advance[here].update(zip(rule.fields(here), shown, strict=True))
        advance[there].update(zip(rule.fields(there), image, strict=True))

    def _one_gone(self, at: Situation, here: Side, present: Showing, missing: Showing) -> LinkPlan:
        """The counterpart existed and is gone for certain."""
        left_for_good = consent.shown(missing.fields).level is Level.REVOKED
        if left_for_good or at.ledger is not None:
            drafts = self._revoke_here(at, here, present)
            return replace_standing(at, drafts, here, Standing(State.PARKED, OPTED_OUT), OPTED_OUT)
        if at.link.ended is None and not self._was_edited(at, here, present):
            drafts = self._after_delete(at, here, present)
        else:
            drafts = ()  # an edit beats a delete
        return replace_standing(at, drafts, here, Standing(State.PARKED, DELETED), DELETED)

    def _after_delete(self, at: Situation, here: Side, present: Showing) -> tuple[Draft, ...]:
        match self.policy.deleted:
            case Deleted.KEEP:
                return ()
            case Deleted.UNSUBSCRIBE:
                return self._revoke_here(at, here, present)
            case Deleted.DELETE:
                if not self.specs[here].deletes:
                    return ()
                return (
                    Draft(
                        link_id=at.link.id,
                        side=here,
                        kind=OpKind.DELETE,
                        remote_id=present.remote_id,
                        patch={},
                        current=present.fields,
                        ends="deleted",
                    ),
                )

    def _was_edited(self, at: Situation, here: Side, present: Showing) -> bool:
        shadow = at.link.shadow[here]
        return any(
            name in present.fields
            and name in shadow
            and not isinstance(shadow[name], frozenset)
            and not self.mapping.alike_field(here, name, present.fields[name], shadow[name])
            for rule in self.mapping.rules
            for name in rule.fields(here)
        )

    def _untag_drafts(self, at: Situation, sides: Both[Showing]) -> tuple[Draft, ...]:
        """Take the configured tags off the counterpart of the record that left."""
        drafts: list[Draft] = []
        for side, predicate in zip(SIDES, self.policy.filter, strict=True):
            if predicate is None or predicate(sides[side].fields):
                continue
            drafts.extend(self._untag(at, sides, side.other))
        return tuple(drafts)

    def _untag(self, at: Situation, sides: Both[Showing], side: Side) -> tuple[Draft, ...]:
        for rule in self.mapping.rules:
            name = rule.fields(side)[0] if rule.fields(side) else ""
            present = sides[side].fields.get(name)
            if not rule.as_set or not rule.direction.reaches(side):
                continue
            delta = SetDelta(frozenset(), self.policy.untag)
            patch: Patch
            if isinstance(present, frozenset):
                if not present & self.policy.untag:
                    continue
                patch = {name: SetDelta(frozenset(), present & self.policy.untag)}
            else:
                home = self.mapping.across(rule, side.other, (present,))
                members = home.values[0] if home and home.values else None
                if not isinstance(members, frozenset) or not members & self.policy.untag:
                    continue
                image = self.mapping.across(rule, side, (members - self.policy.untag,))
                if image is None or image.problem:
                    continue
                patch = {name: image.values[0]}
            untouched: Both[Patch] = Both({}, {})
            advance = untouched.having(side, {name: delta})
            return (
                Draft(
                    link_id=at.link.id,
                    side=side,
                    kind=OpKind.UPDATE,
                    remote_id=sides[side].remote_id,
                    patch=patch,
                    current=sides[side].fields,
                    advance=advance,
                ),
            )
        return ()

    def _stand(self, at: Situation, here: Side, standing: Standing) -> LinkPlan:
        return replace_standing(at, (), here, standing, at.link.ended)

    def _stop(self, at: Situation, why: str, standing: Both[Standing]) -> LinkPlan:
        return LinkPlan((), at.link.shadow, standing, ended=why)


ID = "$id"  # stands for the remote id itself, where a rule carries it to the other side


def reference_rule(side: Side, name: str) -> Rule:
    """The rule that keeps the other side's remote id in a field of this side."""
    here, there = (name,), (ID,)
    return Rule(
        name=f"{name} = id",
        left=here if side is Side.LEFT else there,
        right=there if side is Side.LEFT else here,
        direction=Direction(side.value),
        policy=Policy.MANUAL,
        forward=None if side is Side.LEFT else _as_it_is,
        backward=_as_it_is if side is Side.LEFT else None,
    )


def add_to_patch(patch: dict[str, Value | SetDelta], more: Patch) -> None:
    """Join patches of one record; several rules may each change some members of one set."""
    for name, value in more.items():
        old = patch.get(name)
        if isinstance(value, SetDelta) and isinstance(old, SetDelta):
            value = SetDelta(old.add | value.add, old.remove | value.remove)
        patch[name] = value


def _as_it_is(values: Values) -> Values:
    return values


def replace_standing(
    at: Situation, drafts: tuple[Draft, ...], here: Side, standing: Standing, ended: str | None
) -> LinkPlan:
    """A plan in which only one side's record exists."""
    gone = Standing(State.GONE)
    return LinkPlan(drafts, at.link.shadow, Both(gone, gone).having(here, standing), ended=ended)
