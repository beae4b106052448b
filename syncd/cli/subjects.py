"""Contacts, and what belongs to them, as the store knows them: for `syncd explain`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from syncd.app import App
from syncd.cli.children import NEWEST, Children
from syncd.cli.named import records_around, together
from syncd.cli.reasons import Subject
from syncd.core.normalise import identity_key
from syncd.engine.context import Pair, Stream
from syncd.mapping.html_text import to_text
from syncd.model.link import Link, Member, Observation, State
from syncd.model.op import OpState
from syncd.model.side import SIDES, Both, Side
from syncd.store import children, conflicts, journal, members, observations, runs, tallies
from syncd.store.database import reading

UNANSWERED = "not sent"  # as the engine notes what it gave a connector and got no answer for
TOLD = 10  # entries of its history
LONG_AGO = datetime.min.replace(tzinfo=UTC)


def find(app: App, pair: Pair, named: str) -> list[Subject]:
    """Everything of a pair that this address or id names, contacts first."""
    key = identity_key(named) or named.strip()
    with reading(app.store) as db:
        return [
            _with_history(db, app, _subject(db, app, stream, link, involved), involved)
            for stream in pair.streams
            for link, involved in together(
                db, members.known_as(db, stream.pair, stream.resource, key)
            )
        ]


def _with_history(
    db: sa.Connection, app: App, subject: Subject, involved: Sequence[Member]
) -> Subject:
    """With the newest of what the journal tells of it, and of what belongs to it."""
    pair = app.pair_named(subject.pair)
    records = records_around(db, pair, subject.resource, involved)
    return replace(subject, history=journal.of_records(db, records, TOLD))


def children_of(app: App, pair: Pair, contact: Subject) -> list[Children]:
    """What belongs to a contact, by resource."""
    awake = {stream.resource for stream in pair.streams}
    configured = app.pair_named(pair.name).settings.streams
    with reading(app.store) as db:
        return [
            *(_children(db, app, stream, contact) for stream in pair.streams[1:]),
            *(Children(one, contact.accounts, (), None) for one in configured if one not in awake),
        ]


def _children(db: sa.Connection, app: App, stream: Stream, contact: Subject) -> Children:
    own = [
        child
        for side in SIDES
        if (there := contact.members[side]) is not None
        for child in children.under(db, stream.pair, stream.resource, side, [there.remote_id])
    ]
    every = together(db, own)
    modified = _modified(db, stream, [member for _, involved in every for member in involved])

    def age(one: tuple[Link | None, Sequence[Member]]) -> tuple[datetime, int]:
        link, involved = one
        latest = max(modified.get((m.side, m.remote_id), LONG_AGO) for m in involved)
        return latest, link.id if link else 0

    newest = sorted(every, key=age, reverse=True)[:NEWEST]
    return Children(
        stream.resource,
        contact.accounts,
        [_subject(db, app, stream, link, involved) for link, involved in newest],
        len(every),
    )


def _modified(
    db: sa.Connection, stream: Stream, some: Sequence[Member]
) -> dict[tuple[Side, str], datetime]:
    """When these were last changed, of those of which their platform says so."""
    found: dict[tuple[Side, str], datetime] = {}
    for side in SIDES:
        ids = [member.remote_id for member in some if member.side is side]
        account = stream.accounts[side].name
        for remote_id, seen in observations.load(db, account, stream.resource, ids).items():
            if seen.modified is not None:
                found[side, remote_id] = seen.modified
    return found


def _subject(
    db: sa.Connection, app: App, stream: Stream, link: Link | None, involved: Sequence[Member]
) -> Subject:
    by_side = Both(*(_on(side, link, involved) for side in SIDES))
    seen = Both(*(_observation(db, stream, side, by_side[side]) for side in SIDES))
    keys = {member.key for member in involved if member.key is not None}
    opted_out = app.ledger.suppressed(db, keys, stream.relatives)
    parked = conflicts.of_links(db, [link.id]) if link else {}
    return Subject(
        pair=stream.pair,
        resource=stream.resource,
        known_as=min(keys, default="") if stream.parent is None else _told_by(stream, seen),
        contacts=Both(*(_contact(db, stream, by_side[side]) for side in SIDES)),
        accounts=stream.accounts.map(lambda account: account.name),
        mapping=stream.mapping,
        members=by_side,
        seen=seen,
        link=link,
        opted_out=max(opted_out.values(), default=None),
        conflicts={rule: conflict for (_, rule), conflict in parked.items()},
        problems=conflicts.problems_of(db, link.id) if link else {},
        ops=[_with_reason(db, op) for op in tallies.of_link(db, link.id, 10)] if link else (),
    )


def _told_by(stream: Stream, seen: Both[Observation | None]) -> str:
    """What people tell a record by from others of its contact: a title, or what a note says."""
    for side in SIDES:
        spec, one = stream.specs[side], seen[side]
        for name in spec.recognised_by if one is not None and not one.gone else ():
            if one is not None and (value := one.fields.get(name)):
                text = to_text(str(value)) if spec.fields[name].html else str(value)
                return " ".join(text.split())
    return ""


def _contact(db: sa.Connection, stream: Stream, child: Member | None) -> Member | None:
    if stream.parent is None or child is None or child.parent_id is None:
        return None
    ids = [child.parent_id]
    return members.load(db, stream.pair, stream.parent, child.side, ids).get(child.parent_id)


def _with_reason(db: sa.Connection, op: Mapping[str, Any]) -> Mapping[str, Any]:
    """A write that its platform did not answer for itself: what ended the run says why."""
    if op["state"] != OpState.DROPPED or op["error"] != UNANSWERED:
        return op
    run = runs.get(db, op["run_id"])
    why = f", as the run ended: {run.error.partition('  ')[0]}" if run and run.error else ""
    return {**op, "error": f"it was not carried out{why}"}


def _on(side: Side, link: Link | None, involved: Sequence[Member]) -> Member | None:
    """The record of a side: the link's own, and not one that it has replaced."""
    found = [m for m in involved if m.side is side]
    own = [m for m in found if link is None or link.ids[side] == m.remote_id]
    alive = [m for m in found if m.state is not State.GONE]
    return next(iter(own or alive or found), None)


def _observation(
    db: sa.Connection, stream: Stream, side: Side, member: Member | None
) -> Observation | None:
    if member is None:
        return None
    account = stream.accounts[side].name
    return observations.load(db, account, stream.resource, [member.remote_id]).get(member.remote_id)
