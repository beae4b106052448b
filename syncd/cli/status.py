"""`syncd status`: where every record stands, and how the last run went."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer
from rich.table import Table

from syncd.cli import causes
from syncd.cli.context import Code, CommandContext, context_of, finish, pair_names, stored
from syncd.cli.standing import Standing, read_standing
from syncd.cli.values import ago, counted, moment
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
) -> None:
    """Show where every record stands, and how the last run went. Asks no platform.

    With `--check`: ends with 0 if the last run of every pair is recent and did not fail,
    with 7 if one is held, and with 1 if one failed or none came.
    """
    context = context_of(ctx)
    with stored(context, make=False) as known:
        names = pair_names(known, [pair] if pair else [])
        now = utc_now()
        standings = [read_standing(known, name, now) for name in names]
        if check:
            _check(context, known, standings, now)
            return
        context.answer({"pairs": [s.content for s in standings]})
        if not context.json:
            for standing in standings:
                _show(context, known, standing, now)


# -- for a person ------------------------------------------------------------------------


def _show(context: CommandContext, known: Stored, standing: Standing, now: datetime) -> None:
    context.out.print(_title(known, standing), style="bold")
    if standing.census:
        context.out.print(_census(standing))
    elif standing.error is None:
        context.out.print("  No record was read yet: type `syncd sync`.")
    for line in _lines(standing, now):
        context.out.print(line, soft_wrap=True)
    context.out.print()


def _title(known: Stored, standing: Standing) -> str:
    every = known.pair_named(standing.pair).settings.every
    left, right = standing.accounts
    return f"Pair {standing.pair}: {left} ⇄ {right}, every {every.total_seconds():.0f} s"


def _census(standing: Standing) -> Table:
    table = Table()
    table.add_column("state")
    table.add_column("why", overflow="fold")
    for account in standing.accounts:
        table.add_column(account, justify="right")
    table.add_column("what to do", overflow="fold")
    for (state, cause), numbers in standing.by_state().items():
        cells = (f"{numbers[side]:,}" if numbers[side] else "·" for side in SIDES)
        told = causes.told(cause)
        table.add_row(state, told, *cells, causes.advice(cause) if state == "parked" else "")
    total = (f"{standing.total(side):,}" for side in SIDES)
    table.add_section()
    table.add_row("all", "", *total, "")
    return table


def _lines(standing: Standing, now: datetime) -> Sequence[str]:
    run = standing.last_run
    lines = [
        f"  links        {standing.links:,}",
        f"  conflicts    {standing.conflicts:,}{_see(standing)}",
        f"  opted out    {counted(standing.suppressed, 'address', 'addresses')} on the ledger of"
        " all accounts that pairs connect with these",
    ]
    lines += [
        f"  not shown    {counted(n, 'opt-out')} written to '{account}', which shows no status:"
        " look there if in doubt"
        for account, n in standing.unshown.items()
    ]
    if standing.in_doubt:
        writes = counted(standing.in_doubt, "write", "writes")
        lines.append(
            f"  in doubt     {writes} sent, and neither confirmed nor shown yet; every run looks"
        )
    lines += [
        f"  cannot travel: {rule}: {counted(n, 'value')}, {causes.problem_told(code)}"
        for rule, code, n in standing.problems
    ]
    if run is not None:
        at = run.ended_at or run.started_at
        what = f"{run.id}, a backfill" if run.mode == BACKFILL else str(run.id)
        rest = f"; {run.quiet:,} cycles in a row had nothing to do" if run.quiet > 1 else ""
        lines.append(f"  last run     {what}, {_ended(run)}, {ago(at, now)} ({moment(at)}){rest}")
    lines += [
        f"  read         {standing.accounts[side]}: everything {ago(swept, now)}"
        f"{f', {count:,} records' if count is not None else ''}"
        for side in SIDES
        for swept, count in [standing.swept[side]]
    ]
    if standing.holder:
        lines.append(f"  at work now  {standing.holder}")
    if standing.error:
        lines.append(f"  failed       {standing.error}")
    if standing.released is not None:
        lines.append(f"  released     {_released(standing.pair, standing.released)}")
    if standing.held is not None:
        lines.append(f"  HELD         {held_message(standing.pair, standing.held)}")
    return lines


def _ended(run: Run) -> str:
    """How a run stands: one that a person has released is held no more."""
    is_released = run.state is RunState.HELD and run.approved is not None
    return "released" if is_released else run.state.value


def _released(pair: str, run: Run) -> str:
    if run.mode == BACKFILL:
        return f"run {run.id}, a backfill: go on with `syncd backfill {pair} --resume {run.id}`"
    return f"run {run.id}: the next cycle sends it; type `syncd sync {pair}` to do it now"


def _see(standing: Standing) -> str:
    if not standing.conflicts:
        return ""
    flips = ""
    if standing.flipping:
        flips = f", in {standing.flipping:,} of which {causes.conflict_told(flips=True)}"
    return f"{flips}  (`syncd conflicts list {standing.pair}`)"


# -- the health check --------------------------------------------------------------------


def _check(
    context: CommandContext, known: Stored, standings: Sequence[Standing], now: datetime
) -> None:
    verdicts = {s.pair: _verdict(known, s, now) for s in standings}
    content: dict[str, Any] = {
        "healthy": all(code is Code.DONE for code, _ in verdicts.values()),
        "pairs": {name: {"code": int(c), "why": why} for name, (c, why) in verdicts.items()},
    }
    context.answer(content, *(f"{name}: {why}" for name, (_, why) in verdicts.items()))
    codes = {code for code, _ in verdicts.values()}
    finish(Code.AGAIN if Code.AGAIN in codes else max(codes, default=Code.DONE))


def _verdict(known: Stored, standing: Standing, now: datetime) -> tuple[Code, str]:
    """Whether the daemon keeps this pair in step, in one line."""
    run = standing.last_cycle
    if run is None:
        return Code.AGAIN, "no run yet; start `syncd run`"
    every = known.pair_named(standing.pair).settings.every
    latest = max(run.started_at, run.ended_at or run.started_at)
    age = f"the last run ended {ago(latest, now)}"
    if now - latest > 3 * every + SLACK and not standing.holder:
        return Code.AGAIN, f"{age}, and it should every {every.total_seconds():.0f} s"
    if standing.held is not None:
        return Code.HELD, f"held: {' '.join(standing.held.reasons)}"
    if standing.released is not None and standing.released.id == run.id:
        return Code.DONE, f"run {run.id} is released, and the next cycle sends it; {age}"
    if run.state is RunState.FAILED or standing.error:
        return Code.AGAIN, f"the last run failed: {standing.error or run.error}"
    return Code.DONE, f"in step; {age}"
