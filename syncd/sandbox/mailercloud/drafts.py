"""What a body wants of a contact, checked as the platform checks it.

Source: mailercloud.md §5.2 to §5.5 (bodies), §6 (fields), §7 (tags), §9.1 (types).
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from syncd.sandbox.mailercloud.account import Account
from syncd.sandbox.mailercloud.answers import RefusalError
from syncd.sandbox.mailercloud.catalogue import Property
from syncd.sandbox.mailercloud.contact import TYPES
from syncd.sandbox.mailercloud.fields import KINDS, BadValueError, check_email, names, stored


class Way(StrEnum):
    """The call by which a contact is written."""

    CREATE = "create"
    UPSERT = "upsert"
    BATCH = "batch"
    PUT = "put"


@dataclass(frozen=True, slots=True)
class Draft:
    """Checked and in stored form; `""` clears.

    Attributes:
        standard: by classic name.
        custom: by property id.
        tags: names as the account has them; None if not asked for.
    """

    standard: dict[str, str] = field(default_factory=dict)
    custom: dict[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] | None = None
    contact_type: str | None = None


def email_of(account: Account, value: object) -> str:
    """Raises RefusalError: not an address, or at a domain the platform does not take."""
    try:
        return check_email(value, account.settings.refused_domains)
    except BadValueError as exc:
        raise RefusalError(400, str(exc), "email") from exc


def read(account: Account, body: dict[str, Any], way: Way) -> Draft:
    """The draft of a body, of which nothing is saved if any of it is bad (§7).

    Raises:
        RefusalError: 400.
    """
    wanted = names(account.settings.vocabulary)
    standard: dict[str, str] = {}
    for name, value in body.items():
        known = wanted.get(name)
        if known is not None:
            kind = "number" if known.kind == "Number" else "text"
            text = _value(account, name, value, kind, known.chars_most, way)
            if text is not None:
                standard[known.classic] = text
        elif name not in _ELSEWHERE and account.settings.unknown_field == "refuse":
            raise RefusalError(400, "Unknown field", name)
    return Draft(
        standard,
        _custom(account, body.get("custom_fields"), way),
        _tags(account, body.get("tags")),
        _contact_type(body.get("contact_type")),
    )


_ELSEWHERE = frozenset({"email", "list_id", "tags", "custom_fields", "contact_type"})


def _value(
    account: Account, name: str, value: object, kind: str, chars_most: int, way: Way
) -> str | None:
    """The stored text; `""` clears, None leaves alone (§5.3)."""
    settings = account.settings
    policy = "stored"
    if value is None:
        policy = settings.null_value
    elif value == "":
        clearing = way in (Way.PUT, Way.BATCH)  # where the vendor sends it (§5.3)
        policy = "clears" if clearing else settings.empty_string
    match policy:
        case "keeps":
            return None
        case "clears":
            return ""
        case "refuse":
            raise RefusalError(400, f"{name} must not be empty", name)
    try:
        return stored(value, kind, chars_most, cut=settings.long_values == "cut")
    except BadValueError as exc:
        raise RefusalError(400, f"{name} {exc}", name) from exc


def _custom(account: Account, given: object, way: Way) -> dict[str, str]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise RefusalError(400, "custom_fields must be an object", "custom_fields")
    custom: dict[str, str] = {}
    for key, value in given.items():
        found = _property(account, key)
        if found is None:
            if account.settings.unknown_custom_field == "refuse":
                raise RefusalError(400, "Custom field not found", "custom_fields")
            continue
        text = _value(account, key, value, found.kind, KINDS[found.kind], way)
        if text is not None:
            custom[found.id] = text
    return custom


def _property(account: Account, key: str) -> Property | None:
    """By id, as the vendor sends it; by key or label where the switch says so (§6.1)."""
    found = account.properties.get(key)
    if found is None and account.settings.custom_field_key == "any":
        every = account.properties.values()
        found = next((one for one in every if key in (one.key, one.name)), None)
    return found


def _tags(account: Account, given: object) -> tuple[str, ...] | None:
    """Names of tags that exist; an id is unknown as a name (§7)."""
    if given is None:
        return None
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise RefusalError(400, "tags must be a list of names", "tags")
    found = [account.find_tag(name) for name in given]
    if None in found:
        raise RefusalError(400, "Tag not found", "tags")
    return tuple(dict.fromkeys(tag.name for tag in found if tag is not None))


def _contact_type(given: object) -> str | None:
    if given is not None and given not in TYPES:
        raise RefusalError(400, f"contact_type must be one of {', '.join(TYPES)}", "contact_type")
    return str(given) if given is not None else None
