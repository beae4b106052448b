"""The last thing that people did to one field of one contact."""

from dataclasses import dataclass
from datetime import datetime

from syncd.model.side import Side

Place = tuple[Side, str, str]  # a field of a contact: its side, its id and the name


@dataclass(slots=True)
class Edit:
    """The last thing that people did to one field of one contact.

    Attributes:
        racy: done while a cycle ran, or so shortly before one that its index still lagged.
        forgotten: done since a backup was taken that was put back, or after that and before
            a cycle had ended.
        or_else: what may stand there instead.
    """

    number: int
    at: datetime
    value: str | bool
    racy: bool = False
    forgotten: bool = False
    or_else: tuple[str | bool, ...] = ()
