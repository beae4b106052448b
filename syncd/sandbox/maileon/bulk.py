"""`POST /contacts`, "Synchronize Contacts": many contacts, one report.

Source: maileon.md §2.5, §7.3, §8 rows 1 to 5. The defaults of the flags are the API's
own, hostile to a sync. The answer has no ids and does not name skipped opt-outs.
"""

from dataclasses import dataclass, field

from syncd.sandbox.incoming import whole
from syncd.sandbox.maileon.account import Account
from syncd.sandbox.maileon.answers import XML, Answer, RefusalError, element
from syncd.sandbox.maileon.call import Call, Route
from syncd.sandbox.maileon.contact import Contact
from syncd.sandbox.maileon.drafts import Draft, many_contacts
from syncd.sandbox.maileon.fields import BadValueError, check_email
from syncd.sandbox.maileon.writing import (
    UNKNOWN_STANDARD_FIELD,
    Values,
    bump,
    clear_absent,
    judge,
    write_external_id,
    write_permission,
    write_values,
)


@dataclass(frozen=True, slots=True)
class Flags:
    permission: int | None
    update: bool
    use_external_id: bool
    prefer_maileon_id: bool
    ignore_invalid: bool
    override_permission: bool
    reimport: bool
    update_only: bool


@dataclass(slots=True)
class Row:
    """One contact of the call: what was sent, whom it means, or why it is invalid."""

    draft: Draft
    contact: Contact | None = None
    values: Values = field(default_factory=Values)
    error: BadValueError | None = None


@dataclass(slots=True)
class Seen:
    """The identifiers of the rows before, to find duplicates inside one call."""

    contacts: set[int] = field(default_factory=set)
    emails: set[str] = field(default_factory=set)
    external_ids: set[str] = field(default_factory=set)


def synchronize(call: Call) -> Answer:
    flags = _flags(call)
    account, settings = call.account, call.account.settings
    if len(call.body) > settings.bulk_max_bytes:
        raise RefusalError(400, f"the body must not exceed {settings.bulk_max_bytes} bytes")
    drafts = many_contacts(call.body)
    if len(drafts) > settings.bulk_max_contacts:
        raise RefusalError(400, f"at most {settings.bulk_max_contacts} contacts are allowed")
    seen = Seen()
    rows = [_examine(account, flags, draft, seen) for draft in drafts]
    invalid = [row for row in rows if row.error is not None]
    if invalid and not flags.ignore_invalid:
        return _failed(account, rows, invalid)
    counts = {"new": 0, "existing": 0, "unsubscribed": 0}
    for row in rows:
        if row.error is None:
            _store(account, flags, row, counts)
    return Answer(_report(rows, invalid, counts, success=True))


def _flags(call: Call) -> Flags:
    sync_mode = call.number("sync_mode", 2)
    if sync_mode not in (1, 2):
        raise RefusalError(400, "sync_mode must be 1 or 2")
    flags = Flags(
        permission=call.permission(),
        update=sync_mode == 1,
        use_external_id=call.flag("use_external_id", default=False),
        prefer_maileon_id=call.flag("prefer_maileon_id", default=False),
        ignore_invalid=call.flag("ignore_invalid_contacts", default=False),
        override_permission=call.flag("override_permission", default=True),
        reimport=call.flag("reimport_unsubscribed_contacts", default=True),
        update_only=call.flag("update_only", default=False),
    )
    if flags.use_external_id and flags.prefer_maileon_id:
        raise RefusalError(400, "use_external_id and prefer_maileon_id exclude each other")
    return flags


def _examine(account: Account, flags: Flags, draft: Draft, seen: Seen) -> Row:
    """Find the contact a row means and check its values; nothing is stored yet."""
    row = Row(draft)
    try:
        row.contact = _find(account, flags, draft)
        _check_duplicates(account, flags, row, seen)
        row.values = judge(account, draft, cut=False)
        if row.contact is None and flags.update_only:
            _check_missing(account, flags)
    except BadValueError as exc:
        if exc.code == UNKNOWN_STANDARD_FIELD:
            raise RefusalError(400, exc.message) from exc
        row.error = exc
    return row


def _find(account: Account, flags: Flags, draft: Draft) -> Contact | None:
    """By Maileon id, external id or e-mail, as the flags say; a stale id falls back (U22)."""
    known = account.contacts
    email, external_id = draft.scalars.get("email"), draft.scalars.get("external_id")
    if email:
        check_email(email)
    if flags.use_external_id:
        if not external_id:
            raise BadValueError(1, None, "external id missing")
        found = known.with_external_id(external_id)
        if len(found) > 1:
            raise BadValueError(4, None, "duplicate external id")
        if not found and not email and not flags.update_only:
            raise BadValueError(2, None, "email missing")
        return found[0] if found else None
    if flags.prefer_maileon_id:
        text = draft.scalars.get("id") or ""
        number = whole(text)
        present = None if number is None else known.get(number)
        if present is not None:
            return present
    if not email:
        raise BadValueError(2, None, "email missing")
    found = known.with_email(email)
    if len(found) > 1:
        raise BadValueError(5, None, "duplicate email")
    return found[0] if found else None


def _check_duplicates(account: Account, flags: Flags, row: Row, seen: Seen) -> None:
    """Codes 4 and 5: the value belongs to another contact, in the call or stored (§2.5)."""
    known, contact = account.contacts, row.contact
    email, external_id = row.draft.scalars.get("email"), row.draft.scalars.get("external_id")
    if contact is not None:
        if contact.id in seen.contacts:
            code = 4 if flags.use_external_id else 5
            raise BadValueError(code, None, "the contact is in the request more than once")
        seen.contacts.add(contact.id)
    unique_email = account.settings.identity == "email"
    if email and unique_email:
        key = known.identity(email)
        if key in seen.emails or any(each is not contact for each in known.with_email(email)):
            raise BadValueError(5, None, "duplicate email")
        seen.emails.add(key)
    if external_id and (flags.use_external_id or account.settings.bulk_checks_external_id):
        others = (each is not contact for each in known.with_external_id(external_id))
        if external_id in seen.external_ids or any(others):
            raise BadValueError(4, None, "duplicate external id")
        seen.external_ids.add(external_id)


def _check_missing(account: Account, flags: Flags) -> None:
    """`update_only` and no such contact: dropped silently, or invalid (U24, a setting)."""
    if account.settings.update_only_missing == "invalid":
        code = 1 if flags.use_external_id else 2
        raise BadValueError(code, None, "the contact does not exist")


def _store(account: Account, flags: Flags, row: Row, counts: dict[str, int]) -> None:
    if row.contact is None:
        _store_new(account, flags, row, counts)
        return
    contact, settings = row.contact, account.settings
    marked = account.has_marker(contact.email)
    if marked and settings.marker_skips_existing and not flags.reimport:
        counts["unsubscribed"] += 1
        return
    counts["existing"] += 1
    changed = False
    if flags.update:
        if settings.bulk_absent == "clears":
            changed = clear_absent(contact, row.draft)
        changed = write_values(account, contact, row.values) or changed
        changed = write_external_id(account, contact, row.draft) or changed
        changed = _write_email(account, contact, row.draft) or changed
    if flags.override_permission and flags.permission is not None:
        # Also with sync_mode=2: what strips consent under the clients' defaults (§2.5, §8 row 2).
        changed = write_permission(account, contact, flags.permission) or changed
    if flags.update or changed:
        bump(account, contact, changed=changed)


def _store_new(account: Account, flags: Flags, row: Row, counts: dict[str, int]) -> None:
    if flags.update_only:
        return
    email = row.draft.scalars.get("email")
    if account.has_marker(email) and not flags.reimport:
        counts["unsubscribed"] += 1
        return
    counts["new"] += 1
    contact = account.create(
        email, flags.permission or 1, row.draft.scalars.get("external_id") or None
    )
    write_values(account, contact, row.values)


def _write_email(account: Account, contact: Contact, draft: Draft) -> bool:
    """A differing address of a contact found by id changes only if the settings say so (U21)."""
    email = draft.scalars.get("email")
    if not email or not account.settings.bulk_changes_email:
        return False
    if contact.email is not None and account.contacts.identity(email) == account.contacts.identity(
        contact.email
    ):
        return False
    account.contacts.set_email(contact, email)
    return True


def _failed(account: Account, rows: list[Row], invalid: list[Row]) -> Answer:
    """One invalid contact failed the call; how that is told is unknown (U16, a setting)."""
    form = account.settings.failed_bulk_answer
    if form == "400_error":
        raise RefusalError(400, f"{len(invalid)} contacts are invalid; nothing was stored")
    counts = {"new": 0, "existing": 0, "unsubscribed": 0}
    status = 400 if form == "400_report" else 200
    return Answer(_report(rows, invalid, counts, success=False), status)


def _report(rows: list[Row], invalid: list[Row], counts: dict[str, int], *, success: bool) -> str:
    return (
        f"<report><success>{'true' if success else 'false'}</success>"
        f"<count_contacts>{len(rows)}</count_contacts>"
        f"<count_new_contacts>{counts['new']}</count_new_contacts>"
        f"<count_existing_contacts>{counts['existing']}</count_existing_contacts>"
        f"<count_unsubscribed_contacts>{counts['unsubscribed']}</count_unsubscribed_contacts>"
        f"<count_invalid_contacts>{len(invalid)}</count_invalid_contacts>"
        f"<invalid_contacts>{''.join(map(_invalid_xml, invalid))}</invalid_contacts></report>"
    )


def _invalid_xml(row: Row) -> str:
    error = row.error
    if error is None:
        return ""
    scalars = row.draft.scalars
    return (
        f"<contact>{element('email', scalars.get('email'))}"
        f"{element('external_id', scalars.get('external_id'))}"
        f'<error code="{error.code}">{element("error_field", error.field)}</error></contact>'
    )


ROUTES = (Route("POST", "/contacts", synchronize, takes=(XML,)),)
