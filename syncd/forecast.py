"""What a sync will take: requests to each account, and hours at the permitted rate.

Counted is what `syncd sync` does from here on until both sides agree: the writes of a plan, the
cycles that its slices of time make of them, and what each of these reads. Left out is what people
and platforms do meanwhile. The rules by which the engine reads stand at the functions.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from syncd.connectors.spending import Rate, Spend
from syncd.engine.context import Pair, Stream
from syncd.engine.cycle import Report
from syncd.http.budget import SharedBudget
from syncd.model.record import Resource
from syncd.model.side import SIDES, Side
from syncd.model.spec import Listing
from syncd.store import observations, tallies

DAY_H, HOUR_S = 24.0, 3600.0
ENDING = 2  # cycles: one comes to the end of what there is, and one finds nothing more


@dataclass(slots=True)
class AccountForecast:
    """What one account will be sent.

    Attributes:
        in_turn: of the reads, those of contacts, one after the other.
        hours: at the permitted rate, for it alone; None where no rate is known.
    """

    writes: float = 0.0
    reads: float = 0.0
    in_turn: float = 0.0
    hours: float | None = None

    @property
    def requests(self) -> int:
        return math.ceil(self.writes + self.reads)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a sync will take.

    Attributes:
        cycles: in which it comes to its end; the last of them finds nothing more to do.
        hours: of all accounts together, of which one works while the others wait.
    """

    accounts: Mapping[str, AccountForecast] = field(default_factory=dict)
    cycles: int = 1
    hours: float | None = None

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
    rates = {name: budgets[name].own(Spend.BULK) for name in accounts}
    slices: dict[Resource, float] = {}
    for stream in pair.streams:
        for side in SIDES:
            name = stream.accounts[side].name
            writes = _writes(db, report, stream, side)
            accounts[name].writes += writes
            so_far = slices.get(stream.resource, 0.0)
            slices[stream.resource] = so_far + rates[name].lasts_s(writes) / _slice_s(pair)
    cycles = sum(map(int, slices.values())) + ENDING
    for stream in pair.streams:
        for side in SIDES:
            _add_reads(accounts[stream.accounts[side].name], db, pair, report, stream, side, cycles)
    for name, one in accounts.items():
        one.hours = hours_for(one.requests, budgets[name])
    of_contacts = int(slices[Resource.CONTACT]) + 1
    return Forecast(accounts, cycles, _together(accounts, rates, cycles, of_contacts))


def _slice_s(pair: Pair) -> float:
    """A cycle ends when one resource has been written for so long; the next goes on with it."""
    return pair.contacts.slice.total_seconds()


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


def _add_reads(
    one: AccountForecast,
    db: sa.Connection,
    pair: Pair,
    report: Report,
    stream: Stream,
    side: Side,
    cycles: int,
) -> None:
    """Requests that read one resource on one side."""
    spec, name = stream.specs[side], stream.accounts[side].name
    if spec.listing is Listing.BY_PARENT:
        contacts = _by_parent(pair, report, side)
        one.in_turn += contacts
        one.reads += contacts
    elif spec.incremental:
        one.reads += cycles + _count(report, stream, side, "creates") / spec.page_size
    else:
        known = observations.count(db, name, stream.resource)
        one.reads += cycles * max(1, math.ceil(known / spec.page_size))


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


def _together(
    accounts: Mapping[str, AccountForecast],
    rates: Mapping[str, Rate],
    cycles: int,
    of_contacts: int,
) -> float | None:
    """Hours of a whole sync, one account being waited for after the other.

    While one is at work the windows of the others come free again: what these take in the same
    cycle costs so much less. What is read in turn is read in the cycles that write contacts.
    """
    if all(rate.requests is None for rate in rates.values()):
        return None
    rest = cycles - of_contacts
    seconds = 0.0
    for number, in_turn in ((of_contacts, True), (rest, False)):
        loads = {
            name: (one.requests - one.in_turn) / cycles
            + (one.in_turn / of_contacts if in_turn else 0.0)
            for name, one in accounts.items()
        }
        seconds += number * _cycle_s(loads, rates)
    at_hand = max(_window_s(rates[name], one.requests) for name, one in accounts.items())
    waits = max((one.hours or 0.0) // DAY_H for one in accounts.values()) * DAY_H
    return waits + max(seconds - at_hand, 0.0) / HOUR_S


def _cycle_s(loads: Mapping[str, float], rates: Mapping[str, Rate]) -> float:
    """How long one cycle takes, by the requests of each account.

    The one that takes longest is worked out last, as only by then it is known how long it rests.
    """
    alone = {name: _lasts_s(rates[name], load) for name, load in loads.items()}
    longest = max(alone, key=lambda name: alone[name])
    others = {
        name: alone[name] - min(_window_s(rates[name], load), alone[longest])
        for name, load in loads.items()
        if name != longest
    }
    resting = sum(others.values())
    return resting + alone[longest] - min(_window_s(rates[longest], loads[longest]), resting)


def _lasts_s(rate: Rate, requests: float) -> float:
    """How long so many requests take where no window is at hand."""
    return 0.0 if rate.requests is None else requests / rate.requests * rate.interval_s


def _window_s(rate: Rate, requests: float) -> float:
    """How much of that a whole window at hand saves."""
    return 0.0 if rate.requests is None else _lasts_s(rate, min(requests, rate.requests))


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
