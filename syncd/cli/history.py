"""`syncd history`: what was seen and written, when and by whom."""

import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
import typer

from syncd.cli import timeline
from syncd.cli.context import CommandContext, context_of, pair_names, stored
from syncd.cli.moments import moment
from syncd.cli.named import Found, records_of
from syncd.cli.values import counted
from syncd.config.parts import parse_duration
from syncd.connectors.api import utc_now
from syncd.errors import ConfigError
from syncd.model.entry import Noted
from syncd.store import journal, runs
from syncd.store.database import reading
from syncd.stored import Stored

app = typer.Typer(add_completion=False)
HOW = "For example `syncd history ada@example.org`, `syncd history --run 12`, `--since 2026-01-31`."


@dataclass(frozen=True, slots=True)
class _Asked:
    """Whose history is asked for.

    Attributes:
        pairs: those that were named; none: all.
    """

    contact: str | None
    run: int | None
    since: datetime | None
    pairs: Sequence[str]
    limit: int

    @property
    def title(self) -> str:
        if self.contact is not None:
            return "What happened to this contact, in UTC"
        return f"Run {self.run}, in UTC" if self.run is not None else "What happened, in UTC"


@app.command()
def history(
    ctx: typer.Context,
    contact: Annotated[
        str | None,
        typer.Argument(help="An e-mail address, or an id of either side; of a note or task too."),
    ] = None,
    run: Annotated[int | None, typer.Option(help="What this run saw and wrote.")] = None,
    since: Annotated[
        str | None,
        typer.Option(help="From then on: 2026-01-31, 2026-01-31T08:00Z, or 90m, 12h, 7d ago."),
    ] = None,
    pair: Annotated[
        str | None, typer.Option(help="Of this pair only; a contact as this pair knows it.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many entries, the newest.")] = 1_000,
    values: Annotated[
        bool, typer.Option("--values", help="Show values too; those of a contact are shown anyway.")
    ] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Answer in CSV.")] = False,
    erase: Annotated[
        bool, typer.Option("--erase", help="Take out all that tells who this contact is.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Erase unasked.")] = False,
) -> None:
    """Show what was seen and written: when, by whom, on which side, and why it was not.

    Of a contact with all that belongs to it, of a run, or since some time. What is told of a
    contact is personal data, and so are `--values`.
    """
    context = context_of(ctx)
    if as_csv and context.json:
        raise ConfigError("An answer is in JSON or in CSV.", hint="Leave one of the two out.")
    if (contact is not None) + (run is not None) + (since is not None) != 1:
        raise ConfigError("Name one of a contact, a run, or a time.", hint=HOW)
    if erase and contact is None:
        raise ConfigError(
            "Only a contact can be erased; nothing was changed.",
            hint="For example `syncd history ada@example.org --erase`.",
        )
    since_when = _since(since) if since is not None else None
    asked = _Asked(contact, run, since_when, [pair] if pair else [], limit)
    with stored(context) as known:
        pair_names(known, asked.pairs)
        if erase:
            _erase(context, known, asked, yes=yes)
            return
        with reading(known.store) as db:
            found = _entries(db, known, asked)
    _answer(context, asked, found, values=values or contact is not None, as_csv=as_csv)


def _since(text: str) -> datetime:
    """A moment, or how long ago that was."""
    try:
        ago = parse_duration(text)
    except ValueError:
        return moment(text, "--since")
    now = utc_now()
    return now - min(ago, now - journal.BEGIN)


def _entries(db: sa.Connection, known: Stored, asked: _Asked) -> list[Noted]:
    """One more than asked for, if there are more."""
    limit = asked.limit + 1
    if asked.contact is not None:
        return journal.of_records(db, _records(db, known, asked.contact, asked.pairs), limit)
    if asked.run is None:
        pairs = pair_names(known, asked.pairs)
        return journal.since(db, asked.since or utc_now(), pairs, limit)
    found = journal.of_run(db, asked.run, limit)
    ran = runs.get(db, asked.run)
    pair = ran.pair if ran else found[0].pair if found else None
    if pair is None:
        raise ConfigError(
            f"There is no run {asked.run}, or it was forgotten.",
            hint="`syncd status` tells the number of the last one.",
        )
    if asked.pairs and pair not in asked.pairs:
        raise ConfigError(f"Run {asked.run} is of pair '{pair}'.", hint="Leave `--pair` out.")
    return found


def _records(db: sa.Connection, known: Stored, named: str, pairs: Sequence[str]) -> Found:
    """The records that are meant; one that no pair knows any more may be in the journal still."""
    found: Found = {}
    for name in pair_names(known, pairs):
        for place, ids in records_of(db, known.pair_named(name), named).items():
            found.setdefault(place, set()).update(ids)
    if not found:
        found = {place: {named.strip()} for place in journal.places_of(db, named.strip())}
    if not found:
        raise ConfigError(
            "No pair has seen this contact, and the journal knows nothing of such an id.",
            hint="`syncd explain` tells whether the address has opted out.",
        )
    return found


# -- answers ----------------------------------------------------------------------------------


def _answer(
    context: CommandContext, asked: _Asked, found: list[Noted], *, values: bool, as_csv: bool
) -> None:
    entries = found[-asked.limit :]
    told = [timeline.content(noted, values=values) for noted in entries]
    more = len(found) > asked.limit
    if as_csv:
        _write_csv(told)
        return
    if not entries:
        context.answer({"entries": [], "more": False}, "The journal tells nothing of it.")
        return
    parts = [f"These are the newest {asked.limit:,}; `--limit` shows more."] if more else []
    shown = timeline.table(asked.title, entries, values=values)
    context.answer({"entries": told, "more": more}, shown, *parts)


def _write_csv(told: Sequence[dict[str, Any]]) -> None:
    """Lists and values as JSON, so that no cell begins with what a spreadsheet takes for more."""
    writer = csv.DictWriter(sys.stdout, timeline.COLUMNS, restval="")
    writer.writeheader()
    for entry in told:
        at = entry["at"].isoformat().replace("+00:00", "Z")
        cells = {name: _cell(value) for name, value in entry.items()}
        writer.writerow({**cells, "at": at})
    sys.stdout.flush()


def _cell(value: object) -> object:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


# -- erase ------------------------------------------------------------------------------------


def _erase(context: CommandContext, known: Stored, asked: _Asked, *, yes: bool) -> None:
    with reading(known.store) as db:
        records = _records(db, known, asked.contact or "", asked.pairs)
        count = journal.count(db, records)
    if count and not (yes or _may_erase(context, count)):
        context.answer({"erased": 0}, "Nothing was changed.")
        return
    with known.store.begin() as db:
        erased = journal.erase(db, records)
    context.answer(
        {"erased": erased},
        f"Erased from {counted(erased, 'entry', 'entries')}: what happened stays, without values"
        " and without whom it happened to. What is seen and written from now on is told again.",
    )


def _may_erase(context: CommandContext, count: int) -> bool:
    """What a person says to it.

    Raises:
        ConfigError: there is nobody to ask.
    """
    if context.json or not sys.stdin.isatty():
        raise ConfigError(
            "There is nobody here to ask; nothing was erased.",
            hint="Type `--yes` if it may be.",
        )
    question = f"Erase this contact from {counted(count, 'entry', 'entries')} of the journal?"
    return typer.confirm(question, default=False, err=True)
