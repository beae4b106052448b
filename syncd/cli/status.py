"""`syncd status`: where every record stands, and how the last run went."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from syncd.cli import advice
from syncd.cli.budget import budget_status
from syncd.cli.context import Code, CommandContext, context_of, finish, pair_names, stored
from syncd.cli.status_of_pair import PairStatus, status_of_pair
from syncd.cli.values import ago, counted, moment, of
from syncd.connectors.api import utc_now
from syncd.engine.word import held_message
from syncd.model.side import SIDES
from syncd.store.runs import BACKFILL, Run, RunState
from syncd.stored import Stored

app = typer.Typer(add_completion=False)
SLACK = timedelta(minutes=5)


@app.command()
def status(
    ctx: typer.Context,
    pair: Annotated[str | None, typer.Argument(help="All pairs, if none is named.")] = None,
    check: Annotated[
        bool,
        typer.Option("--check", help="Health check: 0 if the daemon keeps every pair in step."),
    ] = False,
    budget: Annotated[
        bool,
        typer.Option("--budget", help="Show what the accounts were sent today, and what is left."),
    ] = False,
) -> None:
    """Show where every record stands, and how the last run went. Asks no platform.

    With `--check`: ends with 0 if the last run of every pair is recent and did not fail,
    with 7 if one is held, and with 1 if one failed or none came.
    """
    context = context_of(ctx)
    with stored(context, make=False) as known:
        names = pair_names(known, [pair] if pair else [])
        now = utc_now()
        if budget:
            found = budget_status(known, names, now)
            context.answer(found.content(now), *found.shown(now))
            return
        statuses = [status_of_pair(known, name, now) for name in names]
        if check:
            _check(context, known, statuses, now)
            return
        context.answer({"pairs": [s.content for s in statuses]})
        if not context.json:
            for pair_status in statuses:
                _show(context, known, pair_status, now)


# -- for a person ------------------------------------------------------------------------


def _show(context: CommandContext, known: Stored, pair_status: PairStatus, now: datetime) -> None:
    context.out.print(_title(known, pair_status), style="bold")
    if pair_status.census.counts:
        context.out.print(pair_status.census.table(pair_status.accounts))
    elif pair_status.error is None:
        context.out.print("  No record was read yet: type `syncd sync`.")
    for line in _lines(pair_status, now):
        context.out.print(line, soft_wrap=True)
    for stream in pair_status.streams:
        title = f"{stream.resource.value.capitalize()}s of the contacts, {stream.links:,} linked"
        context.out.print(stream.census.table(pair_status.accounts, title))
        for line in stream.lines(pair_status.accounts, now):
            context.out.print(line, soft_wrap=True)
    context.out.print()


def _title(known: Stored, pair_status: PairStatus) -> str:
    every = known.pair_named(pair_status.pair).settings.every
    left, right = pair_status.accounts
    return f"Pair {pair_status.pair}: {left} ⇄ {right}, every {every.total_seconds():.0f} s"


def _lines(pair_status: PairStatus, now: datetime) -> Sequence[str]:
    run = pair_status.last_run
    lines = [
        f"  links        {pair_status.links:,}",
        f"  conflicts    {pair_status.conflicts:,}{_see(pair_status)}",
        f"  opted out    {counted(pair_status.suppressed, 'address', 'addresses')} on the ledger of"
        " all accounts that pairs connect with these",
    ]
    lines += [
        f"  not shown    {counted(n, 'opt-out')} written to '{account}', which shows no status:"
        " look there if in doubt"
        for account, n in pair_status.unshown.items()
    ]
    if pair_status.in_doubt:
        writes = counted(pair_status.in_doubt, "write", "writes")
        lines.append(
            f"  in doubt     {writes} sent, and neither confirmed nor shown yet; every run looks"
        )
    lines += [
        f"  cannot travel: {of(resource)}{rule}: {counted(n, 'value')}, {advice.problem_told(code)}"
        for resource, rule, code, n in pair_status.problems
    ]
    if run is not None:
        at = run.ended_at or run.started_at
        what = f"{run.id}, a backfill" if run.mode == BACKFILL else str(run.id)
        rest = f"; {run.quiet:,} cycles in a row had nothing to do" if run.quiet > 1 else ""
        lines.append(f"  last run     {what}, {_ended(run)}, {ago(at, now)} ({moment(at)}){rest}")
    lines += [
        f"  read         {pair_status.accounts[side]}: everything {ago(swept, now)}"
        f"{f', {count:,} records' if count is not None else ''}"
        for side in SIDES
        for swept, count in [pair_status.swept[side]]
    ]
    if pair_status.holder:
        lines.append(f"  at work now  {pair_status.holder}")
    if pair_status.error:
        lines.append(f"  failed       {pair_status.error}")
    if pair_status.released is not None:
        lines.append(f"  released     {_released(pair_status.pair, pair_status.released)}")
    if pair_status.held is not None:
        lines.append(f"  HELD         {held_message(pair_status.pair, pair_status.held)}")
    return lines


def _ended(run: Run) -> str:
    """How a run stands: one that a person has released is held no more."""
    is_released = run.state is RunState.HELD and run.approved is not None
    return "released" if is_released else run.state.value


def _released(pair: str, run: Run) -> str:
    if run.mode == BACKFILL:
        return f"run {run.id}, a backfill: go on with `syncd backfill {pair} --resume {run.id}`"
    return f"run {run.id}: the next cycle sends it; type `syncd sync {pair}` to do it now"


def _see(pair_status: PairStatus) -> str:
    if not pair_status.conflicts:
        return ""
    flips = ""
    if pair_status.flipping:
        flips = f", in {pair_status.flipping:,} of which {advice.conflict_told(flips=True)}"
    return f"{flips}  (`syncd conflicts list {pair_status.pair}`)"


# -- the health check --------------------------------------------------------------------


def _check(
    context: CommandContext, known: Stored, statuses: Sequence[PairStatus], now: datetime
) -> None:
    verdicts = {s.pair: _verdict(known, s, now) for s in statuses}
    content: dict[str, Any] = {
        "healthy": all(code is Code.DONE for code, _ in verdicts.values()),
        "pairs": {name: {"code": int(c), "why": why} for name, (c, why) in verdicts.items()},
    }
    context.answer(content, *(f"{name}: {why}" for name, (_, why) in verdicts.items()))
    codes = {code for code, _ in verdicts.values()}
    finish(Code.AGAIN if Code.AGAIN in codes else max(codes, default=Code.DONE))


def _verdict(known: Stored, pair_status: PairStatus, now: datetime) -> tuple[Code, str]:
    """Whether the daemon keeps this pair in step, in one line."""
    run = pair_status.last_cycle
    if run is None:
        return Code.AGAIN, "no run yet; start `syncd run`"
    every = known.pair_named(pair_status.pair).settings.every
    latest = max(run.started_at, run.ended_at or run.started_at)
    age = f"the last run ended {ago(latest, now)}"
    if now - latest > 3 * every + SLACK and not pair_status.holder:
        return Code.AGAIN, f"{age}, and it should every {every.total_seconds():.0f} s"
    if pair_status.held is not None:
        return Code.HELD, f"held: {' '.join(pair_status.held.reasons)}"
    if pair_status.released is not None and pair_status.released.id == run.id:
        return Code.DONE, f"run {run.id} is released, and the next cycle sends it; {age}"
    if run.state is RunState.FAILED or pair_status.error:
        return Code.AGAIN, f"the last run failed: {pair_status.error or run.error}"
    return Code.DONE, f"in step; {age}"
