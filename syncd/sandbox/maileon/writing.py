"""What a write does to a contact, once it is known which contact and whether it may.

Source: maileon.md §2.1 (writing rules), §2.10 (preferences), U2 (what moves `updated`).
"""

from dataclasses import dataclass, field

from syncd.sandbox.maileon.account import Account
from syncd.sandbox.maileon.contact import Contact, Preference
from syncd.sandbox.maileon.drafts import Draft, PreferenceDraft
from syncd.sandbox.maileon.fields import (
    LONGEST,
    STANDARD,
    BadValueError,
    stored_custom,
    stored_standard,
)

UNKNOWN_STANDARD_FIELD = 0  # no code of the list; refuses the whole call


@dataclass(slots=True)
class Values:
    """A draft's fields in stored form; None clears. What is absent stays as it is."""

    standard: dict[str, str | None] = field(default_factory=dict)
    custom: dict[str, str | None] = field(default_factory=dict)
    preferences: list[PreferenceDraft] = field(default_factory=list)


def judge(account: Account, draft: Draft, *, cut: bool) -> Values:
    """Check every value of a draft.

    Args:
        cut: shorten texts over 255 characters (single writes) or refuse them (bulk).

    Raises:
        BadValueError: the first value that cannot be stored.
    """
    values = Values(preferences=draft.preferences)
    for name, text in draft.standard.items():
        if name not in STANDARD:
            message = f"unknown standard field: {name}"
            raise BadValueError(UNKNOWN_STANDARD_FIELD, name, message)
        if text:
            values.standard[name] = stored_standard(name, text, cut=cut)
        elif _clears(account, text):
            values.standard[name] = None
    for name, text in draft.custom.items():
        kind = account.custom_fields.get(name)
        if kind is None:
            raise BadValueError(21, name, f"unknown custom field: {name}")
        if text or (text == "" and _is_error(account, kind)):
            values.custom[name] = stored_custom(name, kind, text, cut=cut)
        elif _clears(account, text):
            values.custom[name] = None
    for each in draft.preferences:
        _check_preference(account, each)
    external_id = draft.scalars.get("external_id")
    if external_id and len(external_id) > LONGEST:
        raise BadValueError(26, "external_id", "external_id is too long")
    return values


def write_values(account: Account, contact: Contact, values: Values) -> bool:
    """Store the fields; whether anything that moves `updated` was different."""
    changed = _write(contact.standard, values.standard)
    changed = _write(contact.custom, values.custom) or changed
    for each in values.preferences:
        moved = _write_preference(account, contact, each)
        changed = (moved and account.settings.bump_on_preference) or changed
    return changed


def clear_absent(contact: Contact, draft: Draft) -> bool:
    """Empty every field that a draft does not mention (U13, a setting)."""
    left = {name: text for name, text in contact.standard.items() if name in draft.standard}
    custom = {name: text for name, text in contact.custom.items() if name in draft.custom}
    changed = (left, custom) != (contact.standard, contact.custom)
    contact.standard, contact.custom = left, custom
    return changed


def write_external_id(account: Account, contact: Contact, draft: Draft) -> bool:
    """Set or clear the external id, without looking whether another contact has it."""
    if "external_id" not in draft.scalars:
        return False
    wanted = draft.scalars["external_id"] or None
    if wanted == contact.external_id:
        return False
    account.contacts.set_external_id(contact, wanted)
    return account.settings.bump_on_external_id


def write_permission(account: Account, contact: Contact, permission: int) -> bool:
    if contact.permission == permission:
        return False
    contact.permission = permission
    return account.settings.bump_on_permission


def bump(account: Account, contact: Contact, *, changed: bool) -> None:
    """Move `updated`, also after a write that changed nothing if the settings say so."""
    if changed or account.settings.bump_on_identical_write:
        account.contacts.touch(contact, account.world.clock.now())


def _write(present: dict[str, str], wanted: dict[str, str | None]) -> bool:
    changed = False
    for name, text in wanted.items():
        if present.get(name) == text:
            continue
        changed = True
        if text is None:
            del present[name]
        else:
            present[name] = text
    return changed


def _write_preference(account: Account, contact: Contact, draft: PreferenceDraft) -> bool:
    """Absent source: as it was; empty source: none. `last_modified` moves with either (§2.5)."""
    key = (draft.category, draft.name)
    present = contact.preferences.get(key)
    kept = present.source if present else None
    source = (draft.source or None) if draft.has_source else kept
    if not draft.value:
        return contact.preferences.pop(key, None) is not None
    if present and (present.value, present.source) == (draft.value, source):
        return False
    contact.preferences[key] = Preference(draft.value, source, account.now)
    return True


def _check_preference(account: Account, draft: PreferenceDraft) -> None:
    category = account.categories.get(draft.category)
    if category is None or draft.name not in category.preferences:
        name = f"{draft.category}/{draft.name}"
        raise BadValueError(UNKNOWN_STANDARD_FIELD, name, f"unknown preference: {name}")


def _clears(account: Account, text: str | None) -> bool:
    """nil always clears; whether an empty element does too is a setting (U12)."""
    return text is None or account.settings.empty_value != "keeps"


def _is_error(account: Account, kind: str) -> bool:
    return account.settings.empty_value == "strings_only" and kind != "string"
