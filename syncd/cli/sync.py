"""`syncd sync`: keep pairs in step until nothing is left to do."""

from typing import Annotated

import typer

from syncd.cli import faults, progress
from syncd.cli.context import Code, CommandContext, context_of, finish, opened, pair_names, worst
from syncd.cli.run_until_quiet import Outcome, environment_of, run_until_quiet, stoppable
from syncd.errors import SyncdError

app = typer.Typer(add_completion=False)


@app.command()
def sync(
    ctx: typer.Context,
    pairs: Annotated[list[str] | None, typer.Argument(help="All pairs, if none is named.")] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Read everything on both sides first.")
    ] = False,
    once: Annotated[
        bool, typer.Option("--once", help="One cycle, even if it leaves something to do.")
    ] = False,
) -> None:
    """Keep pairs in step until nothing is left to do.

    Ends with 0 when both sides agree, 1 when it should be tried again, 3 when conflicts wait
    for a person, 7 when a run is held.
    """
    context = context_of(ctx)
    outcomes: list[Outcome] = []
    failed: dict[str, Code] = {}
    with stoppable(context) as (stop, wire), opened(context, wire) as opened_app:
        for name in pair_names(opened_app, pairs or ()):
            if stop():
                break
            try:
                with progress.shown(context) as step:
                    environment = environment_of(opened_app, stop, step)
                    outcome = run_until_quiet(opened_app, name, environment, full=full, once=once)
            except SyncdError as error:
                if len(pairs or opened_app.configuration.pairs) == 1:
                    raise
                context.err.print(f"Pair {name} was not synced:")
                failed[name] = faults.tell(
                    CommandContext(context.config), error
                )  # the others go on
                continue
            outcomes.append(outcome)
            if not context.json:
                context.out.print(outcome.table())
                context.out.print(outcome.sentence(), soft_wrap=True)
    content = {
        "pairs": [outcome.content for outcome in outcomes],
        "failed": {name: int(code) for name, code in failed.items()},
    }
    if context.json:
        context.answer(content)
    finish(worst([*failed.values(), *(outcome.code for outcome in outcomes)]))
