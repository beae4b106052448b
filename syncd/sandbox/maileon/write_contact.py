"""Single writes: create-or-update by POST, update by PUT.

Source: maileon.md §2.3, §2.4, §7.3, §8 rows 1, 9, 30, 33, 34.
"""

import json
from collections.abc import Callable

from syncd.sandbox.maileon.account import Account
from syncd.sandbox.maileon.answers import JSON, PLAIN_JSON, XML, Answer, RefusalError
from syncd.sandbox.maileon.call import Call, Route
from syncd.sandbox.maileon.contact import Contact
from syncd.sandbox.maileon.drafts import Draft, one_contact
from syncd.sandbox.maileon.fields import BadValueError, check_email
from syncd.sandbox.maileon.find_contacts import by_email, by_external_id, by_id, valid_email
from syncd.sandbox.maileon.writing import (
    Values,
    bump,
    judge,
    write_external_id,
    write_permission,
    write_values,
)

BOTH = (XML, JSON)


def post_by_email(call: Call) -> Answer:
    """Create, or with `sync_mode=1` update; 201 with the id either way (§2.3)."""
    email = valid_email(call)
    draft, values = _read(call)
    found = call.account.contacts.with_email(email)
    if not found:
        return _create(call, email, draft.scalars.get("external_id") or None, values)
    return _update_by_post(call, found[0], draft, values)


def post_by_external_id(call: Call) -> Answer:
    """The same by external id; ambiguous ids are a 409, a missing address may be allowed."""
    external_id = call.names["external_id"]
    draft, values = _read(call)
    account = call.account
    found = account.contacts.with_external_id(external_id)
    if len(found) > 1:
        raise RefusalError(409, "several contacts have this external id")
    if found:
        return _update_by_post(call, found[0], draft, values)
    email = draft.scalars.get("email") or None
    if email is None and not account.settings.contacts_without_email:
        raise RefusalError(400, "email missing")
    if email is not None:
        _check_new_email(account, email, None)
    return _create(call, email, external_id, values)


def put_by_id(call: Call) -> Answer:
    """Fields, external id and permission; neutral about what it does not mention (§2.4)."""
    account = call.account
    try:
        contact = _meant(call)
    except RefusalError as refusal:
        if refusal.status != 404:
            raise
        raise RefusalError(account.settings.put_missing_status, refusal.message) from refusal
    permission, doi = call.permission(), call.flag("triggerdoi", default=False)
    if doi:
        _check_doi_mailing(call)
    draft, values = _read(call)
    email = draft.scalars.get("email")
    if email and account.settings.put_by_id_changes_email:
        _check_new_email(account, email, contact)
    else:
        email = None
    changed = write_values(account, contact, values)
    changed = write_external_id(account, contact, draft) or changed
    changed = _write_email(account, contact, email) or changed
    if doi and permission in (4, 5):
        _send_doi(call, contact, permission)
    elif permission is not None:
        changed = write_permission(account, contact, permission) or changed
    bump(account, contact, changed=changed)
    return Answer()


def _meant(call: Call) -> Contact:
    """By id, or where the switch says so and there is none, by the address in the body."""
    if call.text("id") is not None or call.account.settings.put_needs_id:
        return by_id(call)
    email = one_contact(call.body, is_json=call.is_json).scalars.get("email")
    found = call.account.contacts.with_email(email) if email else []
    if not found:
        raise RefusalError(404, "contact not found")
    return found[0]


def put_by_email(call: Call) -> Answer:
    """The documented way to change an address: the old one in the path, the new in the body."""
    return _put(call, by_email)


def put_by_external_id(call: Call) -> Answer:
    """The body's external id is the new one; nobody looks whether it is in use (§2.4)."""
    return _put(call, by_external_id)


def _put(call: Call, find: Callable[[Call], Contact]) -> Answer:
    account, contact = call.account, find(call)
    query_permission = call.permission()
    draft, values = _read(call)
    permission = query_permission or _body_permission(account, draft)
    email = draft.scalars.get("email")
    if email:
        _check_new_email(account, email, contact)
    changed = write_values(account, contact, values)
    changed = write_external_id(account, contact, draft) or changed
    changed = _write_email(account, contact, email) or changed
    if permission is not None:
        changed = write_permission(account, contact, permission) or changed
    bump(account, contact, changed=changed)
    return Answer(status=201)


def _read(call: Call) -> tuple[Draft, Values]:
    """The body, checked; an `<id>` in it is an error (§8 row 9)."""
    draft = one_contact(call.body, is_json=call.is_json)
    if "id" in draft.scalars:
        raise RefusalError(400, "the id must not be part of the body")
    try:
        cut = call.account.settings.long_values == "cut"
        return draft, judge(call.account, draft, cut=cut)
    except BadValueError as exc:
        raise RefusalError(400, exc.message) from exc


def _create(call: Call, email: str | None, external_id: str | None, values: Values) -> Answer:
    """A new contact, also for an address that had opted out: nothing guards it (§7.3, U6)."""
    account = call.account
    permission, doi, _ = _post_parameters(call)
    if account.has_marker(email):
        if not account.settings.single_post_recreates:
            raise RefusalError(400, "the contact has unsubscribed")
        permission = account.settings.recreated_permission or permission
    contact = account.create(email, permission, external_id)
    contact.source = call.text("src") or None
    write_values(account, contact, values)
    if doi:
        _send_doi(call, contact, doi)
    return _told(call, contact)


def _update_by_post(call: Call, contact: Contact, draft: Draft, values: Values) -> Answer:
    """An existing contact: left alone with `sync_mode=2`, the default (§8 row 1)."""
    account = call.account
    permission, doi, update = _post_parameters(call)
    if update:
        changed = write_values(account, contact, values)
        changed = write_external_id(account, contact, draft) or changed
        if contact.permission not in (4, 5) or permission == 5:
            changed = write_permission(account, contact, permission) or changed
        bump(account, contact, changed=changed)
    if doi:
        _send_doi(call, contact, doi)
    return _told(call, contact)


def _told(call: Call, contact: Contact) -> Answer:
    """The id, as a document of one element (§2.3)."""
    if call.wants_plain_json:
        return Answer(json.dumps({"id": contact.id}), 201, media=PLAIN_JSON)
    return Answer(f"<id>{contact.id}</id>", 201)


def _post_parameters(call: Call) -> tuple[int, int, bool]:
    """Permission, the permission a DOI mail would give (0: none is sent), whether to update."""
    sync_mode = call.number("sync_mode", 2)
    if sync_mode not in (1, 2):
        raise RefusalError(400, "sync_mode must be 1 or 2")
    doi = call.flag("doi", default=False)
    plus = call.flag("doiplus", default=False)
    if doi:
        _check_doi_mailing(call)
    return call.permission() or 1, (5 if plus else 4) if doi else 0, sync_mode == 1


def _check_doi_mailing(call: Call) -> None:
    """An account without a default DOI mailing fails the call (§2.3, §8 row 30)."""
    if not call.text("doimailing") and call.account.settings.default_doi_mailing is None:
        raise RefusalError(400, "the account has no default DOI mailing")


def _send_doi(call: Call, contact: Contact, awaits: int) -> None:
    """Send the mail and count the call among those no sync may make."""
    cause = f"{call.request.method} {call.request.path}"
    call.account.world.forbidden.append(f"{cause} (sends a DOI mail)")
    call.account.send_doi(contact, call.text("doimailing") or None, awaits, cause)


def _body_permission(account: Account, draft: Draft) -> int | None:
    """The permission of a PUT body; pages disagree about it and about the default (§2.4, U26)."""
    text = draft.scalars.get("permission")
    if text and account.settings.put_reads_body_permission:
        if text not in ("1", "2", "3", "4", "5", "6"):
            raise RefusalError(400, "permission must be between 1 and 6")
        return int(text)
    return 1 if account.settings.put_permission_default == "none" else None


def _check_new_email(account: Account, email: str, contact: Contact | None) -> None:
    try:
        check_email(email)
    except BadValueError as exc:
        raise RefusalError(400, exc.message) from exc
    if account.settings.identity == "external_id":
        return
    if any(each is not contact for each in account.contacts.with_email(email)):
        raise RefusalError(
            account.settings.email_in_use_status, "another contact has this email address"
        )


def _write_email(account: Account, contact: Contact, email: str | None) -> bool:
    if not email or email == contact.email:
        return False
    account.contacts.set_email(contact, email)
    return True


ROUTES = (
    Route("POST", "/contacts/email/{email}", post_by_email, takes=BOTH, gives=BOTH),
    Route(
        "POST", "/contacts/externalid/{external_id}", post_by_external_id, takes=BOTH, gives=BOTH
    ),
    Route("PUT", "/contacts/contact", put_by_id, takes=(XML,)),
    Route("PUT", "/contacts/email/{email}", put_by_email, takes=BOTH, gives=BOTH),
    Route("PUT", "/contacts/externalid/{external_id}", put_by_external_id, takes=BOTH, gives=BOTH),
)
