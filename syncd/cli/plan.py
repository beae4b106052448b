"""`syncd plan`: what a sync would do, without sending anything."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.table import Table

from syncd.app import App
from syncd.cli import progress
from syncd.cli.context import Code, context_of, finish, opened
from syncd.cli.run_until_quiet import environment_of, stoppable
from syncd.cli.values import shown
from syncd.core.guard import KINDS
from syncd.engine.context import Stream
from syncd.engine.cycle import Mode, Report
from syncd.forecast import Forecast
from syncd.model.op import Op
from syncd.model.record import Resource
from syncd.model.side import SIDES, Both
from syncd.model.values import SetDelta, Value, fields_to_json
from syncd.store import tallies
from syncd.store.database import reading
from syncd.store.ops import Sent

app = typer.Typer(add_completion=False)


@app.command()
def plan(
    ctx: typer.Context,
    pair: Annotated[str, typer.Argument(help="The pair to plan.")],
    limit: Annotated[int, typer.Option(min=0, help="How many writes to show.")] = 20,
    full: Annotated[
        bool, typer.Option("--full", help="Read everything on both sides first.")
    ] = False,
    values: Annotated[
        bool, typer.Option("--values", help="Show values too; they are personal data.")
    ] = False,
) -> None:
    """Show what a sync would do; nothing is sent.

    Ends with 7 if the run would be held, with 0 otherwise.
    """
    context = context_of(ctx)
    with stoppable(context) as (stop, wire), opened(context, wire) as opened_app:
        with progress.shown(context) as step:
            environment = environment_of(opened_app, stop, step)
            ran, report = opened_app.run_pair(
                pair, environment, Mode.PLAN, create_fields=False, full=full
            )
        sample, planned = _sample(opened_app, report, limit)
        ahead = opened_app.forecast(ran, report)
    contacts = ran.contacts
    accounts = contacts.accounts.map(lambda account: account.name)
    parts: list[RenderableType] = [_counts(report, accounts, ran.streams)]
    if sample:
        parts.append(_writes(sample, accounts, values))
    parts += [
        f"The custom field '{name.removeprefix('custom.')}' would be created on {accounts[side]}."
        for side in SIDES
        for name in sorted(contacts.imagined[side])
    ]
    if len(sample) < planned:
        parts.append(f"These are {len(sample):,} of {planned:,} writes; `--limit` shows more.")
    if to_come := sum(report.counts.values()) - planned:
        parts.append(f"{to_come:,} of these creates follow once their contacts are created.")
    parts += takes(ahead)
    content = _content(pair, report, accounts, sample, values=values)
    context.answer(
        {**content, "forecast": ahead.content},
        *parts,
        _verdict(pair, report),
    )
    finish(Code.HELD if report.reasons else Code.DONE)


def takes(ahead: Forecast) -> list[str]:
    """What a sync will take, in one sentence; nothing, if it sends nothing."""
    asked = [(name, one.requests) for name, one in ahead.accounts.items() if one.requests]
    if not asked:
        return []
    of = " and ".join(f"{number:,} to '{name}'" for name, number in asked)
    lasts = "" if ahead.hours is None else f": {_duration(ahead.hours)} at the permitted rates"
    return [f"It takes about {of.replace(' to ', ' requests to ', 1)}{lasts}."]


def _duration(hours: float) -> str:
    minutes = max(1, round(hours * 60))
    return f"{minutes:,} min" if minutes < 120 else f"{hours:,.1f} h"


def _sample(opened_app: App, report: Report, limit: int) -> tuple[list[Sent], int]:
    """The first writes of a plan, and how many of them a limit counts."""
    with reading(opened_app.store) as db:
        counted = [alike.count for alike in tallies.tally(db, report.run_id) if not alike.routine]
        return tallies.sample(db, report.run_id, limit), sum(counted)


def _counts(report: Report, accounts: Both[str], streams: Sequence[Stream]) -> Table:
    table = Table(title="A sync would write", title_justify="left")
    table.add_column("on")
    for kind in KINDS:
        table.add_column(kind.replace("optouts", "opt-outs"), justify="right")
    nouns = ["", *(f" {stream.noun}" for stream in streams[1:])]
    for name in (f"{account}{noun}" for noun in nouns for account in accounts):
        numbers = (report.counts.get(f"{name}.{kind}", 0) for kind in KINDS)
        table.add_row(name, *(f"{n:,}" if n else "·" for n in numbers))
    return table


def _writes(sample: list[Sent], accounts: Both[str], values: bool) -> Table:
    table = Table(title="Opt-outs first, then in this order", title_justify="left")
    for heading in ("on", "what", "record", "fields"):
        table.add_column(heading, overflow="fold")
    for sent in sample:
        op = sent.op
        what = "opt out" if op.urgent else f"{op.kind.value}{_of(op)}"
        table.add_row(accounts[sent.side], what, _record(op), _fields(op, values))
    return table


def _of(op: Op) -> str:
    return "" if op.resource is Resource.CONTACT else f" {op.resource.value}"


def _record(op: Op) -> str:
    record = op.remote_id or "(new)"
    return record if op.parent_id is None else f"{record}\nof contact {op.parent_id}"


def _fields(op: Op, values: bool) -> str:
    if not values:
        return ", ".join(op.patch)
    return "\n".join(f"{n}: {_step(op.current.get(n), new)}" for n, new in op.patch.items())


def _step(old: Value, new: Value | SetDelta) -> str:
    after = shown(new)
    return after if old is None or isinstance(new, SetDelta) else f"{shown(old)} → {after}"


def _verdict(pair: str, report: Report) -> str:
    conflicts = ""
    if report.conflicts:
        conflicts = f" Conflicts: {report.conflicts:,}, see `syncd conflicts list {pair}`."
    if report.reasons and not report.releasable:
        return (
            f"Not all of it would go out: {' '.join(report.reasons)} Nothing was sent now."
            f"{conflicts}"
        )
    if report.reasons:
        held = f"It would be held: {' '.join(report.reasons)} Nothing was sent."
        if not report.releasable:
            return f"{held}{conflicts}"
        return (
            f"{held}  If this is what you want, type"
            f" `syncd release {pair} --run {report.run_id}`, which sends it.{conflicts}"
        )
    if not report.counts:
        return f"There is nothing to write.{conflicts}"
    return f"Nothing stands in its way. Nothing was sent.  Type `syncd sync {pair}`.{conflicts}"


def _content(
    pair: str, report: Report, accounts: Both[str], sample: list[Sent], *, values: bool
) -> dict[str, Any]:
    return {
        "pair": pair,
        "run": report.run_id,
        "would_be_held": bool(report.reasons),
        "reasons": list(report.reasons),
        "counts": dict(report.counts),
        "conflicts": report.conflicts,
        "writes": [
            {
                "account": accounts[sent.side],
                "resource": sent.op.resource.value,
                "kind": sent.op.kind.value,
                "urgent": sent.op.urgent,
                "remote_id": sent.op.remote_id,
                "contact": sent.op.parent_id,
                "fields": fields_to_json(sent.op.patch) if values else list(sent.op.patch),
            }
            for sent in sample
        ],
    }
