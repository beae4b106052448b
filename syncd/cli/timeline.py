"""Entries of the journal as people and programs read them."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich.table import Table

from syncd.cli import advice
from syncd.cli.values import moment, printable, shown
from syncd.core.odd import ODD
from syncd.model.entry import CONTACT_OF, IN_DOUBT, SEEN, Entry, Kind, Noted
from syncd.model.record import Resource
from syncd.model.values import SetDelta, fields_to_json

_WHAT = {
    Kind.APPEARED: "seen for the first time",
    Kind.LEARNED: "read for the first time",
    Kind.CHANGED: "changed",
    Kind.MOVED: "given to another contact",
    Kind.GONE: "gone",
    Kind.RETURNED: "there again",
    Kind.CREATED: "created",
    Kind.UPDATED: "written",
    Kind.DELETED: "deleted",
    Kind.SUPPRESSED: "told to have opted out",
    Kind.REFUSED: "refused",
    Kind.PARKED: "parked",
    Kind.CONFLICT: "conflict",
    Kind.CHOSEN: "chosen as right",
    Kind.RELEASED: "run released",
    Kind.LINKED: "linked",
    Kind.ENDED: "link ended",
}
_NAMES = {CONTACT_OF: "contact", ODD: "cannot be read"}
COLUMNS = (
    *("number", "at", "pair", "run", "actor", "account", "resource", "remote_id", "link"),
    *("kind", "target", "fields", "before", "after", "cause", "why", "baseline"),
)


def table(title: str, entries: Iterable[Noted], *, values: bool) -> Table:
    """For people: one line per entry.

    Args:
        values: show them too; they are personal data.
    """
    found = Table(title=title, title_justify="left")
    for heading in ("when", "run", "who", "record", "what", "fields", "why"):
        found.add_column(heading, overflow="fold", no_wrap=heading == "when")
    for noted in entries:
        entry = noted.entry
        found.add_row(
            moment(noted.at).removesuffix(" UTC"),
            str(noted.run_id or "·"),
            printable(entry.actor),
            _record(entry),
            _what(entry),
            "\n".join(_field(entry, name, values=values) for name in names_of(entry)),
            why(entry),
        )
    return found


def _record(entry: Entry) -> str:
    if entry.account is None:
        return "·"
    of = "" if entry.resource in (None, Resource.CONTACT) else f" {entry.resource}"
    return f"{entry.account}{of}: {printable(entry.remote_id or '(nobody)')}"


def _what(entry: Entry) -> str:
    what = _WHAT[entry.kind]
    match entry.kind:
        case Kind.LINKED | Kind.ENDED | Kind.CONFLICT:
            return f"{what} with {entry.target}"
        case Kind.CREATED | Kind.SUPPRESSED | Kind.REFUSED if entry.target:
            return f"{what} on {entry.target}"
        case _:
            return what


def names_of(entry: Entry) -> Sequence[str]:
    """The fields of which an entry tells, in their order."""
    return sorted({*entry.before, *entry.after})


def _field(entry: Entry, name: str, *, values: bool) -> str:
    called = _NAMES.get(name, printable(name))
    if not values:
        return called
    before, after = entry.before.get(name), entry.after.get(name)
    if isinstance(before, frozenset) and isinstance(after, frozenset):
        return f"{called}: {shown(SetDelta(after - before, before - after))}"
    if name not in entry.before or isinstance(after, SetDelta):
        return f"{called}: {shown(after)}"
    return f"{called}: {shown(before)} → {shown(after)}"


def why(entry: Entry) -> str:
    """Why something was written or was not, as far as there is more to say."""
    if entry.baseline:
        return "listed with everybody else"
    match entry.cause:
        case None:
            return ""
        case cause if cause == IN_DOUBT:
            return "as we had sent it; its answer was still missing"
        case cause if cause == SEEN:
            return "its answer was missing; a look had shown it already"
        case cause if entry.kind in (Kind.CONFLICT, Kind.CHOSEN):
            return printable(cause)
        case cause if entry.kind is Kind.REFUSED:
            return advice.problem_told(cause)
        case cause:
            return advice.told(cause)


def content(noted: Noted, *, values: bool) -> dict[str, Any]:
    """One entry for programs.

    Args:
        values: what was there before and is after too; it is personal data.
    """
    entry = noted.entry
    given = (
        {"before": fields_to_json(entry.before), "after": fields_to_json(entry.after)}
        if values
        else {}
    )
    return {
        "number": noted.number,
        "at": noted.at,
        "pair": noted.pair,
        "run": noted.run_id,
        "actor": entry.actor,
        "account": entry.account,
        "resource": entry.resource,
        "remote_id": entry.remote_id,
        "link": entry.link_id,
        "kind": entry.kind.value,
        "target": entry.target,
        "fields": names_of(entry),
        **given,
        "cause": entry.cause,
        "why": why(entry),
        "baseline": entry.baseline,
    }
