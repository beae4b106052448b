"""`syncd retry`: try parked records and refused values again."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated

import typer

from syncd.cli import advice
from syncd.cli.context import context_of, stored
from syncd.cli.values import counted
from syncd.errors import ConfigError
from syncd.model.record import Resource
from syncd.store import members, refusals, wake
from syncd.store.database import reading

app = typer.Typer(add_completion=False)


@app.command()
def retry(
    ctx: typer.Context,
    pair: Annotated[str, typer.Argument(help="The pair whose parked records to try.")],
    cause: Annotated[
        list[str] | None, typer.Option(help="Only those parked for this cause; may be repeated.")
    ] = None,
) -> None:
    """Have the next cycle try parked records again, and values that a platform refused.

    What is parked because it was decided so, such as an opt-out, stays as it is.
    """
    context = context_of(ctx)
    with stored(context) as known:
        known.pair_named(pair)
        with reading(known.store) as db:
            census = members.census(db, pair)
        parked: Counter[str] = Counter()
        kinds: dict[str, Counter[str]] = {}
        for resource, _, state, why, n in census:
            if state == "parked" and why:
                parked[why] += n
                kinds.setdefault(why, Counter())[resource] += n
        asked = _asked(parked, cause or ())
        tried = [why for why in asked if advice.needs_a_person(why)]
        with known.store.begin() as db:
            woken = wake.parked(db, pair, tried) if tried else 0
            refused = [] if cause else refusals.clear(db, pair)
            wake.by_links(db, refused)
    of_kinds = sum((kinds[why] for why in tried), Counter[str]())
    left_alone = {why: parked[why] for why in asked if why not in tried}
    content = {
        "pair": pair,
        "records": woken,
        "resources": {f"{resource}s": n for resource, n in of_kinds.items()},
        "refused": len(refused),
        "left_alone": left_alone,
    }
    context.answer(content, _said(pair, _woken(woken, of_kinds), len(refused), left_alone))


def _asked(parked: Counter[str], named: Sequence[str]) -> list[str]:
    """The causes that are meant.

    Raises:
        ConfigError: nothing is parked for one of them.
    """
    for one in named:
        if one not in parked:
            known = ", ".join(sorted(parked)) or "nothing is parked"
            raise ConfigError(f"Nothing is parked for '{one}'.", hint=f"There is: {known}.")
    return sorted(set(named) or parked)


def _woken(woken: int, of_kinds: Counter[str]) -> str:
    """How many records are tried, and of which kinds, where they are not all contacts."""
    if not woken:
        return ""
    said = counted(woken, "parked record")
    if not of_kinds.keys() - {Resource.CONTACT.value}:
        return said
    return f"{said} ({', '.join(counted(n, kind) for kind, n in sorted(of_kinds.items()))})"


def _said(pair: str, woken: str, refused: int, left_alone: dict[str, int]) -> str:
    tried = [
        *([woken] if woken else []),
        *([f"the refused values of {counted(refused, 'record')}"] if refused else []),
    ]
    stays = ", ".join(advice.left_alone(why, n) for why, n in left_alone.items())
    if tried:
        rest = f" Nothing to retry for the others: {stays}." if stays else ""
        return (
            f"The next cycle tries {' and '.join(tried)} again; type `syncd sync {pair}` to do it"
            f" now.{rest}"
        )
    if stays:
        return f"Nothing to retry: {stays}."
    return f"Nothing to retry: no record of pair '{pair}' is parked, and no value was refused."
