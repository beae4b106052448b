"""`syncd sandbox`: emulated platforms on this machine."""

from enum import StrEnum
from typing import Annotated

import typer

app = typer.Typer(add_completion=False)


class Limits(StrEnum):
    REAL = "real"
    AGENCY = "agency"
    OFF = "off"


@app.command()
def sandbox(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8787,
    contacts: Annotated[
        int, typer.Option(min=0, help="Invented people per platform, half of them in common.")
    ] = 200,
    seed: Annotated[int, typer.Option(help="The same seed gives the same people.")] = 7,
    limits: Annotated[Limits, typer.Option(help="Which limits to keep.")] = Limits.REAL,
) -> None:
    """Serve emulated platforms on this machine, to rehearse on.

    Everything about them is in docs/sandbox.md; `/_control/info` says addresses and keys.
    """
    from syncd.errors import ConfigError
    from syncd.sandbox.server import serve

    try:
        serve(port, contacts, seed, limits.value)
    except OSError as cause:
        raise ConfigError(
            f"Port {port} cannot be used ({cause.strerror or cause}).",
            hint="Name another one with `--port`; 0 takes a free one.",
        ) from cause
