"""`syncd init`: a first configuration, commented, without a secret in it."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from syncd.cli import template
from syncd.cli.context import context_of
from syncd.connectors.registry import connector, installed
from syncd.errors import ConfigError
from syncd.store import private_files

app = typer.Typer(add_completion=False)
ENV = ".env.example"


@app.command()
def init(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Where to write.")] = Path(),
    left: Annotated[str | None, typer.Option(help="The connector on the left.")] = None,
    right: Annotated[str | None, typer.Option(help="The connector on the right.")] = None,
    left_name: Annotated[str | None, typer.Option(help="What to call the left account.")] = None,
    right_name: Annotated[str | None, typer.Option(help="What to call the right account.")] = None,
    pair: Annotated[str | None, typer.Option(help="What to call the pair.")] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Ask nothing; take what is not given as usual.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Write over files that are there.")
    ] = False,
) -> None:
    """Write config/syncd.yaml, config/pairs/NAME.yaml and .env.example.

    Secrets are not asked for: they belong into .env or the environment.
    """
    context = context_of(ctx)
    asks = not (yes or context.json)
    if asks and None in (left, right):
        context.say(f"Installed connectors: {', '.join(installed())}.")
    here = _connector(left, "Connector on the left", "ghl", asks)
    there = _connector(right, "Connector on the right", "maileon", asks)
    usual = (template.USUAL.get(here, here), template.USUAL.get(there, there))
    if here == there:
        usual = (usual[0], "other")
    answers = template.Answers(
        left=here,
        right=there,
        left_name=_name(left_name, "Name of the account on the left", usual[0], asks),
        right_name=_name(right_name, "Name of the account on the right", usual[1], asks),
        pair=_name(pair, "Name of the pair", "shop", asks),
    )
    if answers.left_name == answers.right_name:
        raise ConfigError("Both accounts have one name; nothing was written.")
    files = {
        folder / "config" / "syncd.yaml": template.root(answers),
        folder / "config" / "pairs" / f"{answers.pair}.yaml": template.pair(answers),
        folder / ENV: template.env(answers),
    }
    _write(files, force=force)
    names = [str(path) for path in files]
    variables = ", ".join(template.variables(answers))
    context.answer(
        {"written": names, "variables": template.variables(answers)},
        *(f"written: {name}" for name in names),
        f"Now copy .env.example to .env, fill in {variables}, and type `syncd check`.",
    )


def _connector(given: str | None, question: str, usual: str, asks: bool) -> str:
    if given is None and asks:
        given = _asked(question, usual)
    name = given or usual
    connector(name)
    return name


def _name(given: str | None, question: str, usual: str, asks: bool) -> str:
    if given is None and asks:
        given = _asked(question, usual)
    name = given or usual
    if not template.NAME.fullmatch(name):
        raise ConfigError(
            f"`{name}` cannot be a name; nothing was written.",
            hint="Letters, digits, - and _, at most 64, a letter or digit first.",
        )
    return name


def _asked(question: str, usual: str) -> str:
    """What a person answers.

    Raises:
        ConfigError: there is nobody to ask.
    """
    try:
        return str(typer.prompt(question, default=usual, err=True))
    except typer.Abort as cause:
        if sys.stdin.isatty():
            raise  # a person's wish
        raise ConfigError(
            "There is nobody here to ask; nothing was written.",
            hint="Type `--yes` to take what is usual, with `--left`, `--right`, `--left-name`,"
            " `--right-name` and `--pair` for what is not; `syncd init --help` tells more.",
        ) from cause


def _write(files: dict[Path, str], *, force: bool) -> None:
    """All or nothing, as far as can be told beforehand."""
    present = [str(path) for path in files if path.exists()]
    if present and not force:
        raise ConfigError(
            f"{', '.join(present)} is there already; nothing was written.",
            hint="Use another folder or name, or `--force` to write over it.",
        )
    for path, text in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.name == ENV:  # a copy has its rights, and will hold what nobody may see
                private_files.write(path, text)
            else:
                path.write_text(text, "utf-8")
        except OSError as cause:
            raise ConfigError(f"{path} cannot be written: {cause.strerror}.") from cause
