"""Whether a record shows what an op wanted to write."""

from dataclasses import replace

from syncd.core.sets import members_of
from syncd.core.shadow import shadow_name
from syncd.engine.context import Cycle
from syncd.model.rule import Rule
from syncd.model.side import Side
from syncd.model.values import Consent, Fields, Level, Patch, SetDelta, Value
from syncd.store.ops import Sent

EMPTY: frozenset[str] = frozenset()


def is_in_effect(cycle: Cycle, sent: Sent, fields: Fields) -> bool:
    """Whether a record shows what an op wanted to write, whoever wrote it.

    A set does if the members that were to come are there and those to go are not, however
    it is written: what it holds beyond that is the edit of somebody else.
    """
    return not hides(sent, fields) and may_be_in_effect(cycle, sent, fields)


def is_made_by(cycle: Cycle, sent: Sent, fields: Fields) -> bool:
    """Whether a record is the one that a create has made: by our reference, or all that was sent.

    Else it may be somebody else's, and is matched. What a person has changed of ours since is
    an edit: what we sent is what was agreed.
    """
    reference = cycle.stream.planner.references[sent.side]
    if reference and reference in sent.op.patch:
        return fields.get(reference) == sent.op.patch[reference]
    told = _told(cycle, sent)
    return is_in_effect(cycle, replace(sent, op=replace(sent.op, patch=told)), fields)


def _told(cycle: Cycle, sent: Sent) -> Patch:
    """Of what a create carries, all that has to be shown by what it made.

    What belongs to a contact is known by what people know it by, and may have been edited since.
    """
    known_by = cycle.stream.specs[sent.side].recognised_by
    told = {name: value for name, value in sent.op.patch.items() if name in known_by}
    return told or sent.op.patch


def hides(sent: Sent, fields: Fields) -> bool:
    """Whether a look tells nothing of some field that an op wanted to write."""
    return any(name not in fields for name in sent.op.patch)


def may_be_in_effect(cycle: Cycle, sent: Sent, fields: Fields) -> bool:
    """Whether a record shows what an op wanted to write, as far as it shows anything of it."""
    return all(
        _shows(cycle, sent, name, value, fields)
        for name, value in sent.op.patch.items()
        if name in fields
    )


def _shows(cycle: Cycle, sent: Sent, name: str, wanted: Value | SetDelta, fields: Fields) -> bool:
    shown = fields[name]
    match wanted:
        case SetDelta() | frozenset():
            return _holds(wanted, shown if isinstance(shown, frozenset) else EMPTY)
        case Consent():
            level = shown.level if isinstance(shown, Consent) else Level.UNKNOWN
            return level is wanted.level
    rule = _set_rule(cycle, sent.side, name)
    if rule is None:
        return cycle.stream.mapping.alike_field(sent.side, name, shown, wanted) or _says_the_same(
            cycle, sent, name, fields
        )
    members = members_of(rule, sent.side, shown, cycle.stream.mapping)
    moved = sent.advance[sent.side].get(shadow_name(rule, sent.side))
    return (
        isinstance(members, frozenset)
        and isinstance(moved, SetDelta | frozenset)
        and _holds(moved, members)
    )


def _says_the_same(cycle: Cycle, sent: Sent, name: str, fields: Fields) -> bool:
    """Whether a field that many ways to write say the same in, as HTML, says what was wanted."""
    mapping, side = cycle.stream.mapping, sent.side
    rule = next(
        (
            rule
            for rule in mapping.rules
            if rule.compared[side] is not None
            and rule.direction.reaches(side)
            and name in rule.fields(side)
        ),
        None,
    )
    if rule is None:
        return False
    names = rule.fields(side)
    shown = tuple(fields.get(one) for one in names)
    wanted = tuple(sent.op.patch.get(one, fields.get(one)) for one in names)
    return mapping.alike(rule, side, shown, tuple(map(_plain, wanted)))


def _plain(value: Value | SetDelta) -> Value:
    assert not isinstance(value, SetDelta)  # noqa: S101 - no rule of that kind writes sets
    return value


def _holds(wanted: SetDelta | frozenset[str], members: frozenset[str]) -> bool:
    if isinstance(wanted, SetDelta):
        return wanted.on(members) == members
    return wanted <= members


def _set_rule(cycle: Cycle, side: Side, name: str) -> Rule | None:
    """The rule for which this text stands for a set, if there is one."""
    mapping = cycle.stream.mapping
    return next(
        (
            rule
            for rule in mapping.rules
            if rule.as_set and rule.direction.reaches(side) and name in rule.fields(side)
        ),
        None,
    )
