"""Making contacts: one bulk call, then reading back who came into being.

The report of the call holds no ids and does not name who was skipped (maileon.md 2.5), so
the new contacts are read from the list of changes, and only those that are not there one
by one. A contact is ours if the counts prove it, or if it carries our reference and came
into being after the call began.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from syncd.connectors.maileon import bulk
from syncd.connectors.maileon.account import Account
from syncd.connectors.maileon.bulk import Outcome, Row
from syncd.connectors.maileon.clock import UNKNOWN_ZONE, offset_between
from syncd.connectors.maileon.codec import (
    Element,
    Selection,
    shown_time,
    text_of,
    to_element,
    wire_email,
)
from syncd.connectors.maileon.report import UNKNOWN_FIELD, Report, refusal
from syncd.errors import (
    AccountError,
    DuplicateError,
    InDoubtError,
    OptedOutError,
    RecordError,
    SyncdError,
    TransientError,
)
from syncd.model.op import Op, Receipt
from syncd.model.values import Consent, Level

FEW = 6  # contacts that are looked up one by one rather than in a list of a day
MAX_DOUBTS = 50  # contacts looked up one by one when no call was answered
_SLACK = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Found:
    """A contact as a look-up showed it; times in the server's zone."""

    remote_id: str
    external_id: str | None
    created: datetime | None
    updated: datetime | None


@dataclass(frozen=True, slots=True)
class Start:
    """The moment before a call: by the server's `Date`, and on the server's clock.

    Attributes:
        floor: nothing made by the call can show an earlier time; None if unknown.
        zoned: the floor comes from the zone and not from what was seen before.
    """

    at: datetime
    floor: datetime | None
    zoned: bool


def create(account: Account, ops: Sequence[Op]) -> Iterator[Receipt]:
    """One receipt per op."""
    rows: dict[str, Row] = {}
    twins: list[tuple[Op, str]] = []
    for op in ops:
        try:
            row = _row(account, op)
        except SyncdError as error:
            if isinstance(error, AccountError):
                raise
            yield Receipt(op.id, error=error)
            continue
        if row.email in rows:
            twins.append((op, row.email))
        else:
            rows[row.email] = row
    start = _start(account)
    flags = bulk.create_flags(account.settings.new_contact_permission)
    made: dict[str, str] = {}
    for receipt, email in _written(account, list(rows.values()), flags, start):
        if receipt.remote_id is not None:
            made[email] = receipt.remote_id
        yield receipt
    for op, email in twins:
        text = "Another contact of the same batch has this e-mail; only the first was sent"
        yield Receipt(op.id, error=DuplicateError(text, remote_id=made.get(email)))


def _row(account: Account, op: Op) -> Row:
    consent = op.patch.get("consent")
    if isinstance(consent, Consent) and consent.level is Level.REVOKED:
        raise OptedOutError("The contact has opted out; it was not created")
    patch = {k: v for k, v in op.patch.items() if k != "consent" and v is not None}
    email = wire_email(patch.get("email"))
    reference = patch.get("external_id")
    element = to_element(patch, account.specs())
    return Row(op, email, str(reference) if reference else None, element)


def _start(account: Account) -> Start:
    at = account.calls.server_now
    local = account.clock.local(at)
    if local is not None:
        return Start(at, local - _SLACK, zoned=True)
    return Start(at, account.newest, zoned=False)


def _written(
    account: Account, rows: list[Row], flags: bulk.Flags, start: Start
) -> Iterator[tuple[Receipt, str]]:
    """Receipts of the rows, with the e-mail of each."""
    if not rows:
        return
    open_rows: list[tuple[Row, Outcome]] = []
    for outcome in bulk.deliver(account.calls, rows, flags):
        if outcome.error is not None and not isinstance(outcome.error, InDoubtError):
            for row in outcome.rows:
                yield Receipt(row.op.id, error=outcome.error), row.email
            continue
        refused = outcome.refused()
        for row in outcome.rows:
            if row.op.id not in refused:
                open_rows.append((row, outcome))
                continue
            if refused[row.op.id].code == UNKNOWN_FIELD:
                account.forget_custom()
            error = refusal(refused[row.op.id], row.op.patch, creating=True)
            if isinstance(error, DuplicateError):
                error = _named(account, row, error)
            yield Receipt(row.op.id, error=error), row.email
    yield from _resolved(account, open_rows, start)


def _resolved(
    account: Account, rows: list[tuple[Row, Outcome]], start: Start
) -> Iterator[tuple[Receipt, str]]:
    """Receipts of rows that were sent and not refused, by looking at what is there now."""
    found: Mapping[str, Found] = {}
    stopped: SyncdError | None = None
    try:
        found = read_list(account, {row.email for row, _ in rows}, start)
    except (AccountError, TransientError) as error:
        stopped = error
    doubts = sum(outcome.report is None for _, outcome in rows)
    for row, outcome in rows:
        receipt = Receipt(row.op.id, error=outcome.error or _unresolved(stopped))
        looked_up = stopped is None and (outcome.report is not None or doubts <= MAX_DOUBTS)
        if looked_up or row.email in found:
            try:
                receipt = _receipt(account, row, outcome, found.get(row.email), start)
            except (AccountError, TransientError) as error:
                stopped = error
                receipt = Receipt(row.op.id, error=_unresolved(stopped))
            except RecordError as error:
                receipt = Receipt(row.op.id, error=error)
        yield receipt, row.email
    if isinstance(stopped, AccountError):
        raise stopped


def _unresolved(cause: SyncdError | None) -> InDoubtError:
    why = cause.message if cause else "no look-up was made"
    return InDoubtError(f"The contact was sent, but could not be looked up: {why}")


def _receipt(
    account: Account, row: Row, outcome: Outcome, found: Found | None, start: Start
) -> Receipt:
    if found is None:
        contact = account.calls.by_email(row.email, Selection())
        found = None if contact is None else to_found(contact)
    if found is None:
        return Receipt(row.op.id, error=_absence(account, row, outcome))
    valid = len(outcome.rows) - len(outcome.refused())
    report = outcome.report
    told = None if outcome.repeated else report  # a repeated call counts its own first try
    proven = told is not None and told.all_new(valid)
    none_new = told is not None and told.new == 0
    if proven or (not none_new and is_ours(found, row, start)):
        if found.created is not None:
            account.clock.observe(found.created, account.calls.server_now, sure=proven)
        return Receipt(row.op.id, remote_id=found.remote_id)
    text = "Maileon has a contact with this e-mail already; it was left as it is"
    return Receipt(row.op.id, error=DuplicateError(text, remote_id=found.remote_id))


def _absence(account: Account, row: Row, outcome: Outcome) -> SyncdError:
    """Why a contact that was sent is not there."""
    if account.calls.is_marked(row.email):
        return OptedOutError("Maileon remembers that this address opted out; nothing was written")
    report = outcome.report
    if report is None:
        return outcome.error or InDoubtError("The answer to the bulk call was lost")
    if report.unsubscribed > 0:
        return _skipped(account, row, outcome, report)
    if report.invalid > len(outcome.refused()):
        return RecordError("Maileon refused the contact without naming it", code="refused")
    return InDoubtError("Maileon took the contact, but does not show it")


def _skipped(account: Account, row: Row, outcome: Outcome, report: Report) -> SyncdError:
    """Maileon skipped some opted-out addresses of the call: was this one of them?"""
    text = "Maileon skipped this address as unsubscribed; nothing was written"
    if report.unsubscribed >= len(outcome.rows) - len(outcome.refused()):
        return OptedOutError(text)
    entries = account.calls.unsubscriptions(1, {"from_date": 0, "emails": row.email}).rows
    addresses = {text_of(contact, "email") for e in entries for contact in e.iterfind("contact")}
    if row.email in {address.lower() for address in addresses if address}:
        return OptedOutError(text)
    return RecordError(
        "Maileon did not take the contact, and says that some of the same call had opted out",
        code="perhaps_opted_out",
    )


def _named(account: Account, row: Row, error: DuplicateError) -> DuplicateError:
    """The error with the id of the contact that is in the way, if a look shows exactly one."""
    try:
        contact = account.calls.by_email(row.email, Selection())
        contacts = [] if contact is None else [contact]
        if contact is None and row.external_id is not None:
            contacts = account.calls.by_external_id(row.external_id, Selection())
    except (RecordError, TransientError):
        return error
    ids = {remote_id for contact in contacts if (remote_id := text_of(contact, "id"))}
    return DuplicateError(error.message, remote_id=ids.pop()) if len(ids) == 1 else error


def is_ours(found: Found, row: Row, start: Start) -> bool:
    """Whether a contact came into being by the call that began at `start`."""
    if row.external_id is not None and found.external_id != row.external_id:
        return False
    if found.created is None:
        return False
    recent = offset_between(found.created, start.at) is not None
    if start.floor is None:
        return recent and row.external_id is not None
    if found.created < start.floor:
        return False
    return start.zoned or recent or row.external_id is not None


def to_found(contact: Element) -> Found | None:
    """What a `<contact>` says of who it is; None without an id."""
    remote_id = text_of(contact, "id")
    if remote_id is None:
        return None
    created, updated = (shown_time(text_of(contact, name)) for name in ("created", "updated"))
    return Found(remote_id, text_of(contact, "external_id"), created, updated)


def read_list(account: Account, emails: set[str], start: Start) -> dict[str, Found]:
    """Those of the addresses that the list of changes since `start` shows."""
    after = start.floor
    if after is None:
        # Neither a zone nor any contact is known: one of them tells the server's time.
        after = _time_of_one(account, sorted(emails)[:3], start)
    if after is None:
        return {}
    found = _listed(account, emails, after - _SLACK)
    if not found and len(emails) > FEW:
        found = _listed(account, emails, after - UNKNOWN_ZONE)
    return found


def _time_of_one(account: Account, emails: Sequence[str], start: Start) -> datetime | None:
    """A little before the first of these contacts that was made just now."""
    for email in emails:
        contact = account.calls.by_email(email, Selection())
        found = None if contact is None else to_found(contact)
        if found is None or found.created is None:
            continue
        if offset_between(found.created, start.at) is not None:
            return found.created - timedelta(minutes=2)
    return None


def _listed(account: Account, emails: set[str], after: datetime) -> dict[str, Found]:
    found: dict[str, Found] = {}
    since = after.replace(microsecond=0).isoformat(sep=" ")
    page = 1
    while True:
        listing = account.calls.contacts(page, Selection(), updated_after=since)
        for row in listing.rows:
            email, contact = (text_of(row, "email") or "").lower(), to_found(row)
            if contact is not None and email in emails:
                found[email] = contact
                account.saw(contact.updated)
        left, missing = (listing.pages or 1) - page, len(emails) - len(found)
        if left <= 0 or left >= missing:  # a page costs as much as one direct look
            return found
        page += 1
