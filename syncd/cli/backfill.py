"""`syncd backfill`: what was created or changed in a window of time."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table

from syncd.app import App
from syncd.cli import progress, values
from syncd.cli.context import Code, CommandContext, context_of, finish, opened
from syncd.cli.moments import moment
from syncd.cli.run_until_quiet import environment_of, stoppable
from syncd.config.settings import NESTED
from syncd.core.guard import CONTACTS
from syncd.engine import backfill as engine
from syncd.engine.backfill import BackfillReport, BackfillRequest
from syncd.engine.backfill_request import Part
from syncd.engine.context import Environment
from syncd.engine.sessions import Spent
from syncd.errors import ConfigError
from syncd.model.record import Resource, Window
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
    resources: Annotated[
        str | None,
        typer.Option(
            metavar="LIST",
            help="What to bring over, of what the pair keeps in step: contacts,tasks,notes."
            " Default: contacts.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what it would write; send nothing.")
    ] = False,
    chunk: Annotated[
        int, typer.Option(min=1, max=5000, help="Records per chunk; each is read back.")
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
        asked = Asked(since, until, direction, chunk, resources)
        run = _run(opened_app, pair, asked, resume)
        compiled = opened_app.open_pair(pair, create_fields=not dry_run, complete=True)
        with progress.shown(context) as step:
            environment = environment_of(opened_app, stop, step)
            under_way = run or engine.start(
                environment, compiled, _request(opened_app, pair, asked)
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


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed."""

    since: str | None
    until: str | None
    direction: Direction
    chunk: int
    resources: str | None


def _run(opened_app: App, pair: str, asked: Asked, resume: int | None) -> Run | None:
    """The run to go on with; None for a new one, whose request is looked at first."""
    opened_app.pair_named(pair)
    if resume is None:
        _request(opened_app, pair, asked)
        return None
    if asked.since is not None or asked.until is not None:
        raise ConfigError(
            "A backfill goes on with the window that it was begun with.",
            hint="Leave `--since` and `--until` out, or begin a new one without `--resume`.",
        )
    if asked.resources is not None:
        raise ConfigError(
            "A backfill goes on with the resources that it was begun with.",
            hint="Leave `--resources` out, or begin a new one without `--resume`.",
        )
    environment: Environment = opened_app.environment
    return engine.resumable(environment, pair, resume)


def _request(opened_app: App, pair: str, asked: Asked) -> BackfillRequest:
    if asked.since is None:
        raise ConfigError("Say from when on.", hint="For example `--since 2026-01-31`.")
    window = Window(moment(asked.since, "--since"), moment(asked.until, "--until"))
    if window.since >= window.until:
        raise ConfigError("The window is empty: `--since` is not before `--until`.")
    both = asked.direction is Direction.BOTH
    targets = frozenset(SIDES if both else {Side(asked.direction.value)})
    resources = _resources(opened_app, pair, asked.resources)
    return BackfillRequest(window, targets, asked.chunk, resources)


KINDS = {CONTACTS: Resource.CONTACT, **NESTED}  # as people call them


def _resources(opened_app: App, pair: str, text: str | None) -> frozenset[Resource]:
    """What was named, as far as the pair keeps it in step.

    Raises:
        ConfigError: something is no resource, or not one of this pair.
    """
    if text is None:
        return frozenset({Resource.CONTACT})
    streams = opened_app.pair_named(pair).settings.streams
    kept = [name for name, one in KINDS.items() if one is Resource.CONTACT or one in streams]
    hint = f"Type `--resources {','.join(kept)}`, or some of these."
    named = [name.strip() for name in text.split(",") if name.strip()]
    if not named:
        raise ConfigError("`--resources` names nothing.", hint=hint)
    for name in named:
        if name not in KINDS:
            raise ConfigError(f"There is no resource `{name}`.", hint=hint)
        if name not in kept:
            raise ConfigError(
                f"Pair '{pair}' keeps no {name} in step, so that none can be brought over.",
                hint=f"{hint}  Or give the pair a part `{name}:` first.",
            )
    return frozenset(KINDS[name] for name in named)


# -- the report at the end ---------------------------------------------------------------

PEOPLE = {
    Fate.CREATED: "created",
    Fate.UPDATED: "updated",
    Fate.OPTED_OUT: "opted out",
    Fate.DELETED: "deleted",
    Fate.UNCHANGED: "unchanged",
    Fate.PARKED: "parked",
    Fate.WAITING: "waiting for their contact",
    Fate.FAILED: "failed",
    Fate.AWAITED: "not shown by the platform yet",
    Fate.LEFT: "left to the next sync",
    Fate.TO_DO: "still to do",
}
SENT = (Fate.CREATED, Fate.UPDATED, Fate.OPTED_OUT, Fate.DELETED, Fate.AWAITED)
ELSEWHERE = "written to outside the window"
RARE = (
    PEOPLE[Fate.DELETED],
    PEOPLE[Fate.WAITING],
    PEOPLE[Fate.LEFT],
    PEOPLE[Fate.TO_DO],
    ELSEWHERE,
)


def _answer(context: CommandContext, pair: str, report: BackfillReport) -> None:
    requests = {f"requests to {account}": n for account, n in report.spent.requests.items()}
    content = {
        "pair": pair,
        "run": report.run_id,
        "state": report.state.value,
        "wanted": dict(report.wanted),
        "reasons": list(report.reasons),
        **_flat(*_rows(report), requests),
        "resources": {_noun(one): _flat(*_rows(part)) for one, part in report.parts.items()},
        "seconds": round(report.spent.seconds, 1),
        "sessions": report.spent.sessions,
    }
    context.answer(content, _table(pair, report, requests), _sentence(pair, report))
    finish(_code(report))


def _rows(of: BackfillReport | Part) -> tuple[Mapping[str, int], ...]:
    """The report, or that of one resource, in blocks of rows."""
    return (
        {"in the window": of.listed, "worked through": of.done},
        {name: of.count(fate) for fate, name in PEOPLE.items()},
        {ELSEWHERE: of.elsewhere},
        {"read back and right": of.verified, "read back and not as written": of.differing},
    )


def _flat(*blocks: Mapping[str, int]) -> dict[str, int]:
    return {name.replace(" ", "_"): n for block in blocks for name, n in block.items()}


def _noun(resource: Resource) -> str:
    return f"{resource.value}s"


def _table(pair: str, report: BackfillReport, requests: Mapping[str, int]) -> Table:
    """A column for each resource; without a heading for contacts alone."""
    parts = list(report.parts.items())
    several = [resource for resource, _ in parts] != [Resource.CONTACT]
    title = f"Backfill of pair {pair}, run {report.run_id}"
    table = Table(title=title, title_justify="left", show_header=several)
    table.add_column()
    for resource, _ in parts:
        table.add_column(_noun(resource), justify="right")
    for blocks in zip(*(_rows(part) for _, part in parts), strict=True):
        for name in blocks[0]:
            numbers = [block[name] for block in blocks]
            if any(numbers) or name not in RARE:
                table.add_row(name, *(f"{n:,}" for n in numbers))
        table.add_section()
    for name, n in requests.items():
        table.add_row(name, f"{n:,}")
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
