"""The strict validator of contact bodies, and the changes a valid one asks for (3.6, 3.7)."""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import phonenumbers

from syncd.sandbox.ghl import dnd
from syncd.sandbox.ghl.contact import PLAIN
from syncd.sandbox.ghl.phones import e164
from syncd.sandbox.ghl.settings import Settings

EMAIL = re.compile(r"[^@\s,;<>()\[\]\"\\]+@[A-Za-z0-9](?:[A-Za-z0-9-]*\.)+[A-Za-z0-9-]{2,}")
YEAR_FIRST = re.compile(r"(\d{4})([-/._])(\d{1,2})\2(\d{1,2})")
MONTH_FIRST = re.compile(r"(\d{1,2})([-/._])(\d{1,2})\2(\d{4})")
COUNTRIES = frozenset(phonenumbers.SUPPORTED_REGIONS)

CREATE = frozenset(PLAIN) | {
    "locationId",
    "name",
    "tags",
    "customFields",
    "dnd",
    "dndSettings",
    "inboundDndSettings",
}
UPDATE = CREATE - {"locationId", "gender", "companyName"}  # 422 on PUT (3.6, gotcha 7)
UPSERT = CREATE | {"createNewIfDuplicateAllowed"}
NULLABLE = frozenset(
    {
        "firstName",
        "lastName",
        "name",
        "email",
        "phone",
        "address1",
        "city",
        "state",
        "website",
        "timezone",
        "companyName",
        "dateOfBirth",
    }
)
NULLABLE_ON_UPDATE = NULLABLE | {"source", "assignedTo"}
VALUE_NAMES = ("field_value", "fieldValue", "value")  # 3.8


@dataclass(frozen=True, slots=True)
class Asked:
    """What a body asks for, in stored form; None or a missing name: not asked.

    Attributes:
        plain: the fields of `contact.PLAIN`, None to clear.
        custom: pairs of a field id or key and the value as sent.
    """

    plain: dict[str, str | None] = field(default_factory=dict)
    tags: tuple[str, ...] | None = None
    custom: tuple[tuple[str, Any], ...] = ()
    dnd: bool | None = None
    dnd_settings: dict[str, Any] | None = None
    inbound_dnd: dict[str, Any] | None = None


def violations(
    body: dict[str, Any], allowed: frozenset[str], settings: Settings, country: str, *, v3: bool
) -> dict[str, list[str]]:
    """Lines per property at fault; empty if the body is valid."""
    nullable = NULLABLE_ON_UPDATE if "locationId" not in allowed else NULLABLE
    if settings.clear_not_nullable:
        nullable = nullable | {"postalCode", "country", "source", "assignedTo", "gender"}
    found = {}
    for name, value in body.items():
        if name not in allowed:
            found[name] = [f"property {name} should not exist"]
        elif value is None and name in nullable:
            continue
        elif lines := _lines(name, value, country, v3=v3, rcs=settings.rcs_in_writes):
            found[name] = lines
    if "locationId" in allowed and "locationId" not in body:
        found["locationId"] = ["locationId must be a string", "locationId should not be empty"]
    return found


def asked(body: dict[str, Any], settings: Settings, country: str) -> Asked:
    """The changes of a valid body, or of the valid part of one."""
    plain = {name: _plain(name, body[name], settings, country) for name in PLAIN if name in body}
    if "name" in body:
        first, _, last = (body["name"] or "").strip().partition(" ")
        plain.setdefault("firstName", first or None)
        plain.setdefault("lastName", last.strip() or None)
    return Asked(
        plain=plain,
        tags=None if body.get("tags") is None else as_tags(body["tags"]),
        custom=tuple(map(_pair, body.get("customFields") or ())),
        dnd=body.get("dnd"),
        dnd_settings=body.get("dndSettings"),
        inbound_dnd=body.get("inboundDndSettings"),
    )


def as_tags(names: list[str]) -> tuple[str, ...]:
    """Trimmed, lower-cased, each once (3.9, gotcha 6)."""
    return tuple(dict.fromkeys(clean for name in names if (clean := name.strip().lower())))


def tag_lines(value: object) -> list[str]:
    if not isinstance(value, list):
        return ["tags must be an array"]
    if not all(isinstance(one, str) for one in value):
        return ["each value in tags must be a string"]
    return []


def as_day(text: str) -> str | None:
    """`YYYY-MM-DD` of the accepted spellings (3.6); None for anything else."""
    if found := YEAR_FIRST.fullmatch(text):
        year, month, day = found[1], found[3], found[4]
    elif found := MONTH_FIRST.fullmatch(text):
        month, day, year = found[1], found[3], found[4]
    else:
        return None
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None


def _lines(name: str, value: Any, country: str, *, v3: bool, rcs: bool) -> list[str]:
    match name:
        case "email":
            return [] if _is_email(value) else ["email must be an email"]
        case "phone":
            return [] if _is_phone(value, country) else ["phone must be a valid phone number"]
        case "country":
            known = isinstance(value, str) and value in COUNTRIES
            return [] if known else ["country must be a valid ISO31661 Alpha2 code"]
        case "dateOfBirth":
            return [] if _is_day(value) else ["dateOfBirth must be a valid date"]
        case "tags":
            return tag_lines(value)
        case "customFields":
            return _custom_lines(value)
        case "dnd" | "createNewIfDuplicateAllowed":
            return [] if isinstance(value, bool) else [f"{name} must be a boolean value"]
        case "dndSettings":
            return dnd.violations(value, v3=v3, rcs=rcs)
        case "inboundDndSettings":
            return dnd.inbound_violations(value)
        case "locationId" if value == "":
            return ["locationId should not be empty"]
        case _:
            return [] if isinstance(value, str) else [f"{name} must be a string"]


def _is_email(value: object) -> bool:
    return isinstance(value, str) and EMAIL.fullmatch(value) is not None


def _is_phone(value: object, country: str) -> bool:
    return isinstance(value, str) and e164(value, country) is not None


def _is_day(value: object) -> bool:
    return value == "" or (isinstance(value, str) and as_day(value) is not None)


def _custom_lines(value: object) -> list[str]:
    if not isinstance(value, list):
        return ["customFields must be an array"]
    lines = []
    for position, one in enumerate(value):
        where = f"customFields.{position}"
        if not isinstance(one, dict):
            lines.append(f"{where} must be an object")
            continue
        lines += [
            f"{where}.property {name} should not exist"
            for name in one
            if name not in ("id", "key", *VALUE_NAMES)
        ]
        lines += [f"{where}.{name} must be a string" for name in _names_wrong(one)]
    return lines


def _names_wrong(one: dict[str, Any]) -> list[str]:
    """Of `id` and `key`, those that are no text; one of them must be there (3.8)."""
    given = [name for name in ("id", "key") if name in one]
    return [name for name in given or ["id"] if not isinstance(one.get(name), str)]


def _plain(name: str, value: str | None, settings: Settings, country: str) -> str | None:
    if not value:
        return None if value is None or settings.empty_string_clears else value
    match name:
        case "phone":
            return e164(value, country)
        case "dateOfBirth":
            return as_day(value)
        case _:
            return value


def _pair(one: dict[str, Any]) -> tuple[str, Any]:
    """An id that a template left empty gives way to the key; with neither it is no field's."""
    value = next((one[name] for name in VALUE_NAMES if name in one), None)
    return one.get("id") or one.get("key", ""), value
