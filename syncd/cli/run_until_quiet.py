"""Cycles of one pair until nothing is left to do, and what they did together."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from rich.table import Table

from syncd.app import App
from syncd.cli import advice, progress
from syncd.cli.context import Code, CommandContext
from syncd.cli.values import counted
from syncd.connectors.api import Wire
from syncd.engine.context import Environment
from syncd.engine.cycle import Mode, Report
from syncd.engine.word import held_message
from syncd.model.link import State
from syncd.model.op import OpKind, OpState
from syncd.model.record import Resource
from syncd.model.side import SIDES, Both
from syncd.runtime.stop import Stop, on_signals
from syncd.store import members, runs, tallies
from syncd.store.database import reading
from syncd.store.runs import RunState
from syncd.store.tallies import Tally

MOST_CYCLES = 6  # a pair that still writes after so many has rules that chase each other
KINDS = {
    OpKind.CREATE: "created",
    OpKind.UPDATE: "updated",
    OpKind.DELETE: "deleted",
    OpKind.SUPPRESS: "opted out",
}


@dataclass(slots=True)
class Outcome:
    """What the cycles of one pair did.

    Attributes:
        written: per side, how many writes of each kind went out to contacts; `in_doubt` of them
            and of earlier ones wait to be shown by their platform.
        nested: the same of what belongs to contacts, by resource.
        settled: the last cycle wrote nothing.
        in_doubt: writes that no platform has shown yet; the next run looks again.
        refused: writes that a platform refused for good; their records are parked.
        parked: records that need a person's look.
    """

    pair: str
    accounts: Both[str]
    cycles: int = 0
    seen: Both[int] = field(default_factory=lambda: Both(0, 0))
    changed: Both[int] = field(default_factory=lambda: Both(0, 0))
    written: Both[dict[str, int]] = field(default_factory=lambda: Both({}, {}))
    nested: dict[Resource, Both[dict[str, int]]] = field(default_factory=dict)
    in_doubt: int = 0
    refused: int = 0
    parked: int = 0
    conflicts: int = 0
    settled: bool = False
    stopped: bool = False
    held: str | None = None
    run_id: int = 0
    requests: int = 0

    @property
    def code(self) -> Code:
        if self.held:
            return Code.HELD
        if self.stopped and not self.settled:
            return Code.AGAIN
        return Code.CONFLICTS if self.conflicts else Code.DONE

    @property
    def content(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "pair": self.pair,
            "run": self.run_id,
            "cycles": self.cycles,
            "settled": self.settled,
            "stopped": self.stopped,
            "held": self.held,
            "sides": {
                self.accounts[side]: {
                    "read": self.seen[side],
                    "changed": self.changed[side],
                    **{name.replace(" ", "_"): n for name, n in self.written[side].items()},
                }
                for side in SIDES
            },
            "children": {
                f"{resource.value}s": {self.accounts[side]: dict(done[side]) for side in SIDES}
                for resource, done in self.nested.items()
            },
            "in_doubt": self.in_doubt,
            "refused": self.refused,
            "parked": self.parked,
            "conflicts": self.conflicts,
            "requests": self.requests,
        }

    def table(self) -> Table:
        """For a person: one line per account, and per kind of what belongs to its contacts."""
        table = Table(title=f"Pair {self.pair}", title_justify="left")
        table.add_column("account")
        columns = ("read", "new or changed", *dict.fromkeys(KINDS.values()))
        for column in columns:
            table.add_column(column, justify="right")
        for side in SIDES:
            done = self.written[side]
            cells = [self.seen[side], self.changed[side], *(done.get(c, 0) for c in columns[2:])]
            table.add_row(self.accounts[side], *(f"{n:,}" if n else "·" for n in cells))
        for resource, written in self.nested.items():
            for side in SIDES:
                cells = [0, 0, *(written[side].get(c, 0) for c in columns[2:])]
                name = f"{self.accounts[side]} {resource.value}s"
                table.add_row(name, *(f"{n:,}" if n else "·" for n in cells))
        return table

    def sentence(self) -> str:
        """How it ended, and what to type next."""
        if self.held:
            return self.held
        parts = [f"{self.requests:,} requests."] if self.requests else []
        if self.stopped:
            parts.insert(0, "Stopped as asked; the next run goes on from here.")
        elif self.in_doubt:
            writes = counted(self.in_doubt, "write went out and is", "writes went out and are")
            parts.insert(0, f"{writes} not shown by their platform yet; the next run looks again.")
        elif self.settled and self.conflicts:
            return " ".join([self._all_but(), *parts, *self._left_over()])
        elif self.settled:
            parts.insert(0, f"Both sides agree: cycle {self.cycles} found nothing more to write.")
        else:
            parts.insert(0, f"There is more to do after cycle {self.cycles}: type it again.")
        parts += self._left_over()
        if self.conflicts:
            waits = counted(self.conflicts, "field waits", "fields wait")
            parts.append(f"{waits} for a person: {self._to_conflicts()}.")
        return " ".join(parts)

    def _all_but(self) -> str:
        agree = counted(self.conflicts, "field agrees; it waits", "fields agree; they wait")
        return f"All but {agree} for a person: {self._to_conflicts()}."

    def _to_conflicts(self) -> str:
        return f"type `syncd conflicts list {self.pair}`"

    def _left_over(self) -> list[str]:
        """What neither agrees nor is a conflict."""
        parts = []
        if self.refused:
            parts.append(f"Writes refused by a platform: {self.refused:,}.")
        if self.parked:
            records = counted(self.parked, "record is", "records are")
            parts.append(f"{records} parked: see `syncd status {self.pair}`.")
        return parts


@contextmanager
def stoppable(context: CommandContext, share: float = 1.0) -> Iterator[tuple[Stop, Wire]]:
    """Ctrl-C ends the work at its next safe place, a second one at once."""
    stop = Stop()
    on_signals(
        stop,
        lambda _: context.say("Stopping at the next safe place; once more to stop at once."),
    )
    yield stop, Wire(sleep=stop.sleep, rate_share=share)


def environment_of(app: App, stop: Stop, step: progress.Step) -> Environment:
    return replace(app.environment, stopping=stop, progress=step)


def run_until_quiet(
    app: App, name: str, environment: Environment, *, full: bool, once: bool
) -> Outcome:
    """Run cycles of one pair until one writes nothing, or a person is needed.

    Args:
        full: the first cycle reads everything on both sides.
        once: one cycle and no more.

    Raises:
        SyncdError: as `App.run_pair`.
    """
    before = app.requests.total()
    configured = app.pair_named(name)
    outcome = Outcome(name, Both(*(configured.account(side) for side in SIDES)))
    run_ids: set[int] = set()
    mode = Mode.FULL if full else Mode.SYNC
    finished = 0  # a cycle that only ran out of its slice of time does not count
    while not environment.stopping():
        _, report = app.run_pair(name, environment, mode, create_fields=True)
        mode = Mode.SYNC
        run_ids.add(report.run_id)
        outcome.cycles += 1
        _add(outcome, report)
        outcome.held = _held(app, name, report) if report.state is RunState.HELD else None
        waits = outcome.held and (report.releasable or not report.written)
        quiet = not report.written and report.in_doubt == outcome.in_doubt
        outcome.in_doubt = report.in_doubt
        settled = report.finished and not report.written and not report.in_doubt
        outcome.settled = settled and not outcome.held
        finished += report.finished
        if outcome.settled or waits or once or finished >= MOST_CYCLES:
            break
        if quiet:
            break  # what is in doubt can only be told later
    outcome.stopped = environment.stopping()
    _count(app, outcome, run_ids)
    outcome.requests = app.requests.total() - before
    return outcome


def _add(outcome: Outcome, report: Report) -> None:
    pulled = report.pulled
    outcome.run_id = report.run_id
    outcome.conflicts = report.conflicts
    outcome.seen = Both(*(outcome.seen[s] + pulled[s].seen for s in SIDES))
    outcome.changed = Both(*(outcome.changed[s] + pulled[s].changed for s in SIDES))


def _held(app: App, pair: str, report: Report) -> str:
    with reading(app.store) as db:
        run = runs.get(db, report.run_id)
    return held_message(pair, run) if run else " ".join(report.reasons)


def _count(app: App, outcome: Outcome, run_ids: set[int]) -> None:
    with reading(app.store) as db:
        for run_id in run_ids:
            for alike in tallies.tally(db, run_id):
                if alike.state in (OpState.DONE, OpState.TAKEN):
                    what = "opted out" if alike.urgent else KINDS[alike.kind]
                    _note(outcome, alike, what)
                elif alike.state is OpState.DEAD:
                    outcome.refused += alike.count
        outcome.parked = sum(
            n
            for _, _, state, cause, n in members.census(db, outcome.pair)
            if state == State.PARKED and advice.needs_a_person(cause)
        )


def _note(outcome: Outcome, alike: Tally, what: str) -> None:
    written = outcome.written
    if alike.resource is not Resource.CONTACT:
        written = outcome.nested.setdefault(alike.resource, Both({}, {}))
    written[alike.side][what] = written[alike.side].get(what, 0) + alike.count
