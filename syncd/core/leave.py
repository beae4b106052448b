"""What a record that left the filter leaves behind: tags to take off its counterpart."""

from syncd.core.flapping import UNDONE, is_undone
from syncd.core.merged import add_to_patch
from syncd.core.sets import common_form, members_of, set_step
from syncd.core.situation import Showing, Situation, Terms
from syncd.model.op import OpKind
from syncd.model.plan import Draft
from syncd.model.side import SIDES, Both, Side
from syncd.model.values import SetDelta, Value


def untag(
    terms: Terms, at: Situation, sides: Both[Showing]
) -> tuple[tuple[Draft, ...], dict[str, str]]:
    """Take the configured tags off the counterpart of the record that left.

    Both shadows forget them: a record that comes back brings them along again.

    Returns:
        The writes; and by rule name, why a tag stays.
    """
    drafts: list[Draft] = []
    problems: dict[str, str] = {}
    for side, predicate in zip(SIDES, terms.policy.filter, strict=True):
        if predicate is not None and not predicate(sides[side].fields):
            drafts.extend(_untag_side(terms, at, sides[side.other], side.other, problems))
    return tuple(drafts), problems


def _untag_side(
    terms: Terms, at: Situation, showing: Showing, side: Side, problems: dict[str, str]
) -> tuple[Draft, ...]:
    patch: dict[str, Value | SetDelta] = {}
    advance: Both[dict[str, Value | SetDelta]] = Both({}, {})
    for rule in terms.mapping.rules:
        if not rule.as_set or not rule.direction.reaches(side):
            continue
        present = showing.fields.get(rule.fields(side)[0])
        members = members_of(rule, side, present, terms.mapping)
        leaving = frozenset(common_form(rule, tag, terms.mapping) for tag in terms.policy.untag)
        if isinstance(members, str):
            continue
        leaving &= members
        undone = {tag for tag in leaving if is_undone(rule, side, tag, at.history)}
        if undone:
            problems[rule.name] = UNDONE
        if undone == leaving:
            continue
        going = SetDelta(remove=leaving - undone)
        step, _ = set_step(rule, side, showing.fields, going, terms.mapping)
        if step:
            add_to_patch(patch, step.patch)
            for each in SIDES:
                advance[each].update(step.advance[each])
    if not patch:
        return ()
    draft = Draft(
        link_id=at.link.id,
        side=side,
        kind=OpKind.UPDATE,
        remote_id=showing.remote_id,
        patch=patch,
        current=showing.fields,
        advance=Both(advance.left, advance.right),
    )
    return (draft,)
