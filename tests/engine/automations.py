"""Automations of the platforms: they answer what we write with a write of their own.

Each of them rests as soon as all contacts of its platform are as it wants them. Two of them
may want the contrary of each other.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from hypothesis import strategies as st

from syncd.model.side import Side
from tests.engine.pairs import GHL, MAILEON, MAILERCLOUD
from tests.engine.rows import Row
from tests.engine.world import World

Tags = frozenset[str]


@dataclass(frozen=True, slots=True)
class Automation:
    """What a platform makes of every contact.

    Attributes:
        field: which it writes: a plain name, or `tags`.
        wants: what it makes of a contact; the same of what it made before.
    """

    platform: str
    field: str
    wants: Callable[[Row], str | Tags]


def _shouted(row: Row) -> str:
    return row.fields["city"].upper()


def _in_title_case(row: Row) -> str:
    return row.fields["city"].title()


def _in_lower_case(row: Row) -> str:
    return row.fields["city"].lower()


def _first_name(row: Row) -> str:
    return row.fields["lastName"] or row.fields["firstName"]


def _with_mark(row: Row) -> Tags:
    return row.tags | {"old"} if "vip" in row.tags else row.tags


def _without_mark(row: Row) -> Tags:
    return row.tags - {"old"} if "vip" in row.tags else row.tags


AUTOMATIONS: Mapping[str, Automation] = {
    "GHL shouts cities": Automation(GHL, "city", _shouted),
    "GHL copies first names": Automation(GHL, "lastName", _first_name),
    "GHL marks whoever is vip": Automation(GHL, "tags", _with_mark),
    "Maileon capitalises cities": Automation(MAILEON, "city", _in_title_case),
    "Maileon copies first names": Automation(MAILEON, "lastName", _first_name),
    "Maileon takes the mark off": Automation(MAILEON, "tags", _without_mark),
    "Mailercloud writes cities small": Automation(MAILERCLOUD, "city", _in_lower_case),
    "Mailercloud takes the mark off": Automation(MAILERCLOUD, "tags", _without_mark),
}


CONTRARY = (
    ["GHL shouts cities", "Maileon capitalises cities"],
    ["GHL shouts cities", "Mailercloud writes cities small"],
    ["GHL marks whoever is vip", "Maileon takes the mark off"],
    ["GHL marks whoever is vip", "Mailercloud takes the mark off"],
    ["GHL shouts cities", "Maileon capitalises cities", "Mailercloud writes cities small"],
)


def some(*platforms: str) -> st.SearchStrategy[list[str]]:
    """Names of automations at work on some platforms: none, one, or some that never agree."""
    alone = [[name] for name in AUTOMATIONS]
    several = [names for names in (*alone, *CONTRARY) if _platforms_of(names) <= {*platforms}]
    return st.one_of(st.just([]), st.sampled_from(several))


def _platforms_of(names: Iterable[str]) -> set[str]:
    return {AUTOMATIONS[name].platform for name in names}


def answer(world: World, name: str) -> int:
    """Let an automation do what it does; how many contacts it changed.

    Raises:
        ValueError: the platform does not let it, as the field is not there.
    """
    automation = AUTOMATIONS[name]
    if automation.platform not in world.platform:
        return 0
    side = Side.LEFT if automation.platform == GHL else Side.RIGHT
    changed = 0
    for row in world.rows(side).values():
        wanted = automation.wants(row)
        if wanted != row.shows(automation.field):
            _write(world, automation, row, wanted)
            changed += 1
    return changed


def _write(world: World, automation: Automation, row: Row, wanted: str | Tags) -> None:
    platform, name = automation.platform, automation.field
    given: dict[str, object] = {}
    if isinstance(wanted, frozenset):
        tags = sorted(wanted)
        given = {"custom_fields": {"tags": ", ".join(tags) or None}} if platform == MAILEON else {}
        given = given or {"tags": tags}
    elif platform == MAILEON:
        given = {"standard_fields": {MAILEON_NAMES[name]: wanted}}
    else:
        given = {"fields": {name: wanted}}
    world.act(platform, "edit", id=row.id, **given)


MAILEON_NAMES = {"city": "CITY", "lastName": "LASTNAME"}
