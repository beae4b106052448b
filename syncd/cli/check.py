"""`syncd check`: credentials, rights, limits, mapping and store, in one table."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from rich.table import Table

from syncd.app import App
from syncd.cli import dotenv
from syncd.cli import probe as probing
from syncd.cli.context import Code, CommandContext, context_of, finish, opened, pair_names, worst
from syncd.config.problems import ConfigProblemsError
from syncd.connectors.api import Scoped, Staffed
from syncd.engine.context import Stream
from syncd.engine.word import terms
from syncd.errors import SyncdError, TransientError
from syncd.model.record import Identity, Resource, Right
from syncd.model.side import SIDES, Side
from syncd.store import database, private_files, runs
from syncd.store.database import reading

app = typer.Typer(add_completion=False)
TRY_AGAIN = "Type `syncd check` again in a while."
GOOD, REMARK, AWAY, HELD, BAD = "ok", "note", "away", "HELD", "STOP"
CODES = {AWAY: Code.AGAIN, HELD: Code.HELD, BAD: Code.WRONG}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at.

    Attributes:
        verdict: ok, a note, or something that stops the pair: what a person has to mend, what
            the next run is held for, or a platform that does not answer now.
    """

    verdict: str
    of: str
    what: str
    found: str
    hint: str = ""


@app.command()
def check(
    ctx: typer.Context,
    pair: Annotated[str | None, typer.Argument(help="All pairs, if none is named.")] = None,
    account: Annotated[
        str | None, typer.Option(help="Only this account, whether a pair uses it or not.")
    ] = None,
    probe: Annotated[
        str | None,
        typer.Option(help="Try on this account what is taken for granted, with one contact."),
    ] = None,
    address: Annotated[
        str | None, typer.Option(help="Of the contact that --probe makes and removes.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Let --probe write, unasked.")] = False,
) -> None:
    """Try everything out: credentials, rights, mapping, store.

    Writes to no platform; but --probe makes one contact, and removes it.

    Ends with 2 if something stops a pair, with 7 if its next run will be held for another
    account, with 1 if a platform does not answer now. An account found here for the first time
    is remembered: should another one answer some day, its pairs are held.
    """
    context = context_of(ctx)
    if probe is not None:
        probing.probe(context, probe, address, yes=yes)
        return
    with opened(context) as opened_app:
        lines = [_store(opened_app), *_files(opened_app)]
        if account is not None:
            opened_app.configured(account)
            lines += _account(opened_app, account)
        else:
            names = pair_names(opened_app, [pair] if pair else [])
            for name in _accounts_of(opened_app, names):
                lines += _account(opened_app, name)
            stopped = {line.of: line.verdict for line in lines if line.verdict in (AWAY, BAD)}
            for name in names:
                lines += _pair(opened_app, name, stopped)
    context.answer(_content(lines), _table(lines), *_hints(context, lines), _said(lines))
    finish(worst(CODES[line.verdict] for line in lines if line.verdict in CODES))


def _accounts_of(opened_app: App, pairs: list[str]) -> list[str]:
    configured = (opened_app.pair_named(name) for name in pairs)
    return list(dict.fromkeys(pair.account(side) for pair in configured for side in SIDES))


def _store(opened_app: App) -> Line:
    where = opened_app.store.url.render_as_string(hide_password=True)
    return Line(GOOD, "store", "schema", f"{database.version(opened_app.store)} at {where}")


def _files(opened_app: App) -> list[Line]:
    """Files with secrets or customers in them that others on this machine may read."""
    path = database.sqlite_file(opened_app.store.url)
    store = private_files.wide_store(path) if path is not None else []
    lines = [(one, "store", "every contact") for one in store]
    secrets = private_files.wide_files(dotenv.files())
    lines += [(one, "secrets", "tokens and keys") for one in secrets]
    return [
        Line(
            REMARK,
            of,
            "rights",
            f"others on this machine may open {one.path} (mode {one.mode}): {what} may be in it",
            f"Type `{one.narrow}`.",
        )
        for one, of, what in lines
    ]


def _account(opened_app: App, name: str) -> list[Line]:
    """Ask one account who it is and what it may do."""
    try:
        checked = opened_app.checked(name, anew=True)
    except SyncdError as error:
        if isinstance(error, TransientError):
            return [Line(AWAY, name, "connection", error.message, error.hint or TRY_AGAIN)]
        return [Line(BAD, name, "credentials", error.message, error.hint)]
    identity = checked.identity
    listed = [spec for catalogue in checked.catalogues.values() for spec in catalogue.values()]
    fields = sum(spec.kept for spec in listed)
    return [
        Line(GOOD, name, "account", _who(identity)),
        *_rights(name, identity),
        Line(GOOD, name, "fields", f"{fields} fields"),
        *(Line(REMARK, name, "remark", f"{remark}.") for remark in identity.remarks),
    ]


def _who(identity: Identity) -> str:
    parts = [f"'{identity.title}'", f"id {identity.account_id}"]
    parts += [part for part in (identity.country, identity.time_zone) if part]
    return ", ".join(parts)


def _rights(name: str, identity: Identity) -> list[Line]:
    missing = [right for right in identity.rights if not right.granted]
    granted = ", ".join(right.name for right in identity.rights if right.granted)
    lines = [Line(GOOD, name, "rights", granted or "none")]
    for right in missing:
        verdict = BAD if right.needed else REMARK
        lines.append(Line(verdict, name, "rights", f"{right.name} is missing", right.remark))
    return lines


def _pair(opened_app: App, name: str, stopped: Mapping[str, str]) -> list[Line]:
    """Compile a pair's mapping against what both accounts hold now."""
    configured = opened_app.pair_named(name)
    blocked = [a for side in SIDES if (a := configured.account(side)) in stopped]
    if blocked:
        verdict = BAD if any(stopped[a] == BAD for a in blocked) else AWAY
        names = " and ".join(f"'{account}'" for account in blocked)
        return [Line(verdict, name, "mapping", f"not looked at, as {names} cannot be used")]
    try:
        opened_pair = opened_app.open_pair(name, create_fields=False, complete=True)
        read = (*opened_pair.streams, *opened_pair.looks)
        rights = [line for s in read for line in _rights_of(name, s)]
        booked = _booked(opened_app, name)
        warnings = opened_app.warnings(name)
    except ConfigProblemsError as error:
        wrong = [Line(BAD, name, p.where, p.message, p.hint) for p in error.problems]
        return [*wrong, *_all_the_same(opened_app, name)]
    except SyncdError as error:
        verdict = AWAY if isinstance(error, TransientError) else BAD
        return [Line(verdict, name, "mapping", error.message, error.hint)]
    compiled = opened_pair.contacts
    rules = ", ".join(f"{len(s.mapping.rules)} for {s.noun}" for s in opened_pair.streams[1:])
    also = f", {rules}" if rules else ""
    return [
        Line(GOOD, name, "mapping", f"{len(compiled.mapping.rules)} rules{also}"),
        *rights,
        *booked,
        *(Line(REMARK, name, p.where, p.message, p.hint) for p in warnings),
        *_drift(opened_app, name, compiled),
    ]


def _rights_of(name: str, stream: Stream) -> list[Line]:
    """What credentials lack for a stream; asked only where a pair needs it."""
    return [
        Line(
            BAD if right.needed else REMARK,
            name,
            f"rights for {stream.noun}",
            f"'{stream.accounts[side].name}': {right.name} is missing",
            right.remark,
        )
        for side in stream.sides
        for right in _asked_of(stream, side)
        if not right.granted
    ]


def _asked_of(stream: Stream, side: Side) -> Sequence[Right]:
    """The rights for what belongs to contacts, or for fields of contacts that need their own."""
    if stream.parent is not None:
        return stream.nested(side).rights(stream.resource)
    connector = stream.connector(side)
    if not isinstance(connector, Scoped):
        return ()
    return connector.rights_of_fields(stream.fields[side])


def _booked(opened_app: App, name: str) -> list[Line]:
    """The calendars and people that a pair's file names, and where one of these is missing."""
    booking, configured = opened_app.booking(name), opened_app.pair_named(name)
    if booking is None:
        return []
    found = [
        Line(GOOD, name, "appointments", f"'{configured.account(side)}': {'; '.join(parts)}")
        for side in SIDES
        if (parts := booking.told(side))
    ]
    lines = configured.lines(Resource.APPOINTMENT)
    for side in SIDES:
        calendar = booking.unstaffed(side, lines)
        connector = opened_app.connect(configured.account(side))
        if calendar is None or not isinstance(connector, Staffed):
            continue
        if calendar.remote_id in connector.staffed():
            said = f"'{configured.account(side)}': calendar {calendar} has a team, and without one"
            said += " of it no appointment is made there"
            hint = f"Add `assignee: {{{side.value}: …}}` with a name, an address or an id."
            found.append(Line(REMARK, name, "appointments", said, hint))
    return found


def _all_the_same(opened_app: App, name: str) -> list[Line]:
    """What a pair does that was approved and does not fit any more."""
    with reading(opened_app.store) as db:
        if runs.facts(db, name).approved_at is None:
            return []
    contacts = opened_app.open_pair(name, create_fields=False).contacts
    found = "until then nothing but opt-outs travels"
    if not contacts.reduced:
        found = "until then what does not fit rests, and everything else goes on"
    return [Line(REMARK, name, "mapping", found)]


def _drift(opened_app: App, name: str, compiled: Stream) -> list[Line]:
    """What is not as it was when a person approved the pair, and so holds the next run."""
    with reading(opened_app.store) as db:
        facts = runs.facts(db, name)
        held = runs.held(db, name, released=False)
    lines = []
    if facts.approved_at is None:
        found = "not approved yet: the first run waits for a person"
        lines.append(Line(REMARK, name, "approval", found, f"Type `syncd plan {name}`."))
    if facts.accounts is not None and tuple(facts.accounts) != terms(compiled).accounts:
        lines.append(Line(HELD, name, "approval", *_another(facts.accounts, compiled)))
    if facts.setup is not None and facts.setup != compiled.setup:
        found = "mapping or filter changed since it was approved: the next run is held"
        lines.append(Line(REMARK, name, "approval", found, f"Type `syncd plan {name}`."))
    if held is not None:
        found = f"run {held.id} is held: {' '.join(held.reasons)}"
        lines.append(Line(REMARK, name, "approval", found, f"Type `syncd plan {name}`."))
    return lines


def _another(approved: Sequence[str], compiled: Stream) -> tuple[str, str]:
    """What there is to say, and to do, where other accounts answer than the approved ones."""
    others = [
        (account, known)
        for account, known in zip(compiled.accounts, approved, strict=True)
        if account.account_id != known
    ]
    found = "; ".join(
        f"'{account.name}' leads to account '{account.account_id}', and the pair was approved"
        f" with '{known}'"
        for account, known in others
    )
    names = " and ".join(f"'{account.name}'" for account, _ in others)
    return f"{found}: the next run is held", (
        f"Put the old credentials of {names} back; or, for another account, write another"
        " account and another pair, with names of their own, into the configuration."
    )


# -- showing -----------------------------------------------------------------------------


def _table(lines: list[Line]) -> Table:
    table = Table()
    table.add_column("")
    table.add_column("of")
    table.add_column("what", overflow="fold")
    table.add_column("found", overflow="fold")
    styles = {GOOD: "green", REMARK: "yellow", AWAY: "red", HELD: "bold red", BAD: "bold red"}
    for line in lines:
        table.add_row(line.verdict, line.of, line.what, line.found, style=styles[line.verdict])
    return table


def _said(lines: list[Line]) -> str:
    """The last line: whether all is well, and if not, what not."""
    n = Counter(line.verdict for line in lines)
    parts = [
        f"Things that stop a pair: {n[BAD]}." if n[BAD] else "",
        "The next run will be held." if n[HELD] else "",
        "A platform does not answer now, so not everything was looked at." if n[AWAY] else "",
    ]
    return " ".join(part for part in parts if part) or "Everything fits."


def _hints(context: CommandContext, lines: list[Line]) -> list[str]:
    hints = dict.fromkeys(f"  {line.of}: {line.hint}" for line in lines if line.hint)
    return [] if context.json or not hints else ["What to do:", *hints]


def _content(lines: list[Line]) -> dict[str, Any]:
    return {
        "fits": all(line.verdict not in CODES for line in lines),
        "lines": [
            {
                "verdict": line.verdict,
                "of": line.of,
                "what": line.what,
                "found": line.found,
                "hint": line.hint,
            }
            for line in lines
        ],
    }
