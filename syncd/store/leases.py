"""The right to write for a pair, and the number that proves it."""

import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from syncd.errors import BusyError, LeaseLostError
from syncd.store import tables as t
from syncd.store.prepared import prepared
from syncd.store.upsert import upsert

TTL = timedelta(minutes=3)  # longer than any single call of a platform may take
_THIS_PROCESS = uuid4().hex


_L = t.lease.c
_OURS = (
    _L.pair == sa.bindparam("of"),
    _L.holder == sa.bindparam("by"),
    _L.fence == sa.bindparam("number"),
)
# Every transaction of the engine begins with one of these: they are built once.
_HOLD = t.lease.update().where(*_OURS).values(expires_at=sa.bindparam("until"))
_PROVE = sa.select(_L.fence).where(*_OURS)


@prepared
def _taken(pair: Any) -> sa.Executable:
    held = sa.select(_L.holder, _L.fence, _L.expires_at).where(_L.pair == pair)
    return held.with_for_update()


@prepared
def _take(pair: Any, holder: Any, fence: Any, until: Any) -> sa.Executable:
    taken = {"holder": holder, "fence": fence, "expires_at": until}
    return t.lease.update().where(_L.pair == pair).values(**taken)


@dataclass(frozen=True, slots=True)
class Lease:
    """Proof of the right to write for a pair; a later taker has a higher fence.

    Attributes:
        unsure: the one before was not given back, or by a clock that was ahead of ours.
    """

    pair: str
    holder: str
    fence: int
    unsure: bool = False


def this_holder() -> str:
    """Who we are: host, process number, and a mark that no other process has."""
    return f"{this_host()}:{os.getpid()}:{_THIS_PROCESS}"


def this_host() -> str:
    """Where our process number means something: the host, and the container if there is one.

    Containers may share a host name and yet count their processes apart.
    """
    try:
        space = Path("/proc/self/ns/pid").readlink().name.strip("pid:[]")
    except OSError:
        return socket.gethostname()  # no Linux
    return f"{socket.gethostname()}/{space}"


def take(db: sa.Connection, pair: str, holder: str, now: datetime, ttl: timedelta = TTL) -> Lease:
    """Take the lease if it is free, expired, or its holder is known to be dead.

    Raises:
        BusyError: somebody else holds it; nothing is changed.
    """
    row = _taken(db, pair=pair).first()
    if row is None:
        # There must be a row to lock, or two first takers would both find the lease free.
        upsert(db, t.lease, [{"pair": pair, "holder": holder, "fence": 0, "expires_at": now}])
        row = _taken(db, pair=pair).one()
    if row.expires_at > now and row.holder != holder and not _is_dead(row.holder):
        host, process, _ = row.holder.rsplit(":", 2)
        raise BusyError(
            f"Pair '{pair}' is being worked on by process {process} on {host}. Nothing was done.",
            hint="Wait until it is done, or look with `syncd status`.",
        )
    fence = row.fence + 1
    _take(db, pair=pair, holder=holder, fence=fence, until=now + ttl)
    return Lease(pair, holder, fence, unsure=row.expires_at > now)


def hold(db: sa.Connection, lease: Lease, now: datetime, ttl: timedelta = TTL) -> None:
    """Prove, inside the caller's transaction, that the lease is still ours; and prolong it.

    Raises:
        LeaseLostError: another worker took the pair over.
    """
    if not db.execute(_HOLD, {**_proof(lease), "until": now + ttl}).rowcount:
        raise _lost(lease)


def prove(db: sa.Connection, lease: Lease) -> None:
    """See that nobody has taken the pair over, without writing anything.

    Raises:
        LeaseLostError: another worker took the pair over.
    """
    if db.execute(_PROVE, _proof(lease)).first() is None:
        raise _lost(lease)


def _proof(lease: Lease) -> dict[str, Any]:
    return {"of": lease.pair, "by": lease.holder, "number": lease.fence}


def _lost(lease: Lease) -> LeaseLostError:
    return LeaseLostError(
        f"Another process took pair '{lease.pair}' over. This one stopped without"
        " writing anything more."
    )


def give_back(db: sa.Connection, lease: Lease, now: datetime) -> None:
    """Let others take it at once; harmless if it is no longer ours."""
    db.execute(_HOLD, {**_proof(lease), "until": now})


def holder_of(db: sa.Connection, pair: str, now: datetime) -> str | None:
    """Who works on a pair now, as `process 12 on host`; None if nobody does."""
    c = t.lease.c
    row = db.execute(sa.select(c.holder, c.expires_at).where(c.pair == pair)).first()
    if row is None or row.expires_at <= now or _is_dead(row.holder):
        return None
    host, process, _ = row.holder.rsplit(":", 2)
    return f"process {process} on {host}"


def _is_dead(holder: str) -> bool:
    """True only if the holder was a process of this host that no longer exists.

    After `kill -9` the next process then need not wait for the lease to expire. A
    process number that was given to another process looks alive, and we wait.
    """
    host, process, mark = holder.rsplit(":", 2)
    if host != this_host():
        return False
    if int(process) == os.getpid():
        return mark != _THIS_PROCESS
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
