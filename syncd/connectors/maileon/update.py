"""Changing contacts: one by one, or ten and more in a bulk call; and a new e-mail.

Source: maileon.md 2.4, 2.5, 7.4. A PUT by id without `permission` is documented as neutral
to consent. A bulk update sends rows with id and e-mail under `update_only`, so it cannot
bring anybody back; it rests on U13 and U22, and can be switched off (`bulk_updates`).
"""

from collections.abc import Iterator, Sequence

from syncd.connectors.maileon import bulk
from syncd.connectors.maileon.account import Account
from syncd.connectors.maileon.bulk import Outcome, Row
from syncd.connectors.maileon.codec import (
    Element,
    Selection,
    select,
    text_of,
    to_element,
    to_record,
    wire_email,
)
from syncd.connectors.maileon.optouts import refuse_opted_out
from syncd.connectors.maileon.report import UNKNOWN_FIELD, refusal
from syncd.errors import (
    AccountError,
    InDoubtError,
    RecordError,
    StaleError,
    SyncdError,
    TransientError,
)
from syncd.model.op import Op, Receipt
from syncd.model.values import Fields, Patch

BULK_FROM = 10


def gone() -> StaleError:
    return StaleError("Maileon no longer has this contact; nothing was written")


def fits_bulk(op: Op) -> bool:
    """Whether an update only writes fields, of a contact whose e-mail is known."""
    return bool(op.current.get("email")) and not {"email", "consent"} & op.patch.keys()


def update(account: Account, op: Op, remote_id: str) -> Receipt:
    """Write one patch; a new e-mail goes first, in requests of its own."""
    patch = dict(op.patch)
    specs = account.specs()
    patch.pop("consent", None)  # an opt-out went another way; unknown writes nothing
    contact = to_element({k: v for k, v in patch.items() if k != "email"}, specs)
    if "email" in patch:
        new = wire_email(patch.pop("email"))
        change_email(account, remote_id, _known_email(op.current), new)
    if patch and not account.calls.update(remote_id, contact, frozenset(patch)):
        raise gone()
    account.wrote(remote_id)
    return Receipt(op.id, remote_id=remote_id)


def _known_email(current: Fields) -> str | None:
    try:
        return wire_email(current.get("email"))
    except RecordError:
        return None


def change_email(account: Account, remote_id: str, known: str | None, new: str) -> None:
    """Give a contact another address, after looking who it and the new address are now.

    Consent was given for the old address; whether it may be kept is a legal question, and
    the permission is neither raised nor lowered here (maileon.md 7.4, step 8; U26).

    Raises:
        StaleError: the contact is gone, or has another address than was planned with.
        OptedOutError: the new address has opted out.
        RecordError: `duplicate_key`, the new address belongs to another contact.
        InDoubtError: it was sent, and the contact cannot be seen with the new address.
    """
    calls = account.calls
    old = _email_of(calls.contact(remote_id, Selection()))
    if old is None:
        raise gone()
    if old == new:
        return
    if known is not None and old != known:
        raise StaleError("The e-mail was changed in Maileon meanwhile; nothing was written")
    others = {text_of(contact, "id") for contact in calls.all_by_email(new)} - {remote_id}
    if others:
        raise RecordError(
            "The new e-mail belongs to another contact",
            code="duplicate_key",
            fields=("email",),
            holder=others.pop() if len(others) == 1 else None,
        )
    refuse_opted_out(calls, new)
    body = to_element({"email": new}, account.specs())
    for _ in range(2):
        try:
            if not calls.change_email(old, body):
                raise gone()
        except InDoubtError:
            calls.pause(1.0)  # then look before repeating (maileon.md 6.4)
        now = _look(account, remote_id)
        if now == new:
            return
        if now != old:
            raise StaleError("The e-mail was changed in Maileon meanwhile")
    raise InDoubtError("A new e-mail was sent, but the contact still shows the old one")


def _look(account: Account, remote_id: str) -> str | None:
    try:
        return _email_of(account.calls.contact(remote_id, Selection()))
    except (AccountError, TransientError) as cause:
        raise InDoubtError(
            f"A new e-mail was sent; the look afterwards: {cause.message}"
        ) from cause


def _email_of(contact: Element | None) -> str | None:
    email = None if contact is None else text_of(contact, "email")
    return email.lower() if email else None


def update_many(account: Account, ops: Sequence[Op]) -> Iterator[Receipt]:
    """Receipts of updates for which `fits_bulk` holds, one per op."""
    rows: list[Row] = []
    for op in ops:
        try:
            rows.append(_row(account, op))
        except RecordError as error:
            yield Receipt(op.id, error=error)
    if not rows:
        return
    for outcome in bulk.deliver(account.calls, rows, bulk.UPDATE_FLAGS):
        yield from _receipts(account, outcome)


def _row(account: Account, op: Op) -> Row:
    email = wire_email(op.current.get("email"))
    element = to_element({"email": email, **op.patch}, account.specs(), remote_id=op.remote_id)
    reference = op.patch.get("external_id")
    return Row(op, email, str(reference) if reference else None, element)


def _receipts(account: Account, outcome: Outcome) -> Iterator[Receipt]:
    if outcome.report is None:
        for row in outcome.rows:
            yield Receipt(row.op.id, error=outcome.error)
        return
    refused = outcome.refused()
    valid = len(outcome.rows) - len(refused)
    clear = outcome.report.all_existing(valid) and outcome.report.invalid == len(refused)
    for row in outcome.rows:
        if row.op.id in refused:
            if refused[row.op.id].code == UNKNOWN_FIELD:
                account.forget_custom()
            error = refusal(refused[row.op.id], row.op.patch, creating=False)
            yield Receipt(row.op.id, error=error)
        elif clear:
            account.wrote(row.op.remote_id or "")
            yield Receipt(row.op.id, remote_id=row.op.remote_id)
        else:
            yield _verified(account, row.op)


def _verified(account: Account, op: Op) -> Receipt:
    """The receipt of a row that the counts leave open (U24), by reading the contact."""
    remote_id, patch = op.remote_id or "", op.patch
    wanted = select(frozenset(patch), account.custom())
    error: SyncdError
    try:
        contact = account.calls.contact(remote_id, wanted)
        if contact is None:
            return Receipt(op.id, error=gone())
        record = to_record(contact, wanted, account.clock)
        if record is not None and _shows(record.fields, patch):
            return Receipt(op.id, remote_id=remote_id)
        error = InDoubtError("Maileon took the update, but the contact does not show it")
    except (AccountError, TransientError) as cause:
        error = InDoubtError(f"The update was sent, but could not be verified: {cause.message}")
    return Receipt(op.id, error=error)


def _shows(fields: Fields, patch: Patch) -> bool:
    return all(name in fields and fields[name] == value for name, value in patch.items())
