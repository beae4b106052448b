"""`syncd release`: let be sent what a plan has shown, or a run that is held."""

from typing import Annotated

import typer

from syncd.cli import progress
from syncd.cli.context import context_of, finish, opened
from syncd.cli.person import this_person
from syncd.cli.run_until_quiet import environment_of, run_until_quiet, stoppable
from syncd.engine.word import PLAN, approve, looked_at
from syncd.errors import BusyError
from syncd.store.database import reading
from syncd.store.runs import BACKFILL

app = typer.Typer(add_completion=False)


@app.command()
def release(
    ctx: typer.Context,
    pair: Annotated[str, typer.Argument(help="The pair that you looked at.")],
    run: Annotated[
        int | None, typer.Option(help="The plan or held run you looked at; no other is released.")
    ] = None,
    no_run: Annotated[
        bool, typer.Option("--no-run", help="Leave the sending to the daemon's next cycle.")
    ] = False,
) -> None:
    """Let be sent what the newest plan has shown, or a run that is held.

    At once, unless another process works on the pair. Not more than was shown: a run that wants
    more than that and the limits is held again.
    """
    context = context_of(ctx)
    with stoppable(context) as (stop, wire), opened(context, wire) as opened_app:
        opened_app.pair_named(pair)
        with reading(opened_app.store) as db:
            seen = looked_at(db, pair, run)
        compiled = (
            opened_app.open_pair(pair, create_fields=False).contacts if seen.mode == PLAN else None
        )
        released = approve(opened_app.environment, pair, seen.id, compiled, this_person())
        content = {"pair": pair, "released": released.id, "counts": dict(released.counts)}
        said = f"Run {released.id} of pair '{pair}' is released."
        if released.id != seen.id:
            said = f"Run {released.id} of pair '{pair}' is released, as run {seen.id} planned it."
        if released.mode == BACKFILL:
            resume = f"syncd backfill {pair} --resume {released.id}"
            context.answer({**content, "sent": False}, f"{said} Go on with `{resume}`.")
            return
        if no_run:
            context.answer({**content, "sent": False}, f"{said} The next cycle sends it.")
            return
        context.say(f"{said} Sending.")
        try:
            with progress.shown(context) as step:
                environment = environment_of(opened_app, stop, step)
                outcome = run_until_quiet(opened_app, pair, environment, full=False, once=False)
        except BusyError:
            later = "Another process works on this pair; its next cycle sends it."
            context.answer({**content, "sent": False}, f"{said} {later}")
            return
    context.answer(
        {**content, "sent": True, "outcome": outcome.content}, outcome.table(), outcome.sentence()
    )
    finish(outcome.code)
