"""Saving a draft: a new contact, or a changed one, and what becomes of its status.

Source: mailercloud.md §5.2 to §5.5, §9.2, §17.2 (reactivation, absent fields, tags).
"""

from collections.abc import Mapping
from dataclasses import replace

from syncd.sandbox.mailercloud.account import Account
from syncd.sandbox.mailercloud.answers import ERRORS, RefusalError
from syncd.sandbox.mailercloud.contact import ACTIVE, Contact, Status
from syncd.sandbox.mailercloud.drafts import Draft, Way


def create(account: Account, email: str, list_id: str, draft: Draft, way: Way) -> Contact:
    """A new contact; `contact_type` takes effect where the switch of its call says so.

    Raises:
        RefusalError: 403, the plan is full.
    """
    if account.is_full():
        raise RefusalError(403, "Contact limit exceeded", "email", shape=ERRORS)
    fresh = _merged(account, account.new(email, list_id), draft, absent="keeps")
    if draft.contact_type not in (None, ACTIVE) and _takes_type(account, way):
        status = Status(str(draft.contact_type), account.now, f"api {way}")
        fresh = replace(fresh, status=status)
    return account.put(fresh)


def change(
    account: Account, contact: Contact, draft: Draft, way: Way, list_id: str | None = None
) -> Contact:
    """A contact that exists; with a list it joins that one."""
    settings = account.settings
    absent = settings.put_absent if way is Way.PUT else settings.upsert_absent
    changed = _merged(account, contact, draft, absent)
    if list_id is not None:
        changed = account.joined(changed, list_id)
    if reactivates(account, way):
        changed = account.unblocked(changed, f"api {way}")
    if draft.contact_type is not None and _takes_type(account, way):
        return account.block(changed, draft.contact_type, f"api {way}")
    return account.put(changed)


def would_change(account: Account, contact: Contact, draft: Draft, list_id: str) -> bool:
    merged = _merged(account, contact, draft, account.settings.upsert_absent)
    return merged != contact or list_id not in contact.lists or contact.is_blocked()


def reactivates(account: Account, way: Way) -> bool:
    """Does a write by this call lift an opt-out (§5.3, §17.2)?"""
    match way:
        case Way.PUT:
            return account.settings.put_reactivates
        case Way.BATCH:
            return account.settings.batch_blocked == "reactivates"
        case _:
            return account.settings.upsert_reactivates


def _takes_type(account: Account, way: Way) -> bool:
    match way:
        case Way.PUT:
            return account.settings.put_takes_contact_type
        case Way.CREATE:
            return account.settings.create_takes_contact_type
        case _:
            return account.settings.upsert_takes_contact_type


def _merged(account: Account, contact: Contact, draft: Draft, absent: str) -> Contact:
    keep = absent == "keeps"
    tags = contact.tags if keep or draft.tags is not None else ()
    if draft.tags is not None:
        union = account.settings.tags_write == "union"
        tags = tuple(dict.fromkeys((*tags, *draft.tags))) if union else draft.tags
    return replace(
        contact,
        standard=_filled(contact.standard if keep else {}, draft.standard),
        custom=_filled(contact.custom if keep else {}, draft.custom),
        tags=tags,
    )


def _filled(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in {**old, **new}.items() if value}
