"""`syncd conflicts`: fields that no rule could settle."""

from typing import Annotated, Any

import typer
from rich.table import Table

from syncd.app import App
from syncd.cli.face import face_of, opened, pair_names
from syncd.cli.values import ago, moment, shown
from syncd.errors import ConfigError
from syncd.model.side import SIDES, Both, Side
from syncd.model.values import to_json
from syncd.store import conflicts, links
from syncd.store.conflicts import Conflict
from syncd.store.database import reading

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.command("list")
def list_(
    context: typer.Context,
    pair: Annotated[str | None, typer.Argument(help="All pairs, if none is named.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many to list per pair.")] = 100,
) -> None:
    """List the fields that wait for a person."""
    face = face_of(context)
    rows: list[dict[str, Any]] = []
    with opened(face) as opened_app:
        for name in pair_names(opened_app, [pair] if pair else []):
            with reading(opened_app.store) as db:
                found = conflicts.of_pair(db, name, limit=limit)
            rows += [{"pair": name, **_content(c)} for c in found]
        now = opened_app.wire.now()
    if not rows:
        face.answer({"conflicts": []}, "No field waits for a person.")
        return
    table = Table()
    for heading in ("id", "pair", "contact", "field", "since"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        since = ago(row["opened_at"], now)
        table.add_row(str(row["id"]), row["pair"], f"link {row['link']}", row["rule"], since)
    hint = "Look at one with `syncd conflicts show ID`; settle it with `resolve ID --take left`."
    face.answer({"conflicts": rows}, table, hint)


@app.command()
def show(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="ID", help="From `syncd conflicts list`.")],
) -> None:
    """Show what both sides hold. This shows personal data."""
    face = face_of(context)
    with opened(face) as opened_app:
        pair, conflict = _one(opened_app, number)
        accounts = _accounts(opened_app, pair)
        with reading(opened_app.store) as db:
            link = next(iter(links.load(db, [conflict.link_id])), None)
    table = Table(title=f"{conflict.rule}, since {moment(conflict.opened_at)}")
    for heading in ("side", "account", "record", "shows", "at the last agreement"):
        table.add_column(heading, overflow="fold")
    content = {"pair": pair, **_content(conflict), "take": conflict.take, "sides": {}}
    for side in SIDES:
        names = _fields(opened_app, pair, conflict, side)
        before = [link.shadow[side].get(name) for name in names] if link else []
        values = conflict.values[side]
        record = (link.ids[side] if link else None) or ""
        table.add_row(
            side.value,
            accounts[side],
            record,
            ", ".join(map(shown, values)),
            ", ".join(map(shown, before)) or "never agreed",
        )
        content["sides"][side.value] = {
            "account": accounts[side],
            "remote_id": record,
            "values": [to_json(v) for v in values],
        }
    face.answer(content, table, _next_step(pair, conflict))


@app.command()
def resolve(
    context: typer.Context,
    number: Annotated[
        int | None, typer.Argument(metavar="ID", help="From `syncd conflicts list`.")
    ] = None,
    take: Annotated[Side, typer.Option(help="The side whose value both shall show.")] = ...,  # type: ignore[assignment]  # typer's way to say "required"
    all_: Annotated[
        str | None, typer.Option("--all", metavar="PAIR", help="Every conflict of this pair.")
    ] = None,
) -> None:
    """Say which side is right; the next cycle writes its value to the other."""
    face = face_of(context)
    if (number is None) == (all_ is None):
        raise ConfigError("Name one conflict, or a pair with `--all PAIR`.")
    with opened(face) as opened_app:
        if number is not None:
            pair, conflict = _one(opened_app, number)
            chosen = [conflict.id]
        else:
            pair = opened_app.pair_named(all_ or "").name
            with reading(opened_app.store) as db:
                chosen = [c.id for c in conflicts.of_pair(db, pair, limit=1_000_000)]
        with opened_app.store.begin() as db:
            for conflict_id in chosen:
                conflicts.choose(db, conflict_id, take)
            woken = _wake(opened_app, db, pair, chosen)
        account = _accounts(opened_app, pair)[take]
    said = (
        f"Resolved {len(chosen):,}: '{account}' is right. The next cycle writes it to the other"
        f" side; type `syncd sync {pair}` to do it now."
    )
    content = {"pair": pair, "resolved": chosen, "take": take.value, "links": woken}
    face.answer(content, said if chosen else f"No field of pair '{pair}' waits.")
