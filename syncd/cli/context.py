"""What every command shares: where the configuration is, and how to answer."""

import json
import logging
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from syncd.cli import dotenv
from syncd.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from syncd.app import App
    from syncd.connectors.api import Wire
    from syncd.stored import Stored

PLACES = (Path("config/syncd.yaml"), Path("syncd.yaml"))
WIDE = 120  # columns where nobody can say how wide the paper is


class Code(IntEnum):
    """How a command ends."""

    DONE = 0
    AGAIN = 1  # try again
    WRONG = 2  # usage or configuration
    CONFLICTS = 3  # conflicts wait
    HELD = 7  # held: a person is needed


@dataclass(slots=True)
class CommandContext:
    """How one command talks: to a person, or as JSON to a program.

    Attributes:
        config: as given with `--config`; None looks in the usual places.
    """

    config: Path | None = None
    json: bool = False

    @property
    def out(self) -> "Console":
        return _console(sys.stdout)

    @property
    def err(self) -> "Console":
        return _console(sys.stderr)

    @property
    def draws(self) -> bool:
        """Whether somebody watches: progress bars make sense."""
        return sys.stderr.isatty()

    def answer(self, content: Mapping[str, Any], *shown: "RenderableType") -> None:
        """Answer with `content` as JSON, or show it to a person."""
        if self.json:
            sys.stdout.write(json.dumps(content, ensure_ascii=False, default=_plain) + "\n")
            sys.stdout.flush()
            return
        for part in shown:
            self.out.print(part, soft_wrap=isinstance(part, str))

    def say(self, text: str) -> None:
        """A sentence for a person, on standard error, as it is no part of the answer."""
        if not self.json:
            self.err.print(text)


def _plain(value: object) -> str:
    """What JSON has no form for, as text; a time in UTC as `2026-11-21T12:47:06Z`."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return str(value)


def _console(stream: Any) -> "Console":
    from rich.console import Console  # whoever asks for JSON or for the version needs none

    width = None if stream.isatty() or "COLUMNS" in os.environ else WIDE
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False)


def context_of(ctx: typer.Context) -> CommandContext:
    """The context of the command that runs."""
    return ctx.ensure_object(CommandContext)


def finish(code: Code) -> None:
    """End the command with a code that is not 0.

    Raises:
        Exit: always, unless the code is 0.
    """
    if code:
        raise typer.Exit(code)


def worst(codes: Iterable[Code]) -> Code:
    """The one that asks most of a person: held, then wrong, conflicts, try again."""
    order = (Code.HELD, Code.WRONG, Code.CONFLICTS, Code.AGAIN, Code.DONE)
    found = set(codes)
    return next((code for code in order if code in found), Code.DONE)


def configuration_path(context: CommandContext) -> Path:
    """Where the configuration is.

    Raises:
        ConfigError: it is in none of the usual places.
    """
    dotenv.read(Path(".env"))
    named = context.config or os.environ.get("SYNCD_CONFIG")
    found = Path(named) if named else next((p for p in PLACES if p.is_file()), None)
    if found is None:
        places = ", ".join(str(place) for place in PLACES)
        raise ConfigError(
            f"There is no configuration here: looked for {places}.",
            hint="Write one with `syncd init`, or name one with `--config` or $SYNCD_CONFIG.",
        )
    for folder in (found.parent, found.absolute().parent.parent):
        dotenv.read(folder / ".env")
    return found


@contextmanager
def opened(context: CommandContext, wire: "Wire | None" = None) -> Iterator["App"]:
    """The configuration read and the store opened, for the length of a command.

    Raises:
        ConfigError: a file is wrong.
        StoreError: the store cannot be used.
    """
    from syncd.app import open_app
    from syncd.observe import log
    from syncd.store.database import explained

    log.configure("warning")
    app = open_app(configuration_path(context), wire=wire)
    settings = app.configuration.log
    log.configure("warning" if context.draws else settings.level, settings.format)
    try:
        with explained(app.store):
            yield app
    finally:
        app.close()


@contextmanager
def stored(context: CommandContext, *, make: bool = True) -> Iterator["Stored"]:
    """As `opened`, for a command that asks no platform: nothing that could is even loaded.

    Args:
        make: an empty store gets its tables.
    """
    from syncd.store.database import explained
    from syncd.stored import open_stored

    # Such a command has no events to log, and what a library says may hold somebody's values.
    logging.getLogger().handlers[:] = [logging.NullHandler()]
    found = open_stored(configuration_path(context), make=make)
    try:
        with explained(found.store):
            yield found
    finally:
        found.close()


def pair_names(known: "Stored", asked: Iterable[str]) -> list[str]:
    """The pairs asked for, or all of them; each one is configured.

    Raises:
        ConfigError: there is none, or none of that name.
    """
    names = list(dict.fromkeys(asked)) or list(known.configuration.pairs)
    if not names:
        raise ConfigError("No pair is configured.", hint="Write one with `syncd init`.")
    for name in names:
        known.pair_named(name)
    return names
