"""One thing that a person does, as a value; and whom it concerns."""

from dataclasses import dataclass

from syncd.model.side import Side
from tests.engine.world import World

ADDRESSES = tuple(f"{name}@example.org" for name in ("ada", "bob", "cy", "di", "Eve"))
PHONES = ("", "+12025550101", "+12025550102", "+442079460003", "+447700900004")
# What two contacts show for a moment while they exchange theirs.
ASIDE = {"email": "aside@example.org", "phone": "+12025550199"}
TEXTS = ("", "Ann", "Anna", "Zoë", "=SUM(A1)", "Łukasz Ąę", "x" * 300)
TAGS = ("vip", "news", "old")
SOURCES = ("link", "reply", "complaint", "other")


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing a person does; whom it concerns is settled when it is done.

    Attributes:
        who: the number of the contact among those that are there; whom: or its address.
        text: the number of the value that is written into the field `name`.
        address: of a new contact, or to which one is moved.
    """

    kind: str
    who: int = 0
    name: str = "firstName"
    text: int = 0
    tag: str = "vip"
    address: str = ADDRESSES[0]
    source: str = "link"
    other: int = 0
    whom: str = ""

    @property
    def value(self) -> str:
        return PHONES[self.text % len(PHONES)] if self.name == "phone" else TEXTS[self.text]


def meant(world: World, side: Side, deed: Deed) -> str:
    return numbered(world, side, deed.who, deed.whom)


def numbered(world: World, side: Side, number: int, whom: str = "") -> str:
    ids = sorted(row.id for row in world.rows(side).values() if whom.lower() in ("", row.email))
    if not ids:
        raise ValueError("nobody is there")
    return ids[number % len(ids)]


def two(world: World, side: Side, deed: Deed) -> tuple[str, str]:
    """The ids of two contacts of one side, of whom a deed is; ValueError: there are no two."""
    one, other = meant(world, side, deed), numbered(world, side, deed.other)
    if one == other:
        raise ValueError("there are no two")
    return one, other
