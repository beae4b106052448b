"""Opting out: unsubscribing by three ways, reasons, and the marker of an address.

Source: maileon.md §2.6, §7.1, §7.2.
"""

from syncd.sandbox.maileon.answers import Answer, RefusalError, escape, local
from syncd.sandbox.maileon.call import Call, Route
from syncd.sandbox.maileon.contact import Contact
from syncd.sandbox.maileon.find_contacts import by_email, by_id, valid_email

REASON_TYPES = frozenset(
    {
        "too_many_messages",
        "no_demand",
        "change_of_channel",
        "change_of_interest",
        "technical_reasons",
        "other",
    }
)


def unsubscribe_by_email(call: Call) -> Answer:
    return _unsubscribe(call, [by_email(call)])


def unsubscribe_by_id(call: Call) -> Answer:
    """`id` alone names the contact; this call knows no checksum (§2.6)."""
    contact = call.account.contacts.get(call.contact_id())
    if contact is None:
        raise RefusalError(404, "contact not found")
    return _unsubscribe(call, [contact])


def unsubscribe_by_external_id(call: Call) -> Answer:
    """Hits all contacts with that id (§8 row 8)."""
    found = call.account.contacts.with_external_id(call.names["external_id"])
    if not found:
        raise RefusalError(404, "contact not found")
    return _unsubscribe(call, found)


def add_reasons(call: Call) -> Answer:
    """204; 400 while the contact is subscribed (§2.6)."""
    contact_id, reasons = call.contact_id(), _reasons(call)
    present = call.account.contacts.get(contact_id)
    if present is not None and present.leaves_at is None:
        by_id(call)
        raise RefusalError(400, "the contact is not unsubscribed")
    for each in call.account.opt_outs:
        if each.contact_id == contact_id:
            each.reasons.extend(reasons)
            return Answer(status=204)
    raise RefusalError(404, "contact not found")


def read_marker(call: Call) -> Answer:
    """The marker of an address; it can outlive a new subscription (§8 row 11)."""
    account, email = call.account, valid_email(call)
    if not account.has_marker(email):
        raise RefusalError(404, "no unsubscription marker")
    marked, since = account.markers[account.contacts.identity(email)]
    when = local(since, account.settings.zone)
    return Answer(
        f"<unsubscription><email>{escape(marked)}</email>"
        f"<timestamp>{when}</timestamp></unsubscription>"
    )


def set_marker(call: Call) -> Answer:
    """201 created, 200 existed; does not unsubscribe a present contact (§7.2)."""
    is_new = call.account.mark(valid_email(call))
    return Answer(status=201 if is_new else 200)


def delete_marker(call: Call) -> Answer:
    """Works as the real one, and is a call no sync may ever make (§7.2)."""
    call.account.world.forbidden.append(f"DELETE {call.request.path}")
    account, email = call.account, valid_email(call)
    if not account.has_marker(email):
        raise RefusalError(404, "no unsubscription marker")
    del account.markers[account.contacts.identity(email)]
    return Answer()


def _unsubscribe(call: Call, contacts: list[Contact]) -> Answer:
    """Accept at once, take effect later; foreign `nlaccountid`s are ignored silently (§2.6)."""
    account, reasons = call.account, _reasons(call)
    mailing = call.number("mailingId")
    if mailing is not None and mailing not in account.sealed_mailings:
        raise RefusalError(400, "mailingId must be the id of a sealed mailing")
    for contact in contacts:
        account.unsubscribe(
            contact,
            "other",
            delay_s=account.settings.unsubscribe_delay_s,
            reasons=reasons,
            mailing_id=mailing,
        )
    return Answer()


def _reasons(call: Call) -> list[str]:
    """Each is `type|free text`; the text may be missing."""
    reasons = call.texts("reason")
    for each in reasons:
        kind = each.partition("|")[0]
        if kind not in REASON_TYPES:
            raise RefusalError(400, f"unknown unsubscription reason: {kind}")
    return reasons


ROUTES = (
    Route("DELETE", "/contacts/email/{email}/unsubscribe", unsubscribe_by_email),
    Route("DELETE", "/contacts/contact/unsubscribe", unsubscribe_by_id),
    Route("DELETE", "/contacts/externalid/{external_id}/unsubscribe", unsubscribe_by_external_id),
    Route("PUT", "/contacts/contact/unsubscribe/reasons", add_reasons),
    Route("GET", "/contacts/email/{email}/unsubscription", read_marker),
    Route("PUT", "/contacts/email/{email}/unsubscription", set_marker),
    Route("DELETE", "/contacts/email/{email}/unsubscription", delete_marker),
)
