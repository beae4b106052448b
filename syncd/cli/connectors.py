"""`syncd connectors`: what is installed; testing one; the skeleton of a new one."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from syncd.cli.context import Code, CommandContext, context_of, finish
from syncd.connectors.api import Plugin
from syncd.connectors.registry import installed

app = typer.Typer(add_completion=False)


@app.callback(invoke_without_command=True)
def connectors(
    ctx: typer.Context,
    json: Annotated[
        bool, typer.Option("--json", help="Answer in JSON, alone on standard output.")
    ] = False,
) -> None:
    """List the connectors that are installed, and the settings of their accounts."""
    context = context_of(ctx)
    context.json = context.json or json
    if ctx.invoked_subcommand is not None:
        return
    plugins = installed()
    content = {
        name: {
            "title": plugin.spec.title,
            "resources": [resource.value for resource in plugin.spec.resources],
            "settings": {
                key: {"required": needed, "help": told} for key, needed, told in _settings(plugin)
            },
        }
        for name, plugin in plugins.items()
    }
    context.answer({"connectors": content}, *(_table(name, p) for name, p in plugins.items()))


@app.command()
def test(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The name under which its package offers it.")],
) -> None:
    """Test a connector on its emulator: every promise that a connector has to keep.

    Needs no account and no network. Ends with 1 if a promise is broken, and with 2 if there
    is no such connector or no platform to test it on.
    """
    from syncd.testing.contract import Verdict, outcomes, platform_named, sentence

    context = context_of(ctx)
    found = []
    for outcome in outcomes(platform_named(name)):
        found.append(outcome)
        if context.draws:
            context.say(f"{outcome.verdict}: {outcome.promise.text}")
    broken = [outcome for outcome in found if outcome.verdict is Verdict.BROKEN]
    table = Table(title=f"What every connector promises, asked of '{name}'", title_justify="left")
    for column in ("promise", ""):
        table.add_column(column)
    for outcome in found:
        table.add_row(outcome.promise.text, outcome.verdict.value)
    kept = sum(outcome.verdict is Verdict.KEPT for outcome in found)
    content = {
        "connector": name,
        "promises": [
            {
                "promise": outcome.promise.text,
                "verdict": outcome.verdict.value,
                "why": outcome.why,
                "rule": outcome.promise.read,
            }
            for outcome in found
        ],
    }
    why = [
        f"{o.promise.text}: {o.verdict.value}.\n  {sentence(o.why)}"
        + (f"\n  The rule: {o.promise.read}. The guide: {o.promise.anchor}" if o in broken else "")
        for o in found
        if o.why
    ]
    context.answer(content, table, *why, f"{kept} of {len(found)} promises are kept.")
    finish(Code.AGAIN if broken else Code.DONE)


@app.command()
def new(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Of the platform: small letters, digits and _.")],
    folder: Annotated[
        Path | None, typer.Option(help="Where to write it; default: ./syncd-NAME.")
    ] = None,
) -> None:
    """Write the skeleton of a connector: a package that passes every test as it stands.

    It connects an invented platform. Turn it into yours piece by piece, from green to green.
    """
    from syncd.testing.skeleton import write

    context = context_of(ctx)
    into = folder or Path(f"syncd-{name.replace('_', '-')}")
    written = write(name, into)
    _tell_what_to_do(context, name, into, written)


def _tell_what_to_do(context: CommandContext, name: str, into: Path, written: list[Path]) -> None:
    context.answer(
        {"connector": name, "folder": str(into), "written": [str(path) for path in written]},
        *(f"written: {path}" for path in written),
        f"Now type `cd {into}`, `pip install -e .` and `syncd connectors test {name}`.",
    )


def _settings(plugin: Plugin) -> list[tuple[str, bool, str]]:
    fields = plugin.settings.model_fields
    return [
        (name, field.is_required(), plugin.settings_help.get(name, ""))
        for name, field in fields.items()
    ]


def _table(name: str, plugin: Plugin) -> Table:
    resources = ", ".join(resource.value for resource in plugin.spec.resources)
    table = Table(
        title=f"{plugin.spec.title}: `connector: {name}`  ({resources})", title_justify="left"
    )
    table.add_column("setting")
    table.add_column("")
    table.add_column("what it is", overflow="fold")
    for key, needed, told in _settings(plugin):
        table.add_row(key, "required" if needed else "", told)
    return table
