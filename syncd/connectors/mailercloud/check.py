"""Who the account is, whether the list is there, and what the key may do; changes nothing.

Source: mailercloud.md 2 (plan), 4.1 (lists). One request per right.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from syncd.connectors.mailercloud.account import Account
from syncd.connectors.mailercloud.answers import whole
from syncd.connectors.mailercloud.calls import MOST_PAGES
from syncd.connectors.mailercloud.codec import id_of
from syncd.connectors.mailercloud.config import LIMIT
from syncd.connectors.mailercloud.values import folded
from syncd.errors import AccountError, ConfigError, RecordError, StoppedError, TransientError
from syncd.model.record import Identity, Right


def check(account: Account) -> Identity:
    """The plan, the list, and one look at everything that a sync reads."""
    plan = account.calls.plan()
    owner = folded(plan.get("email"))
    if not owner:
        raise AccountError("GET /client/plan: the answer names no account")
    ours = _list(account)
    rights = [_right(*wanted) for wanted in _wanted(account)]
    kept = hashlib.sha256(owner.encode("utf-8", "replace")).hexdigest()[:16]
    title = f"{_text(plan.get('plan')) or 'Mailercloud'}, list {_text(ours.get('name')) or '?'}"
    return Identity(
        account_id=f"{kept}:{account.settings.list_id}",
        title=title,
        rights=tuple(rights),
        remarks=(*_remarks(account, plan), *account.remarks),
    )


def _list(account: Account) -> Mapping[str, Any]:
    """Our list, found byte for byte.

    Raises:
        ConfigError: there is none of this id.
    """
    wanted = account.settings.list_id
    near: str | None = None
    last: list[Any] = []
    for page in range(1, MOST_PAGES + 1):
        rows = account.calls.lists(page).rows
        for row in rows if rows != last else ():
            found = id_of(row) if isinstance(row, Mapping) else None
            if found == wanted:
                return dict(row)
            if found is not None and found.lower() == wanted.lower():
                near = found
        if len(rows) < LIMIT or rows == last:
            break
        last = rows
    hint = "Correct list_id; open the list in Mailercloud to see its id."
    if near is not None:
        hint = f"Did you mean {near}? Capital and small letters count."
    raise ConfigError(f"Mailercloud has no list {wanted!r}", hint=hint)


def _wanted(account: Account) -> list[tuple[str, str, Callable[[], object], bool]]:
    days = account.settings.campaign_days
    wanted: list[tuple[str, str, Callable[[], object], bool]] = [
        ("properties", "the fields of contacts", lambda: _properties(account), True),
        ("tags", "the tags of contacts", lambda: account.tags(fresh=True), True),
        ("contacts", "the contacts of the list", lambda: account.calls.contacts(1), True),
        ("contact", "one contact, by the id that the list shows", lambda: _look(account), True),
    ]
    if days:
        today = account.now.date().isoformat()
        what = "campaigns, whose reports are the only place that tells of opt-outs"
        wanted.append(("campaigns", what, lambda: account.calls.campaigns(today, today), True))
    return wanted


def _properties(account: Account) -> None:
    """Read the properties; who the account is does not depend on whether they can be read."""
    try:
        account.properties(fresh=True)
    except StoppedError:
        raise
    except TransientError as cause:
        account.remark(f"the properties cannot be read now ({cause.message})")


def _right(name: str, what: str, ask: Callable[[], object], needed: bool) -> Right:
    try:
        ask()
    except (RecordError, AccountError, ConfigError) as refused:
        return Right(name, granted=False, remark=f"to read {what}: {refused}", needed=needed)
    return Right(name, granted=True, remark=f"read {what}", needed=needed)


def _look(account: Account) -> None:
    """Read the first contact of the list directly, which must show the same id."""
    rows = [row for row in account.calls.contacts(1).rows if isinstance(row, Mapping)]
    remote_id = id_of(rows[0]) if rows else None
    if remote_id is None:
        account.remark("the list is empty, so the direct look at a contact could not be tried")
        return
    contact = account.calls.contact(remote_id)
    if contact is None or id_of(contact) != remote_id:
        raise AccountError("GET /contacts/{contact_id} does not find a contact of the list")


def _remarks(account: Account, plan: Mapping[str, Any]) -> list[str]:
    remarks = []
    remaining, total = (whole(plan.get(f"{n}_contacts")) for n in ("remaining", "total"))
    if remaining is not None:
        of = "" if total is None else f" of {total:,}"
        remarks.append(f"the plan takes {remaining:,} more contacts{of}")
        if remaining <= account.settings.quota_reserve:
            remarks.append("no more contacts are created: the rest is the reserve (quota_reserve)")
    if not account.settings.campaign_days:
        remarks.append("campaign_days is 0: opt-outs made in Mailercloud are not seen")
    if not account.settings.optout_tag:
        remarks.append("optout_tag is empty: opt-outs from the other side leave no mark but status")
    return remarks


def _text(value: Any) -> str:
    return value.strip()[:80] if isinstance(value, str) and value.isprintable() else ""
