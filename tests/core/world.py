"""A small pair for tests of the decisions: two platforms, a mapping, and what people see."""

from collections.abc import Mapping as MappingType
from dataclasses import replace

from syncd.core.merge import merge
from syncd.core.merged import Merged
from syncd.core.plan import Planner, Showing, Situation
from syncd.core.translate import Mapping
from syncd.errors import RecordError
from syncd.model.link import Link
from syncd.model.plan import LinkPlan
from syncd.model.policy import PairPolicy
from syncd.model.rule import Direction, Policy, Rule, Translate, Values
from syncd.model.side import SIDES, Both, Side
from syncd.model.spec import Catalogue, ConsentSpec, FieldSpec, Kind, ResourceSpec
from syncd.model.values import Fields, Patch, SetDelta, Value
from syncd.store.links import advanced

LEFT, RIGHT = Side.LEFT, Side.RIGHT
BOTH, TO_LEFT, TO_RIGHT = Direction.BOTH, Direction.LEFT, Direction.RIGHT


def same(values: Values) -> Values:
    return values


def join(values: Values) -> Values:
    members = values[0]
    return (", ".join(sorted(members)) if isinstance(members, frozenset) else None,)


def split(values: Values) -> Values:
    text = values[0]
    return (frozenset(text.split(", ")) if isinstance(text, str) else None,)


def has(member: str) -> tuple[Translate, Translate]:
    """A member of a set as yes or no, and back."""
    return (
        lambda values: (isinstance(values[0], frozenset) and member in values[0],),
        lambda values: (frozenset({member}) if values[0] is True else frozenset(),),
    )


def refuse(_values: Values) -> Values:
    raise RecordError("It is not in the table.", code="untranslatable")


def rule(
    left: str = "city",
    right: str = "CITY",
    *,
    direction: Direction = BOTH,
    policy: Policy = Policy.MANUAL,
    forward: Translate = same,
    backward: Translate = same,
    **more: object,
) -> Rule:
    return Rule(
        name=f"{left} = {right}",
        left=(left,),
        right=(right,),
        direction=direction,
        policy=policy,
        forward=forward if direction.reaches(RIGHT) or direction is BOTH else same,
        backward=backward,
        **more,  # type: ignore[arg-type]
    )


SETS = rule("tags", "TAGS", as_set=True)
JOINED = rule("tags", "custom.tags", as_set=True, forward=join, backward=split)


def flag(member: str, name: str, direction: Direction = BOTH) -> Rule:
    forward, backward = has(member)
    return rule(
        "tags",
        name,
        direction=direction,
        forward=forward,
        backward=backward,
        as_set=True,
        only=frozenset({member}),
    )


FIELDS = (
    FieldSpec("email", Kind.EMAIL),
    FieldSpec("tags", Kind.SET),
    FieldSpec("TAGS", Kind.SET),
    FieldSpec("vip", Kind.BOOLEAN),
    FieldSpec("gold", Kind.BOOLEAN),
    FieldSpec("consent", Kind.CONSENT),
)


def mapping(*rules: Rule, left: Catalogue | None = None, right: Catalogue | None = None) -> Mapping:
    known = {spec.name: spec for spec in FIELDS}
    return Mapping(
        rules, Both({**known, **(left or {})}, {**known, **(right or {})}), Both("DE", "DE")
    )


def catalogue(*specs: FieldSpec) -> Catalogue:
    return {spec.name: spec for spec in specs}


# -- what happens when an op is carried out ------------------------------------------------


def stored(at: Mapping, side: Side, fields: Fields, patch: Patch) -> Fields:
    """What a platform shows after a write."""
    after: dict[str, Value] = dict(fields)
    for name, value in patch.items():
        if isinstance(value, SetDelta):
            held = after.get(name)
            value = value.on(held if isinstance(held, frozenset) else frozenset()) or None
        after[name] = value
    return at.observed(side, after)


class Person:
    """One link of one rule: people edit it, and it is merged and written."""

    def __init__(
        self, at: Mapping, the_rule: Rule, now: Both[Fields], prefer: Side | None = None
    ) -> None:
        self.mapping, self.rule, self.prefer = at, the_rule, prefer
        self.now: Both[Fields] = Both(*(at.observed(s, now[s]) for s in SIDES))
        self.shadow: Both[Fields] = Both({}, {})

    def edit(self, side: Side, name: str, value: Value) -> "Person":
        self.now = self.now.having(
            side, self.mapping.observed(side, {**self.now[side], name: value})
        )
        return self

    def merged(self) -> Merged:
        return merge(self.rule, self.now, self.shadow, self.prefer, self.mapping)

    def sync(self) -> Merged:
        """One cycle: merge, write, confirm."""
        merged = self.merged()
        self.shadow = Both(*({**self.shadow[s], **merged.agreed[s]} for s in SIDES))
        for side, step in merged.steps.items():
            after = stored(self.mapping, side, self.now[side], step.patch)
            self.now = self.now.having(side, after)
            self.shadow = Both(*(advanced(self.shadow[s], step.advance[s]) for s in SIDES))
        return merged

    def show(self) -> tuple[Value, Value]:
        return self.now.left[self.rule.left[0]], self.now.right[self.rule.right[0]]


# -- a pair, as its planner sees it ---------------------------------------------------------

CRM_CONSENT = ConsentSpec(revocable=True, grantable=True)
MAIL_CONSENT = ConsentSpec(revocable=True, grantable=False, ends_record=True)


def spec(**more: object) -> ResourceSpec:
    return ResourceSpec(fields={}, **more)  # type: ignore[arg-type]


EMAIL = rule("email", "email", policy=Policy.NEWEST)
CITY = rule()
CRM = spec(consent=CRM_CONSENT)
MAIL = spec(consent=MAIL_CONSENT)


def planner(
    *rules: Rule,
    policy: PairPolicy | None = None,
    left: ResourceSpec = CRM,
    right: ResourceSpec = MAIL,
    at: Mapping | None = None,
) -> Planner:
    return Planner(
        at or mapping(*(rules or (EMAIL, CITY))), policy or PairPolicy(), Both(left, right)
    )


def showing(side: Side, **fields: Value) -> Showing:
    return Showing("l1" if side is LEFT else "r1", {"email": "ada@example.org", **fields})


def link(
    left: MappingType[str, Value] | None = None,
    right: MappingType[str, Value] | None = None,
    ended: str | None = None,
) -> Link:
    """A whole link whose sides agreed on what is given, and on the address."""
    email = {"email": "ada@example.org"}
    return Link(
        5, Both("l1", "r1"), Both({**email, **(left or {})}, {**email, **(right or {})}), ended
    )


def mirrored_rule(one: Rule) -> Rule:
    turned = {BOTH: BOTH, TO_LEFT: TO_RIGHT, TO_RIGHT: TO_LEFT}[one.direction]
    policy = {Policy.LEFT: Policy.RIGHT, Policy.RIGHT: Policy.LEFT}.get(one.policy, one.policy)
    return replace(
        one,
        left=one.right,
        right=one.left,
        direction=turned,
        policy=policy,
        forward=one.backward,
        backward=one.forward,
    )


def mirrored_mapping(at: Mapping) -> Mapping:
    rules = tuple(mirrored_rule(r) for r in at.rules)
    return Mapping(rules, at.catalogues.flipped(), at.countries.flipped())


def mirrored_planner(one: Planner) -> Planner:
    policy = one.policy
    keys = replace(policy.keys, first=policy.keys.first.flipped())
    turned = replace(
        policy,
        keys=keys,
        create=frozenset(side.other for side in policy.create),
        filter=policy.filter.flipped(),
    )
    return Planner(mirrored_mapping(one.mapping), turned, one.specs.flipped())


def mirrored_situation(at: Situation) -> Situation:
    turned = replace(at.link, ids=at.link.ids.flipped(), shadow=at.link.shadow.flipped())
    return replace(
        at,
        link=turned,
        sides=at.sides.flipped(),
        choices={name: side.other for name, side in at.choices.items()},
        refused={(side.other, name): why for (side, name), why in at.refused.items()},
        rivalled={side.other: holder for side, holder in at.rivalled.items()},
        let_in=at.let_in.flipped(),
    )


def mirrored_plan(plan: LinkPlan) -> LinkPlan:
    drafts = [replace(d, side=d.side.other, advance=d.advance.flipped()) for d in plan.drafts]
    return replace(
        plan,
        drafts=tuple(sorted(drafts, key=lambda d: (d.side, not d.urgent, d.kind))),
        shadow=plan.shadow.flipped(),
        standing=plan.standing.flipped(),
        conflicts={name: both.flipped() for name, both in plan.conflicts.items()},
    )


def sorted_plan(plan: LinkPlan) -> LinkPlan:
    """The plan in the order in which `mirrored_plan` puts its drafts."""
    return mirrored_plan(mirrored_plan(plan))
