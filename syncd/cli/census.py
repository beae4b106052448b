"""How many records of a pair stand where, as `syncd status` shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rich.table import Table

from syncd.cli import advice
from syncd.cli.values import ago, lasting
from syncd.model.record import Resource
from syncd.model.side import SIDES, Both, Side
from syncd.store.parents import Reading


@dataclass(frozen=True, slots=True)
class Census:
    """The records of one resource.

    Attributes:
        counts: (side, state, cause, how many).
    """

    counts: Sequence[tuple[Side, str, str | None, int]] = ()

    def by_state(self) -> dict[tuple[str, str | None], dict[Side, int]]:
        """How many records of each side are in each state."""
        found: dict[tuple[str, str | None], dict[Side, int]] = {}
        for side, state, cause, n in self.counts:
            found.setdefault((state, cause), dict.fromkeys(SIDES, 0))[side] += n
        return found

    def total(self, side: Side) -> int:
        return sum(n for where, _, _, n in self.counts if where is side)

    def content(self, accounts: Both[str]) -> list[dict[str, Any]]:
        """For `--json`."""
        return [
            {"account": accounts[side], "state": state, "cause": cause, "count": n}
            for side, state, cause, n in self.counts
        ]

    def table(self, accounts: Both[str], title: str | None = None) -> Table:
        """For people, with what to do about what is parked."""
        table = Table(title=title, title_justify="left")
        table.add_column("state")
        table.add_column("why", overflow="fold")
        for account in accounts:
            table.add_column(account, justify="right")
        table.add_column("what to do", overflow="fold")
        for (state, cause), numbers in self.by_state().items():
            cells = (f"{numbers[side]:,}" if numbers[side] else "·" for side in SIDES)
            to_do = advice.what_to_do(cause) if state == "parked" else ""
            table.add_row(state, advice.told(cause), *cells, to_do)
        table.add_section()
        table.add_row("all", "", *(f"{self.total(side):,}" for side in SIDES), "")
        return table


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """What belongs to the contacts of a pair: one resource of it.

    Attributes:
        read: per side, contact by contact; swept: when everything was last listed.
        rounds: per side, how long it takes until each contact has had its turn.
    """

    resource: Resource
    census: Census
    links: int
    read: Both[Reading]
    swept: Both[datetime | None]
    rounds: Both[timedelta | None]

    def content(self, accounts: Both[str]) -> dict[str, Any]:
        """For `--json`."""
        return {
            "resource": self.resource.value,
            "records": self.census.content(accounts),
            "links": self.links,
            "swept_at": {accounts[side]: self.swept[side] for side in SIDES},
            "oldest_look_at": {accounts[side]: self.read[side].oldest for side in SIDES},
            "round_s": {
                accounts[side]: around and round(around.total_seconds())
                for side in SIDES
                for around in (self.rounds[side],)
            },
        }

    def lines(self, accounts: Both[str], now: datetime) -> Sequence[str]:
        """When the platforms were asked for them."""
        return [f"  read         {accounts[side]}: {self._told(side, now)}" for side in SIDES]

    def _told(self, side: Side, now: datetime) -> str:
        read = self.read[side]
        if read.contacts:
            waits = f", {read.due:,} are due" if read.due else ""
            oldest = f"the oldest look {ago(read.oldest, now)}" if read.oldest else "none yet"
            around = self.rounds[side]
            turns = f", each at least every {lasting(around)}" if around else ""
            return f"{read.contacts:,} contacts one by one{turns}, {oldest}{waits}"
        return f"everything {ago(self.swept[side], now)}"
