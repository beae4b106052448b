"""`syncd backfill`: what was created or changed in a window of time."""

import time
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table

from syncd.app import App
from syncd.cli import progress, values
from syncd.cli.context import Code, CommandContext, context_of, finish, opened
from syncd.cli.moments import moment
from syncd.cli.run_until_quiet import environment_of, stoppable
from syncd.engine import backfill as engine
from syncd.engine.backfill import BackfillReport, BackfillRequest
from syncd.engine.context import Environment
from syncd.engine.sessions import Spent
from syncd.errors import ConfigError
from syncd.model.record import Window
from syncd.model.side import SIDES, Side
from syncd.store.backfills import Fate
from syncd.store.runs import Run, RunState

app = typer.Typer(add_completion=False)


class Direction(StrEnum):
    BOTH = "both"
    RIGHT = "right"
    LEFT = "left"


@app.command()
def backfill(
    ctx: typer.Context,
    pair: Annotated[str, typer.Argument(help="The pair to work on.")],
    since: Annotated[
        str | None, typer.Option(help="From this day or moment on: 2026-01-31, 2026-01-31T08:00Z.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="Up to, and without, this day or moment; default: now.")
    ] = None,
    direction: Annotated[
        Direction, typer.Option(help="`right`: from left to right only.")
    ] = Direction.BOTH,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what it would write; send nothing.")
    ] = False,
    chunk: Annotated[
        int, typer.Option(min=1, max=5000, help="Contacts per chunk; each is read back.")
    ] = 200,
    rate_share: Annotated[
        float, typer.Option(min=0.01, max=1, help="The part of the permitted rate to use.")
    ] = 0.8,
    resume: Annotated[
        int | None, typer.Option(metavar="RUN", help="Go on with a backfill that was stopped.")
    ] = None,
) -> None:
    """Bring over what was created or changed in a window of time, chunk by chunk.

    Each chunk is read back before the next one. Stopped or killed, it goes on with --resume.
    Ends with 0 when done, 1 when stopped, 7 when held.
    """
    context = context_of(ctx)
    started = time.monotonic()
    with stoppable(context, rate_share) as (stop, wire), opened(context, wire) as opened_app:
        run = _run(opened_app, pair, since, until, direction, chunk, resume)
        compiled = opened_app.open_pair(pair, create_fields=not dry_run, complete=True)
        with progress.shown(context) as step:
            environment = environment_of(opened_app, stop, step)
            under_way = run or engine.start(
                environment, compiled, _request(since, until, direction, chunk)
            )
            context.say(f"Backfill of pair '{pair}', run {under_way.id}.")
            report = engine.carry_out(
                compiled,
                environment,
                under_way,
                dry_run=dry_run,
                spent=lambda: Spent(time.monotonic() - started, dict(opened_app.requests)),
            )
    _answer(context, pair, report)


def _run(
    opened_app: App,
    pair: str,
    since: str | None,
    until: str | None,
    direction: Direction,
    chunk: int,
    resume: int | None,
) -> Run | None:
    """The run to go on with; None for a new one, whose window is looked at first."""
    opened_app.pair_named(pair)
    if resume is None:
        _request(since, until, direction, chunk)
        return None
    if since is not None or until is not None:
        raise ConfigError(
            "A backfill goes on with the window that it was begun with.",
            hint="Leave `--since` and `--until` out, or begin a new one without `--resume`.",
        )
    environment: Environment = opened_app.environment
    return engine.resumable(environment, pair, resume)


def _request(
    since: str | None, until: str | None, direction: Direction, chunk: int
) -> BackfillRequest:
    if since is None:
        raise ConfigError("Say from when on.", hint="For example `--since 2026-01-31`.")
    window = Window(moment(since, "--since"), moment(until, "--until"))
    if window.since >= window.until:
        raise ConfigError("The window is empty: `--since` is not before `--until`.")
    targets = frozenset(SIDES) if direction is Direction.BOTH else {Side(direction.value)}
    return BackfillRequest(window, frozenset(targets), chunk)


# -- the report at the end ---------------------------------------------------------------

PEOPLE = {
    Fate.CREATED: "created",
    Fate.UPDATED: "updated",
    Fate.OPTED_OUT: "opted out",
    Fate.DELETED: "deleted",
    Fate.UNCHANGED: "unchanged",
    Fate.PARKED: "parked",
    Fate.FAILED: "failed",
    Fate.AWAITED: "not shown by the platform yet",
    Fate.LEFT: "left to the next sync",
    Fate.TO_DO: "still to do",
}
SENT = (Fate.CREATED, Fate.UPDATED, Fate.OPTED_OUT, Fate.DELETED, Fate.AWAITED)
ELSEWHERE = "written to outside the window"
RARE = (PEOPLE[Fate.DELETED], PEOPLE[Fate.LEFT], PEOPLE[Fate.TO_DO], ELSEWHERE)


def _answer(context: CommandContext, pair: str, report: BackfillReport) -> None:
    parts = (
        {"in the window": report.listed, "worked through": report.done},
        {name: report.count(fate) for fate, name in PEOPLE.items()},
        {ELSEWHERE: report.elsewhere},
        {
            "read back and right": report.verified,
            "read back and not as written": report.differing,
        },
        {f"requests to {account}": n for account, n in report.spent.requests.items()},
    )
    content = {
        "pair": pair,
        "run": report.run_id,
        "state": report.state.value,
        "wanted": dict(report.wanted),
        "reasons": list(report.reasons),
        **{name.replace(" ", "_"): n for part in parts for name, n in part.items()},
        "seconds": round(report.spent.seconds, 1),
        "sessions": report.spent.sessions,
    }
    context.answer(content, _table(pair, report.run_id, parts), _sentence(pair, report))
    finish(_code(report))


def _table(pair: str, run_id: int, parts: Iterable[Mapping[str, int]]) -> Table:
    title = f"Backfill of pair {pair}, run {run_id}"
    table = Table(title=title, title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for part in parts:
        for name, n in part.items():
            if n or name not in RARE:
                table.add_row(name, f"{n:,}")
        table.add_section()
    return table


def _code(report: BackfillReport) -> Code:
    if report.state is RunState.HELD or report.reasons:
        return Code.HELD
    return Code.AGAIN if report.state is RunState.OPEN else Code.DONE


def _sentence(pair: str, report: BackfillReport) -> str:
    resume = f"`syncd backfill {pair} --resume {report.run_id}`"
    still = "still " if any(map(report.count, SENT)) else ""
    wanted = f"would {still}write {values.writes(report.wanted)}"
    match report.state:
        case RunState.HELD:
            held = f"Held: {' '.join(report.reasons)} {_sent(report)} It {wanted}."
            if not report.releasable:
                return f"{held}  Once that has passed, type {resume}."
            return (
                f"{held}  If this is what you want, type `syncd release {pair} --run"
                f" {report.run_id}`, then {resume}."
            )
        case RunState.PLANNED:
            held = f" It would be held: {' '.join(report.reasons)}" if report.reasons else ""
            return f"It {wanted}. {_sent(report)}{held}"
        case RunState.OPEN:
            left = report.listed - report.done
            return f"Stopped{f' with {left:,} to go' if left else ' while reading'}: {resume}."
        case _:
            return _done(report)


def _sent(report: BackfillReport) -> str:
    """What went out in an earlier session, though nothing does now."""
    sent = [f"{n:,} {PEOPLE[fate]}" for fate in SENT if (n := report.count(fate))]
    return f"Sent before this: {', '.join(sent)}." if sent else "Nothing was sent."


def _done(report: BackfillReport) -> str:
    sessions = f" in {report.spent.sessions} sessions" if report.spent.sessions > 1 else ""
    left = report.count(Fate.LEFT)
    later = f" {left:,} could not be written; the next sync tries again." if left else ""
    return f"Done after {report.spent.seconds:.0f} s{sessions}.{later}"
