"""New contacts: a few one by one, insert only; many in batches.

Source: mailercloud.md 5.2, 5.5. A single create tells the id, and refuses an address that
exists; a batch tells counts only, and updates what exists.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from syncd.connectors.mailercloud.account import Account
from syncd.connectors.mailercloud.answers import Complaint, complaint_of_write
from syncd.connectors.mailercloud.codec import id_of, tags_to_add, to_body
from syncd.connectors.mailercloud.fields import EMAIL, TAGS
from syncd.connectors.mailercloud.update import bad_tags, refuse_mark, revokes
from syncd.connectors.mailercloud.values import folded, wire_email
from syncd.errors import (
    DuplicateError,
    InDoubtError,
    OptedOutError,
    RecordError,
    StaleError,
    SyncdError,
    TransientError,
)
from syncd.model.op import Op, Receipt

_MOST_SEARCHED = 5  # pages of a search that may match loosely


@dataclass(frozen=True, slots=True)
class Row:
    """One op as it is sent, with the names by which an error may call its fields."""

    op: Op
    email: str
    body: Mapping[str, Any]
    names: Mapping[str, str]


def prepared(account: Account, ops: Sequence[Op]) -> Iterator[Row | Receipt]:
    """Rows to send; and receipts of ops that cannot succeed, without asking anybody."""
    if not ops:
        return
    properties = account.properties()
    seen: set[str] = set()
    rows: list[tuple[Op, str, dict[str, Any], frozenset[str]]] = []
    for op in ops:
        try:
            email = _new_address(op, seen)
            body = to_body(op.patch, properties, creating=True)
            rows.append((op, email, body, _tags(account, op)))
            seen.add(email)
        except (RecordError, StaleError) as error:
            yield Receipt(op.id, error=error)
    wanted = frozenset[str]().union(*(tags for *_, tags in rows))
    found = account.spellings(wanted) if wanted else {}
    wire_names = properties.wire_names()
    for op, email, body, tags in rows:
        if lacking := tags - found.keys():
            yield Receipt(op.id, error=bad_tags(len(lacking)))
            continue
        tagged = {TAGS: sorted({found[tag] for tag in tags})} if tags else {}
        names = {name: wire for name, wire in wire_names.items() if name in op.patch}
        yield Row(op, email, {EMAIL: email, **body, **tagged}, names)


def _new_address(op: Op, seen: set[str]) -> str:
    if revokes(op):
        raise OptedOutError("The contact opted out before it was created; it was not")
    email = wire_email(op.patch.get(EMAIL))
    if email in seen:
        raise DuplicateError("Two new contacts have one address; only one is created")
    return email


def _tags(account: Account, op: Op) -> frozenset[str]:
    tags = tags_to_add(op.patch.get(TAGS))
    refuse_mark(account, tags)
    return tags


def create_one(account: Account, row: Row, *, perhaps_saved: bool = False) -> Receipt:
    """Insert a contact; its id is in the answer.

    Args:
        perhaps_saved: a batch that was refused may have saved it before; if the address is
            known now, that may be our own doing, and the next listing tells.
    """
    try:
        return _created(account, row, perhaps_saved=perhaps_saved)
    except (RecordError, StaleError, InDoubtError) as error:
        return Receipt(row.op.id, error=error)


def _created(account: Account, row: Row, *, perhaps_saved: bool) -> Receipt:
    answer = account.calls.create(row.body)
    refused = complaint_of_write(answer)
    if refused is None:
        remote_id = id_in(answer.json_object())
        if remote_id is None:
            raise InDoubtError(f"{answer.label} was answered without an id")
        return Receipt(row.op.id, remote_id=remote_id)
    if refused.exists and perhaps_saved:
        raise InDoubtError("The address is known now, perhaps from a batch that was not clean")
    if refused.exists:
        raise _existing(account, row.email)
    raise refusal(account, row, refused)


def _existing(account: Account, email: str) -> SyncdError:
    """Why an address that exists was not created: it is on our list, or only elsewhere."""
    ids = [remote_id for row in look_up(account, email) if (remote_id := id_of(row))]
    if len(ids) == 1:
        text = "Mailercloud has a contact with this e-mail already; it was left as it is"
        return DuplicateError(text, remote_id=ids[0])
    if ids:
        return RecordError("Several contacts of the list have this e-mail", code="ambiguous")
    return RecordError(
        "The address is known to the Mailercloud account outside this list, and may have opted"
        " out there; it was not added",
        code="exists_elsewhere",
        hint="If it may be mailed, add it to the list by hand in Mailercloud.",
    )


def look_up(account: Account, email: str) -> list[Mapping[str, Any]]:
    """Rows of our list with an address; the search may match loosely, so we compare."""
    found: list[Mapping[str, Any]] = []
    for page in range(1, _MOST_SEARCHED + 1):
        listing = account.calls.contacts(page, search=email)
        rows = [row for row in listing.rows if isinstance(row, Mapping)]
        found += [row for row in rows if folded(row.get(EMAIL)) == email]
        if found or len(rows) < 100:
            break
    return list({id_of(row): row for row in found if id_of(row)}.values())


def refusal(account: Account, row: Row, refused: Complaint) -> RecordError:
    """Why a row is refused; what we believe of tags and properties is read again."""
    if refused.tag:
        account.tags(fresh=True)
        return bad_tags(len(row.body.get(TAGS, ())))
    if refused.outdated:
        account.properties(fresh=True)
    return refused.error(row.names)


def id_in(body: Mapping[str, Any]) -> str | None:
    inner = body.get("data")
    for shown in (body, inner if isinstance(inner, Mapping) else {}):
        for key in ("id", "contact_id"):
            if remote_id := id_of({"id": shown.get(key)}):
                return remote_id
    return None


def unsent(cause: str) -> TransientError:
    return TransientError(f"{cause}; this contact was not sent alone")
