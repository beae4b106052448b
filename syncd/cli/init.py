"""`syncd init`: a first configuration, commented, without a secret in it."""

from pathlib import Path
from typing import Annotated

import typer

from syncd.cli import template
from syncd.cli.face import Face, face_of
from syncd.connectors.registry import connector, installed
from syncd.errors import ConfigError

app = typer.Typer(add_completion=False)


@app.command()
def init(
    context: typer.Context,
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
    face = face_of(context)
    asks = not (yes or face.json)
    answers = template.Answers(
        left=_connector(face, left, "Connector on the left", "ghl", asks),
        right=_connector(face, right, "Connector on the right", "maileon", asks),
        left_name=_name(left_name, "Name of the account on the left", "crm", asks),
        right_name=_name(right_name, "Name of the account on the right", "mail", asks),
        pair=_name(pair, "Name of the pair", "shop", asks),
    )
    if answers.left_name == answers.right_name:
        raise ConfigError("Both accounts have one name; nothing was written.")
    files = {
        folder / "config" / "syncd.yaml": template.root(answers),
        folder / "config" / "pairs" / f"{answers.pair}.yaml": template.pair(answers),
        folder / ".env.example": template.env(answers),
    }
    _write(files, force=force)
    names = [str(path) for path in files]
    variables = ", ".join(template.variables(answers))
    face.answer(
        {"written": names, "variables": template.variables(answers)},
        *(f"written: {name}" for name in names),
        f"Now copy .env.example to .env, fill in {variables}, and type `syncd check`.",
    )


def _connector(face: Face, given: str | None, question: str, usual: str, asks: bool) -> str:
    if given is None and asks:
        face.say(f"Installed connectors: {', '.join(installed())}.")
        given = str(typer.prompt(question, default=usual, err=True))
    name = given or usual
    connector(name)
    return name


def _name(given: str | None, question: str, usual: str, asks: bool) -> str:
    if given is None and asks:
        given = str(typer.prompt(question, default=usual, err=True))
    name = given or usual
    if not template.NAME.fullmatch(name):
        raise ConfigError(
            f"`{name}` cannot be a name; nothing was written.",
            hint="Letters, digits, - and _, at most 64, a letter or digit first.",
        )
    return name


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
            path.write_text(text, "utf-8")
        except OSError as cause:
            raise ConfigError(f"{path} cannot be written: {cause.strerror}.") from cause
