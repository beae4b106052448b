"""The filter grammar of `POST /contacts/search` (3.2), compiled to a test of one contact."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from syncd.sandbox.ghl.answers import RefusalError, invalid
from syncd.sandbox.ghl.contact import Contact
from syncd.sandbox.ghl.customfields import Catalogue
from syncd.sandbox.ghl.settings import Settings
from syncd.sandbox.incoming import whole

Test = Callable[[Contact], bool]
OPERATORS = (
    "eq, not_eq, contains, not_contains, wildcard, not_wildcard, match, not_match, exists, "
    "not_exists, range, not_range, contains_set, contains_not_set, gt, gte, lt, lte, nested, "
    "nested_not, has_child, has_parent"
)
LENGTH = 75
DATE_FIELDS = ("dateAdded", "dateUpdated", "lastActivity")
TEXT_FIELDS = {
    "email": "email",
    "phone": "phone",
    "firstName": "firstName",
    "lastName": "lastName",
    "address1": "address1",
    "city": "city",
}
KEYWORD_FIELDS = ("dnd", "assignedTo", "type", "state", "source")
STATUS_FIELDS = tuple(f"dndSettings.{one}.status" for one in ("Email", "SMS", "Call"))
INBOUND_STATUS = "inboundDndSettings.all.status"


@dataclass(frozen=True, slots=True)
class Range:
    """Inclusive bounds in epoch ms; None is open."""

    low: int | None = None
    high: int | None = None

    def holds(self, value: int | None) -> bool:
        if value is None:
            return False
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


@dataclass(frozen=True, slots=True)
class Compiled:
    """One filter, ready to use.

    Attributes:
        test: does a contact fit?
        ranges: for `dateAdded` and `dateUpdated`, bounds that every fitting contact keeps.
        exact: True if the ranges alone say it all and `test` need not be asked.
        keys: pairs of `id`, `email` or `phone` and a value, one of which every fitting
            contact has; None if nothing narrows it down.
    """

    test: Test
    ranges: dict[str, Range]
    exact: bool = False
    keys: tuple[tuple[str, str], ...] | None = None


def compile_all(filters: Any, fields: Catalogue, settings: Settings) -> Compiled:
    """The top-level array, which is an AND.

    Raises:
        RefusalError: 400 for a field that does not exist, 422 for an operator or a value.
    """
    if not isinstance(filters, list):
        raise invalid("filters must be an array")
    return _every([_compile(one, fields, settings) for one in filters])


def _compile(one: Any, fields: Catalogue, settings: Settings) -> Compiled:
    if not isinstance(one, dict):
        raise invalid("each value in filters must be an object")
    if "group" in one:
        return _group(one, fields, settings)
    extra = sorted(set(one) - {"field", "operator", "value"})
    if extra:
        raise invalid(*(f"filters.property {name} should not exist" for name in extra))
    name, operator, value = one.get("field"), one.get("operator"), one.get("value")
    if not isinstance(name, str) or not isinstance(operator, str):
        raise invalid("filters.field must be a string", "filters.operator must be a string")
    if isinstance(value, str) and len(value) > LENGTH:
        raise invalid(f"filters.value must be shorter than or equal to {LENGTH} characters")
    return _leaf(name, operator, value, fields, settings)


def _group(one: dict[str, Any], fields: Catalogue, settings: Settings) -> Compiled:
    if one["group"] not in ("AND", "OR"):
        raise invalid("filters.group must be one of the following values: AND, OR")
    if not isinstance(one.get("filters"), list):
        raise invalid("filters.filters must be an array")
    parts = [_compile(part, fields, settings) for part in one["filters"]]
    return _every(parts) if one["group"] == "AND" else _any(parts)


def _every(parts: list[Compiled]) -> Compiled:
    ranges: dict[str, Range] = {}
    for part in parts:
        for name, bounds in part.ranges.items():
            ranges[name] = _narrower(ranges.get(name, Range()), bounds)
    tests = [part.test for part in parts]
    return Compiled(
        test=tests[0] if len(tests) == 1 else lambda contact: all(test(contact) for test in tests),
        ranges=ranges,
        exact=all(part.exact for part in parts) and len(ranges) <= 1,
        keys=next((part.keys for part in parts if part.keys is not None), None),
    )


def _any(parts: list[Compiled]) -> Compiled:
    tests = [part.test for part in parts]
    narrowed = [part.keys for part in parts]
    keys: tuple[tuple[str, str], ...] | None = None
    if all(one is not None for one in narrowed):
        keys = tuple(key for one in narrowed if one is not None for key in one)
    return Compiled(lambda contact: any(test(contact) for test in tests), {}, keys=keys)


def _leaf(name: str, operator: str, value: Any, fields: Catalogue, settings: Settings) -> Compiled:
    if name in DATE_FIELDS:
        return _date(name, operator, value, settings)
    if name in TEXT_FIELDS:
        return _text(name, operator, value, settings)
    if name == "tags":
        return Compiled(_tags(operator, value), {})
    if name in KEYWORD_FIELDS:
        return Compiled(_keyword(name, operator, value), {})
    if name == "id":
        _allow(name, operator, "eq")
        return Compiled(lambda contact: contact.id == value, {}, keys=(("id", str(value)),))
    if name in STATUS_FIELDS:
        _allow(name, operator, "eq")
        channel = name.split(".")[1]
        return Compiled(lambda c: c.dnd_settings.get(channel, {}).get("status") == value, {})
    if name == INBOUND_STATUS:
        _allow(name, operator, "eq")
        return Compiled(lambda c: c.inbound_dnd.get("all", {}).get("status") == value, {})
    if name == "dateOfBirth":
        raise _bad_operator(name, operator)  # nothing works (3.2, T8)
    if name.startswith("customFields."):
        return Compiled(_custom(name.removeprefix("customFields."), operator, value, fields), {})
    raise RefusalError(400, f"Invalid field {name}")


def _date(name: str, operator: str, value: Any, settings: Settings) -> Compiled:
    _allow(name, operator, "range")
    bounds = _bounds(name, value, settings.iso_dates_in_search == "work")
    match name:
        case "dateAdded":
            return Compiled(lambda c: bounds.holds(c.added), {name: bounds}, exact=True)
        case "dateUpdated":
            return Compiled(lambda c: bounds.holds(c.updated), {name: bounds}, exact=True)
        case _:
            return Compiled(lambda c: bounds.holds(c.active), {})


def _text(name: str, operator: str, value: Any, settings: Settings) -> Compiled:
    _allow(name, operator, "eq", "not_eq", "contains", "wildcard")
    if not isinstance(value, str):
        raise invalid(f"Invalid value passed for field {_snake(name)}: must be a string")
    wanted = value.lower()
    field = TEXT_FIELDS[name]

    def held(contact: Contact) -> list[str]:
        if name == "email":
            return contact.emails()
        if name == "phone" and settings.phone_eq_bug and contact.additional_emails:
            return []
        text = contact.plain.get(field)
        return [text.lower()] if text else []

    match operator:
        case "eq":
            keys = ((name, wanted),) if name in ("email", "phone") else None
            return Compiled(lambda c: wanted in held(c), {}, keys=keys)
        case "not_eq":  # with "" it matches everybody (3.2)
            return Compiled(lambda c: wanted == "" or wanted not in held(c), {})
        case "contains":
            if len(wanted) < 3:
                raise invalid(f"contains needs at least 3 characters for field {_snake(name)}")
            return Compiled(lambda c: any(wanted in one for one in held(c)), {})
        case _:
            pattern = re.compile(re.escape(wanted).replace(r"\*", ".*").replace(r"\?", "."))
            return Compiled(lambda c: any(pattern.fullmatch(one) for one in held(c)), {})


def _tags(operator: str, value: Any) -> Test:
    """Assumed of arrays: `eq` has all of them, `contains` any, `not_contains` none."""
    _allow("tags", operator, "eq", "contains", "not_contains")
    listed = value if isinstance(value, list) else [value]
    if not listed or not all(isinstance(one, str) for one in listed):
        raise invalid("Invalid value passed for field tags: must be a string or an array")
    wanted = [one.lower() for one in listed]
    match operator:
        case "eq":
            return lambda c: all(one in c.tags for one in wanted)
        case "contains":
            return lambda c: any(one in tag for one in wanted for tag in c.tags)
        case _:
            return lambda c: not any(one in tag for one in wanted for tag in c.tags)


def _keyword(name: str, operator: str, value: Any) -> Test:
    _allow(name, operator, "eq")
    match name:
        case "dnd":
            if value not in (True, False, "true", "false"):
                raise invalid("Invalid value passed for field dnd: must be a boolean")
            wanted = value in (True, "true")
            return lambda c: c.dnd is wanted
        case "type":
            return lambda _: value == "lead"
        case _:
            return lambda c: c.plain.get(name) == value


def _custom(field_id: str, operator: str, value: Any, fields: Catalogue) -> Test:
    one = fields.fields.get(field_id)
    if one is None:  # a key instead of an id too (3.2, T9)
        raise RefusalError(400, f"Invalid field customFields.{field_id}")
    name = f"customFields.{field_id}"
    if one.data_type == "DATE":
        _allow(name, operator, "range")
        if isinstance(value, dict) and any(isinstance(bound, str) for bound in value.values()):
            return lambda _: False  # ISO strings: 200 and no rows (gotcha 3)
        bounds = _bounds(name, value, False)
        return lambda c: bounds.holds(c.custom.get(field_id))
    _allow(name, operator, "eq", "contains")
    wanted = str(value).lower()

    def held(contact: Contact) -> list[str]:
        kept = contact.custom.get(field_id)
        if kept is None:
            return []
        return [str(item).lower() for item in (kept if isinstance(kept, list) else [kept])]

    if operator == "eq":
        return lambda c: wanted in held(c)
    return lambda c: any(wanted in one for one in held(c))


def _allow(name: str, operator: str, *allowed: str) -> None:
    if operator not in allowed:
        raise _bad_operator(name, operator)


def _bad_operator(name: str, operator: str) -> RefusalError:
    """The field is echoed in snake case, and every operator known is listed (3.2)."""
    return invalid(
        f"Invalid Operator ({operator}) passed for field {_snake(name)}. "
        f"Valid operators are: {OPERATORS}"
    )


def _bounds(name: str, value: Any, iso: bool) -> Range:
    if not isinstance(value, dict) or not value or set(value) - {"gt", "gte", "lt", "lte"}:
        raise invalid(f"range for field {_snake(name)} needs gt or gte, lt or lte")
    low = high = None
    for bound, raw in value.items():
        at = _epoch_ms(raw, iso)
        if at is None:
            raise invalid(f"Invalid value passed for field {_snake(name)}: epoch milliseconds")
        match bound:
            case "gt":
                low = at + 1
            case "gte":
                low = at
            case "lt":
                high = at - 1
            case _:
                high = at
    return Range(low, high)


def _epoch_ms(raw: Any, iso: bool) -> int | None:
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        return int(raw)
    if not isinstance(raw, str):
        return None
    if (at := whole(raw)) is not None:
        return at
    if not iso:
        return None
    try:
        moment = datetime.fromisoformat(raw)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(moment.timestamp() * 1000)


def _narrower(left: Range, right: Range) -> Range:
    lows = [one.low for one in (left, right) if one.low is not None]
    highs = [one.high for one in (left, right) if one.high is not None]
    return Range(max(lows, default=None), min(highs, default=None))


def _snake(name: str) -> str:
    if name.startswith("customFields."):
        return name
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()
