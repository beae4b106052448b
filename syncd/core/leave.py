"""What a record that left the filter leaves behind: tags to take off its counterpart."""

from syncd.core.situation import Showing, Situation, Terms
from syncd.model.op import OpKind
from syncd.model.plan import Draft
from syncd.model.side import SIDES, Both, Side
from syncd.model.values import Patch, SetDelta


def untag(terms: Terms, at: Situation, sides: Both[Showing]) -> tuple[Draft, ...]:
    """Take the configured tags off the counterpart of the record that left."""
    drafts: list[Draft] = []
    for side, predicate in zip(SIDES, terms.policy.filter, strict=True):
        if predicate is None or predicate(sides[side].fields):
            continue
        drafts.extend(_untag_side(terms, at, sides, side.other))
    return tuple(drafts)


def _untag_side(terms: Terms, at: Situation, sides: Both[Showing], side: Side) -> tuple[Draft, ...]:
    mapping, leaving = terms.mapping, terms.policy.untag
    for rule in mapping.rules:
        name = rule.fields(side)[0] if rule.fields(side) else ""
        present = sides[side].fields.get(name)
        if not rule.as_set or not rule.direction.reaches(side):
            continue
        delta = SetDelta(frozenset(), leaving)
        patch: Patch
        if isinstance(present, frozenset):
            if not present & leaving:
                continue
            patch = {name: SetDelta(frozenset(), present & leaving)}
        else:
            home = mapping.across(rule, side.other, (present,))
            members = home.values[0] if home and home.values else None
            if not isinstance(members, frozenset) or not members & leaving:
                continue
            image = mapping.across(rule, side, (members - leaving,))
            if image is None or image.problem:
                continue
            patch = {name: image.values[0]}
        untouched: Both[Patch] = Both({}, {})
        return (
            Draft(
                link_id=at.link.id,
                side=side,
                kind=OpKind.UPDATE,
                remote_id=sides[side].remote_id,
                patch=patch,
                current=sides[side].fields,
                advance=untouched.having(side, {name: delta}),
            ),
        )
    return ()
