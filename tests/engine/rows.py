"""A plain view of contacts: what the sandbox's dumps say, in one form for every platform.

No code of the engine or of the connectors is used, as it would agree with its own mistakes.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# By the plain name: GHL's field (or custom field), Maileon's standard or custom field.
STANDARD = {"firstName": "FIRSTNAME", "lastName": "LASTNAME", "city": "CITY"}
CUSTOM = {"phone": "phone", "colour": "colour"}
PLAIN = (*STANDARD, *CUSTOM)


@dataclass(frozen=True, slots=True)
class Row:
    """One contact as anybody can see it on its platform, in one form for all.

    Attributes:
        further: other addresses of the same person.
        hidden: its platform's listing leaves it out.
        copied: what Maileon shows in the field that GHL's last name is copied to.
    """

    id: str
    email: str
    fields: Mapping[str, str]
    tags: frozenset[str]
    opted_out: bool = False
    hidden: bool = False
    permission: int | None = None
    further: frozenset[str] = frozenset()
    copied: str = ""

    @property
    def addresses(self) -> frozenset[str]:
        """Every address that the contact shows as its person's own."""
        return (self.further | {self.email}) - {""}

    def shows(self, name: str) -> str | frozenset[str]:
        if name == "tags":
            return self.tags
        return self.email if name == "email" else self.fields[name]

    def says(self, name: str) -> str | bool:
        """The value of a field; of `tag x`, whether it is there."""
        if name.startswith("tag "):
            return name.removeprefix("tag ") in self.tags
        return str(self.shows(name))


def plain(text: object) -> str:
    """One form of a text: NFC, no white space around it; nothing is empty."""
    return unicodedata.normalize("NFC", str(text)).strip() if text is not None else ""


def ghl_row(dump: Mapping[str, Any], colour: str = "") -> Row:
    """A contact of GHL's dump; `colour` is the id of the custom field."""
    values = {one["id"]: one.get("value") for one in dump["customFields"]}
    settings = {name.lower(): one for name, one in dump["dndSettings"].items()}
    status = settings.get("email", {}).get("status")
    return Row(
        id=dump["id"],
        email=plain(dump["email"]).lower(),
        fields={
            **{name: plain(dump[name]) for name in (*STANDARD, "phone")},
            "colour": plain(values.get(colour)),
        },
        tags=frozenset(dump["tags"]),
        opted_out=dump["dnd"] is True or status in ("active", "permanent"),
        further=frozenset(plain(one["email"]).lower() for one in dump["additionalEmails"]),
    )


def maileon_row(dump: Mapping[str, Any]) -> Row:
    """A contact of Maileon's dump."""
    custom = dump["custom_fields"]
    tags = (plain(tag).lower() for tag in (custom.get("tags") or "").split(","))
    return Row(
        id=str(dump["id"]),
        email=plain(dump["email"]).lower(),
        fields={
            **{name: plain(dump["standard_fields"].get(f)) for name, f in STANDARD.items()},
            **{name: plain(custom.get(f)) for name, f in CUSTOM.items()},
        },
        tags=frozenset(tag for tag in tags if tag),
        permission=dump["permission"],
        copied=plain(custom.get("surname")),
    )


def mailercloud_row(dump: Mapping[str, Any]) -> Row:
    """A contact of Mailercloud's dump; the tag with which opt-outs are marked is none of theirs."""
    labels = dump["custom_by_label"]
    return Row(
        id=dump["id"],
        email=plain(dump["email"]).lower(),
        fields={
            "firstName": plain(dump["name"]),
            "lastName": plain(dump["last_name"]),
            "city": plain(dump["city"]),
            "phone": plain(dump["phone"]),
            "colour": plain(labels.get("Colour")),
        },
        tags=frozenset(plain(tag).lower() for tag in dump["tags"]) - {"crm-optout"},
        opted_out=dump["contact_type"] in ("unsubscribe", "abuse", "suppressed"),
        hidden=dump["contact_type"] != "active",
    )


def differing(left: Row, right: Row, names: Sequence[str] = (*PLAIN, "tags")) -> set[str]:
    """Fields in which two contacts differ."""
    return {name for name in names if left.shows(name) != right.shows(name)}
