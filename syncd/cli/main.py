"""The list of commands, and what surrounds each of them."""

import gc
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from typer.core import TyperCommand, TyperGroup

from syncd import __version__
from syncd.cli.context import CommandContext
from syncd.errors import ConfigError, SyncdError

# Name -> what it is for. The command itself is in the module of the same name.
COMMANDS = {
    "init": "Write a first configuration; asks, and never writes a secret.",
    "check": "Try everything out: credentials, rights, mapping, store. Changes nothing.",
    "plan": "Show what a sync would do; sends nothing.",
    "sync": "Keep pairs in step until nothing is left to do.",
    "backfill": "Bring over what was created or changed in a window of time.",
    "run": "Run as a daemon that keeps every pair in step.",
    "status": "Show where every record stands, and how the last run went.",
    "release": "Let a held run be sent.",
    "conflicts": "List, show and resolve fields that wait for a person.",
    "explain": "Tell why one contact is as it is.",
    "history": "Show what was seen and written, when and by whom.",
    "retry": "Try parked records again.",
    "sandbox": "Serve emulated platforms on this machine, to rehearse on.",
    "demo": "Show the whole thing on the sandbox, and prove that it works.",
    "connectors": "List the connectors that are installed, and their settings.",
    "db": "Look at the state store and bring its schema up to date.",
    "config": "Show the configuration and its JSON Schema.",
}


# After which garbage is looked for. A page of records is more than Python's own 700, and none of
# it is garbage yet: a first match spent a twentieth of its time in looking.
NEW_OBJECTS = 50_000
WORDS = "syncd.words"  # in a context's `meta`: what was typed behind `syncd`
UsageError: Any = typer.BadParameter.__base__  # the library keeps a click of its own, or not


class _Commands(TyperGroup):
    """Loads a command when it is called; the list of commands needs none of them."""

    _listing = False

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the library's signature
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        if self._listing:
            return TyperCommand(cmd_name, help=COMMANDS[cmd_name])
        loaded = typer.main.get_command(import_module(f"syncd.cli.{cmd_name}").app)
        _collect_garbage_again()
        loaded.help = loaded.help or COMMANDS[cmd_name]
        return _with_common_options(loaded)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        self._listing = True
        super().format_help(ctx, formatter)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        self.commands = dict.fromkeys(COMMANDS)  # type: ignore[assignment]  # for "did you mean"
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        ctx.meta[WORDS] = tuple(args)
        try:
            return super().parse_args(ctx, args)
        except UsageError as error:
            raise _told(error, ctx) from error

    def invoke(self, ctx: Any) -> Any:
        """Run a command; the one place where errors end."""
        from syncd.cli import faults

        context = CommandContext(ctx.params.get("config"))
        ctx.obj = context
        try:
            return super().invoke(ctx)
        except UsageError as error:
            raise _told(error, ctx) from error
        except SyncdError as error:
            raise typer.Exit(faults.tell(context, error)) from error
        except BrokenPipeError as error:
            faults.close_stdout()
            raise typer.Exit(0) from error
        except OSError as error:
            context.err.print(f"The system refused: {error.strerror or type(error).__name__}.")
            faults.close_stdout()
            raise typer.Exit(1) from error
        except KeyboardInterrupt as error:
            context.err.print("Stopped.")
            raise typer.Exit(130) from error


def _collect_garbage_again() -> None:
    """From now on: what a process has loaded is never looked through, as it stays to the end."""
    if not gc.isenabled():
        gc.freeze()
        gc.set_threshold(NEW_OBJECTS, *gc.get_threshold()[1:])
        gc.enable()


def _told(error: Any, ctx: Any) -> Exception:
    """What was typed wrongly, for a program that asked for JSON; else as the library tells it."""
    if "--json" not in ctx.meta[WORDS]:
        return cast("Exception", error)
    from syncd.cli import faults

    help_of = error.ctx.command_path if error.ctx else "syncd"
    wrong = ConfigError(error.format_message(), hint=f"Type `{help_of} --help`.")
    return typer.Exit(faults.tell(CommandContext(json=True), wrong, kind=type(error).__name__))


def _with_common_options(command: Any) -> Any:
    """Give `--json` and `--config` to a command, or to each command of a group."""
    inner = getattr(command, "commands", None)
    if inner is None:
        command.params += _common_options()
    else:
        for one in inner.values():
            _with_common_options(one)
    return command


def _common_options() -> list[Any]:
    """Made by the library from a signature, as its commands' own options are."""
    prototype = typer.Typer()

    @prototype.command()
    def _any(
        json: Annotated[
            bool,
            typer.Option(
                "--json",
                callback=_answer_in_json,
                expose_value=False,
                help="Answer in JSON, alone on standard output.",
            ),
        ] = False,
        config: Annotated[
            Path | None,
            typer.Option("--config", callback=_take_config, expose_value=False, hidden=True),
        ] = None,
    ) -> None: ...

    return list(typer.main.get_command(prototype).params)[:2]


def _answer_in_json(ctx: typer.Context, value: bool) -> None:
    if value:
        ctx.ensure_object(CommandContext).json = True


def _take_config(ctx: typer.Context, value: Path | None) -> None:
    if value is not None:
        ctx.ensure_object(CommandContext).config = value


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"syncd {__version__}")
        raise typer.Exit


app = typer.Typer(
    cls=_Commands,
    add_completion=True,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Keeps contacts in step, both ways, between GoHighLevel and e-mail platforms.",
)


@app.callback()
def syncd(
    config: Annotated[
        Path | None,
        typer.Option(
            help="The configuration; default: $SYNCD_CONFIG, config/syncd.yaml, syncd.yaml."
        ),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Keeps contacts in step, both ways, between GoHighLevel and e-mail platforms."""
