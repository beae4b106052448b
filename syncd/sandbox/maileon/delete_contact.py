"""Hard deletes: one contact by three ways, or everything in one call.

Source: maileon.md §2.7, §8 row 37.
"""

from syncd.sandbox.maileon.answers import Answer, RefusalError
from syncd.sandbox.maileon.call import Call, Route
from syncd.sandbox.maileon.fields import STANDARD
from syncd.sandbox.maileon.find_contacts import by_email


def delete_by_id(call: Call) -> Answer:
    contact = call.account.contacts.get(call.contact_id())
    if contact is None:
        raise RefusalError(404, "contact not found")
    call.account.delete(contact)
    return Answer()


def delete_by_email(call: Call) -> Answer:
    call.account.delete(by_email(call))
    return Answer()


def delete_by_external_id(call: Call) -> Answer:
    """All contacts with that id."""
    found = call.account.contacts.with_external_id(call.names["external_id"])
    if not found:
        raise RefusalError(404, "contact not found")
    for contact in found:
        call.account.delete(contact)
    return Answer()


def delete_everything(call: Call) -> Answer:
    """The entire account; works as the real one, and no sync may ever make it."""
    call.account.world.forbidden.append(f"DELETE {call.request.path}")
    if call.text("authorized") != "yes":
        raise RefusalError(400, "authorized=yes is required")
    call.account.contacts.clear()
    call.account.events.clear()
    return Answer()


def wipe_standard_field(call: Call) -> Answer:
    """Empties a field for every contact; no sync may ever make it."""
    call.account.world.forbidden.append(f"DELETE {call.request.path}")
    name = call.names["name"]
    if name not in STANDARD:
        raise RefusalError(404, f"unknown standard field: {name}")
    for contact in call.account.contacts:
        contact.standard.pop(name, None)
    return Answer()


def wipe_custom_field(call: Call) -> Answer:
    """Empties a field for every contact; no sync may ever make it."""
    call.account.world.forbidden.append(f"DELETE {call.request.path}")
    name = call.names["name"]
    if name not in call.account.custom_fields:
        raise RefusalError(404, f"unknown custom field: {name}")
    for contact in call.account.contacts:
        contact.custom.pop(name, None)
    return Answer()


ROUTES = (
    Route("DELETE", "/contacts", delete_everything),
    Route("DELETE", "/contacts/contact", delete_by_id),
    Route("DELETE", "/contacts/email/{email}", delete_by_email),
    Route("DELETE", "/contacts/externalid/{external_id}", delete_by_external_id),
    Route("DELETE", "/contacts/fields/standard/{name}/values", wipe_standard_field),
    Route("DELETE", "/contacts/fields/custom/{name}/values", wipe_custom_field),
)
