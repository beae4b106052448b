"""What an account has besides contacts: lists, properties, tags, forms, campaigns, ids.

Source: mailercloud.md §4.3 (ids), §6.1 (properties), §8 (forms), §12 (campaigns).
"""

import random
import re
import string
from dataclasses import dataclass, field
from datetime import datetime

LIST_NAME = re.compile(r"[A-Za-z0-9_\-. ]{3,100}")
MAIN_LIST_ID = "KqWzRb"
SECOND_LIST_ID = "kQwZrB"  # differs by case only, which nobody has ruled out (§4.3)


class Mint:
    """New ids: six ASCII letters in mixed case, each given once."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(f"mailercloud {seed}")
        self._given = {MAIN_LIST_ID, SECOND_LIST_ID}

    def id(self) -> str:
        while True:
            made = "".join(self._dice.choices(string.ascii_letters, k=6))
            if made not in self._given and not (made.islower() or made.isupper()):
                self._given.add(made)
                return made


@dataclass(slots=True)
class MailingList:
    """`number` is the id of the same list in some webhook payloads (§10.3)."""

    id: str
    name: str
    number: int
    created: datetime


@dataclass(slots=True)
class Property:
    """A custom property; `kind` is one of `fields.KINDS` and never changes."""

    id: str
    name: str
    key: str  # `field_value`
    kind: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Tag:
    id: str
    name: str


@dataclass(slots=True)
class Webform:
    id: str
    name: str
    list_id: str
    property_ids: tuple[str, ...]
    updated: datetime
    submissions: int = 0


@dataclass(frozen=True, slots=True)
class Touch:
    """Somebody did something with a campaign."""

    email: str
    name: str
    at: datetime


@dataclass(slots=True)
class Campaign:
    """A campaign that was sent; nothing here sends one."""

    id: str
    name: str
    subject: str
    list_ids: tuple[str, ...]
    created: datetime
    modified: datetime
    sent: int = 0
    status: str = "Finished"
    opens: list[Touch] = field(default_factory=list)
    clicks: list[Touch] = field(default_factory=list)
    unsubs: list[Touch] = field(default_factory=list)


def key_of(name: str) -> str:
    """The key that a property's label becomes.

    >>> key_of("Favourite colour")
    'favourite_colour'
    """
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "property"
