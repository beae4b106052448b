"""Creating and changing contacts: what the API and a person's screens have in common."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from syncd.sandbox.ghl import dnd
from syncd.sandbox.ghl.agency import DND_EDIT, FIELD_EDIT, TAG_EDIT, Agency, Location
from syncd.sandbox.ghl.answers import RefusalError, invalid
from syncd.sandbox.ghl.bodies import Asked
from syncd.sandbox.ghl.contact import Contact
from syncd.sandbox.ghl.contact_store import Contacts
from syncd.sandbox.ghl.customfields import CLEARED, Dropped, stored
from syncd.sandbox.ghl.settings import Settings

Match = tuple[Contact, str]  # the contact, and the field by which it matched


def create(agency: Agency, location: Location, asked: Asked) -> Contact:
    """A new contact, without asking whether there is one already.

    Raises:
        RefusalError: 400 or 422 for a custom field value (3.8).
    """
    now = agency.now()
    contact = Contact(
        id=agency.new_id(),
        location_id=location.id,
        plain={},
        added=now,
        updated=now,
        active=now,
        revision=0,
    )
    return agency.put(location, _with(contact, asked, agency.settings, location))


def change(agency: Agency, location: Location, contact: Contact, asked: Asked) -> Contact:
    """The partial merge of PUT: what is not asked stays (3.6).

    Raises:
        RefusalError: 400 for a custom field value, and nothing is changed (3.8).
    """
    changed = _with(contact, asked, agency.settings, location)
    return agency.put(location, changed, _kind(asked))


def duplicate(agency: Agency, location: Location, asked: Asked, but: str | None) -> Match | None:
    """Who else holds the e-mail or the phone that is asked for, by the location's priority."""
    order = ("phone", "email") if agency.settings.match_phone_first else ("email", "phone")
    for name in order:
        if value := asked.plain.get(name):
            for id_ in holders(location.contacts, name, value):
                if id_ != but:
                    return location.contacts.by_id[id_], name
    return None


def holders(contacts: Contacts, name: str, value: str) -> list[str]:
    """Ids of those who have this e-mail (primary or additional) or phone, the oldest first."""
    if name == "email":
        return contacts.emails.of(value.lower())
    return contacts.phones.of(value)


def refuse_duplicate(agency: Agency, location: Location, asked: Asked, but: str | None) -> None:
    """400 with the holder in `meta`, unless the location allows duplicates (3.7, gotcha 13)."""
    if agency.settings.allow_duplicates:
        return
    match = duplicate(agency, location, asked, but)
    if match is None:
        return
    holder, name = match
    raise RefusalError(
        400,
        "This location does not allow duplicated contacts.",
        {
            "meta": {
                "contactId": holder.id,
                "contactName": holder.name,
                "matchingField": name,
            }
        },
    )


def _with(contact: Contact, asked: Asked, settings: Settings, location: Location) -> Contact:
    settings_after = contact.dnd_settings
    if asked.dnd_settings is not None:
        settings_after = dnd.written(settings_after, asked.dnd_settings, settings)
    if asked.dnd is not None and settings.dnd_flag_moves_channels:
        settings_after = dnd.all_channels(settings_after, "active" if asked.dnd else "inactive")
    return replace(
        contact,
        plain={**contact.plain, **asked.plain},
        additional_emails=_additional(contact, asked),
        tags=contact.tags if asked.tags is None else asked.tags,
        custom=_custom(contact.custom, asked, settings, location)
        if asked.custom
        else contact.custom,
        dnd=contact.dnd if asked.dnd is None else asked.dnd,
        dnd_settings=settings_after,
        inbound_dnd=contact.inbound_dnd if asked.inbound_dnd is None else asked.inbound_dnd,
    )


def _additional(contact: Contact, asked: Asked) -> tuple[str, ...]:
    """A new primary address that was an additional one is no longer that (issue #337)."""
    email = asked.plain.get("email")
    if not email or not contact.additional_emails:
        return contact.additional_emails
    return tuple(one for one in contact.additional_emails if one.lower() != email.lower())


def _custom(
    before: Mapping[str, Any], asked: Asked, settings: Settings, location: Location
) -> dict[str, Any]:
    """Writes merge by field id (3.8)."""
    after = dict(before)
    for id_or_key, value in asked.custom:
        one = location.fields.find(id_or_key)
        if one is None:
            if settings.unknown_custom_field == "refuse":
                raise invalid(f"customFields: no custom field {id_or_key}")
            continue
        kept = stored(one, value, settings, location.country)
        if kept is CLEARED:
            after.pop(one.id, None)
        elif not isinstance(kept, Dropped):
            after[one.id] = kept
    return after


def _kind(asked: Asked) -> str:
    if asked.plain or asked.custom:
        return FIELD_EDIT
    if asked.dnd is not None or asked.dnd_settings is not None or asked.inbound_dnd is not None:
        return FIELD_EDIT if asked.tags is not None else DND_EDIT
    return TAG_EDIT if asked.tags is not None else FIELD_EDIT
