"""`syncd retry`: try parked records again."""

from typing import Annotated

import typer

from syncd.cli.face import face_of, opened
from syncd.errors import ConfigError
from syncd.store import members
from syncd.store.database import reading

app = typer.Typer(add_completion=False)


@app.command()
def retry(
    context: typer.Context,
    pair: Annotated[str, typer.Argument(help="The pair whose parked records to try.")],
    cause: Annotated[
        list[str] | None, typer.Option(help="Only those parked for this cause; may be repeated.")
    ] = None,
) -> None:
    """Have the next cycle try parked records again."""
    face = face_of(context)
    with opened(face) as opened_app:
        opened_app.pair_named(pair)
        with reading(opened_app.store) as db:
            census = members.census(db, pair)
        present = sorted({why for _, _, state, why, _ in census if state == "parked" and why})
        for asked in cause or ():
            if asked not in present:
                known = ", ".join(present) or "nothing is parked"
                raise ConfigError(f"Nothing is parked for '{asked}'.", hint=f"There is: {known}.")
        with opened_app.store.begin() as db:
            woken = members.wake_parked(db, pair, cause or ())
    face.answer(
        {"pair": pair, "records": woken},
        f"The next cycle tries {woken:,} parked records again; type `syncd sync {pair}` to do it"
        " now."
        if woken
        else f"No record of pair '{pair}' is parked.",
    )
