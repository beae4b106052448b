"""What the three platforms hold, as the sandbox shows it, in one form for all.

It uses no code of the engine, the mapping or the connectors: a comparison that shared it
would agree with its mistakes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from syncd.testing.control import Control

GHL, MAILEON, MAILERCLOUD = PLATFORMS = ("ghl", "maileon", "mailercloud")
TITLES = {GHL: "GoHighLevel", MAILEON: "Maileon", MAILERCLOUD: "Mailercloud"}
MEMBERSHIP = "Membership"  # a custom field that the demo makes in GHL, and only there
OPTOUT_TAG = "crm-optout"  # marks opt-outs in Mailercloud and is nobody's own tag

# By GHL's name: what Maileon calls it, and what Mailercloud calls it, which has no streets
# and no birthdays.
FIELDS: Mapping[str, tuple[str, str | None]] = {
    "firstName": ("FIRSTNAME", "name"),
    "lastName": ("LASTNAME", "last_name"),
    "address1": ("ADDRESS", None),
    "postalCode": ("ZIP", "zip"),
    "city": ("CITY", "city"),
    "country": ("COUNTRY", "country"),
    "dateOfBirth": ("BIRTHDAY", None),
    "companyName": ("ORGANIZATION", "organization"),
    "phone": ("custom.phone", "phone"),
    MEMBERSHIP: ("custom.Membership", "custom.Membership"),
}
TAGS = "tags"

Contact = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Person:
    """One contact of one platform.

    Attributes:
        values: by GHL's name of the field; the tags are under `tags`.
        mailable: whether its platform would send mail to it.
    """

    id: str
    email: str
    values: Mapping[str, str | frozenset[str]]
    mailable: bool


Shown = Mapping[str, Sequence[Person]]  # by platform


def read_back(box: Control, membership: str) -> Shown:
    """Everybody on every platform; `membership` is the id of GHL's custom field."""
    return {
        GHL: [in_ghl(contact, membership) for contact in box.contacts(GHL)],
        MAILEON: [in_maileon(contact) for contact in box.contacts(MAILEON)],
        MAILERCLOUD: [in_mailercloud(contact) for contact in box.contacts(MAILERCLOUD)],
    }


def by_email(people: Iterable[Person]) -> dict[str, Person]:
    return {person.email: person for person in people if person.email}


def in_ghl(contact: Contact, membership: str) -> Person:
    custom = {one["id"]: one.get("value") for one in contact["customFields"]}
    channel = contact["dndSettings"].get("Email", {}).get("status", "inactive")
    return Person(
        id=contact["id"],
        email=text(contact["email"]).lower(),
        values={
            **{name: text(contact[name]) for name in FIELDS if name != MEMBERSHIP},
            MEMBERSHIP: text(custom.get(membership)),
            TAGS: folded(contact["tags"]),
        },
        mailable=bool(contact["email"]) and not contact["dnd"] and channel == "inactive",
    )


def in_maileon(contact: Contact) -> Person:
    """Whoever unsubscribes is removed, so everybody who is there can be mailed."""
    held = {
        **contact["standard_fields"],
        **{f"custom.{name}": value for name, value in contact["custom_fields"].items()},
    }
    return Person(
        id=str(contact["id"]),
        email=text(contact["email"]).lower(),
        values={
            **{name: text(held.get(there)) for name, (there, _) in FIELDS.items()},
            TAGS: folded(text(held.get("custom.tags")).split(",")),
        },
        mailable=True,
    )


def in_mailercloud(contact: Contact) -> Person:
    custom = {f"custom.{name}": value for name, value in contact["custom_by_label"].items()}
    held = {**contact, **custom}
    return Person(
        id=contact["id"],
        email=text(contact["email"]).lower(),
        values={
            **{name: text(held.get(there)) for name, (_, there) in FIELDS.items() if there},
            TAGS: folded(contact["tags"]) - {OPTOUT_TAG},
        },
        mailable=contact["contact_type"] == "active",
    )


def text(value: object) -> str:
    return "" if value is None else str(value).strip()


def folded(tags: Iterable[object]) -> frozenset[str]:
    """Tags without regard to case, as GHL and Mailercloud compare them."""
    return frozenset(filter(None, (text(tag).lower() for tag in tags)))
