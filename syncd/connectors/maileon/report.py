"""The report of a bulk call: counts, and the rows that were refused.

Source: maileon.md 2.5. It names no ids, and not who was skipped as unsubscribed.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from syncd.connectors.maileon.answers import root_of
from syncd.connectors.maileon.codec import Element, text_of
from syncd.connectors.maileon.fields import CUSTOM
from syncd.errors import DuplicateError, RecordError, StaleError, SyncdError, TransientError
from syncd.http.answer import Answer

# Numeric code of "Synchronize Contacts Error Codes" → our word, and the field if it names one.
CODES: dict[int, tuple[str, str]] = {
    1: ("missing", "external_id"),
    2: ("missing", "email"),
    3: ("invalid", "email"),
    4: ("duplicate_key", "external_id"),
    5: ("duplicate_key", "email"),
    6: ("too_long", "ADDRESS"),
    7: ("too_long", "CITY"),
    8: ("too_long", "FIRSTNAME"),
    9: ("too_long", "FULLNAME"),
    10: ("too_long", "HNR"),
    11: ("too_long", "LASTNAME"),
    12: ("too_long", "ORGANIZATION"),
    13: ("too_long", "REGION"),
    14: ("too_long", "STATE"),
    15: ("too_long", "TITLE"),
    16: ("too_long", "ZIP"),
    17: ("invalid", "BIRTHDAY"),
    18: ("invalid", "NAMEDAY"),
    19: ("invalid", "GENDER"),
    20: ("invalid", "LOCALE"),
    21: ("unknown_field", ""),
    22: ("invalid", ""),
    23: ("invalid", ""),
    24: ("invalid", ""),
    25: ("invalid", ""),
    26: ("too_long", ""),
    27: ("invalid", ""),
}
UNKNOWN_FIELD = 21


@dataclass(frozen=True, slots=True)
class Refused:
    """One invalid row, as the report describes it."""

    email: str | None
    external_id: str | None
    code: int | None
    field: str | None


@dataclass(frozen=True, slots=True)
class Report:
    """What a bulk call did; a count that is missing counts as -1, so it proves nothing."""

    success: bool
    new: int
    existing: int
    unsubscribed: int
    invalid: int
    refused: tuple[Refused, ...]

    def all_new(self, rows: int) -> bool:
        """Whether the counts prove that each of these rows made a new contact."""
        return (self.new, self.existing, self.unsubscribed) == (rows, 0, 0)

    def all_existing(self, rows: int) -> bool:
        """Whether the counts prove that each of these rows met a contact."""
        return (self.new, self.existing, self.unsubscribed) == (0, rows, 0)


def read_report(answer: Answer) -> Report:
    """The report in an answer.

    Raises:
        TransientError: there is none in it, so nobody knows what was done.
    """
    root = root_of(answer, "report")
    success = text_of(root, "success")
    if success not in {"true", "false"}:
        raise TransientError(f"{answer.label}: the report says nothing about success")
    return Report(
        success=success == "true",
        new=_count(root, "count_new_contacts"),
        existing=_count(root, "count_existing_contacts"),
        unsubscribed=_count(root, "count_unsubscribed_contacts"),
        invalid=_count(root, "count_invalid_contacts"),
        refused=tuple(_refused(row) for row in root.iterfind("invalid_contacts/contact")),
    )


def _count(root: Element, name: str) -> int:
    text = text_of(root, name) or ""
    return int(text) if text.isascii() and text.isdigit() else -1


def _refused(row: Element) -> Refused:
    email, external_id = text_of(row, "email"), text_of(row, "external_id")
    error = row.find("error")
    code = "" if error is None else error.get("code", "").strip()
    field = None if error is None else text_of(error, "error_field")
    number = int(code) if code.isascii() and code.isdigit() else None
    return Refused(email.lower() if email else None, external_id, number, field)


def refusal(refused: Refused, names: Iterable[str], *, creating: bool) -> SyncdError:
    """The error that a refused row means.

    Args:
        names: the fields that the row wrote; no other name is repeated.
    """
    word, field = CODES.get(refused.code or 0, ("refused", ""))
    shown = refused.field or field
    fields = tuple(n for n in names if shown and shown in {n, n.removeprefix(CUSTOM)})
    what = f"Maileon refuses the contact with code {refused.code}"
    if refused.code == UNKNOWN_FIELD:
        return StaleError(
            f"{what}: a custom field is no longer there; the contact was not written",
            hint="See `syncd check`.",
        )
    if word == "duplicate_key" and creating:
        return DuplicateError(f"{what}: its {field} belongs to another contact")
    return RecordError(what, code=word, fields=fields or ((field,) if field else ()))
