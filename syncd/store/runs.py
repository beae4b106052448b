"""Runs, and what is known of a pair between them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from syncd.store import tables as t
from syncd.store.prepared import prepared
from syncd.store.upsert import upsert

BACKFILL = "backfill"  # the mode of a run that is none of the daemon's


class RunState(StrEnum):
    OPEN = "open"  # under way, or broken off by a crash
    HELD = "held"  # a guard asks for a person
    DONE = "done"
    FAILED = "failed"
    PLANNED = "planned"  # `syncd plan`: nothing was to be sent


@dataclass(frozen=True, slots=True)
class Run:
    """One cycle of one pair, as stored.

    Attributes:
        counts: what it did or would do, by name.
        reasons: why it is held.
        approved: the counts that a person released; None if nobody did.
        progress: of a backfill, enough to go on after a crash.
        quiet: for how many cycles in a row it stands in which nothing happened; 0 if
            something did.
    """

    id: int
    pair: str
    mode: str
    state: RunState
    started_at: datetime
    ended_at: datetime | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    reasons: Sequence[str] = ()
    approved: Mapping[str, int] | None = None
    progress: Mapping[str, Any] | None = None
    error: str | None = None
    quiet: int = 0


@dataclass(frozen=True, slots=True)
class PairFacts:
    """What is known of a pair between its runs.

    Attributes:
        approved_at: when its first run was approved; None before.
        setup: digest of mapping and filter as they were approved.
        accounts: the platforms' own ids of left and right, as they were approved.
        error: why the last run ended badly; None if it did not.
        tidied_at: when what ended long ago was last forgotten; `retention.tidy` notes it.
    """

    approved_at: datetime | None = None
    setup: str | None = None
    accounts: Sequence[str] | None = None
    error: str | None = None
    tidied_at: datetime | None = None


_R = t.run.c
_COLUMNS = (
    _R.id,
    _R.pair,
    _R.mode,
    _R.state,
    _R.started_at,
    _R.ended_at,
    _R.counts,
    _R.reasons,
    _R.approved,
    _R.progress,
    _R.error,
    _R.quiet,
)


def _run(row: Any) -> Run:
    values = dict(row._mapping)
    return Run(**{**values, "state": RunState(values["state"])})


def start(
    db: sa.Connection,
    pair: str,
    mode: str,
    now: datetime,
    progress: Mapping[str, Any] | None = None,
) -> Run:
    """Begin a run.

    Args:
        progress: what it remembers from its first moment on.
    """
    noted = dict(progress or {})
    run_id = db.execute(
        sa.insert(t.run)
        .values(
            pair=pair,
            mode=mode,
            state=RunState.OPEN.value,
            started_at=now,
            counts={},
            reasons=[],
            progress=noted,
        )
        .returning(_R.id)
    ).scalar_one()
    return Run(run_id, pair, mode, RunState.OPEN, now, progress=noted)


def update(db: sa.Connection, run_id: int, **values: Any) -> None:
    """Set columns of a run."""
    if isinstance(state := values.get("state"), RunState):
        values["state"] = state.value
    db.execute(t.run.update().where(_R.id == run_id).values(**values))


@prepared
def _get(run_id: Any) -> sa.Executable:
    return sa.select(*_COLUMNS).where(_R.id == run_id)


def get(db: sa.Connection, run_id: int) -> Run | None:
    row = _get(db, run_id=run_id).first()
    return _run(row) if row else None


def held(db: sa.Connection, pair: str, *, released: bool | None = None) -> Run | None:
    """The newest held run of this pair.

    Args:
        released: only one that a person has released and that did not go on since, or
            only one that still waits for a person.
    """
    select = sa.select(*_COLUMNS).where(_R.pair == pair, _R.state == RunState.HELD.value)
    if released is not None:
        select = select.where(_R.approved.is_not(None) if released else _R.approved.is_(None))
    row = db.execute(select.order_by(_R.id.desc()).limit(1)).first()
    return _run(row) if row else None


def last(db: sa.Connection, pair: str, *, mode: str | None = None) -> Run | None:
    """The newest run of this pair."""
    select = sa.select(*_COLUMNS).where(_R.pair == pair).order_by(_R.id.desc()).limit(1)
    if mode is not None:
        select = select.where(_R.mode == mode)
    row = db.execute(select).first()
    return _run(row) if row else None


def latest(db: sa.Connection, pair: str, modes: Collection[str]) -> Run | None:
    """The run of these modes that was at work last; one that only planned was not."""
    row = db.execute(
        sa.select(*_COLUMNS)
        .where(_R.pair == pair, _R.mode.in_(modes), _R.state != RunState.PLANNED.value)
        .order_by(sa.func.coalesce(_R.ended_at, _R.started_at).desc(), _R.id.desc())
        .limit(1)
    ).first()
    return _run(row) if row else None


@prepared
def _unfinished(pair: Any) -> sa.Executable:
    going_on = (RunState.OPEN.value, RunState.HELD.value)
    at = (_R.pair == pair, _R.state.in_(going_on), _R.mode.in_(("sync", "full")))
    return sa.select(*_COLUMNS).where(*at)  # few: for their order all runs would be walked


def unfinished(db: sa.Connection, pair: str) -> Run | None:
    """The run that goes on: one that waits for a person, ran out of time, or was killed.

    It keeps its number and what a person released. Backfills and plans do not count.
    """
    return max(map(_run, _unfinished(db, pair=pair)), key=lambda run: run.id, default=None)


def released(db: sa.Connection, pair: str) -> list[Run]:
    """The runs of any kind that go on with a person's word."""
    going_on = (RunState.OPEN.value, RunState.HELD.value)
    rows = db.execute(
        sa.select(*_COLUMNS).where(
            _R.pair == pair, _R.state.in_(going_on), _R.approved.is_not(None)
        )
    )
    return sorted(map(_run, rows), key=lambda run: run.id)


@prepared
def _before(pair: Any, run_id: Any) -> sa.Executable:
    older = sa.select(_R.id, _R.quiet, _R.reasons).where(_R.pair == pair, _R.id < run_id)
    return older.order_by(_R.id.desc()).limit(1)


_forget = prepared(lambda run_id: t.run.delete().where(_R.id == run_id))


def stand_for_quiet(db: sa.Connection, pair: str, run_id: int, reasons: Sequence[str] = ()) -> int:
    """Let a run in which nothing happened stand for those like it just before it, too.

    A row of quiet cycles is one row then. The older one goes, so that no number is given twice.

    Args:
        reasons: why the run counts as held although nothing of it waits.

    Returns:
        How many cycles in a row it stands for.
    """
    before = _before(db, pair=pair, run_id=run_id).first()
    if before is None or not before.quiet or list(before.reasons) != list(reasons):
        return 1
    _forget(db, run_id=before.id)
    return 1 + int(before.quiet)


@prepared
def _facts(pair: Any) -> sa.Executable:
    c = t.pair.c
    known = (c.approved_at, c.setup, c.accounts, c.error, c.tidied_at)
    return sa.select(*known).where(c.name == pair)


def facts(db: sa.Connection, pair: str) -> PairFacts:
    row = _facts(db, pair=pair).first()
    return PairFacts(*row) if row else PairFacts()


def note_facts(db: sa.Connection, pair: str, now: PairFacts) -> None:
    row = {
        "name": pair,
        "approved_at": now.approved_at,
        "setup": now.setup,
        "accounts": list(now.accounts) if now.accounts is not None else None,
        "error": now.error,
    }
    upsert(db, t.pair, [row], ["approved_at", "setup", "accounts", "error"])


def note_error(db: sa.Connection, pair: str, error: str | None) -> None:
    """Remember why the last run ended badly; None when it ended well."""
    upsert(db, t.pair, [{"name": pair, "error": error}], ["error"])
