"""What a sync will take: requests to each account, and hours at the permitted rate.

Counted is what `syncd sync` does from here on until both sides agree: the writes of a plan, the
cycles that its slices of time make of them, and what each of these reads. Left out is what people
and platforms do meanwhile. The rules by which the engine reads stand at the functions.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from syncd.connectors.spending import Spend
from syncd.engine.context import Pair, Stream
from syncd.engine.cycle import Report
from syncd.http.budget import SharedBudget
from syncd.model.record import Resource
from syncd.model.side import SIDES, Side
from syncd.model.spec import Listing
from syncd.store import observations, tallies

DAY_H, HOUR_S = 24.0, 3600.0


@dataclass(slots=True)
class AccountForecast:
    """What one account will be sent; `hours` is None where no rate is known."""

    writes: float = 0.0
    reads: float = 0.0
    hours: float | None = None

    @property
    def requests(self) -> int:
        return math.ceil(self.writes + self.reads)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a sync will take.

    Attributes:
        cycles: in which it comes to its end; the last of them finds nothing more to do.
        hours: of all accounts together, as one is waited for after the other.
    """

    accounts: Mapping[str, AccountForecast] = field(default_factory=dict)
    cycles: int = 1

    @property
    def hours(self) -> float | None:
        known = [one.hours for one in self.accounts.values() if one.hours is not None]
        return sum(known) if known else None

    @property
    def content(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "accounts": {
                name: {
                    "writes": math.ceil(one.writes),
                    "reads": math.ceil(one.reads),
                    "requests": one.requests,
                    "hours": one.hours and round(one.hours, 3),
                }
                for name, one in self.accounts.items()
            },
            "cycles": self.cycles,
            "hours": self.hours and round(self.hours, 3),
        }


def forecast(
    db: sa.Connection, pair: Pair, report: Report, budgets: Mapping[str, SharedBudget]
) -> Forecast:
    """What it takes to carry out what a run has planned."""
    accounts = {account.name: AccountForecast() for account in pair.contacts.accounts}
    if not sum(report.counts.values()):
        return Forecast(accounts)
    writing_s: dict[Resource, float] = {}
    for stream in pair.streams:
        for side in SIDES:
            name = stream.accounts[side].name
            writes = _writes(db, report, stream, side)
            accounts[name].writes += writes
            before_s = writing_s.get(stream.resource, 0.0)
            writing_s[stream.resource] = before_s + budgets[name].own(Spend.BULK).lasts_s(writes)
    cycles = _cycles(writing_s.values(), pair.contacts.slice.total_seconds())
    for stream in pair.streams:
        for side in SIDES:
            reading = accounts[stream.accounts[side].name]
            reading.reads += _reads(db, pair, report, stream, side, cycles)
    for name, one in accounts.items():
        one.hours = hours_for(one.requests, budgets[name])
    return Forecast(accounts, cycles)


def _writes(db: sa.Connection, report: Report, stream: Stream, side: Side) -> float:
    """Requests that write one resource on one side."""
    costs = stream.specs[side].costs
    updates = tallies.patches(db, report.run_id, stream.resource, side)
    changed = sum(costs.of_update(patch) for patch in updates)
    return (
        costs.create * _count(report, stream, side, "creates")
        + costs.delete * _count(report, stream, side, "deletes")
        + costs.optout * _count(report, stream, side, "optouts")
        + changed
    )


def _count(report: Report, stream: Stream, side: Side, kind: str) -> int:
    of = "" if stream.parent is None else f" {stream.noun}"
    return report.counts.get(f"{stream.accounts[side].name}{of}.{kind}", 0)


def _cycles(writing_s: Iterable[float], slice_s: float) -> int:
    """A cycle ends when one resource has been written for so long, and the next goes on with it.

    Beside these there is one that comes to the end, and one that finds nothing more.
    """
    return sum(int(taken_s // slice_s) for taken_s in writing_s) + 2


def _reads(
    db: sa.Connection, pair: Pair, report: Report, stream: Stream, side: Side, cycles: int
) -> float:
    """Requests that read one resource on one side."""
    spec, name = stream.specs[side], stream.accounts[side].name
    if spec.listing is Listing.BY_PARENT:
        return _by_parent(pair, report, side)
    if spec.incremental:
        shown_again = _count(report, stream, side, "creates") / spec.page_size
        return cycles + shown_again
    known = observations.count(db, name, stream.resource)
    return cycles * max(1, math.ceil(known / spec.page_size))


def _by_parent(pair: Pair, report: Report, side: Side) -> int:
    """A contact's records are listed after each change of it that is carried out, on both sides.

    Those of one that is new were listed for the plan, and are again once its counterpart is there.
    """
    contacts = pair.contacts
    here, there = (
        {kind: _count(report, contacts, at, kind) for kind in ("creates", "updates")}
        for at in (side, side.other)
    )
    return sum(here.values()) + sum(there.values())


def hours_for(requests: int, budget: SharedBudget) -> float | None:
    """How long so many requests take bulk, over several days where one does not hold them.

    None where the platform tells no limit. A day is taken to begin 24 h from now.
    """
    rate = budget.own(Spend.BULK)
    if rate.requests is None:
        return None
    today, a_day = budget.of_day(Spend.BULK)
    if today is None or a_day is None or requests <= today:
        return rate.lasts_s(requests) / HOUR_S
    days, rest = divmod(requests - today - 1, max(a_day, 1))
    return DAY_H * (1 + days) + rate.lasts_s(rest + 1) / HOUR_S
