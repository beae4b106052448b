"""What was sent to each account, day by day and class by class, and what platforms said of it.

Days are those of UTC. A crash loses what was sent since the last checkpoint of a run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa

from syncd.connectors.spending import Spend, Told
from syncd.store import tables as t
from syncd.store.prepared import prepared
from syncd.store.upsert import insert_into

KEPT = timedelta(days=35)
_S = t.spent.c
_TOLD = ("burst", "burst_left", "allowance", "left_today", "told_at")


@dataclass(frozen=True, slots=True)
class Spent:
    """What one account was sent on one day, and what its platform said last of what is left."""

    used: Mapping[Spend, int]
    told: Told


def note(
    db: sa.Connection,
    now: datetime,
    used: Mapping[tuple[str, Spend], int],
    told: Mapping[str, Told],
) -> None:
    """Add requests to what was sent today: one statement, whatever there is.

    Args:
        used: requests since the last time, by account and class; told: by account.
    """
    rows = [
        {"account": account, "day": now.date(), "spend": spend.value, "used": count}
        | _columns(told.get(account, Told()))
        for (account, spend), count in sorted(used.items())
    ]
    if rows:
        db.execute(_note(sqlite=db.dialect.name == "sqlite"), rows)


@cache
def _note(*, sqlite: bool) -> sa.Insert:
    insert = insert_into(t.spent, sqlite=sqlite)
    new = insert.excluded
    statement: sa.Insert = insert.on_conflict_do_update(
        index_elements=["account", "day", "spend"],
        set_={
            "used": _S.used + new.used,
            **{name: sa.func.coalesce(new[name], _S[name]) for name in _TOLD},
        },
    )
    return statement


def _columns(told: Told) -> dict[str, Any]:
    said = (told.burst, told.burst_left, told.day, told.day_left, told.at)
    return dict(zip(_TOLD, said, strict=True))


@prepared
def _of(account: Any, since: Any) -> sa.Executable:
    return sa.select(t.spent).where(_S.account == account, _S.day >= since).order_by(_S.day)


def of(db: sa.Connection, account: str, now: datetime) -> Spent:
    """What an account was sent today; and what was told of it today or yesterday."""
    rows: Sequence[Any] = _of(db, account=account, since=now.date() - timedelta(days=1)).all()
    used = {Spend(row.spend): int(row.used) for row in rows if row.day == now.date()}
    newest = max((row for row in rows if row.told_at), key=lambda row: row.told_at, default=None)
    return Spent(used, _told(newest) if newest else Told())


def _told(row: Any) -> Told:
    return Told(row.burst, row.burst_left, row.allowance, row.left_today, row.told_at)


def forget(db: sa.Connection, today: date) -> int:
    """Forget days that are long past; how many rows that were."""
    return db.execute(t.spent.delete().where(_S.day < today - KEPT)).rowcount
