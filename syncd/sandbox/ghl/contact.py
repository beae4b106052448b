"""A contact as the platform keeps it, and the two ways it shows one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

PLAIN = (
    "firstName",
    "lastName",
    "email",
    "phone",
    "address1",
    "city",
    "state",
    "country",
    "postalCode",
    "website",
    "timezone",
    "companyName",
    "source",
    "gender",
    "assignedTo",
    "dateOfBirth",
)
Channel = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Contact:
    """One version of a contact; a change makes a new one.

    Attributes:
        plain: the fields of `PLAIN`, in wire names; a missing one is null.
        custom: values by custom field id, in stored form.
        dnd_settings: per channel `{status, message, code}`.
        added, updated, active: epoch milliseconds.
        revision: counts the versions of all contacts, so a newer one is larger.
    """

    id: str
    location_id: str
    plain: Mapping[str, str | None]
    added: int
    updated: int
    active: int
    revision: int
    tags: tuple[str, ...] = ()
    custom: Mapping[str, Any] = field(default_factory=dict)
    dnd: bool = False
    dnd_settings: Mapping[str, Channel] = field(default_factory=dict)
    inbound_dnd: Mapping[str, Channel] = field(default_factory=dict)
    additional_emails: tuple[str, ...] = ()
    followers: tuple[str, ...] = ()
    business_id: str | None = None

    @property
    def name(self) -> str | None:
        parts = (self.plain.get("firstName"), self.plain.get("lastName"))
        return " ".join(part for part in parts if part) or None

    def emails(self) -> list[str]:
        """Lower-cased: the primary one first, then the additional ones."""
        primary = self.plain.get("email")
        listed = ((primary,) if primary else ()) + self.additional_emails
        return [one.lower() for one in listed]


def iso(epoch_ms: int) -> str:
    """ISO 8601 in UTC with milliseconds and a Z (3.12)."""
    moment = datetime.fromtimestamp(epoch_ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds")[:-6] + "Z"


def full(contact: Contact) -> dict[str, Any]:
    """As GET by id shows it (3.5): typed spelling, absent values as null."""
    get = contact.plain.get
    email, name = get("email"), contact.name
    return {
        "id": contact.id,
        "name": name,
        "locationId": contact.location_id,
        "firstName": get("firstName"),
        "lastName": get("lastName"),
        "email": email,
        "emailLowerCase": _lower(email),
        "timezone": get("timezone"),
        "companyName": get("companyName"),
        "phone": get("phone"),
        "dnd": contact.dnd,
        "dndSettings": _channels(contact.dnd_settings),
        "inboundDndSettings": _channels(contact.inbound_dnd),
        "type": "lead",
        "source": get("source"),
        "assignedTo": get("assignedTo"),
        "address1": get("address1"),
        "city": get("city"),
        "state": get("state"),
        "country": get("country"),
        "postalCode": get("postalCode"),
        "website": get("website"),
        "gender": get("gender"),
        "tags": list(contact.tags),
        "dateOfBirth": get("dateOfBirth"),
        "dateAdded": iso(contact.added),
        "dateUpdated": iso(contact.updated),
        "firstNameLowerCase": _lower(get("firstName")),
        "fullNameLowerCase": _lower(name),
        "lastNameLowerCase": _lower(get("lastName")),
        "lastActivity": iso(contact.active),
        "customFields": [{"id": id_, "value": value} for id_, value in contact.custom.items()],
        "additionalEmails": [{"email": one} for one in contact.additional_emails],
        "followers": list(contact.followers),
        "businessId": contact.business_id,
    }


def row(contact: Contact, *, with_dnd_settings: bool, with_custom: bool) -> dict[str, Any]:
    """As search and list show it (3.2): names lower-cased, the typed spelling beside them."""
    get = contact.plain.get
    shown: dict[str, Any] = {
        "id": contact.id,
        "locationId": contact.location_id,
        "contactName": _lower(contact.name),
        "firstName": _lower(get("firstName")),
        "firstNameLowerCase": _lower(get("firstName")),
        "firstNameRaw": get("firstName"),
        "lastName": _lower(get("lastName")),
        "lastNameLowerCase": _lower(get("lastName")),
        "lastNameRaw": get("lastName"),
        "email": get("email"),
        "phone": get("phone"),
        "phoneLabel": None,
        "additionalEmails": [{"email": one} for one in contact.additional_emails],
        "additionalPhones": [],
        "companyName": get("companyName"),
        "businessName": get("companyName") if contact.business_id else None,
        "address": get("address1"),
        "city": get("city"),
        "state": get("state"),
        "postalCode": get("postalCode"),
        "country": get("country"),
        "timezone": get("timezone"),
        "website": get("website"),
        "source": get("source"),
        "type": "lead",
        "dnd": contact.dnd,
        "tags": list(contact.tags),
        "customFields": [{"id": id_, "value": value} for id_, value in contact.custom.items()]
        if with_custom
        else [],
        "assignedTo": get("assignedTo"),
        "followers": list(contact.followers),
        "validEmail": None,
        "dateOfBirth": get("dateOfBirth"),
        "dateAdded": iso(contact.added),
        "dateUpdated": iso(contact.updated),
        "businessId": contact.business_id,
        "opportunities": [],
    }
    if with_dnd_settings:
        shown["dndSettings"] = _channels(contact.dnd_settings)
    return shown


def _channels(settings: Mapping[str, Channel]) -> dict[str, dict[str, str]]:
    return {name: dict(channel) for name, channel in settings.items()}


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()
