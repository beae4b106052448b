"""`syncd status --budget`: what each account was sent today, and what is left."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from rich.console import RenderableType
from rich.table import Table

from syncd.cli.values import ago, moment
from syncd.connectors.spending import Spend
from syncd.model.side import SIDES
from syncd.store import backfills, leases, runs, spent
from syncd.store.database import reading
from syncd.store.runs import BACKFILL, Run, RunState
from syncd.store.spent import Spent
from syncd.stored import Stored

NOTHING = "·"


@dataclass(frozen=True, slots=True)
class Underway:
    """A backfill that is being worked on.

    Attributes:
        ends_at: when it will be done at its present speed; None before its first chunk is.
    """

    pair: str
    run: int
    done: int
    listed: int
    ends_at: datetime | None

    def told(self, now: datetime) -> str:
        """In a sentence."""
        where = f"Backfill of pair '{self.pair}', run {self.run}: {self.done:,} of {self.listed:,}"
        if self.ends_at is None:
            return f"{where} records; how fast it writes is not known yet."
        minutes = max(1, round((self.ends_at - now) / timedelta(minutes=1)))
        left = f"{minutes:,} min" if minutes < 120 else f"{minutes / 60:,.1f} h"
        return f"{where} records; at this speed it ends in {left} ({moment(self.ends_at)})."


@dataclass(frozen=True, slots=True)
class BudgetStatus:
    """What the accounts of some pairs were sent today, and what goes on."""

    accounts: Mapping[str, Spent]
    underway: tuple[Underway, ...]

    def content(self, now: datetime) -> dict[str, Any]:
        """For `--json`."""
        return {
            "day": now.date().isoformat(),
            "accounts": {
                name: {
                    "used": {spend.value: one.used.get(spend, 0) for spend in Spend},
                    "window": {"permitted": one.told.burst, "left": one.told.burst_left},
                    "day": {"permitted": one.told.day, "left": one.told.day_left},
                    "told_at": one.told.at,
                }
                for name, one in self.accounts.items()
            },
            "backfills": [asdict(one) for one in self.underway],
        }

    def shown(self, now: datetime) -> list[RenderableType]:
        """For a person."""
        table = Table(title=f"Requests of {now:%Y-%m-%d} (UTC)", title_justify="left")
        table.add_column("account")
        for heading in (*(spend.value for spend in Spend), "left of window", "left of day"):
            table.add_column(heading, justify="right")
        table.add_column("as told")
        for name, one in self.accounts.items():
            told = one.told
            table.add_row(
                name,
                *(f"{n:,}" if (n := one.used.get(spend, 0)) else NOTHING for spend in Spend),
                _left(told.burst_left, told.burst),
                _left(told.day_left, told.day),
                ago(told.at, now) if told.at else NOTHING,
            )
        return [table, *(one.told(now) for one in self.underway)]


def budget_status(known: Stored, pairs: Iterable[str], now: datetime) -> BudgetStatus:
    """Read it from the store; nothing where that has no tables yet."""
    names = list(pairs)
    accounts = dict.fromkeys(known.pair_named(name).account(s) for name in names for s in SIDES)
    if known.is_empty:
        return BudgetStatus({}, ())
    with reading(known.store) as db:
        underway = (_underway(db, name, now) for name in names)
        return BudgetStatus(
            {name: spent.of(db, name, now) for name in accounts},
            tuple(one for one in underway if one is not None),
        )


def _underway(db: sa.Connection, pair: str, now: datetime) -> Underway | None:
    run = runs.latest(db, pair, (BACKFILL,))
    if run is None or run.state is not RunState.OPEN or leases.holder_of(db, pair, now) is None:
        return None
    done, listed = backfills.count(db, run.id)
    return Underway(pair, run.id, done, listed, _end(run, done, listed, now))


def _end(run: Run, done: int, listed: int, now: datetime) -> datetime | None:
    progress = run.progress or {}
    begun = progress.get("paced_from")
    if begun is None or done <= begun["done"]:
        return None
    took_s = progress["spent"]["seconds"] - begun["s"]
    return now + timedelta(seconds=took_s * (listed - done) / (done - begun["done"]))


def _left(left: int | None, permitted: int | None) -> str:
    if left is None:
        return NOTHING
    return f"{left:,}" if permitted is None else f"{left:,} of {permitted:,}"
