"""Every record of both sides as it stands in one pair, in exactly one state."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from syncd.model.link import Member, State
from syncd.model.record import Resource
from syncd.model.side import SIDES, Side
from syncd.store import tables as t
from syncd.store.prepared import prepared
from syncd.store.upsert import chunks, locking, upsert
from syncd.store.within import within

_M = t.member.c
COLUMNS = (
    _M.side,
    _M.remote_id,
    _M.key,
    _M.second,
    _M.state,
    _M.cause,
    _M.link_id,
    _M.digest,
    _M.todo,
    _M.reference,
    _M.parent_id,
)


def member_of(row: Any) -> Member:
    side, remote_id, key, second, state, *rest = row
    return Member(Side(side), remote_id, key, second, State(state), *rest)


def _of(pair: str, resource: Resource) -> sa.ColumnElement[bool]:
    return _at(pair, resource.value)


def _at(pair: Any, resource: Any) -> sa.ColumnElement[bool]:
    return sa.and_(_M.pair == pair, _M.resource == resource)


@prepared
def _load(pair: Any, resource: Any, side: Any, ids: Any) -> sa.Executable:
    return sa.select(*COLUMNS).where(
        _at(pair, resource), _M.side == side, within(_M.remote_id, ids)
    )


def load(
    db: sa.Connection, pair: str, resource: Resource, side: Side, ids: Iterable[str]
) -> dict[str, Member]:
    """Those of the ids that are known, by remote id."""
    found: dict[str, Member] = {}
    for some in chunks(ids):
        rows = _load(db, pair=pair, resource=resource.value, side=side.value, ids=some)
        found.update((row.remote_id, member_of(row)) for row in rows)
    return found


def save(
    db: sa.Connection,
    pair: str,
    resource: Resource,
    members: Sequence[Member],
    *,
    listed: Mapping[str, int] | None = None,
    waking: bool = True,
) -> None:
    """Write members as they are now.

    Args:
        listed: stand-ins of what a sweep shows of them, by remote id; None leaves them alone.
        waking: False leaves it open whether there is something to do with those that are known,
            as it is: another process may be waking them.
    """
    rows: list[dict[str, Any]] = [
        {
            "pair": pair,
            "resource": resource.value,
            "side": m.side.value,
            "remote_id": m.remote_id,
            "key": m.key,
            "second": m.second,
            "state": m.state.value,
            "cause": m.cause,
            "link_id": m.link_id,
            "digest": m.digest,
            "todo": m.todo,
            "reference": m.reference,
            "parent_id": m.parent_id,
        }
        for m in members
    ]
    columns = ["key", "second", "state", "cause", "link_id", "digest", "reference", "parent_id"]
    if waking:
        columns.append("todo")
    if listed is not None:
        columns.append("listed")
        rows = [{**row, "listed": listed.get(row["remote_id"])} for row in rows]
    upsert(db, t.member, rows, columns)


@prepared
def _no_longer_wait(links: Any) -> sa.Executable:
    waiting = (within(_M.link_id, links), _M.state == State.WAITING.value)
    return t.member.update().where(*waiting).values(state=State.LINKED.value, cause=None)


def no_longer_wait(db: sa.Connection, links: Iterable[int]) -> None:
    """Note that members have got the counterpart for which they waited."""
    for some in chunks(links):
        _no_longer_wait(db, links=some)


@prepared
def _todo_keys(pair: Any, resource: Any, limit: Any, after: Any) -> sa.Executable:
    unmatched = sa.or_(
        _M.link_id.is_(None), t.link.c.left_id.is_(None), t.link.c.right_id.is_(None)
    )
    return (
        sa.select(_M.key)
        .select_from(t.member.outerjoin(t.link, t.link.c.id == _M.link_id))
        .where(_at(pair, resource), _M.todo, _M.key > after, unmatched)
        .distinct()
        .order_by(_M.key)
        .limit(limit)
    )


def todo_keys(
    db: sa.Connection, pair: str, resource: Resource, limit: int, after: str | None
) -> list[str]:
    """Keys of members to match, each once, in order, beginning after one.

    These are the unlinked ones, and those whose counterpart does not exist yet: a changed
    address may have led to it.
    """
    rows = _todo_keys(db, pair=pair, resource=resource.value, limit=limit, after=after or "")
    return list(rows.scalars())


@prepared
def _todo_keyless(pair: Any, resource: Any, limit: Any) -> sa.Executable:
    return (
        sa.select(*COLUMNS)
        .where(_at(pair, resource), _M.todo, _M.link_id.is_(None), _M.key.is_(None))
        .limit(limit)
    )


def todo_keyless(db: sa.Connection, pair: str, resource: Resource, limit: int) -> list[Member]:
    """Unlinked members to reconcile that have no key, in no order."""
    rows = _todo_keyless(db, pair=pair, resource=resource.value, limit=limit)
    return [member_of(row) for row in rows]


@prepared
def _todo_referring(
    pair: Any, resource: Any, here: Any, there: Any, limit: Any, after: Any
) -> sa.Executable:
    other, twin = t.member.alias(), t.member.alias()
    named = sa.and_(
        other.c.pair == pair,
        other.c.resource == resource,
        other.c.side == there,
        other.c.remote_id == _M.reference,
        other.c.state != State.GONE.value,
    )
    shared = sa.exists().where(
        twin.c.pair == pair,
        twin.c.resource == resource,
        twin.c.side == here,
        twin.c.reference == _M.reference,
        twin.c.remote_id != _M.remote_id,
        twin.c.state != State.GONE.value,
    )
    return (
        sa.select(*COLUMNS)
        .join_from(t.member, other, named)
        .where(_at(pair, resource), _M.side == here, _M.todo, _M.link_id.is_(None))
        .where(_M.state != State.GONE.value, _M.reference.is_not(None), ~shared)
        .where(_M.remote_id > after)
        .order_by(_M.remote_id)
        .limit(limit)
    )


def todo_referring(
    db: sa.Connection, pair: str, resource: Resource, side: Side, limit: int, after: str
) -> list[Member]:
    """Unlinked members of one side to match that alone bear the id of a record over there.

    In order of their ids, beginning after one. A reference that several bear says nothing.
    """
    sides = {"here": side.value, "there": side.other.value}
    rows = _todo_referring(
        db, pair=pair, resource=resource.value, **sides, limit=limit, after=after
    )
    return [member_of(row) for row in rows]


@prepared
def _todo_links(pair: Any, resource: Any, limit: Any, after: Any) -> sa.Executable:
    return (
        sa.select(_M.link_id)
        .where(_at(pair, resource), _M.todo, _M.link_id > after)
        .distinct()
        .order_by(_M.link_id)
        .limit(limit)
    )


def todo_links(
    db: sa.Connection, pair: str, resource: Resource, limit: int, after: int
) -> list[int]:
    """Ids of links with a member to reconcile, in order, beginning after one."""
    rows = _todo_links(db, pair=pair, resource=resource.value, limit=limit, after=after)
    return list(rows.scalars())


@prepared
def _to_do(pair: Any, resource: Any) -> sa.Executable:
    return sa.select(_M.remote_id).where(_at(pair, resource), _M.todo).limit(1)


def is_any_to_do(db: sa.Connection, pair: str, resource: Resource) -> bool:
    """Whether a member is to be reconciled."""
    return _to_do(db, pair=pair, resource=resource.value).first() is not None


def _with(column: sa.ColumnElement[Any], pair: Any, resource: Any, keys: Any) -> sa.Select[Any]:
    here = (_at(pair, resource), within(column, keys), _M.state != State.GONE.value)
    return sa.select(*COLUMNS).where(*here)


_with_keys = prepared(lambda pair, resource, keys: _with(_M.key, pair, resource, keys))
_with_seconds = prepared(lambda pair, resource, keys: _with(_M.second, pair, resource, keys))
_with_keys_locked = prepared(
    lambda pair, resource, keys: locking(_with(_M.key, pair, resource, keys), t.member)
)


def with_keys(
    db: sa.Connection,
    pair: str,
    resource: Resource,
    keys: Iterable[str],
    *,
    second: bool = False,
    locked: bool = False,
) -> list[Member]:
    """Every member of either side that has one of the keys, linked or not, but not gone.

    Args:
        second: those that have one of them as their second key; these are never locked.
        locked: nobody can wake them before this transaction ends, so that it can settle
            them without taking back what it has not seen.
    """
    ask = _with_seconds if second else _with_keys
    if locked and db.dialect.name != "sqlite":
        ask = _with_keys_locked
    found: list[Member] = []
    for some in chunks(keys):
        found.extend(map(member_of, ask(db, pair=pair, resource=resource.value, keys=some)))
    return sorted(found, key=lambda m: (m.side.value, m.remote_id))


def keys_after(
    db: sa.Connection, pairs: Iterable[str], resource: Resource, after: str, limit: int
) -> list[str]:
    """Keys of all members of some pairs, gone or not, each once, in order, after one."""
    rows = db.execute(
        sa.select(_M.key)
        .where(_M.pair.in_(pairs), _M.resource == resource.value, _M.key > after)
        .distinct()
        .order_by(_M.key)
        .limit(limit)
    )
    return [key for key in rows.scalars() if key is not None]


@prepared
def _gone_with_keys(pair: Any, resource: Any, keys: Any) -> sa.Executable:
    gone = (_at(pair, resource), within(_M.key, keys), _M.state == State.GONE.value)
    return sa.select(*COLUMNS).where(*gone, _M.todo, _M.link_id.is_(None))


def gone_with_keys(
    db: sa.Connection, pair: str, resource: Resource, keys: Iterable[str]
) -> list[Member]:
    """Unlinked members with one of the keys that are gone and not yet left alone."""
    found: list[Member] = []
    for some in chunks(keys):
        rows = _gone_with_keys(db, pair=pair, resource=resource.value, keys=some)
        found.extend(member_of(row) for row in rows)
    return found


def known_as(db: sa.Connection, pair: str, resource: Resource, name: str) -> list[Member]:
    """Members of either side with this remote id or this key, gone or not."""
    rows = db.execute(
        sa.select(*COLUMNS)
        .where(_of(pair, resource), _M.side.in_([side.value for side in SIDES]))
        .where(sa.or_(_M.remote_id == name, _M.key == name))
        .order_by(_M.side, _M.remote_id)
    )
    return [member_of(row) for row in rows]


def _in_links(links: Any) -> sa.Select[Any]:
    return sa.select(*COLUMNS).where(within(_M.link_id, links))


_of_links = prepared(_in_links)
_of_links_locked = prepared(lambda links: locking(_in_links(links), t.member))


def of_links(db: sa.Connection, links: Iterable[int], *, locked: bool = False) -> list[Member]:
    """The members of these links.

    Args:
        locked: as in `with_keys`.
    """
    ask = _of_links_locked if locked and db.dialect.name != "sqlite" else _of_links
    found: list[Member] = []
    for some in chunks(links):
        found.extend(map(member_of, ask(db, links=some)))
    return found


def unlink(db: sa.Connection, links: Iterable[int]) -> None:
    """Take members out of links that are about to be forgotten."""
    for some in chunks(links):
        db.execute(t.member.update().where(within(_M.link_id, some)).values(link_id=None))


def count_filtered(db: sa.Connection, pair: str, resource: Resource) -> int:
    """How many linked records the pair's filter leaves out, on the side with more of them."""
    rows = db.execute(
        sa.select(sa.func.count())
        .where(_of(pair, resource), _M.state == State.FILTERED.value, _M.cause == "filter")
        .where(_M.link_id.is_not(None))
        .group_by(_M.side)
    )
    return max(rows.scalars(), default=0)


def census(db: sa.Connection, pair: str) -> list[tuple[str, Side, str, str | None, int]]:
    """How many records stand where: (resource, side, state, cause, how many)."""
    rows = db.execute(
        sa.select(_M.resource, _M.side, _M.state, _M.cause, sa.func.count())
        .where(_M.pair == pair)
        .group_by(_M.resource, _M.side, _M.state, _M.cause)
        .order_by(_M.resource, _M.side, _M.state, _M.cause)
    )
    return [(resource, Side(side), state, cause, n) for resource, side, state, cause, n in rows]
