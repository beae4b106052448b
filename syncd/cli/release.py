"""`syncd release`: let a held run be sent."""

from typing import Annotated

import typer

from syncd.cli import progress
from syncd.cli.face import face_of, finish, opened
from syncd.cli.rounds import bench_of, run_rounds, stoppable
from syncd.engine import backfill
from syncd.engine.release import approve
from syncd.errors import BusyError

app = typer.Typer(add_completion=False)


@app.command()
def release(
    context: typer.Context,
    pair: Annotated[str, typer.Argument(help="The pair whose run is held.")],
    run: Annotated[
        int | None, typer.Option(help="The run you looked at; another one is not released.")
    ] = None,
    no_run: Annotated[
        bool, typer.Option("--no-run", help="Leave the sending to the daemon's next cycle.")
    ] = False,
) -> None:
    """Let a held run be sent, at once unless another process works on the pair."""
    face = face_of(context)
    with stoppable(face) as (stop, wire), opened(face, wire) as opened_app:
        opened_app.pair_named(pair)
        released = approve(opened_app.bench, pair, run)
        content = {"pair": pair, "released": released.id, "counts": dict(released.counts)}
        said = f"Run {released.id} of pair '{pair}' is released."
        if released.mode == backfill.MODE:
            resume = f"syncd backfill {pair} --resume {released.id}"
            face.answer({**content, "sent": False}, f"{said} Go on with `{resume}`.")
            return
        if no_run:
            face.answer({**content, "sent": False}, f"{said} The next cycle sends it.")
            return
        face.say(f"{said} Sending.")
        try:
            with progress.shown(face) as step:
                bench = bench_of(opened_app, stop, step)
                outcome = run_rounds(opened_app, pair, bench, full=False, once=False)
        except BusyError:
            later = "Another process works on this pair; its next cycle sends it."
            face.answer({**content, "sent": False}, f"{said} {later}")
            return
    face.answer(
        {**content, "sent": True, "outcome": outcome.content}, outcome.table(), outcome.sentence()
    )
    finish(outcome.code)
