"""`syncd conflicts`: fields that no rule could settle."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import sqlalchemy as sa
import typer
from rich.table import Table

from syncd.cli import advice
from syncd.cli.context import context_of, pair_names, stored
from syncd.cli.person import this_person
from syncd.cli.values import ago, counted, moment, of, shown
from syncd.connectors.api import utc_now
from syncd.core.consent import CONSENT
from syncd.errors import ConfigError
from syncd.model.link import Link
from syncd.model.record import Resource
from syncd.model.side import SIDES, Both, Side
from syncd.model.values import Consent, Level, to_json
from syncd.store import choices, conflicts, links
from syncd.store.conflicts import Conflict
from syncd.store.database import reading
from syncd.stored import Stored

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.command("list")
def list_(
    ctx: typer.Context,
    pair: Annotated[str | None, typer.Argument(help="All pairs, if none is named.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many to list per pair.")] = 100,
) -> None:
    """List the fields that wait for a person."""
    context = context_of(ctx)
    rows: list[dict[str, Any]] = []
    with stored(context) as known:
        for name in pair_names(known, [pair] if pair else []):
            accounts = _accounts(known, name)
            with reading(known.store) as db:
                found = conflicts.of_pair(db, name, limit=limit)
                places = _places(db, accounts, {c.link_id for c in found})
            rows += [{"pair": name, **_content(c), **places[c.link_id]} for c in found]
        now = utc_now()
    if not rows:
        context.answer({"conflicts": []}, "No field waits for a person.")
        return
    table = Table()
    for heading in ("id", "pair", "of", "record", "contact", "field", "why", "since"):
        whole = heading in ("id", "record", "contact")  # what people copy stays in one piece
        table.add_column(heading, overflow="fold", no_wrap=whole)
    for row in rows:
        since = ago(row["opened_at"], now)
        ids = (_ids(row["records"]), "" if row["of"] == Resource.CONTACT else _ids(row["contact"]))
        told = (row["rule"], row["why"], since)
        table.add_row(str(row["id"]), row["pair"], row["of"], *ids, *told)
    hint = (
        "Look at one with `syncd conflicts show ID`, at its record or contact with `syncd explain"
        " RECORD`; settle it with `syncd conflicts resolve ID --take left` (or right)."
    )
    if any(row["rule"] == CONSENT for row in rows):
        hint += (
            " `consent`: somebody opted out, and one side has let them in again since; nothing is"
            " written for them until you say which side is right."
        )
    context.answer({"conflicts": rows}, table, hint)


@app.command()
def show(
    ctx: typer.Context,
    number: Annotated[int, typer.Argument(metavar="ID", help="From `syncd conflicts list`.")],
) -> None:
    """Show what both sides hold. This shows personal data."""
    context = context_of(ctx)
    with stored(context) as known:
        pair, conflict = _one(known, number)
        accounts = _accounts(known, pair)
        with reading(known.store) as db:
            place = _places(db, accounts, {conflict.link_id})[conflict.link_id]
    contact = {} if place["of"] == Resource.CONTACT else place["contact"]
    what = f"{of(Resource(place['of']))}{conflict.rule}"
    why = advice.conflict_told(flips=conflict.flips)
    title = f"{what}: {why}, since {moment(conflict.opened_at)}"
    table = Table(title=title, title_justify="left")
    for heading in ("side", "account", "record", *(["contact"] if contact else []), "shows"):
        table.add_column(heading, overflow="fold")
    sides: dict[str, Any] = {}
    for side in SIDES:
        account, values = accounts[side], conflict.values[side]
        record = place["records"].get(account, "")
        ids = (record, contact.get(account, "")) if contact else (record,)
        table.add_row(side.value, account, *ids, ", ".join(map(shown, values)))
        sides[side.value] = {
            "account": account,
            "remote_id": record,
            "values": [to_json(value) for value in values],
        }
    content = {"pair": pair, **_content(conflict), **place, "sides": sides}
    context.answer(content, table, _next_step(pair, conflict))


@app.command()
def resolve(
    ctx: typer.Context,
    take: Annotated[Side, typer.Option(help="The side whose value both shall show.")],
    number: Annotated[
        int | None, typer.Argument(metavar="ID", help="From `syncd conflicts list`.")
    ] = None,
    every: Annotated[
        str | None, typer.Option("--all", metavar="PAIR", help="Every conflict of this pair.")
    ] = None,
) -> None:
    """Say which side is right; the next cycle writes its value to the other.

    Whether somebody is opted out is settled one by one, never by `--all`.
    """
    context = context_of(ctx)
    with stored(context) as known:
        pair, found = _chosen(known, number, every)
        accounts = _accounts(known, pair)
        chosen = [c for c in found if number is not None or c.rule != CONSENT]
        with known.store.begin() as db:
            choices.settle(db, pair, accounts, chosen, take, this_person(), utc_now())
    content = {
        "pair": pair,
        "resolved": [c.id for c in chosen],
        "take": take.value,
        "left_open": [c.id for c in found if c not in chosen],
    }
    if not found:
        context.answer(content, f"No field of pair '{pair}' waits for a person.")
        return
    lines = []
    if chosen:
        lines.append(
            f"Resolved: {len(chosen):,}. '{accounts[take]}' is right. The next cycle writes its"
            f" value to the other side; type `syncd sync {pair}` to do it now."
        )
    if asked := len(found) - len(chosen):
        lines.append(
            f"Not resolved: {counted(asked, 'contact')} of whom somebody has to say whether they"
            " are opted out. Look with `syncd conflicts list`, and settle each by its ID."
        )
    context.answer(content, *lines)


def _chosen(known: Stored, number: int | None, every: str | None) -> tuple[str, list[Conflict]]:
    if every is not None and number is None:
        pair = known.pair_named(every).name
        with reading(known.store) as db:
            return pair, conflicts.of_pair(db, pair, limit=conflicts.count_open(db, pair))
    if number is not None and every is None:
        pair, conflict = _one(known, number)
        return pair, [conflict]
    raise ConfigError(
        "Nothing was resolved.", hint="Name one conflict by its ID, or a pair with `--all PAIR`."
    )


def _one(known: Stored, number: int) -> tuple[str, Conflict]:
    with reading(known.store) as db:
        found = conflicts.get(db, number)
    if found is None:
        raise ConfigError(
            f"There is no conflict {number}; it may be settled already.",
            hint="Type `syncd conflicts list`.",
        )
    known.pair_named(found[0])
    return found


def _accounts(known: Stored, pair: str) -> Both[str]:
    configured = known.pair_named(pair)
    return Both(*(configured.account(side) for side in SIDES))


def _places(
    db: sa.Connection, accounts: Both[str], link_ids: Iterable[int]
) -> dict[int, dict[str, Any]]:
    """By link: of what a conflict is, and the ids of its records and of their contacts."""
    found = {link.id: link for link in links.load(db, link_ids)}
    resources = links.resources_of(db, found)
    parents = {link.parent for link in found.values() if link.parent is not None}
    contacts = {link.id: link for link in links.load(db, parents)}
    return {
        link.id: {
            "of": resources[link.id].value,
            "records": _records(accounts, link),
            "contact": _records(accounts, contacts.get(link.parent or 0, None if nested else link)),
        }
        for link in found.values()
        for nested in [resources[link.id] is not Resource.CONTACT]
    }


def _records(accounts: Both[str], link: Link | None) -> dict[str, str]:
    """The platforms' own ids, which `explain` takes, by account."""
    if link is None:
        return {}
    return {accounts[side]: one for side in SIDES if (one := link.ids[side]) is not None}


def _ids(records: Mapping[str, str]) -> str:
    return "\n".join(f"{account}: {record}" for account, record in records.items())


def _content(conflict: Conflict) -> dict[str, Any]:
    return {
        "id": conflict.id,
        "link": conflict.link_id,
        "rule": conflict.rule,
        "why": advice.conflict_told(flips=conflict.flips),
        "take": conflict.take.value if conflict.take else None,
        "opened_at": conflict.opened_at,
    }


def _is_out(conflict: Conflict, side: Side) -> bool:
    return any(isinstance(v, Consent) and v.level is Level.REVOKED for v in conflict.values[side])


def _next_step(pair: str, conflict: Conflict) -> str:
    if conflict.take is not None:
        return f"Settled: the {conflict.take.value} side is right. `syncd sync {pair}` writes it."
    number = conflict.id
    if conflict.flips:
        return (
            "An automation of each platform changes what comes from the other, so nothing more is"
            " written to this field until somebody enters another value. Switch one of them off;"
            f" or type `syncd conflicts resolve {number} --take left` (or right): that value is"
            " written once, and each side then keeps its own spelling."
        )
    if conflict.rule == CONSENT:
        ins = [s.value for s in SIDES if not _is_out(conflict, s)]
        outs = [s.value for s in SIDES if _is_out(conflict, s)]
        stay = f"; with `--take {outs[0]}` they are opted out everywhere" if outs else ""
        return (
            f"Was this person let in again? `syncd conflicts resolve {number} --take {ins[0]}`"
            f" lifts the opt-out on every account of the ledger, in your name{stay}."
        )
    return (
        f"Settle it with `syncd conflicts resolve {number} --take left` (or right), or make both"
        " sides equal on their platforms."
    )
