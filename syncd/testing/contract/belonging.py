"""The promise that is made of children alone: each is its own contact's."""

from collections.abc import Callable
from dataclasses import replace

from syncd.connectors.api import Naming
from syncd.model.op import OpKind
from syncd.model.record import Extent, Right
from syncd.model.spec import Listing
from syncd.testing.contract.calling import calling, told
from syncd.testing.contract.child_harness import ChildHarness
from syncd.testing.contract.harness import Harness
from syncd.testing.contract.promise import BrokenPromiseError, NotAskedError, hold
from syncd.testing.contract.seen import shown, some

Fresh = Callable[[], Harness]


def children_are_their_contacts(fresh: Fresh) -> None:
    """Lists of two contacts, of one that is deleted, and of the whole account; then a move."""
    harness = _of_children(fresh())
    _lists_are_whole(harness)
    _nobody_has_none(harness)
    _rights_are_told(harness)
    _names_are_told(harness)
    _keeps_to_an_extent(_of_children(fresh()))
    _only_with_a_contact(_of_children(fresh()))
    _goes_with_its_contact(_of_children(fresh()))
    if harness.spec.moves:
        _moves(_of_children(fresh()))


def _of_children(harness: Harness) -> ChildHarness:
    if not isinstance(harness, ChildHarness):
        raise NotAskedError("the Spec offers nothing that belongs to contacts")
    return harness


def _lists_are_whole(harness: ChildHarness) -> None:
    for parent_id in (harness.one, harness.other):
        found = harness.of(parent_id)
        hold(not found, "`children` of a contact that has none shows some")
    people = harness.populate(2 * harness.page_size + 1)
    for parent_id in (harness.one, harness.other):
        own = {remote_id for remote_id in people if harness.parent_of(remote_id) == parent_id}
        found = harness.of(parent_id)
        lacking, foreign = own - found.keys(), found.keys() - own
        hold(not lacking, f"`children` of a contact lacks {some(lacking)}: it has to be whole")
        hold(not foreign, f"`children` of a contact shows another's: {some(foreign)}")
    with calling("pull"):
        fields = harness.names
        pages = list(harness.connector.pull(harness.resource, None, fields=fields, full=True))
    listed = shown(pages)
    if harness.spec.listing is Listing.BY_PARENT:
        hold(not listed, "`pull` shows records that the Spec says are listed by contact only")
        return
    lacking = people.keys() - listed.keys()
    hold(not lacking, f"A sweep lacks {some(lacking)}")
    wrong = [i for i in people if listed[i].parent_id != harness.parent_of(i)]
    hold(not wrong, f"A sweep shows a `parent_id` that is not their contact's: {some(wrong)}")
    hold(
        harness.spec.incremental or pages[-1].last,
        "The list tells no changes (`incremental=False`), and its last page does not say"
        " `last=True`: a list that is read a few pages at a time would never come to its end",
    )


def _nobody_has_none(harness: ChildHarness) -> None:
    for parent_id in (harness.nobody, "no-such-contact"):
        hold(not harness.of(parent_id), "`children` of a contact that is not there shows some")


def _rights_are_told(harness: ChildHarness) -> None:
    with calling("rights"):
        rights = list(harness.nested(harness.connector).rights(harness.resource))
    hold(all(isinstance(one, Right) for one in rights), "`rights` gave something that is no Right")
    refused = [one.name for one in rights if one.needed and not one.granted]
    hold(not refused, f"`rights` says that what works is not granted: {some(refused)}")


def _names_are_told(harness: ChildHarness) -> None:
    """Of calendars and people, where the Spec says that a record has one."""
    connector = harness.connector
    for field in (harness.spec.calendar, harness.spec.assignee):
        if field is None:
            continue
        if not isinstance(connector, Naming):
            raise BrokenPromiseError(
                f"The Spec says whose ids are in `{field}`, and `named` is missing"
            )
        with calling("named"):
            known = connector.named(harness.resource, field)
        texts = [text for remote_id, names in known.items() for text in (remote_id, *names)]
        fits = all(isinstance(text, str) and text for text in texts)
        hold(fits, f"`named` for `{field}` gave an id or a name that is no text, or empty")


def _keeps_to_an_extent(harness: ChildHarness) -> None:
    """To the records that have one of two texts, and to all of them again."""
    people = harness.populate(4)
    wanted = dict(list(people.items())[:2])
    texts = frozenset(str(fields[harness.text]) for fields in wanted.values())
    nested = harness.nested(harness.connector)
    for extent, within in ((Extent(only={harness.text: texts}), wanted), (Extent(), people)):
        with calling("keep_to"):
            nested.keep_to(harness.resource, extent)
        found = {**harness.of(harness.one), **harness.of(harness.other)}
        for what, ids in (("`children`", found), ("a sweep", shown(harness.pull(full=True)))):
            hold(
                ids.keys() == within.keys(),
                f"After `keep_to` with {'some texts' if extent.only else 'no bounds'} {what} shows"
                f" {len(ids)} of {len(people)} records; it has to be {len(within)}",
            )


def _only_with_a_contact(harness: ChildHarness) -> None:
    for parent_id, whose in ((None, "no contact"), (harness.nobody, "a contact that is deleted")):
        op = replace(harness.creation(), parent_id=parent_id)
        error = harness.push(op)[op.id].error
        hold(
            isinstance(error, harness.refusals),
            f"A create for {whose} was answered with {told(error) if error else 'success'}; it has"
            " to be a RecordError of the code `no_parent`, or a StaleError",
        )
        hold(not harness.existing(), f"A create for {whose} was refused, and made a record")


def _goes_with_its_contact(harness: ChildHarness) -> None:
    people = harness.populate(2)
    harness.platform.delete(harness.one)
    harness.settle()
    hold(not harness.of(harness.one), "`children` of a contact that was deleted shows some")
    for remote_id in people:
        lost = harness.parent_of(remote_id) == harness.one
        hold(
            harness.fetch(remote_id).gone == lost,
            "One of two contacts was deleted, and `child` says of what belonged to "
            + ("it that it is still there" if lost else "the other one that it is gone"),
        )


def _moves(harness: ChildHarness) -> None:
    ((remote_id, person),) = harness.populate(1).items()
    op = replace(
        harness.op(OpKind.UPDATE, {harness.text: "Moved"}, remote_id, person),
        parent_id=harness.other,
        moves=True,
    )
    harness.done(op, harness.push(op)[op.id])
    harness.settle()
    moved = harness.of(harness.other).get(remote_id)
    hold(
        moved is not None and remote_id not in harness.of(harness.one),
        "The Spec says that records move, and one that an update gave to another contact is not"
        " shown there, or still here",
    )
    refused = replace(harness.op(OpKind.UPDATE, {harness.text: "Lost"}, remote_id, person))
    refused = replace(refused, parent_id=harness.nobody, moves=True)
    error = harness.push(refused)[refused.id].error
    hold(
        isinstance(error, harness.refusals),
        "A record was given to a contact that is deleted, and the answer was"
        f" {told(error) if error else 'success'}",
    )
