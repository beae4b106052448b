"""Many contacts in one call: counters, no ids, no word about single rows.

Source: mailercloud.md §5.5, §17.2 (atomicity, meaning of `skipped`).
"""

from dataclasses import dataclass, field
from typing import Any

from syncd.sandbox.mailercloud import writing
from syncd.sandbox.mailercloud.account import Account
from syncd.sandbox.mailercloud.answers import ERRORS_OBJECT, Answer, RefusalError
from syncd.sandbox.mailercloud.call import Call, Route
from syncd.sandbox.mailercloud.contact import Contact
from syncd.sandbox.mailercloud.drafts import Draft, Way, email_of, read


@dataclass(slots=True)
class Tally:
    """The counters of one call, and the addresses it has met."""

    submitted: int
    inserted: int = 0
    updated: int = 0
    skipped: int = 0
    met: set[str] = field(default_factory=set)

    def shown(self) -> dict[str, int]:
        names = ("submitted", "inserted", "updated", "skipped")
        return {name: getattr(self, name) for name in names}


Checked = tuple[str, Draft]


def batch(call: Call) -> Answer:
    """Row by row; a bad one ends the call with 400, and what it saved is a switch."""
    account, body = call.account, call.body()
    mailing_list = call.list_of(body.get("list_id"))
    rows = body.get("contacts")
    if not isinstance(rows, list) or not rows:
        raise RefusalError(400, "contacts must be a list of contacts")
    if len(rows) > call.settings.batch_rows_most:
        raise RefusalError(400, f"contacts must not exceed {call.settings.batch_rows_most}")
    good, bad = _checked(account, rows)
    tally = Tally(len(rows), skipped=len(rows) - len(good))
    policy = call.settings.batch_bad_row
    if bad is not None and policy == "saves_none":
        raise bad
    for checked in good:
        _save(account, mailing_list.id, checked, tally)
    if bad is not None and policy != "skips":
        raise bad
    return Answer({"data": tally.shown()})


def _checked(account: Account, rows: list[Any]) -> tuple[list[Checked], RefusalError | None]:
    """The rows to save, and the first refusal if there is one."""
    good: list[Checked] = []
    bad: RefusalError | None = None
    for row in rows:
        try:
            good.append(_read(account, row))
        except RefusalError as refusal:
            bad = bad or refusal
            if account.settings.batch_bad_row == "saves_before":
                break
    return good, bad


def _read(account: Account, row: object) -> Checked:
    if not isinstance(row, dict):
        raise RefusalError(400, "Invalid contact")
    return email_of(account, row.get("email")), read(account, row, Way.BATCH)


def _save(account: Account, list_id: str, checked: Checked, tally: Tally) -> None:
    email, draft = checked
    known = account.with_email(email)
    repeated = account.identity(email) in tally.met
    tally.met.add(account.identity(email))
    if repeated and account.settings.batch_duplicate == "skips":
        tally.skipped += 1
    elif known is None and not account.is_full():
        writing.create(account, email, list_id, draft, Way.BATCH)
        tally.inserted += 1
    elif known is None or _is_left_alone(account, known, draft, list_id):
        tally.skipped += 1
    else:
        writing.change(account, known, draft, Way.BATCH, list_id)
        tally.updated += 1


def _is_left_alone(account: Account, known: Contact, draft: Draft, list_id: str) -> bool:
    settings = account.settings
    if known.is_blocked() and settings.batch_blocked == "skips":
        return True
    unchanged = not writing.would_change(account, known, draft, list_id)
    return settings.batch_skips_unchanged and unchanged


ROUTES = (Route("POST", "/contacts/batch", batch, ERRORS_OBJECT, writes=True),)
