"""What became of mail to contacts: taken in from reports, and told of each contact."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from syncd.core.digest import digest_json
from syncd.model.derived import BOUNCES, LAST_CLICK_AT, LAST_OPEN_AT
from syncd.model.values import Value
from syncd.store import tables as t
from syncd.store.prepared import prepared
from syncd.store.upsert import chunks, locking, upsert
from syncd.store.within import within

_E, _B = t.engagement.c, t.bounce.c
_COLUMNS = {LAST_OPEN_AT: "last_open_at", LAST_CLICK_AT: "last_click_at"}


def note(
    db: sa.Connection, account: str, name: str, events: Iterable[tuple[str, datetime, str]]
) -> set[str]:
    """Take in events of one report; the ids of contacts of which something new is known.

    One that is known already, or older than what is, changes nothing.

    Args:
        name: the derived field that tells of them.
        events: contact, aware UTC time and identity of each.
    """
    if name == BOUNCES:
        return _note_bounces(db, account, events)
    column, newest = _COLUMNS[name], dict[str, datetime]()
    for remote_id, at, _ in events:
        newest[remote_id] = max(at, newest.get(remote_id, at))
    known = _load(db, account, newest, locked=True)
    fresh = {
        remote_id: at
        for remote_id, at in newest.items()
        if (before := known.get(remote_id, {}).get(name)) is None or at > before
    }
    place = {"account": account}
    rows = [{**place, "remote_id": i, column: at} for i, at in fresh.items()]
    upsert(db, t.engagement, rows, [column])
    return {*fresh}


def _note_bounces(
    db: sa.Connection, account: str, events: Iterable[tuple[str, datetime, str]]
) -> set[str]:
    rows = {
        (remote_id, key): {"account": account, "remote_id": remote_id, "identity": key, "at": at}
        for remote_id, at, identity in events
        for key in [digest_json(identity)]
    }
    before = _bounces(db, account, {remote_id for remote_id, _ in rows})
    upsert(db, t.bounce, list(rows.values()))
    after = _bounces(db, account, {remote_id for remote_id, _ in rows})
    return {one for one, number in after.items() if number != before.get(one)}


def told(
    db: sa.Connection, account: str, ids: Iterable[str], names: frozenset[str]
) -> dict[str, Mapping[str, Value]]:
    """What contacts show in derived fields, by their ids; nothing of whom nothing is known."""
    wanted = sorted({*ids})
    found: dict[str, dict[str, Value]] = {}
    if names & _COLUMNS.keys():
        for remote_id, times in _load(db, account, wanted).items():
            found[remote_id] = {**times}
    if BOUNCES in names:
        for remote_id, number in _bounces(db, account, wanted).items():
            found.setdefault(remote_id, {})[BOUNCES] = number
    return {**found}


def _known(account: Any, ids: Any) -> sa.Select[Any]:
    at = (_E.account == account, within(_E.remote_id, ids))
    return sa.select(_E.remote_id, _E.last_open_at, _E.last_click_at).where(*at)


_read = prepared(_known)
_read_locked = prepared(lambda account, ids: locking(_known(account, ids), t.engagement))


def _load(
    db: sa.Connection, account: str, ids: Iterable[str], *, locked: bool = False
) -> dict[str, dict[str, datetime | None]]:
    read = _read_locked if locked and db.dialect.name != "sqlite" else _read
    return {
        remote_id: {LAST_OPEN_AT: opened, LAST_CLICK_AT: clicked}
        for some in chunks(sorted(ids))
        for remote_id, opened, clicked in read(db, account=account, ids=some)
    }


@prepared
def _count(account: Any, ids: Any) -> sa.Executable:
    counted = sa.select(_B.remote_id, sa.func.count())
    return counted.where(_B.account == account, within(_B.remote_id, ids)).group_by(_B.remote_id)


def _bounces(db: sa.Connection, account: str, ids: Iterable[str]) -> dict[str, int]:
    return {
        remote_id: int(number)
        for some in chunks(sorted(ids))
        for remote_id, number in _count(db, account=account, ids=some)
    }
