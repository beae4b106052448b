"""Custom fields of a location, and what becomes of a value that is written (3.8, 5.1)."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from syncd.sandbox.ghl.answers import RefusalError
from syncd.sandbox.ghl.phones import e164
from syncd.sandbox.ghl.settings import Settings

TYPES = (
    "TEXT",
    "LARGE_TEXT",
    "NUMERICAL",
    "FLOAT",
    "PHONE",
    "MONETORY",
    "CHECKBOX",
    "SINGLE_OPTIONS",
    "MULTIPLE_OPTIONS",
    "RADIO",
    "DATE",
    "TIME",
    "TEXTBOX_LIST",
    "FILE_UPLOAD",
)  # EMAIL is refused with 422 on this endpoint (5.1, T6)
PICKLISTS = frozenset({"CHECKBOX", "SINGLE_OPTIONS", "MULTIPLE_OPTIONS", "RADIO"})
CLEARED = None


@dataclass(frozen=True, slots=True)
class CustomField:
    """One custom field; its type and its key stay as they were created (5.1)."""

    id: str
    name: str
    key: str  # "contact.loyalty_level"
    data_type: str
    location_id: str
    position: int = 0
    placeholder: str = ""
    options: tuple[str, ...] = ()
    model: str = "contact"

    def wire(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "model": self.model,
            "fieldKey": self.key,
            "placeholder": self.placeholder,
            "dataType": self.data_type,
            "position": self.position,
            "picklistOptions": list(self.options),
            "picklistImageOptions": [],
            "isAllowedCustomOption": False,
            "isMultiFileAllowed": False,
            "maxFileLimit": 1,
            "locationId": self.location_id,
        }


@dataclass(slots=True)
class Catalogue:
    """The custom fields of one location."""

    fields: dict[str, CustomField] = field(default_factory=dict)

    def add(self, made: CustomField) -> None:
        self.fields[made.id] = made

    def find(self, id_or_key: str) -> CustomField | None:
        """By id, or by key with or without `contact.` (3.8)."""
        by_id = self.fields.get(id_or_key)
        if by_id is not None:
            return by_id
        wanted = id_or_key if id_or_key.startswith("contact.") else f"contact.{id_or_key}"
        return next((one for one in self.fields.values() if one.key == wanted), None)

    def named(self, name: str) -> CustomField | None:
        return next((one for one in self.fields.values() if one.name == name), None)


def key_for(name: str, taken: Iterable[str]) -> str:
    """`contact.` and the name in snake case; a number is added when it is taken."""
    stem = "contact." + (re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "field")
    used = set(taken)
    key, number = stem, 1
    while key in used:
        number += 1
        key = f"{stem}_{number}"
    return key


@dataclass(frozen=True, slots=True)
class Dropped:
    """The value vanishes without an error and the field stays as it was."""


def stored(one: CustomField, value: Any, settings: Settings, country: str) -> Any:
    """The form in which a value is kept; `CLEARED` empties the field.

    Returns:
        A `Dropped` for a value that is not in the picklist (3.8, T35).

    Raises:
        RefusalError: 400, and with it the whole write fails (3.8, T6).
    """
    if value is None:
        return CLEARED
    if value in ("", []):
        return CLEARED if settings.custom_empty_clears else Dropped()
    match one.data_type:
        case "TEXT":
            text = _text(value)
            return text[: settings.text_length] if settings.truncate_text else text
        case "NUMERICAL" | "FLOAT":
            fraction = one.data_type == "FLOAT" or settings.numerical_keeps_fractions
            return _number(str(value), fraction)
        case "MONETORY":
            return _number(str(value).replace(",", "").lstrip("$€£ "), True)
        case "PHONE":
            return _phone(str(value), country)
        case "SINGLE_OPTIONS" | "RADIO":
            return value if value in one.options else Dropped()
        case "MULTIPLE_OPTIONS" | "CHECKBOX":
            return _choices(one, value)
        case "DATE":
            return _midnight(value)
        case "TIME":
            return _time(value)
        case "TEXTBOX_LIST" | "FILE_UPLOAD":
            return value
        case _:
            return _text(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value)


def _number(text: str, fraction: bool) -> int | float:
    try:
        number = float(text)
    except ValueError as exc:
        raise RefusalError(400, "Please enter a valid number") from exc
    if not math.isfinite(number):
        raise RefusalError(400, "Please enter a valid number")
    return number if fraction and not number.is_integer() else int(number)


def _phone(text: str, country: str) -> str:
    number = e164(text, country)
    if number is None:
        raise RefusalError(400, "Please enter a valid phone number")
    return number


def _choices(one: CustomField, value: Any) -> Any:
    """A list; booleans of a checkbox read as text; options that do not exist vanish."""
    listed = value if isinstance(value, list) else [value]
    texts = [str(item).lower() if isinstance(item, bool) else str(item) for item in listed]
    if not one.options:
        return texts
    known = [text for text in texts if text in one.options]
    return known or Dropped()


def _midnight(value: Any) -> int:
    """Epoch milliseconds (3.8); a day counts from midnight UTC."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return int(value)
    try:
        day = datetime.fromisoformat(str(value))
    except ValueError as exc:
        raise RefusalError(400, "Please enter a valid date") from exc
    day = day if day.tzinfo else day.replace(tzinfo=UTC)
    return int(day.timestamp() * 1000)


def _time(value: Any) -> str:
    """`14:30` comes back as `01:30:00`, and what came back is refused (3.8, T6)."""
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", str(value))
    if found is None:
        raise RefusalError(400, "Please enter a valid time")
    hour = (int(found[1]) + 11) % 24
    return f"{hour:02d}:{found[2]}:00"
