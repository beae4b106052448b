"""One contact: create, upsert, update, read, delete, take off a list.

Source: mailercloud.md §5.1 to §5.6, §5.8, §9.
"""

from datetime import timedelta
from typing import Any

from syncd.sandbox.mailercloud import render, writing
from syncd.sandbox.mailercloud.account import Account
from syncd.sandbox.mailercloud.answers import ERRORS, MESSAGE, Answer, RefusalError
from syncd.sandbox.mailercloud.call import Call, Route
from syncd.sandbox.mailercloud.contact import Contact
from syncd.sandbox.mailercloud.drafts import Way, email_of, read

_CLASHES = {
    "email_exists": (400, "Email already exist", ERRORS),
    "contact_exists": (400, "Contact already exist", MESSAGE),
    "conflict": (409, "Email already exist", ERRORS),
}


def create(call: Call) -> Answer:
    """An address that exists is refused (§5.2), in the whole account or on the list."""
    account, body = call.account, call.body()
    email = email_of(account, body.get("email"))
    mailing_list = call.list_of(body.get("list_id"))
    draft = read(account, body, Way.CREATE)
    known = account.with_email(email)
    if known is None:
        made = writing.create(account, email, mailing_list.id, draft, Way.CREATE)
        return Answer({"id": account.shown_id(made, mailing_list.id)}, 201)
    if account.settings.create_clash_scope == "account" or mailing_list.id in known.lists:
        status, message, shape = _CLASHES[account.settings.create_clash]
        raise RefusalError(status, message, "email", shape=shape)
    joined = writing.change(account, known, draft, Way.CREATE, mailing_list.id)
    return Answer({"id": account.shown_id(joined, mailing_list.id)}, 201)


def upsert(call: Call) -> Answer:
    """Create or update; it also adds to the list, and reactivates (§5.3)."""
    account, body = call.account, call.body()
    email = email_of(account, body.get("email"))
    known = account.with_email(email)
    try:
        mailing_list = call.list_of(body.get("list_id"))
        draft = read(account, body, Way.UPSERT)
    except RefusalError:
        if known is None:
            account.rejected.add(email.lower())
        raise
    if known is None:
        saved = writing.create(account, email, mailing_list.id, draft, Way.UPSERT)
    else:
        saved = writing.change(account, known, draft, Way.UPSERT, mailing_list.id)
    status = "created" if known is None else "updated"
    return Answer({"contact_id": account.shown_id(saved, mailing_list.id), "status": status})


def update(call: Call) -> Answer:
    """By address or id, without a list; the address in the body counts for nothing (§5.4)."""
    account, body = call.account, call.body()
    contact = found(call, call.names["who"], by_email=True)
    draft = read(account, body, Way.PUT)
    if "email" in body:
        contact = _readdressed(account, contact, body)
    writing.change(account, contact, draft, Way.PUT)
    return Answer({"message": "Contact updated successfully"})


def read_one(call: Call) -> Answer:
    """By id; by address only where the switch says so (§5.8)."""
    asked = call.names["who"]
    contact = found(call, asked, by_email=call.settings.get_by_email)
    return Answer({"data": render.one(call.account, contact, asked)})


def delete(call: Call) -> Answer:
    """From the whole account, for good, and not before its time (§5.6, §17.2)."""
    account = call.account
    contact = found(call, call.names["who"], by_email=False)
    days = call.settings.delete_min_age_days
    if account.now - contact.created < timedelta(days=days):
        raise RefusalError(400, f"Contact can be deleted only {days} days after its creation")
    account.delete(contact)
    return Answer({"message": "Contact deleted successfully"})


def take_off_list(call: Call) -> Answer:
    """`DELETE /contacts` with a body: one source knows it, and what it does is unknown (§3)."""
    account, body = call.account, call.body()
    if call.settings.remove_from_list == "refused":
        raise RefusalError(405, "Method Not Allowed")
    email = body.get("email")
    mailing_list = call.list_of(body.get("list_id"))
    contact = found(call, email if isinstance(email, str) else "", by_email=True)
    if call.settings.remove_from_list == "deletes":
        account.delete(contact)
    elif mailing_list.id not in contact.lists:
        raise RefusalError(call.settings.unknown_contact_status, "Contact not found")
    else:
        account.left_list(contact, mailing_list.id)
    return Answer({"message": "Contact removed successfully"})


def found(call: Call, who: str, *, by_email: bool) -> Contact:
    """The contact of an id or an address.

    Raises:
        RefusalError: 404, nobody has it (§14).
    """
    contact = call.account.with_id(who)
    if contact is None and by_email and "@" in who:
        contact = call.account.with_email(who)
    if contact is None:
        raise RefusalError(call.settings.unknown_contact_status, "Contact not found")
    return contact


def _readdressed(account: Account, contact: Contact, body: dict[str, Any]) -> Contact:
    match account.settings.put_email:
        case "ignored":
            return contact
        case "refused":
            raise RefusalError(400, "Email can not be changed", "email")
    email = email_of(account, body["email"])
    other = account.with_email(email)
    if other is not None and other.id != contact.id:
        raise RefusalError(400, "Email already exist", "email")
    return account.rename(contact, email)


ROUTES = (
    Route("POST", "/contacts", create, writes=True),
    Route("POST", "/contacts/upsert", upsert, writes=True),
    Route("PUT", "/contacts/{who+}", update, MESSAGE, writes=True),
    Route("GET", "/contacts/{who+}", read_one, MESSAGE),
    Route("DELETE", "/contacts", take_off_list, MESSAGE, writes=True),
    Route("DELETE", "/contacts/{who+}", delete, MESSAGE, writes=True),
)
