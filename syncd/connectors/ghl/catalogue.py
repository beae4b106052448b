"""The custom fields of one location. Source: ghl.md 3.8 and 5.1."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from syncd.connectors.ghl.spec import BUSINESS_FIELDS, CUSTOM, FIELDS
from syncd.errors import ConfigError
from syncd.model.spec import Catalogue, FieldSpec, Kind

# `MONETORY` is GHL's own spelling (5.1). TIME cannot be written back (3.8).
KINDS = {
    "TEXT": Kind.TEXT,
    "LARGE_TEXT": Kind.TEXT,
    "EMAIL": Kind.EMAIL,
    "PHONE": Kind.PHONE,
    "NUMERICAL": Kind.NUMBER,
    "FLOAT": Kind.NUMBER,
    "MONETORY": Kind.NUMBER,
    "MONETARY": Kind.NUMBER,
    "DATE": Kind.DATE,
    "SINGLE_OPTIONS": Kind.CHOICE,
    "RADIO": Kind.CHOICE,
    "MULTIPLE_OPTIONS": Kind.SET,
    "CHECKBOX": Kind.SET,
    "TIME": Kind.TEXT,
}
# Their values are objects, which no field of another platform can hold.
UNKEPT = frozenset({"FILE_UPLOAD", "TEXTBOX_LIST", "SIGNATURE"})
TRUTHS = ("true", "false")
LONGEST_SHORT_TEXT = 256  # TEXT was seen cut there, LARGE_TEXT was not (3.8)


@dataclass(frozen=True, slots=True)
class CustomField:
    """One custom field: GHL's id of it, and how rules see it."""

    id: str
    spec: FieldSpec
    listed: bool = False  # its values travel as a JSON array


@dataclass(frozen=True, slots=True)
class CustomFields:
    """All custom fields of a location, by GHL's id and by the name that rules use.

    Attributes:
        doubled: names that several fields share; these are called by their keys.
        unkept: fields whose values cannot be kept in step, so that whoever names one is told.
    """

    by_id: Mapping[str, CustomField]
    by_name: Mapping[str, CustomField]
    doubled: tuple[str, ...] = ()
    unkept: tuple[FieldSpec, ...] = ()

    def catalogue(self) -> Catalogue:
        unkept = {spec.name: spec for spec in self.unkept}
        custom = {name: field.spec for name, field in self.by_name.items()}
        return {**unkept, **FIELDS, **BUSINESS_FIELDS, **custom}


def read(listed: Any) -> CustomFields:
    """What `GET /locations/{id}/customFields` lists; what is no contact's field is left out.

    A name is used as it stands in GHL, without white space around it. Where several fields
    share one, each is called by its key instead: `custom.contact.my_key`.
    """
    named = [raw for raw in listed if _is_named(raw)] if isinstance(listed, list) else []
    usable = [raw for raw in named if _type(raw) not in UNKEPT]
    names = Counter(raw["name"].strip() for raw in usable)
    keys = {_key(raw) for raw in usable}
    doubled = {name for name, times in names.items() if times > 1 or name in keys}
    fields = [_field(raw, raw["name"].strip() in doubled) for raw in usable]
    return CustomFields(
        by_id={field.id: field for field in fields},
        by_name={field.spec.name: field for field in fields},
        doubled=tuple(sorted(doubled)),
        unkept=tuple(_unkept(raw) for raw in named if _type(raw) in UNKEPT),
    )


def _is_named(raw: Any) -> bool:
    return (
        isinstance(raw, Mapping)
        and all(isinstance(raw.get(part), str) and raw[part].strip() for part in ("id", "name"))
        and raw.get("model", "contact") in ("contact", None)
    )


def _unkept(raw: Mapping[str, Any]) -> FieldSpec:
    return FieldSpec(CUSTOM + raw["name"].strip(), read_only=True, kept=False, native=_type(raw))


def _type(raw: Mapping[str, Any]) -> str:
    return str(raw.get("dataType", "")).upper()


def _key(raw: Mapping[str, Any]) -> str:
    key = raw.get("fieldKey")
    return key if isinstance(key, str) and key else f"contact.{raw['id']}"


def _field(raw: Mapping[str, Any], doubled: bool) -> CustomField:
    name = CUSTOM + (_key(raw) if doubled else raw["name"].strip())
    data_type = _type(raw)
    kind = KINDS.get(data_type, Kind.TEXT)
    choices = tuple(_options(raw.get("picklistOptions")))
    if kind in (Kind.CHOICE, Kind.SET) and sorted(choices) == sorted(TRUTHS):
        kind = Kind.BOOLEAN
    is_open = raw.get("isAllowedCustomOption") is True or kind not in (Kind.CHOICE, Kind.SET)
    read_only = data_type == "TIME" or data_type not in KINDS
    spec = FieldSpec(
        name,
        kind,
        read_only=read_only,
        choices=() if is_open else choices,
        identity=raw["id"],
        native=data_type if read_only else "",
    )
    return CustomField(raw["id"], spec, listed=data_type in ("CHECKBOX", "MULTIPLE_OPTIONS"))


def _options(options: Any) -> Iterable[str]:
    """Options are texts; some live answers wrap them into objects with a label."""
    for option in options if isinstance(options, list) else ():
        match option:
            case str():
                yield option
            case {"label": str() as label} | {"name": str() as label}:
                yield label


def creation(field: FieldSpec) -> dict[str, Any]:
    """The body that makes a custom field of a kind.

    Raises:
        ConfigError: GHL has no type for it.
    """
    name = field.name.removeprefix(CUSTOM)
    options: tuple[str, ...] = ()
    match field.kind:
        case Kind.TEXT if field.max_length and field.max_length <= LONGEST_SHORT_TEXT:
            data_type = "TEXT"
        case Kind.TEXT:
            data_type = "LARGE_TEXT"
        case Kind.PHONE:
            data_type = "PHONE"
        case Kind.INTEGER:
            data_type = "NUMERICAL"
        case Kind.NUMBER:
            data_type = "FLOAT"
        case Kind.DATE:
            data_type = "DATE"
        case Kind.BOOLEAN:
            data_type, options = "RADIO", TRUTHS
        case Kind.CHOICE if field.choices:
            data_type, options = "SINGLE_OPTIONS", field.choices
        case Kind.SET if field.choices:
            data_type, options = "MULTIPLE_OPTIONS", field.choices
        case Kind.CHOICE | Kind.SET:
            raise ConfigError(
                f"GHL cannot make the custom field '{name}': a choice needs its options",
                hint="Make the field in GHL, or map to a text field.",
            )
        case _:
            raise ConfigError(f"GHL has no custom field that holds a {field.kind.value} ('{name}')")
    body: dict[str, Any] = {"name": name, "dataType": data_type, "model": "contact"}
    return {**body, "options": list(options)} if options else body


def fits(wanted: FieldSpec, present: FieldSpec) -> bool:
    """Whether a field that exists already can take the values of the wanted one."""
    if present.read_only:
        return False
    if wanted.kind in (Kind.INTEGER, Kind.NUMBER):
        return present.kind in (Kind.INTEGER, Kind.NUMBER)
    if wanted.kind is present.kind:
        return not present.choices or set(wanted.choices) <= set(present.choices)
    return present.kind is Kind.TEXT and wanted.kind in (Kind.CHOICE, Kind.PHONE, Kind.EMAIL)
