"""The fields of a Maileon contact, and the kinds of its custom fields.

Source: maileon.md 2.1 (contact object), 2.8 (custom fields), 2.9 (standard fields).
"""

import re
from collections.abc import Mapping

from syncd.connectors.maileon.config import Settings
from syncd.errors import ConfigError
from syncd.model.costs import Costs
from syncd.model.derived import ENGAGEMENT
from syncd.model.record import Resource
from syncd.model.spec import Catalogue, ConsentSpec, Deletions, FieldSpec, Kind, ResourceSpec, Spec

CUSTOM = "custom."
MAX_TEXT = 255

_TEXTS = (
    "FIRSTNAME LASTNAME FULLNAME SALUTATION TITLE ADDRESS HNR ZIP CITY STATE REGION ORGANIZATION"
)

STANDARD: Catalogue = {
    **{name: FieldSpec(name, max_length=MAX_TEXT) for name in _TEXTS.split()},
    "COUNTRY": FieldSpec("COUNTRY", Kind.COUNTRY, max_length=MAX_TEXT, free_text=True),
    "GENDER": FieldSpec("GENDER", Kind.CHOICE, choices=("m", "f", "d")),
    "BIRTHDAY": FieldSpec("BIRTHDAY", Kind.DATE),
    "NAMEDAY": FieldSpec("NAMEDAY", Kind.DATE),
    "LOCALE": FieldSpec("LOCALE"),  # xx or xx_XX
}

FIELDS: Catalogue = {
    # Case is undocumented (U9): compared in lower case, sent in lower case.
    "email": FieldSpec("email", Kind.EMAIL, lower=True, max_length=MAX_TEXT, clearable=False),
    "external_id": FieldSpec("external_id", max_length=MAX_TEXT),
    "permission": FieldSpec("permission", Kind.INTEGER, read_only=True),
    "consent": FieldSpec("consent", Kind.CONSENT, clearable=False),
    **STANDARD,
}

# `double` and `timestamp` stand only in the table of error codes; they read as their kin.
KINDS: Mapping[str, Kind] = {
    "string": Kind.TEXT,
    "integer": Kind.INTEGER,
    "float": Kind.NUMBER,
    "double": Kind.NUMBER,
    "date": Kind.DATE,
    "timestamp": Kind.DATE,
    "boolean": Kind.BOOLEAN,
}

TYPES: Mapping[Kind, str] = {
    Kind.TEXT: "string",
    Kind.INTEGER: "integer",
    Kind.NUMBER: "float",
    Kind.DATE: "date",
    Kind.BOOLEAN: "boolean",
}

# Names that a custom field must not have, besides those of the standard fields.
RESERVED = frozenset(
    {
        "id",
        "created",
        "external_id",
        "local_part",
        "permission_type",
        "permission_status",
        "sendout_status",
        "updated",
    }
)

SPEC = Spec(
    name="maileon",
    title="Maileon",
    resources={
        Resource.CONTACT: ResourceSpec(
            fields=FIELDS,
            custom_prefix=CUSTOM,
            # No floats: mails would show a 7 as `7.0`. Such a field is made as a text.
            custom_kinds=frozenset(TYPES) - {Kind.NUMBER},
            incremental=True,
            deletions=Deletions.SWEEP,  # hard deletes show nowhere; opt-outs have a report
            unique_key="email",
            finds=frozenset({"email", "external_id"}),
            reference="external_id",
            consent=ConsentSpec(ends_record=True, suppresses_absent=True),
            batch_size=Settings.model_fields["batch_size"].default,
            concurrency=1,
            page_size=1000,
            withheld=dict.fromkeys(
                ("id", "created", "updated"), "Maileon keeps it itself, and nobody can write it"
            ),
            engagement=ENGAGEMENT,
        )
    },
)


def costs(settings: Settings) -> Costs:
    """Requests per op: many in a call (maileon.md 2.5), read back from the list of changes.

    A new address is looked at from all sides first; an opt-out is two calls (4).
    """
    updates = settings.batch_size if settings.bulk_updates else 1
    return Costs(
        create=2 / settings.batch_size,
        update=1 / updates,
        optout=2.0,
        beside={"email": 5.0},
    )


def custom_spec(name: str, wire_type: str) -> FieldSpec:
    """A custom field as rules see it; one of an unknown type can be read as text only."""
    kind = KINDS.get(wire_type.lower())
    return FieldSpec(
        CUSTOM + name,
        kind or Kind.TEXT,
        max_length=MAX_TEXT if kind is Kind.TEXT else None,
        read_only=kind is None,
        identity=wire_type,  # there are no ids, and a type cannot be changed
        native="" if kind else wire_type,
    )


def custom_name(field: FieldSpec) -> str:
    """The name of a custom field on the platform, once it is known to be allowed there.

    Raises:
        ConfigError: Maileon would not take such a field.
    """
    name = field.name.removeprefix(CUSTOM)
    taken = name in STANDARD or name.lower() in RESERVED
    if not 3 <= len(name) <= 64 or taken or re.search(r"[\x00-\x1f]", name):
        raise ConfigError(
            f"Maileon takes no custom field of the name {name!r}",
            hint="3 to 64 characters, and not the name of a standard field.",
        )
    if field.kind not in TYPES:
        raise ConfigError(
            f"Maileon has no type for the custom field {name!r} of kind {field.kind.value}",
            hint=f"Kinds: {', '.join(sorted(TYPES))}.",
        )
    return name
