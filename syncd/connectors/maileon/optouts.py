"""Opt-outs: reading them from the report, making them, and remembering them.

Source: maileon.md 2.6 (unsubscribe), 3.3 (report), 7.1 and 7.2 (marker). Unsubscribing ends
the contact; a marker alone does not unsubscribe anybody but stops a bulk import; a marker
next to an active contact means that the person has come back.
"""

from syncd.connectors.maileon.account import Account
from syncd.connectors.maileon.calls import Calls
from syncd.connectors.maileon.clock import ServerClock
from syncd.connectors.maileon.codec import (
    SOURCE,
    Element,
    Selection,
    shown_time,
    text_of,
    wire_email,
)
from syncd.errors import AccountError, OptedOutError, RecordError
from syncd.model.op import Op, Receipt
from syncd.model.record import Record
from syncd.model.values import Consent, Fields, Level, Value


def reported(entry: Element, clock: ServerClock) -> Record | None:
    """One `<unsubscription>` of the report as a contact that is gone.

    What the account anonymises later (address, external id) is left out, not empty. None if
    it shows neither an id nor an address.
    """
    contact = entry.find("contact")
    if contact is None:
        return None
    remote_id = text_of(contact, "id") or ""
    if not remote_id and not text_of(contact, "email"):
        return None
    shown = {name: text_of(contact, name) for name in ("email", "external_id")}
    source = text_of(entry, "source")
    at = clock.latest(shown_time(text_of(entry, "timestamp")))
    fields: dict[str, Value] = {name: text for name, text in shown.items() if text}
    fields["consent"] = Consent(Level.REVOKED, at, f"{SOURCE}:{source}" if source else SOURCE)
    return Record(remote_id, fields, gone=True)


def reason_for_absence(calls: Calls, clock: ServerClock, remote_id: str) -> Record:
    """The record of a contact that a direct look did not find.

    Raises:
        AccountError: not even the report is there, so the look proves nothing.
    """
    page = 1
    while True:
        listing = calls.unsubscriptions(page, {"from_date": 0, "ids": remote_id})
        for entry in listing.rows:
            record = reported(entry, clock)
            if record is not None and record.remote_id == remote_id:
                return record
        if not listing.rows or page >= (listing.pages or 1):
            return Record(remote_id, {}, gone=True)
        page += 1


def revokes(op: Op) -> bool:
    """Whether an op opts its contact out.

    Raises:
        RecordError: it would grant consent, which is nobody's right but the person's own.
    """
    consent = op.patch.get("consent")
    if not isinstance(consent, Consent):
        return False
    if consent.level is not Level.REVOKED:
        raise RecordError(
            "Consent is only ever taken back in Maileon, never given", code="not_grantable",
            fields=("consent",),
        )  # fmt: skip
    return True


def opt_out(account: Account, op: Op, remote_id: str) -> Receipt:
    """Unsubscribe a contact and mark its address; nothing else of the patch is written.

    Repeating it is harmless: a contact that is gone already counts as done. Who ended it then
    is for the report to tell.
    """
    calls = account.calls
    email = _address(op.current) or _shown_address(calls, remote_id)
    try:
        is_ours = calls.unsubscribe(remote_id, account.settings.unsubscribe_reason)
    except AccountError:
        # A key without DELETE cannot unsubscribe; but it can keep the address from
        # ever being imported again.
        _mark(calls, email)
        raise
    _mark(calls, email)
    theirs = Record(remote_id, {"consent": Consent(Level.REVOKED, None, SOURCE)}, gone=True)
    return Receipt(op.id, remote_id, None if is_ours else theirs)


def suppress(account: Account, op: Op) -> Receipt:
    """Remember the opt-out of an address that has no contact."""
    account.calls.mark(wire_email(op.patch.get("email", op.current.get("email"))))
    return Receipt(op.id)


def refuse_opted_out(calls: Calls, email: str) -> None:
    """Stop a write to an address that belongs to no contact, if it opted out.

    Raises:
        OptedOutError: Maileon remembers an opt-out.
    """
    if calls.is_marked(email):
        raise OptedOutError("Maileon remembers that this address opted out; nothing was written")


def _mark(calls: Calls, email: str | None) -> None:
    if email is None:
        return
    try:
        calls.mark(email)
    except RecordError:
        return  # an address that Maileon takes for none can never be imported either


def _address(fields: Fields) -> str | None:
    try:
        return wire_email(fields.get("email"))
    except RecordError:
        return None


def _shown_address(calls: Calls, remote_id: str) -> str | None:
    contact = calls.contact(remote_id, Selection())
    if contact is None:
        return None
    return _address({"email": text_of(contact, "email")})
