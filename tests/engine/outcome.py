"""What must be so in the end, when everybody has long stopped and our side says that it is done."""

from collections.abc import Mapping

from syncd.model.side import SIDES, Side
from tests.engine.edit import Edit
from tests.engine.history import History
from tests.engine.pairs import COPY_LENGTH, COPY_RULE, MAILEON
from tests.engine.people import Shown
from tests.engine.rows import PLAIN, Row

Listed = Mapping[tuple[str | None, str | None], set[str]]


def check(history: History) -> None:
    """Hold both sides against what people did.

    Raises:
        AssertionError: something that was promised is not so.
    """
    shown, listed = history.show(), history.world.listed()
    mailable = {
        row.email
        for row in shown.right.values()
        if not row.opted_out and not (row.hidden and row.email in history.unseen)
    }
    out = history.words.still_out(history.words.known - history.back)
    assert not (out & mailable), "an opted-out address stayed mailable"
    if MAILEON not in history.world.platform:  # it hears of an opt-in where nobody is asked
        asked = {row.email for row in shown.left.values() if row.opted_out}
        known = {a for a in history.words.known if not history.words.is_let_in(a)} - history.back
        assert not (known & mailable & asked), "an address is mailable while a person is asked"
    for here, there in history.matched(shown):
        if not here.opted_out:
            _check_pair(history, here, there, listed)
    _check_states(history, shown)
    _check_everybody(history, shown, listed)


def _check_pair(history: History, here: Row, there: Row, listed: Listed) -> None:
    world = history.world
    standing = (
        world.standing(Side.LEFT).get(here.id),
        world.standing(Side.RIGHT).get(there.id),
    )
    if there.hidden:
        return  # no listing shows them, so nothing is known of them
    if _are_held_by_others(history, here, there, listed):
        return
    if standing != (("linked", None), ("linked", None)):
        assert all(s and s[0] in ("parked", "filtered") for s in standing), standing
        return
    excused = listed.get((here.id, there.id), set())
    names = [name for name in (*PLAIN, "tags") if world.rules[name] not in excused]
    for name in names:
        assert here.shows(name) == there.shows(name), f"{name} differs in the end"
    if MAILEON in world.platform and COPY_RULE not in excused:
        copied = here.fields["lastName"][:COPY_LENGTH]
        # At a first meeting, what is empty without anybody having emptied it says nothing.
        says = copied or (Side.LEFT, here.id, "lastName") in history.edits
        assert there.copied == copied or not says, "a line in one direction was not followed"
    for name in names:
        if name != "tags":
            _check_origin(history, here, there, name, name)
    if "tags" in names:
        for name in sorted(_tags_of(history, here, there)):
            _check_origin(history, here, there, name, "tags")


def _tags_of(history: History, here: Row, there: Row) -> set[str]:
    """Members of the tags that people put there or took away, as edits name them."""
    return {
        name
        for _, remote_id, name in history.edits
        if remote_id in (here.id, there.id) and name.startswith("tag ")
    }


def _are_held_by_others(history: History, here: Row, there: Row, listed: Listed) -> bool:
    """Whether one of them is the counterpart of a contact whose address cannot follow."""
    return any(
        (right == there.id) != (left == here.id) and history.world.rules["email"] in rules
        for (left, right), rules in listed.items()
    )


def _check_origin(history: History, here: Row, there: Row, name: str, whole: str) -> None:
    """The final value is the last edit of a person, or an earlier one that was in the race."""
    final = here.says(name)
    made: list[Edit] = [
        edit
        for side, remote_id in ((Side.LEFT, here.id), (Side.RIGHT, there.id))
        if (edit := history.edits.get((side, remote_id, name))) is not None
    ]
    made.sort(key=lambda edit: edit.number)
    if not made or final in (made[-1].value, *made[-1].or_else) or made[-1].forgotten:
        return
    agreed = history.agreed.get((here.id, there.id, whole), -1)
    in_race = len(made) == 2 and not made[0].number <= agreed < made[1].number
    if in_race and (final in (made[0].value, *made[0].or_else) or name != whole):
        return
    # A text that holds a set is written whole, over what came in between.
    assert name != whole and made[-1].racy, (  # noqa: PT018
        f"an edit of {name} was lost: people wrote {made}, both show {final!r}"
    )


def _check_states(history: History, shown: Shown) -> None:
    for side in SIDES:
        standing = history.world.standing(side)
        alive = {i for i, (state, _) in standing.items() if state != "gone"}
        hidden = {row.id for row in shown[side].values() if row.hidden}
        there = shown[side].keys() - hidden
        assert alive - hidden == there - hidden, f"the store knows others ({side})"
        states = {state for state, _ in standing.values()}
        assert states <= {"linked", "parked", "filtered", "gone"}, states


def _check_everybody(history: History, shown: Shown, listed: Listed) -> None:
    """Who has no counterpart is parked with a cause, or a problem says why."""
    world = history.world
    excused = {
        i for ids, rules in listed.items() if world.rules["email"] in rules for i in ids if i
    }
    for side in SIDES:
        standing = world.standing(side)
        there = {row.email for row in shown[side.other].values()}
        for row in shown[side].values():
            if row.id in excused or (row.hidden and row.id not in standing):
                continue
            state, cause = standing[row.id]
            if state == "linked" and row.email in there:
                continue
            assert state == "parked", f"{row.email} is alone ({side}), but {state}"
            assert cause, f"{row.email} is parked without a cause"
