"""Contacts as XML, as the list and read calls show them.

Source: maileon.md §2.1 (reading rules), §2.2 (filter and blocked lists).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from syncd.sandbox.maileon.answers import element, escape, local
from syncd.sandbox.maileon.contact import PERMISSION_WORDS, Contact
from syncd.sandbox.maileon.fields import READ_ONLY


@dataclass(frozen=True, slots=True)
class Selection:
    """Which fields a read asked for; the others are not shown at all."""

    standard: tuple[str, ...] = ()
    custom: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()


def contact_xml(contact: Contact, selection: Selection, zone: ZoneInfo) -> str:
    return (
        f"<contact><id>{contact.id}</id>{element('email', contact.email)}"
        f"<permission>{contact.permission}</permission>"
        f"{element('external_id', contact.external_id)}<anonymous>false</anonymous>"
        f"<created>{local(contact.created, zone)}.0</created>"
        f"<updated>{local(contact.updated, zone)}.0</updated>"
        f"{_details(contact, selection, zone)}</contact>"
    )


def contacts_xml(contacts: Iterable[Contact], selection: Selection, zone: ZoneInfo) -> str:
    return f"<contacts>{''.join([contact_xml(c, selection, zone) for c in contacts])}</contacts>"


def filtered_xml(contact: Contact, selection: Selection, zone: ZoneInfo) -> str:
    """A row of a filter list: nameless unless the permission allows tracking (§2.2)."""
    ids = f"<id>{contact.id}</id>{element('external_id', contact.external_id)}"
    if not contact.tracked:
        return f'<contact anonymous="true">{ids}</contact>'
    return (
        f'<contact anonymous="false">{ids}{element("email", contact.email)}'
        f"<permissionStatus>{contact.permission_status}</permissionStatus>"
        f"<permissionType>{PERMISSION_WORDS[contact.permission]}</permissionType>"
        f"<created>{local(contact.created, zone)}.0</created>"
        f"<updated>{local(contact.updated, zone)}.0</updated>"
        f"{_details(contact, selection, zone)}</contact>"
    )


def blocked_xml(contact: Contact, selection: Selection, zone: ZoneInfo) -> str:
    """A row of the blocked list; its time has no seconds (§2.2)."""
    shown = contact_xml(contact, selection, zone).removesuffix("</contact>")
    if contact.blocking is None:
        return f"{shown}</contact>"
    return (
        f"{shown}{element('blocking_reason', contact.blocking.reason)}"
        f"{element('blocking_timestamp', local(contact.blocking.at, zone)[:16])}</contact>"
    )


def _details(contact: Contact, selection: Selection, zone: ZoneInfo) -> str:
    """Empty standard fields are nil, empty custom fields are missing (§2.1, §8 row 6)."""
    values = contact.standard
    standard = "".join(
        [
            f"<field><name>{name}</name><value>{escape(values[name])}</value></field>"
            if name in values
            else _unset(contact, name)
            for name in selection.standard
        ]
    )
    values = contact.custom
    custom = "".join(
        [
            f"<field><name>{escape(name)}</name><value>{escape(values[name])}</value></field>"
            for name in selection.custom
            if name in values
        ]
    )
    shown_standard = f"<standard_fields>{standard}</standard_fields>" if standard else ""
    shown_custom = f"<custom_fields>{custom}</custom_fields>" if custom else "<custom_fields/>"
    return (
        f"{shown_standard or '<standard_fields/>'}{shown_custom}"
        f"{_preferences(contact, selection, zone)}"
    )


def _unset(contact: Contact, name: str) -> str:
    value = _read_only(contact, name) if name in READ_ONLY else None
    return f"<field><name>{name}</name>{element('value', value)}</field>"


def _read_only(contact: Contact, name: str) -> str | None:
    match name:
        case "PERMISSION_STATUS":
            return contact.permission_status
        case "SENDOUT_STATUS":
            return "blocked" if contact.blocking else "allowed"
        case "CHECKSUM":
            return contact.checksum
    return contact.source


def _preferences(contact: Contact, selection: Selection, zone: ZoneInfo) -> str:
    if not selection.categories:
        return ""
    rows = [
        f"<preference>{element('name', name)}{element('category', category)}"
        f"{element('value', each.value)}{element('source', each.source)}"
        f"{element('last_modified', local(each.last_modified, zone))}</preference>"
        for (category, name), each in contact.preferences.items()
        if category in selection.categories
    ]
    return f"<preferences>{''.join(rows)}</preferences>"
