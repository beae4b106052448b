"""`syncd demo`: the whole thing on the sandbox, and the proof that it works."""

import shutil
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from syncd.app import App, open_app
from syncd.cli import progress
from syncd.cli.context import Code, CommandContext, context_of, finish
from syncd.cli.demo import edits, proof, setup
from syncd.cli.demo.shown import GHL, PLATFORMS, TITLES, Shown, by_email, read_back
from syncd.cli.run_until_quiet import KINDS, Outcome, environment_of, run_until_quiet, stoppable
from syncd.cli.status_of_pair import CYCLES, status_of_pair
from syncd.connectors.api import Wire
from syncd.engine.word import approve
from syncd.model.op import OpState
from syncd.observe import log
from syncd.runtime.stop import Stop
from syncd.store import runs, tallies
from syncd.store.database import explained, reading
from syncd.store.runs import RunState
from syncd.testing.control import Control

app = typer.Typer(add_completion=False)
MOST_SYNCS = 8
WRITES = ("created", "updated", "opted out")


@app.command()
def demo(
    ctx: typer.Context,
    contacts: Annotated[
        int, typer.Option(min=40, max=5000, help="Invented people per platform.")
    ] = 200,
    seed: Annotated[int, typer.Option(help="Other people, and other edits.")] = 7,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep configuration and store, and say where.")
    ] = False,
) -> None:
    """Show the whole thing on emulated platforms, and prove that it works.

    All platforms are served on this machine with their real limits; nothing leaves it.
    """
    context = context_of(ctx)
    log.configure("error")
    folder = Path(tempfile.mkdtemp(prefix="syncd-demo-"))
    try:
        with stoppable(context) as (stop, wire), setup.sandbox(contacts, seed) as box:
            findings, seconds = _play(context, folder, box, stop, wire)
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
    _conclude(context, findings, seconds, folder if keep else None)


@dataclass(frozen=True, slots=True)
class Play:
    """The demo under way."""

    context: CommandContext
    box: Control
    clock: setup.Clock
    opened: App
    stop: Stop

    def tell(self, line: str) -> None:
        _tell(self.context, line)

    def sync(self) -> tuple[list[Outcome], bool]:
        """What `syncd sync` does, pair by pair; whether it had nothing to write."""
        before = self.box.counters()["writes"]
        outcomes = [self.run_until_quiet(pair) for pair in self.opened.configuration.pairs]
        settled = all(outcome.settled for outcome in outcomes)
        return outcomes, settled and self.box.counters()["writes"] == before

    def sync_until_quiet(self, since: int | None = None, asked: Counter[str] | None = None) -> None:
        """Sync as often as it takes, with time between, and show what was written.

        Args:
            since, asked: the run and the requests from which on that is counted.
        """
        since = self.last_run() if since is None else since
        asked = self.opened.requests.copy() if asked is None else asked
        times, quiet = 0, False
        while not quiet and times < MOST_SYNCS and not self.stop():
            _, quiet = self.sync()
            times += 1
            self.clock.put_forward()
        if not self.context.json:
            self.context.out.print(self._table(since, self.opened.requests - asked))
        end = "the last one wrote nothing" if quiet else "there is more to do"
        self.tell(f"   `syncd sync` was typed {times} times; {end}.")

    def _table(self, since: int, asked: Counter[str]) -> Table:
        """What later runs than `since` wrote; some of it was confirmed by the run after."""
        written: dict[str, Counter[str]] = {name: Counter() for name in setup.ACCOUNTS}
        with reading(self.opened.store) as db:
            for run_id in range(since + 1, self.last_run() + 1):
                run = runs.get(db, run_id)
                for alike in tallies.tally(db, run_id):
                    if run is not None and alike.state is OpState.DONE:
                        account = self.opened.pair_named(run.pair).account(alike.side)
                        kind = "opted out" if alike.urgent else KINDS[alike.kind]
                        written[account][kind] += alike.count
        table = Table()
        table.add_column("platform")
        for column in (*WRITES, "requests"):
            table.add_column(column, justify="right")
        for account, title in zip(setup.ACCOUNTS, TITLES.values(), strict=True):
            numbers = [*(written[account][kind] for kind in WRITES), asked[account]]
            table.add_row(title, *(f"{n:,}" if n else "·" for n in numbers))
        return table

    def last_run(self) -> int:
        """Runs are numbered over all pairs; those that are held go on under their number."""
        with reading(self.opened.store) as db:
            known = (runs.latest(db, pair, CYCLES) for pair in setup.PAIRS)
            return max((run.id for run in known if run and run.state is RunState.DONE), default=0)

    def run_until_quiet(self, pair: str) -> Outcome:
        with progress.shown(self.context) as step:
            environment = environment_of(self.opened, self.stop, step)
            return run_until_quiet(self.opened, pair, environment, full=False, once=False)


def _play(
    context: CommandContext, folder: Path, box: Control, stop: Stop, wire: Wire
) -> tuple[list[proof.Finding], float]:
    started = time.monotonic()
    path, env = setup.write_configuration(folder, box)
    membership = setup.add_memberships(box)
    before = read_back(box, membership)
    counts = ", ".join(f"{TITLES[name]} with {len(before[name]):,}" for name in PLATFORMS)
    _tell(context, f"1. Three platforms, served on {box.url} with their real limits:")
    _tell(context, f"   {counts} contacts.")
    _tell(context, "   Pair letters is GoHighLevel ⇄ Mailercloud, pair shop GoHighLevel ⇄ Maileon.")
    clock = setup.Clock(box)
    opened = open_app(path, env=env, wire=replace(wire, now=clock.now))
    try:
        with explained(opened.store):
            play = Play(context, box, clock, opened, stop)
            said = _act(play, membership, before)
    finally:
        opened.close()
    findings = proof.examine(box, read_back(box, membership), said)
    return findings, time.monotonic() - started


def _act(play: Play, membership: str, before: Shown) -> proof.Said:
    """Everything up to the proof; what is said to have happened."""
    opted_out = proof.opted_out(play.box, before)
    known = {
        email for name in PLATFORMS for email in by_email(p for p in before[name] if p.mailable)
    }
    known |= by_email(before[GHL]).keys()
    play.tell("2. `syncd sync` reads everything, and holds each pair for a person:")
    outcomes, _ = play.sync()
    for outcome in outcomes:
        play.tell(f"   {outcome.sentence().split('  ')[0]}")
    play.tell(
        "3. Somebody looks and lets them go, one after the other: what `syncd release letters`"
    )
    play.tell("   brings to GoHighLevel belongs to what is then seen before `syncd release shop`.")
    play.tell("   Mailercloud lists a write five minutes later, so before each further")
    play.tell("   `syncd sync` the clocks, the sandbox's and ours, are put forward by 11 minutes:")
    since, requests = play.last_run(), play.opened.requests.copy()
    for pair in setup.PAIRS:
        play.run_until_quiet(pair)
        approve(play.opened.environment, pair)
        play.run_until_quiet(pair)
    play.clock.put_forward()
    play.sync_until_quiet(since, requests)
    play.tell("4. People go on working, everywhere at once:")
    made = edits.make(play.box, read_back(play.box, membership))
    for where in (*PLATFORMS, ""):
        told = ", ".join(edit.told for edit in made if edit.where == where)
        play.tell(f"   {TITLES.get(where, 'all three'):<12} {told}")
    opted_out |= proof.opted_out(play.box, read_back(play.box, membership))
    play.clock.put_forward()
    play.tell("5. Sync again:")
    play.sync_until_quiet()
    began, asked = time.monotonic(), play.opened.requests.total()
    _, quiet = play.sync()
    asked = play.opened.requests.total() - asked
    play.tell(f"6. And once more: {asked} requests, {time.monotonic() - began:.1f} s.")
    arrivals = sum(edit.told == "new contact" for edit in made)
    listed = sum(n for *_, n in status_of_pair(play.opened, "letters", play.clock.now()).problems)
    return proof.Said(made, opted_out, len(known) + arrivals, listed, quiet)


def _tell(context: CommandContext, line: str) -> None:
    if not context.json:
        context.out.print(line, soft_wrap=True)


def _conclude(
    context: CommandContext, findings: list[proof.Finding], seconds: float, folder: Path | None
) -> None:
    works = all(finding.holds for finding in findings)
    table = Table(title="7. All three, read back from the sandbox", title_justify="left")
    for heading in ("what must hold", "", *(() if works else ("but",))):
        table.add_column(heading)
    for finding in findings:
        cells = (finding.claim, "yes") if finding.holds else (finding.claim, "NO", finding.detail)
        table.add_row(*cells, style=None if finding.holds else "red")
    verdict = "Everything holds" if works else "Something does not hold"
    said = f"{verdict}, after {seconds:.0f} s."
    if folder:
        said += f"  Look around with `syncd --config {folder}/syncd.yaml status`."
    content = {
        "works": works,
        "seconds": round(seconds, 1),
        "findings": [
            {"claim": f.claim, "holds": f.holds, "detail": "" if f.holds else f.detail}
            for f in findings
        ],
        "folder": str(folder) if folder else None,
    }
    context.answer(content, table, said)
    finish(Code.DONE if works else Code.AGAIN)
