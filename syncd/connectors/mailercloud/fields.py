"""The fields of a Mailercloud contact, and the names they have on the wire.

Source: mailercloud.md 6.1 (properties), 6.2 (two vocabularies), 7 (tags).
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from syncd.connectors.mailercloud.config import LIMIT, Settings
from syncd.errors import ConfigError
from syncd.model.derived import LAST_CLICK_AT, LAST_OPEN_AT
from syncd.model.record import Resource, is_usable_id
from syncd.model.spec import Catalogue, ConsentSpec, Deletions, FieldSpec, Kind, ResourceSpec, Spec
from syncd.model.values import Level

CUSTOM = "custom."
TAGS = "tags"
CONSENT = "consent"
EMAIL = "email"
LONGEST_TAG = 255
FEW = 3  # up to so many new contacts go one by one, by the call that only inserts
TEXT, AREA, DIGITS = 100, 500, 30  # longest values of properties, in characters

# Rule name → longest text. Rules use these whatever the account's vocabulary is.
_LENGTHS = {
    "name": 25,
    "middle_name": 25,
    "last_name": 25,
    "city": 100,
    "state": 100,
    "zip": 25,
    "organization": 150,
    "job_title": 100,
    "department": 100,
    "industry": 100,
    "lead_source": 50,
}

STANDARD: Catalogue = {
    **{name: FieldSpec(name, max_length=length) for name, length in _LENGTHS.items()},
    "phone": FieldSpec("phone", Kind.PHONE, max_length=25),
    "country": FieldSpec("country", Kind.COUNTRY, max_length=50, free_text=True),
    "salary": FieldSpec("salary", Kind.INTEGER),
}

FIELDS: Catalogue = {
    EMAIL: FieldSpec(EMAIL, Kind.EMAIL, lower=True, max_length=200, fixed=True, clearable=False),
    **STANDARD,
    # Tags are matched without regard to case, so rules see them in lower case (7). How long one
    # may be is not known; none that is longer is sent, as it might be cut.
    TAGS: FieldSpec(TAGS, Kind.SET, lower=True, max_length=LONGEST_TAG),
    CONSENT: FieldSpec(CONSENT, Kind.CONSENT, clearable=False),
}

# Where the newer vocabulary has another name.
MODERN = {"name": "first_name", "zip": "postal_code", "organization": "company_name"}

KINDS: Mapping[str, tuple[Kind, int | None]] = {
    "text": (Kind.TEXT, TEXT),
    "textarea": (Kind.TEXT, AREA),
    "number": (Kind.INTEGER, None),  # integers; clients round before they send (6.1)
    "date": (Kind.DATE, None),
}

SPEC = Spec(
    name="mailercloud",
    title="Mailercloud",
    resources={
        Resource.CONTACT: ResourceSpec(
            fields=FIELDS,
            custom_prefix=CUSTOM,
            custom_kinds=frozenset({Kind.TEXT, Kind.INTEGER, Kind.DATE}),
            deletes=False,  # permanent, account-wide, and they erase opt-outs (5.6)
            incremental=False,  # nothing tells of edits (1)
            deletions=Deletions.SWEEP,
            unique_key=EMAIL,
            finds=frozenset({EMAIL}),
            consent=ConsentSpec(
                levels=frozenset({Level.UNKNOWN, Level.REVOKED}),
                readable=False,
                hides=True,
                by_address=True,
            ),
            batch_size=490,  # ten batch calls, so that rows can be pooled across them
            page_size=LIMIT,
            index_lag=timedelta(minutes=5),
            sweep_rate=Settings.model_fields["requests_per_second"].default
            * Settings.model_fields["scan_share"].default,
            ids_follow=True,
            inserts_at_most=FEW,
            engagement=frozenset({LAST_OPEN_AT, LAST_CLICK_AT}),  # bounces have no report (12)
            withheld={
                **{modern: f"rules call it `{name}`" for name, modern in MODERN.items()},
                **dict.fromkeys(
                    ("status", "contact_type"),
                    "consent is kept in step by itself, by stricter rules",
                ),
                **dict.fromkeys(
                    ("id", "list_id", "created_at", "updated_at"), "Mailercloud keeps it itself"
                ),
            },
        )
    },
)


@dataclass(frozen=True, slots=True)
class Property:
    """A custom property: its id, its key, its label, and how rules see it."""

    id: str
    key: str
    label: str
    spec: FieldSpec


@dataclass(frozen=True, slots=True)
class Properties:
    """The catalogue of one account.

    Attributes:
        custom: by rule name.
        words: what each standard field is called on the wire.
    """

    custom: Mapping[str, Property] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=lambda: {n: n for n in STANDARD})

    def catalogue(self) -> Catalogue:
        return {**FIELDS, **{name: found.spec for name, found in self.custom.items()}}

    def wire_names(self) -> dict[str, str]:
        """What errors may call the fields, by rule name."""
        keys = {name: found.key for name, found in self.custom.items()}
        return {EMAIL: EMAIL, TAGS: TAGS, **self.words, **keys}


def read_properties(rows: Iterable[Any], style: str) -> Properties:
    """The catalogue from the rows of the property search.

    A label is used as it stands, without white space around it; where several share one,
    each is called by its key instead.
    """
    usable = [row for row in rows if _is_usable(row)]
    own = [row for row in usable if not _is_default(row)]
    labels = Counter(_label(row) for row in own)
    custom: dict[str, Property] = {}
    for row in own:
        label = _label(row)
        name = CUSTOM + (label if labels[label] == 1 else _key(row))
        wire_type = str(row.get("field_type", ""))
        kind, length = KINDS.get(wire_type.lower(), (None, None))
        spec = FieldSpec(
            name,
            kind or Kind.TEXT,
            max_length=length,
            read_only=kind is None,
            identity=_id(row),
            native="" if kind else wire_type,
        )
        custom.setdefault(name, Property(_id(row), _key(row), label, spec))
    known = {_key(row) for row in usable if _is_default(row)}
    return Properties(custom, {name: _word(name, known, style) for name in STANDARD})


def _word(name: str, known: set[str], style: str) -> str:
    modern = MODERN.get(name, name)
    if style == "classic" or (style == "auto" and (name in known or modern not in known)):
        return name
    return modern


def _is_usable(row: Any) -> bool:
    return isinstance(row, Mapping) and bool(_key(row)) and is_usable_id(_id(row))


def _is_default(row: Mapping[str, Any]) -> bool:
    return str(row.get("is_default", "")).strip().lower() in ("1", "true", "yes")


def _id(row: Mapping[str, Any]) -> str:
    return str(row.get("id") or "")


def _key(row: Mapping[str, Any]) -> str:
    key = row.get("field_value")
    return key.strip() if isinstance(key, str) and key.strip() else _label(row)


def _label(row: Mapping[str, Any]) -> str:
    label = row.get("field_name")
    return label.strip() if isinstance(label, str) else ""


def creation(wanted: FieldSpec) -> tuple[str, str]:
    """Label and type of a new property.

    Raises:
        ConfigError: Mailercloud would not take it.
    """
    label = wanted.name.removeprefix(CUSTOM).strip()
    if not 3 <= len(label) <= 30 or re.search(r"[\x00-\x1f]", label):
        raise ConfigError(
            f"Mailercloud takes no property of the name {label!r}", hint="3 to 30 characters."
        )
    match wanted.kind:
        case Kind.TEXT:
            return label, "textarea" if (wanted.max_length or 0) > TEXT else "text"
        case Kind.INTEGER:
            return label, "number"
        case Kind.DATE:
            return label, "date"
    raise ConfigError(
        f"Mailercloud has no type for the property {label!r} of kind {wanted.kind.value}",
        hint="Kinds: date, integer, text.",
    )
