"""Finding contacts by id, e-mail and external id, for reads and writes alike.

Source: maileon.md §2.2, §2.4 (409 when an external id is not unique), §2.12.
"""

from syncd.sandbox.maileon.answers import Answer, RefusalError
from syncd.sandbox.maileon.call import Call, Route
from syncd.sandbox.maileon.contact import Contact
from syncd.sandbox.maileon.fields import BadValueError, check_email
from syncd.sandbox.maileon.render import contact_xml, contacts_xml


def by_id(call: Call) -> Contact:
    """The contact of the parameter `id`; its checksum must fit or be ignored (§2.2).

    Whether a checksum that is not sent at all is an error is a setting: XQueue's own tests
    read without one.
    """
    contact = call.account.contacts.get(call.contact_id())
    if not call.flag("ignore_checksum", default=False):
        checksum = call.text("checksum")
        if not checksum and call.account.settings.checksum_needed:
            raise RefusalError(400, "checksum is missing")
        if contact is not None and checksum and checksum != contact.checksum:
            raise RefusalError(400, "checksum does not match")
    if contact is None:
        raise RefusalError(404, "contact not found")
    return contact


def by_email(call: Call) -> Contact:
    """The contact of the path's address; the oldest one where it exists several times."""
    found = call.account.contacts.with_email(valid_email(call))
    if not found:
        raise RefusalError(404, "contact not found")
    return found[0]


def by_external_id(call: Call) -> Contact:
    found = call.account.contacts.with_external_id(call.names["external_id"])
    if len(found) > 1:
        raise RefusalError(409, "several contacts have this external id")
    if not found:
        raise RefusalError(404, "contact not found")
    return found[0]


def valid_email(call: Call) -> str:
    """The path's address; `+` in it is never folded into a space (maileon.md §1.7)."""
    email = call.names["email"]
    try:
        check_email(email)
    except BadValueError as exc:
        raise RefusalError(400, exc.message) from exc
    return email


def read_by_id(call: Call) -> Answer:
    selection = call.selection()
    return Answer(contact_xml(by_id(call), selection, call.account.settings.zone))


def read_by_email(call: Call) -> Answer:
    selection = call.selection()
    return Answer(contact_xml(by_email(call), selection, call.account.settings.zone))


def read_all_by_email(call: Call) -> Answer:
    found = call.account.contacts.with_email(valid_email(call))
    return Answer(contacts_xml(found, call.selection(), call.account.settings.zone))


def read_all_by_external_id(call: Call) -> Answer:
    """Always a list, as nothing keeps external ids apart (§2.2); empty if none has it."""
    found = call.account.contacts.with_external_id(call.names["external_id"])
    return Answer(contacts_xml(found, call.selection(), call.account.settings.zone))


ROUTES = (
    Route("GET", "/contacts/contact", read_by_id),
    Route("GET", "/contacts/email/{email}", read_by_email),
    Route("GET", "/contacts/emails/{email}", read_all_by_email),
    Route("GET", "/contacts/externalid/{external_id}", read_all_by_external_id),
)
