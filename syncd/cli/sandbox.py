"""`syncd sandbox`: emulated platforms on this machine."""

import json
from enum import StrEnum
from typing import Annotated, Any

import typer

from syncd.cli.context import context_of
from syncd.errors import ConfigError
from syncd.runtime.stop import Stop, on_signals
from syncd.sandbox.app import CHILDREN_MOST
from syncd.sandbox.server import start

app = typer.Typer(add_completion=False)


class Limits(StrEnum):
    REAL = "real"
    AGENCY = "agency"
    OFF = "off"


@app.command()
def sandbox(
    ctx: typer.Context,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8787,
    contacts: Annotated[
        int, typer.Option(min=0, help="Invented people per platform, half of them in common.")
    ] = 200,
    children: Annotated[
        int,
        typer.Option(
            min=0, max=CHILDREN_MOST, help="Notes, tasks and appointments per contact, at most."
        ),
    ] = 0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same people.")] = 7,
    limits: Annotated[Limits, typer.Option(help="Which limits to keep.")] = Limits.REAL,
) -> None:
    """Serve emulated platforms on this machine until Ctrl-C, to rehearse on.

    Prints what to put into .env. Everything else is in docs/sandbox.md.
    """
    context = context_of(ctx)
    stop = Stop()
    on_signals(stop, lambda _: None)
    try:
        running = start(port, contacts, seed, limits.value, children)
    except OSError as cause:
        raise ConfigError(
            f"Port {port} cannot be used ({cause.strerror or cause}).",
            hint="Name another one with `--port`; 0 takes a free one.",
        ) from cause
    info = running.app.info(running.url)
    if context.json:
        typer.echo(json.dumps({"url": running.url, "platforms": info}))
    else:
        typer.echo(f"sandbox ready on {running.url}")
        typer.echo("\n".join(_lines_of_env(info)))
    while not stop.wait(3600):
        pass
    running.stop()


def _lines_of_env(info: dict[str, Any]) -> list[str]:
    """For `.env`, in the names that `syncd init` uses."""
    ghl, maileon, mailercloud = info["ghl"], info["maileon"], info["mailercloud"]
    return [
        f"GHL_TOKEN={ghl['token']}",
        f"GHL_LOCATION_ID={ghl['location_id']}",
        f"GHL_BASE_URL={ghl['base_url']}",
        f"MAILEON_API_KEY={maileon['api_key']}",
        f"MAILEON_BASE_URL={maileon['base_url']}",
        f"MAILERCLOUD_API_KEY={mailercloud['api_key']}",
        f"MAILERCLOUD_LIST_ID={mailercloud['list_id']}",
        f"MAILERCLOUD_BASE_URL={mailercloud['base_url']}",
    ]
