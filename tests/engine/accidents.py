"""What becomes of custom fields: deleted, made again, renamed, given their name back.

A field that is gone or is another one under its name is empty, and nobody has emptied it.
So such a deed is no edit: what both sides show after it meets as if for the first time.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from hypothesis import strategies as st

from syncd.model.side import SIDES, Side
from syncd.sandbox.maileon.platform import Maileon
from syncd.sandbox.mailercloud.platform import Mailercloud
from tests.engine.deed import TAGS
from tests.engine.edit import Place
from tests.engine.history import History
from tests.engine.pairs import GHL, MAILEON, MAILERCLOUD
from tests.engine.rows import Row
from tests.engine.world import World

# By platform and plain name: what people call the field there.
FIELDS: Mapping[tuple[str, str], str] = {
    (GHL, "colour"): "Colour",
    (MAILEON, "colour"): "colour",
    (MAILEON, "phone"): "phone",
    (MAILEON, "tags"): "tags",
    (MAILERCLOUD, "colour"): "Colour",
}
SPARE, ASIDE = "hue", "aside"  # names of fields that no mapping knows


@dataclass(frozen=True, slots=True)
class Accident:
    """What a person does to a custom field of a platform; `name` is the plain one."""

    kind: str
    platform: str = MAILEON
    name: str = "colour"

    @property
    def called(self) -> str:
        return FIELDS[self.platform, self.name]


def befall(world: World, accident: Accident) -> None:
    """Do it.

    Raises:
        ValueError: the platform does not let people do it, or there is no such field.
    """
    KINDS[accident.kind](world, accident.platform, accident.called)


def lacking(world: World, *platforms: str) -> list[Accident]:
    """What a person has to do in the end: where two lack a field, none is made of the other."""
    if world.colour or all(_stands(world, platform) for platform in platforms):
        return []
    return [Accident("make again", GHL)]


def _stands(world: World, platform: str) -> bool:
    """Whether a platform has the field that is called Colour elsewhere."""
    match world.box.platform(platform):
        case Maileon() as maileon:
            return FIELDS[MAILEON, "colour"] in maileon.account.custom_fields
        case Mailercloud() as mailercloud:
            return mailercloud.account.property_named(FIELDS[MAILERCLOUD, "colour"]) is not None
        case _:
            return bool(world.colour)


def _delete(world: World, platform: str, name: str) -> None:
    if platform == MAILERCLOUD:
        world.act(platform, "delete_property", name=name)
    else:
        world.act(platform, "delete_custom_field", name=name)


def _make_again(world: World, platform: str, name: str) -> None:
    with suppress(ValueError):  # it was deleted already
        _delete(world, platform, name)
    action = "create_property" if platform == MAILERCLOUD else "create_custom_field"
    world.act(platform, action, name=name)


def _rename(world: World, platform: str, name: str) -> None:
    _call(world, platform, name, ASIDE)
    with suppress(ValueError):
        _delete(world, platform, SPARE)
    _call(world, platform, ASIDE, SPARE)


def _rename_back(world: World, platform: str, name: str) -> None:
    _call(world, platform, SPARE, ASIDE)
    with suppress(ValueError):
        _delete(world, platform, name)
    _call(world, platform, ASIDE, name)


def _exchange(world: World, platform: str, name: str) -> None:
    _call(world, platform, SPARE, ASIDE)
    with suppress(ValueError):
        _call(world, platform, name, SPARE)
    _call(world, platform, ASIDE, name)


def _call(world: World, platform: str, name: str, new: str) -> None:
    action = "rename_property" if platform == MAILERCLOUD else "rename_custom_field"
    world.act(platform, action, name=name, new_name=new)


KINDS: Mapping[str, Callable[[World, str, str], None]] = {
    "delete": _delete,
    "make again": _make_again,
    "rename": _rename,
    "rename back": _rename_back,
    "exchange": _exchange,
}


def accidents(*platforms: str) -> st.SearchStrategy[Accident]:
    """Accidents on some platforms."""
    places = [place for place in FIELDS if place[0] in platforms]
    kinds, wheres = st.sampled_from(sorted(KINDS)), st.sampled_from(places)
    return st.builds(lambda kind, where: Accident(kind, *where), kinds, wheres)


# -- what must follow ----------------------------------------------------------------------


@contextmanager
def noted(history: History, accident: Accident) -> Iterator[None]:
    """An accident that befalls a field, seen from one pair."""
    sides = [s for s in SIDES if history.world.platform[s] == accident.platform]
    before = history.show()
    try:
        yield
    finally:
        history.number += 1
        if history.watch:
            history.watch.other_fields = True
        for side in sides:
            _note(history, accident, side, before[side])


def _note(history: History, accident: Accident, side: Side, before: Mapping[str, Row]) -> None:
    after, lost = history.show(), history.lost
    for key in [key for key in history.agreed if key[2] == accident.name]:
        del history.agreed[key]
    told = _is_told(history.world, accident)
    for name in [f"tag {tag}" for tag in TAGS] if accident.name == "tags" else [accident.name]:
        for row in after[side].values():
            place, old = (side, row.id, name), before[row.id].says(name)
            if old and not row.says(name):
                lost.add(place)
            if told:
                _meet(history, place, row, old)
            elif old != row.says(name) or place in lost:
                history.edits[place] = history.edit(row.says(name))
        for row in after[side.other].values():
            place = (side.other, row.id, name)
            if told or place not in history.edits:
                _meet(history, place, row, row.says(name))


def _is_told(world: World, accident: Accident) -> bool:
    """Whether anything tells that a field is another one now.

    Maileon has no ids: one that was there when we looked last, and is there now, is the same.
    """
    if accident.platform != MAILEON:
        return True
    maileon = world.box.platform(MAILEON)
    assert isinstance(maileon, Maileon)
    is_there = accident.called in maileon.account.custom_fields
    return not (is_there and world.lists_field("mail", f"custom.{accident.called}"))


def _meet(history: History, place: Place, row: Row, before: str | bool) -> None:
    """What a record shows stands against what the other one shows; that it is empty does not.

    Unless a person had emptied it before. And what stood there may still be on its way in a
    cycle that began with it.
    """
    old, name = history.edits.get(place), place[2]
    emptied = (old.value,) if old and not old.value and not before else ()
    if row.says(name):
        under_way = (before, *((old.value, *old.or_else) if old else ()))
        or_else = under_way if history.watch else emptied
        history.edits[place] = history.edit(row.says(name), or_else)
    elif not emptied:
        history.edits.pop(place, None)
