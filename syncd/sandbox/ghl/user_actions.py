"""What a person does in the platform's own screens, or an administrator in its settings.

A contact is named by `id` or by `email`. `fields` are in wire names, `custom` is keyed
by the name, the key or the id of a custom field. Everything happens at the sandbox clock.
"""

from dataclasses import replace

from syncd.sandbox.ghl import (
    appointment_actions,
    bodies,
    business_actions,
    dnd,
    note_actions,
    task_actions,
    writes,
)
from syncd.sandbox.ghl.agency import DND_EDIT, TAG_EDIT, Agency, Location
from syncd.sandbox.ghl.answers import RefusalError
from syncd.sandbox.ghl.arguments import (
    WHO,
    Action,
    Arguments,
    Result,
    contact_of,
    location_of,
    text_of,
)
from syncd.sandbox.ghl.contact import Contact, full, iso
from syncd.sandbox.ghl.customfields import TYPES
from syncd.sandbox.ghl.tokens import KINDS, SCOPES

EDITABLE = bodies.CREATE - {"locationId", "tags", "customFields", "dnd", "dndSettings"}


def act(agency: Agency, action: str, arguments: Arguments) -> Result:
    """Carry out one action.

    Raises:
        ValueError: no such action, contact or field, or a value nobody could enter.
    """
    if action not in ACTIONS:
        raise ValueError(f"unknown action {action!r}; there are: {', '.join(ACTIONS)}")
    does, allowed = ACTIONS[action]
    unknown = sorted(set(arguments) - set(allowed) - {"location"})
    if unknown:
        raise ValueError(f"{action} knows {', '.join(allowed)}; not {', '.join(unknown)}")
    try:
        return does(agency, arguments)
    except RefusalError as refusal:
        raise ValueError(f"{action}: {refusal.message}") from refusal


def _create(agency: Agency, arguments: Arguments) -> Result:
    """Somebody new; unlike the API, a name alone will do."""
    location = location_of(agency, arguments)
    asked = _asked(agency, location, arguments)
    writes.refuse_duplicate(agency, location, asked, None)
    return {"id": writes.create(agency, location, asked).id}


def _edit(agency: Agency, arguments: Arguments) -> Result:
    location, contact = contact_of(agency, arguments)
    asked = _asked(agency, location, arguments)
    writes.refuse_duplicate(agency, location, asked, contact.id)
    return {"contact": full(writes.change(agency, location, contact, asked))}


def _tag(agency: Agency, arguments: Arguments) -> Result:
    location, contact = contact_of(agency, arguments)
    tags = tuple(dict.fromkeys((*contact.tags, *_tags(arguments))))
    return {"tags": list(agency.put(location, replace(contact, tags=tags), TAG_EDIT).tags)}


def _untag(agency: Agency, arguments: Arguments) -> Result:
    location, contact = contact_of(agency, arguments)
    gone = _tags(arguments)
    tags = tuple(tag for tag in contact.tags if tag not in gone)
    return {"tags": list(agency.put(location, replace(contact, tags=tags), TAG_EDIT).tags)}


def _dnd(agency: Agency, arguments: Arguments) -> Result:
    """One channel, or with `all` (the default) every one and the flag."""
    return _set_dnd(agency, arguments, arguments.get("status", "active"))


def _undnd(agency: Agency, arguments: Arguments) -> Result:
    """The contrary; a person can lift even what is permanent."""
    return _set_dnd(agency, arguments, "inactive")


def _set_dnd(agency: Agency, arguments: Arguments, status: str) -> Result:
    location, contact = contact_of(agency, arguments)
    channel = arguments.get("channel", "all")
    if channel not in (*dnd.CHANNELS, "RCS", "all") or status not in dnd.STATUSES:
        raise ValueError(
            f"channel must be one of {', '.join(dnd.CHANNELS)}, RCS, all; "
            f"status one of {', '.join(dnd.STATUSES)}"
        )
    signed = {"message": f"Updated by 'Ada Admin' at {iso(agency.now())}", "code": "103"}
    entry = {"status": status} | signed | _given(arguments, "message", "code")
    names = dnd.CHANNELS if channel == "all" else (channel,)
    flag = status != "inactive" if channel == "all" else contact.dnd
    settings = {**contact.dnd_settings, **dict.fromkeys(names, entry)}
    kept = agency.put(location, replace(contact, dnd=flag, dnd_settings=settings), DND_EDIT)
    return {"dnd": kept.dnd, "dndSettings": kept.dnd_settings}


def _inbound_dnd(agency: Agency, arguments: Arguments) -> Result:
    location, contact = contact_of(agency, arguments)
    status = arguments.get("status", "active")
    kept = replace(contact, inbound_dnd={"all": {"status": str(status), "message": ""}})
    return {"inboundDndSettings": agency.put(location, kept, DND_EDIT).inbound_dnd}


def _delete(agency: Agency, arguments: Arguments) -> Result:
    location, contact = contact_of(agency, arguments)
    agency.remove(location, contact.id)
    return {"id": contact.id}


def _empty(agency: Agency, arguments: Arguments) -> Result:
    """Delete everybody, as with "select all"."""
    location = location_of(agency, arguments)
    ids = list(location.contacts.by_id)
    for id_ in ids:
        agency.remove(location, id_)
    return {"deleted": len(ids)}


def _restore(agency: Agency, arguments: Arguments) -> Result:
    """Back from the deleted ones; whether the id comes back is a setting."""
    location = location_of(agency, arguments)
    gone = location.deleted.pop(str(arguments.get("id")), None)
    if gone is None:
        raise ValueError("no deleted contact has this id")
    id_ = gone.id if agency.settings.restore_keeps_id else agency.new_id()
    return {"id": agency.put(location, replace(gone, id=id_)).id}


def _merge(agency: Agency, arguments: Arguments) -> Result:
    """`loser` becomes part of the contact named; its id simply stops resolving (3.7).

    That what belongs to the loser goes to the winner, ids and all, is unverified.
    """
    location, winner = contact_of(agency, arguments)
    loser = location.contacts.by_id.get(str(arguments.get("loser")))
    if loser is None or loser.id == winner.id:
        raise ValueError("`loser` must be the id of another contact")
    agency.hand_over(location, loser.id, winner.id)
    agency.remove(location, loser.id)
    del location.deleted[loser.id]
    held = {name: value for name, value in winner.plain.items() if value}
    emails = [*winner.additional_emails, *_all_emails(loser)]
    mine = (held.get("email") or loser.plain.get("email") or "").lower()
    merged = replace(
        winner,
        plain={**loser.plain, **held},
        tags=tuple(dict.fromkeys((*winner.tags, *loser.tags))),
        custom={**loser.custom, **winner.custom},
        dnd=winner.dnd or loser.dnd,
        dnd_settings=dnd.union(winner.dnd_settings, loser.dnd_settings),
        additional_emails=tuple(dict.fromkeys(one for one in emails if one.lower() != mine)),
        business_id=winner.business_id or loser.business_id,
    )
    return {"contact": full(agency.put(location, merged))}


def _add_email(agency: Agency, arguments: Arguments) -> Result:
    """An additional address, which only the screens can add (gotcha 15)."""
    location, contact = contact_of(agency, arguments)
    address = str(arguments.get("address"))
    if not bodies.EMAIL.fullmatch(address) or len(contact.additional_emails) >= 10:
        raise ValueError("`address` must be an e-mail address, and there can be ten of them")
    kept = replace(contact, additional_emails=(*contact.additional_emails, address))
    return {"contact": full(agency.put(location, kept))}


def _remove_email(agency: Agency, arguments: Arguments) -> Result:
    location, contact = contact_of(agency, arguments)
    gone = str(arguments.get("address")).lower()
    left = tuple(one for one in contact.additional_emails if one.lower() != gone)
    if left == contact.additional_emails:
        raise ValueError("the contact has no such additional address")
    return {"contact": full(agency.put(location, replace(contact, additional_emails=left)))}


def _touch(agency: Agency, arguments: Arguments) -> Result:
    """Open, and save without a change: only `dateUpdated` moves."""
    location, contact = contact_of(agency, arguments)
    return {"contact": full(agency.put(location, contact))}


def _create_custom_field(agency: Agency, arguments: Arguments) -> Result:
    kind = arguments.get("data_type", "TEXT")
    if kind not in TYPES:
        raise ValueError(f"data_type must be one of {', '.join(TYPES)}")
    location, name = location_of(agency, arguments), text_of(arguments, "name")
    options = arguments.get("options", ())
    if not isinstance(options, list | tuple) or not all(isinstance(one, str) for one in options):
        raise ValueError("`options` must be a list of strings")
    made = agency.add_field(location, name, kind, tuple(options))
    return {"id": made.id, "key": made.key}


def _rename_custom_field(agency: Agency, arguments: Arguments) -> Result:
    """The key stays (5.1)."""
    location = location_of(agency, arguments)
    one = location.fields.fields[_field_id(location, text_of(arguments, "name"))]
    renamed = replace(one, name=text_of(arguments, "new_name"))
    location.fields.add(renamed)
    return {"id": renamed.id, "key": renamed.key}


def _delete_custom_field(agency: Agency, arguments: Arguments) -> Result:
    location = location_of(agency, arguments)
    field_id = _field_id(location, text_of(arguments, "name"))
    agency.remove_field(location, field_id)
    return {"id": field_id}


def _set_allow_duplicates(agency: Agency, arguments: Arguments) -> Result:
    allow = bool(arguments.get("allow", True))
    agency.settings = replace(agency.settings, allow_duplicates=allow)
    return {"allow_duplicates": allow}


def _make_token(agency: Agency, arguments: Arguments) -> Result:
    """A token of any kind, scopes and life; `location` as everywhere."""
    kind = arguments.get("kind", "pit")
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}")
    location = None if kind in ("agency_pit", "company") else location_of(agency, arguments).id
    life_s = arguments.get("expires_in_s")
    if life_s is not None and not isinstance(life_s, int | float):
        raise ValueError("`expires_in_s` must be a number of seconds")
    expires = None if life_s is None else agency.now() + int(life_s * 1000)
    scopes = _scopes(arguments, SCOPES)
    token = agency.wallet.mint(kind, location, scopes, expires)
    if arguments.get("revoked", False):
        agency.wallet.revoke(token.value)
    return {"token": token.value}


def _revoke_token(agency: Agency, arguments: Arguments) -> Result:
    agency.wallet.revoke(text_of(arguments, "token"))
    return {}


def _authorize(agency: Agency, arguments: Arguments) -> Result:
    """Consent in the browser; `user_type` Company is what an agency's install gives (1.2)."""
    company = arguments.get("user_type", "Location") == "Company"
    scopes = _scopes(arguments, SCOPES | {"oauth.write"} if company else SCOPES)
    location = None if company else location_of(agency, arguments).id
    kind = "company" if company else "location"
    return {"code": agency.wallet.authorize(kind, location, scopes, agency.now())}


def _asked(agency: Agency, location: Location, arguments: Arguments) -> bodies.Asked:
    fields, custom = arguments.get("fields", {}), arguments.get("custom", {})
    if not isinstance(fields, dict) or not isinstance(custom, dict):
        raise ValueError("`fields` and `custom` must be objects")
    wanted = {name: None if value == "" else value for name, value in fields.items()}
    lenient = replace(agency.settings, clear_not_nullable=True)
    found = bodies.violations(wanted, EDITABLE, lenient, location.country, v3=False)
    if found:
        raise ValueError("; ".join(line for lines in found.values() for line in lines))
    pairs = tuple((_field_id(location, name), value) for name, value in custom.items())
    asked = bodies.asked(wanted, agency.settings, location.country)
    tags = _tags(arguments) if "tags" in arguments else None
    return replace(asked, custom=pairs, tags=tags)


def _field_id(location: Location, name: str) -> str:
    one = location.fields.named(name) or location.fields.find(name)
    if one is None:
        names = ", ".join(field.name for field in location.fields.fields.values())
        raise ValueError(f"no custom field {name!r}; there are: {names or 'none'}")
    return one.id


def _tags(arguments: Arguments) -> tuple[str, ...]:
    wanted = arguments.get("tags")
    if bodies.tag_lines(wanted):
        raise ValueError("`tags` must be an array of strings")
    return bodies.as_tags(wanted or [])


def _scopes(arguments: Arguments, default: frozenset[str]) -> frozenset[str]:
    wanted = arguments.get("scopes", default)
    if not isinstance(wanted, list | frozenset) or not all(isinstance(one, str) for one in wanted):
        raise ValueError("`scopes` must be an array of strings")
    return frozenset(wanted)


def _all_emails(contact: Contact) -> list[str]:
    primary = contact.plain.get("email")
    return [*([primary] if primary else []), *contact.additional_emails]


def _given(arguments: Arguments, *names: str) -> dict[str, str]:
    return {name: str(arguments[name]) for name in names if name in arguments}


ACTIONS: dict[str, Action] = {
    "create": (_create, ("fields", "custom", "tags")),
    "edit": (_edit, (*WHO, "fields", "custom", "tags")),
    "touch": (_touch, WHO),
    "tag": (_tag, (*WHO, "tags")),
    "untag": (_untag, (*WHO, "tags")),
    "dnd": (_dnd, (*WHO, "channel", "status", "message", "code")),
    "undnd": (_undnd, (*WHO, "channel", "message", "code")),
    "inbound_dnd": (_inbound_dnd, (*WHO, "status")),
    "add_email": (_add_email, (*WHO, "address")),
    "remove_email": (_remove_email, (*WHO, "address")),
    "delete": (_delete, WHO),
    "empty": (_empty, ()),
    "restore": (_restore, ("id",)),
    "merge": (_merge, (*WHO, "loser")),
    "create_custom_field": (_create_custom_field, ("name", "data_type", "options")),
    "rename_custom_field": (_rename_custom_field, ("name", "new_name")),
    "delete_custom_field": (_delete_custom_field, ("name",)),
    "set_allow_duplicates": (_set_allow_duplicates, ("allow",)),
    "make_token": (_make_token, ("kind", "scopes", "expires_in_s", "revoked")),
    "revoke_token": (_revoke_token, ("token",)),
    "authorize": (_authorize, ("user_type", "scopes")),
    **note_actions.ACTIONS,
    **task_actions.ACTIONS,
    **appointment_actions.ACTIONS,
    **business_actions.ACTIONS,
}
