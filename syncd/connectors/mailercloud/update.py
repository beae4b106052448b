"""Changing contacts that are known: fields, tags, and their opt-out.

Source: mailercloud.md 5.4 (a PUT carries no list, so it can neither add a membership nor,
as far as can be told, bring anybody back), 7 (tags), 9.3 (opt-outs).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from syncd.connectors.mailercloud.account import Account
from syncd.connectors.mailercloud.answers import Complaint, complaint_of_write
from syncd.connectors.mailercloud.calls import OPT_OUT
from syncd.connectors.mailercloud.codec import (
    is_opt_out,
    status_of,
    tag_key,
    tags_to_add,
    to_body,
)
from syncd.connectors.mailercloud.fields import CONSENT, EMAIL, TAGS
from syncd.connectors.mailercloud.values import folded, wire_email
from syncd.errors import AccountError, RecordError, StaleError, StoppedError, TransientError
from syncd.model.op import Op, Receipt
from syncd.model.values import Consent, Level, SetDelta

NOT_ENFORCED = "opt_out_not_enforced"


def update(account: Account, op: Op, remote_id: str) -> Receipt:
    """Write the fields of a patch and no other; an opt-out goes before everything else."""
    error: RecordError | TransientError | None = None
    if opts_out := revokes(op):
        mark = _mark(account)
        error = _opt_out(account, op, remote_id, mark)
    _refuse_new_email(op)
    known = account.wanted(op.patch.keys() - {EMAIL, TAGS, CONSENT})
    body = to_body(op.patch, known, creating=False)
    tags = _tags(account, op, remote_id)
    if tags:
        body[TAGS] = tags
    if body:
        _put(account, op, remote_id, body)
    if opts_out:
        error = error or _unenforced(account, remote_id, mark)
    return Receipt(op.id, remote_id=remote_id, error=error)


def revokes(op: Op) -> bool:
    """Whether an op opts its contact out.

    Raises:
        RecordError: it would lift an opt-out, which nobody can do here.
    """
    consent = op.patch.get(CONSENT)
    if not isinstance(consent, Consent) or consent.level is Level.UNKNOWN:
        return False
    if consent.level is Level.GRANTED:
        raise RecordError(
            "Consent is only ever taken back in Mailercloud, never given",
            code="not_grantable",
            fields=(CONSENT,),
        )
    return True


def _refuse_new_email(op: Op) -> None:
    new = op.patch.get(EMAIL)
    if EMAIL in op.patch and folded(new) != folded(op.current.get(EMAIL)):
        raise RecordError(
            "Mailercloud cannot change the address of a contact; nothing was written",
            code="email_fixed",
            fields=(EMAIL,),
        )


# Opt-outs


@dataclass(frozen=True, slots=True)
class _Mark:
    """The tag of opt-outs as it is spelled in the account, or why nobody can tell now."""

    tag: str | None = None
    untold: TransientError | None = None


def _mark(account: Account) -> _Mark:
    """The tag that marks an opt-out. The status never waits for it."""
    name = account.settings.optout_tag
    try:
        return _Mark(account.spellings({name}).get(name) if name else None)
    except StoppedError:
        raise
    except (AccountError, TransientError) as cause:
        return _Mark(untold=TransientError(f"without the tag of opt-outs: {cause.message}"))


def _opt_out(account: Account, op: Op, key: str, mark: _Mark) -> RecordError | None:
    """Set the status, and the tag besides; why it may not be in force, if that is so.

    Args:
        key: id or address of the contact.

    Raises:
        StaleError: the contact is gone.
    """
    tag = mark.tag
    tags = {TAGS: sorted({*_present(account, op), tag})} if tag else {}
    refused = _sent(account, key, {"contact_type": OPT_OUT, **tags})
    if refused is None:
        return None
    if tag:  # better tagged than not marked at all
        _sent(account, key, {TAGS: [tag]})
    return _warning("Mailercloud refused to mark the contact as unsubscribed")


def opt_out_address(account: Account, op: Op) -> Receipt:
    """Opt out whoever bears an address; nothing is done where nobody does.

    Only a PUT by address can reach a contact that no listing shows, and it makes none (5.4).
    """
    email = wire_email(op.patch.get(EMAIL))
    known, mark = replace(op, current={EMAIL: email}), _mark(account)
    try:
        return Receipt(op.id, error=_opt_out(account, known, email, mark) or mark.untold)
    except StaleError:
        return Receipt(op.id)


def _unenforced(
    account: Account, remote_id: str, mark: _Mark
) -> RecordError | TransientError | None:
    """The error of an opt-out that a direct look shows not to be in force.

    The write was taken; what cannot be read back is no proof against it. Only if the tag is not
    there either, it is written again.
    """
    try:
        contact = account.calls.contact(remote_id)
    except (TransientError, RecordError):
        return mark.untold
    status = None if contact is None else status_of(contact)
    if status is None:
        return mark.untold
    if is_opt_out(status):
        return None
    return _warning("Mailercloud took the opt-out, but still shows another status")


def _warning(what: str) -> RecordError:
    return RecordError(
        f"{what}: mail may still go out to this contact",
        code=NOT_ENFORCED,
        fields=(),
        hint="In Mailercloud open Contacts, find this contact and choose Unsubscribe; or exclude"
        " the opt-out tag from every campaign.",
    )


# Tags


def _tags(account: Account, op: Op, remote_id: str) -> list[str]:
    """Remove what goes, and name what the contact shall have if something is added.

    Assumption `tags-add`: tags that are sent are added. Should they replace instead, naming
    those that it has keeps them.
    """
    delta = op.patch.get(TAGS)
    if TAGS not in op.patch:
        return []
    add = tags_to_add(delta)
    remove = delta.remove if isinstance(delta, SetDelta) else frozenset[str]()
    refuse_mark(account, add | remove)
    _remove(account, op, remote_id, remove)
    if not add:
        return []
    found = account.spellings(add)
    if lacking := add - found.keys():
        raise bad_tags(len(lacking))
    leaving = {tag_key(tag) for tag in remove}
    kept = [tag for tag in _present(account, op) if tag_key(tag) not in leaving]
    return sorted({*kept, *found.values()})


def refuse_mark(account: Account, tags: Iterable[str]) -> None:
    """Leave the tag of opt-outs alone: it is set with an opt-out, and by nothing else.

    Raises:
        RecordError: it is among the tags.
    """
    mark = tag_key(account.settings.optout_tag)
    if mark and mark in map(tag_key, tags):
        raise RecordError(
            "One of the tags is the mark of opt-outs (optout_tag), which is reserved; no tag"
            " was written",
            code="reserved",
            fields=(TAGS,),
        )


def bad_tags(count: int) -> RecordError:
    return RecordError(
        f"Mailercloud does not take {count} of the tags; a contact with them would be lost",
        code="bad_tag",
        fields=(TAGS,),
    )


def _present(account: Account, op: Op) -> list[str]:
    """The tags that the contact was last seen with, as far as they still exist."""
    tags = op.current.get(TAGS)
    names = set(tags) if isinstance(tags, frozenset) else set()
    shown = op.current.get(CONSENT)
    if isinstance(shown, Consent) and shown.level is Level.REVOKED:
        names.add(account.settings.optout_tag)  # there, though our last reading may be older
    known = account.tags() if names else {}
    return sorted(known[tag_key(name)] for name in names if tag_key(name) in known)


def _remove(account: Account, op: Op, remote_id: str, names: Collection[str]) -> None:
    known = account.tags() if names else {}
    there = sorted(known[tag_key(name)] for name in names if tag_key(name) in known)
    if not there:
        return
    key = _address(op) or remote_id
    refused = complaint_of_write(account.calls.remove_tags(key, there))
    if refused is None or refused.tag:
        return  # a tag that is not there is removed
    if refused.status == 404 or refused.names_contact:
        raise gone()
    raise refused.error({TAGS: "tags"})


def _address(op: Op) -> str | None:
    try:
        return wire_email(op.current.get(EMAIL))
    except RecordError:
        return None


# Underneath


def gone() -> StaleError:
    return StaleError("Mailercloud no longer has this contact; nothing was written")


def _put(account: Account, op: Op, remote_id: str, body: Mapping[str, Any]) -> None:
    """Write, a second time if a tag or a property went away since we last looked.

    Raises:
        StaleError: the contact is gone. RecordError: the values are refused.
    """
    refused = _sent(account, remote_id, body)
    if refused is not None and refused.tag and TAGS in body:
        account.tags(fresh=True)
        found = account.spellings(tags_to_add(op.patch.get(TAGS)))
        tags = sorted({*_present(account, op), *found.values()})
        refused = _sent(account, remote_id, {**body, TAGS: tags})
    if refused is not None:
        names = account.properties(fresh=refused.outdated).wire_names()
        raise refused.error({name: wire for name, wire in names.items() if name in op.patch})


def _sent(account: Account, key: str, body: Mapping[str, Any]) -> Complaint | None:
    """Write to the contact with an id, or with an address; why it is refused, if it is.

    By id, as an address may be another one's by now. Should that be no way to call it (assumption
    `by-id`), it is called by the address that a direct look shows.

    Raises:
        StaleError: the contact is gone.
    """
    refused = complaint_of_write(account.calls.update(key, body))
    if refused is None or not _names_nobody(refused):
        return refused
    address = None if "@" in key else _address_shown(account, key)
    if address is None:
        raise gone()
    refused = complaint_of_write(account.calls.update(address, body))
    if refused is not None and _names_nobody(refused):
        raise gone()
    return refused


def _names_nobody(refused: Complaint) -> bool:
    return refused.status == 404 or refused.names_contact


def _address_shown(account: Account, remote_id: str) -> str | None:
    """The address that a contact has now; None if there is none with this id."""
    shown = account.calls.contact(remote_id)
    try:
        return None if shown is None else wire_email(shown.get(EMAIL))
    except RecordError:
        return None
