"""Derive: fields of contacts that nobody is asked for, as they follow from what the store holds.

They stand among the other fields of a contact's observation, so that whoever reads these finds
them there. Each is computed where what it follows from changes, in the same transaction; and in
no cycle of a pair whose account has no use for it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

import sqlalchemy as sa

from syncd.core.digest import digest
from syncd.engine import journal
from syncd.engine.context import Cycle, Stream
from syncd.mapping.html_text import to_text
from syncd.model import derived
from syncd.model.link import Observation
from syncd.model.record import Record, Resource
from syncd.model.side import SIDES, Side
from syncd.model.spec import ResourceSpec
from syncd.model.values import Fields, Value
from syncd.store import activity, engagement, fanout, observations, passing, wake
from syncd.store.activity import Told
from syncd.store.database import reading
from syncd.store.passing import Standing

Seen: TypeAlias = tuple[Record, Observation | None, Fields]  # a record, as known before, and now

_BY_TIME = frozenset(
    {derived.NEXT_TASK_DUE_AT, derived.NEXT_APPOINTMENT_AT, derived.LAST_APPOINTMENT_STATUS}
)


def completed(db: sa.Connection, cycle: Cycle, side: Side, told: list[Seen]) -> list[Seen]:
    """Contacts with the derived fields that they lack, as nobody has seen them before."""
    names = cycle.stream.derived[side]
    if not names or cycle.stream.parent is not None:
        return told
    lacking = {r.remote_id for r, _, fields in told if r.remote_id and not names <= fields.keys()}
    if not lacking:
        return told
    values = _computed(db, cycle, side, lacking, names)
    return [(r, old, {**fields, **values.get(r.remote_id, {})}) for r, old, fields in told]


def follow(
    db: sa.Connection,
    cycle: Cycle,
    side: Side,
    known: Mapping[str, Observation],
    fresh: Iterable[Observation],
) -> None:
    """Bring contacts up to date, some of whose records have changed, come, gone or moved.

    Args:
        known: the records as they were, by id; fresh: those of which something else is known now.
    """
    names = derived.told_by(cycle.stream.derived[side], cycle.stream.resource)
    if not names:
        return
    concerned: set[str | None] = set()
    for seen in fresh:
        old = known.get(seen.remote_id)
        if old is None or (old.digest, old.parent_id) != (seen.digest, seen.parent_id):
            concerned |= {seen.parent_id, old.parent_id if old else None}
    refresh(db, cycle, side, {one for one in concerned if one is not None}, names)


def standings(contacts: Cycle) -> dict[Side, Standing]:
    """How it stands with the derived fields of each side that has any.

    It takes one statement for each, and is all that a cycle costs in which nothing is to be done.
    """
    stream, environment = contacts.stream, contacts.environment
    found: dict[Side, Standing] = {}
    for side in SIDES:
        if stream.derived[side]:
            account = stream.accounts[side].name
            with reading(environment.store) as db:
                found[side] = passing.standing(db, account, environment.now(), stream.chunk)
    return found


def is_behind(contacts: Cycle, side: Side, standing: Standing) -> bool:
    """Whether something is to be computed, though no record has changed."""
    return bool(standing.passed) or standing.reports.keys() != contacts.stream.derived[side]


def bring_up_to_date(contacts: Cycle, standings: Mapping[Side, Standing]) -> None:
    """Compute what follows from no change of a record: from time that has passed, or from a
    mapping that names a field for the first time."""
    stream, environment = contacts.stream, contacts.environment
    for side, standing in standings.items():
        account, names, now = stream.accounts[side].name, stream.derived[side], standing
        while is_behind(contacts, side, now):
            if now.reports.keys() != names:
                _spread(contacts, side, names - now.reports.keys())
            else:
                _pass(contacts, side, now.passed)
            with reading(environment.store) as db:
                now = passing.standing(db, account, environment.now(), stream.chunk)


def refresh(
    db: sa.Connection, contacts: Cycle, side: Side, ids: Iterable[str], names: frozenset[str]
) -> None:
    """Bring some fields of contacts up to date, of which something new is known."""
    concerned = {*ids}
    if concerned:
        _store(db, contacts, side, _computed(db, contacts, side, concerned, names))


def forget_others(db: sa.Connection, contacts: Stream) -> None:
    """Note that nobody keeps other fields up to date than those that are named now."""
    for side in SIDES:
        passing.forget_others(db, contacts.accounts[side].name, contacts.derived[side])


def _spread(contacts: Cycle, side: Side, names: frozenset[str]) -> None:
    """Compute fields for everybody who has been seen. A crash leaves whole chunks."""
    stream, after = contacts.stream, ""
    account = stream.accounts[side].name
    while True:
        with contacts.writing() as db:
            ids = observations.ids(db, account, stream.resource, stream.chunk, after)
            if names and ids:
                _store(db, contacts, side, _computed(db, contacts, side, ids, names))
            if not names or not ids:
                passing.note_computed(db, account, stream.derived[side])
                return
        after = ids[-1]
        contacts.environment.crash("derived")


def _pass(contacts: Cycle, side: Side, passed: Mapping[Resource, Sequence[str]]) -> None:
    """Compute anew what tells of a time that has passed."""
    with contacts.writing() as db:
        for resource, ids in passed.items():
            names = derived.told_by(contacts.stream.derived[side], resource)
            values = _of_activity(db, contacts, side, resource, ids, names)
            _store(db, contacts, side, values)
    contacts.environment.crash("passed")


def _computed(
    db: sa.Connection, cycle: Cycle, side: Side, ids: Iterable[str], names: frozenset[str]
) -> dict[str, Fields]:
    """What contacts show in some fields, by their ids."""
    account, reported = cycle.stream.accounts[side].name, names & derived.ENGAGEMENT
    found: dict[str, Fields] = {contact: dict.fromkeys(reported) for contact in ids}
    if reported:
        for contact, values in engagement.told(db, account, found, reported).items():
            shown = {name: values.get(name) for name in reported}
            found[contact] = shown
    for resource in sorted(derived.fed_by(names)):
        told = derived.told_by(names, resource)
        for contact, values in _of_activity(db, cycle, side, resource, found, told).items():
            found[contact] = {**found[contact], **values}
    return found


def _of_activity(
    db: sa.Connection,
    cycle: Cycle,
    side: Side,
    resource: Resource,
    ids: Iterable[str],
    names: frozenset[str],
) -> dict[str, Fields]:
    """What one resource tells of contacts; and when that changes next is noted."""
    account, now = cycle.stream.accounts[side], cycle.environment.now()
    spec = account.connector.spec.resources.get(resource, ResourceSpec({}))
    contacts = sorted({*ids})
    told = activity.told(db, account.name, resource, spec, contacts, now) if names else {}
    if names & _BY_TIME or not names:
        passes = {one: told.get(one, Told()).passes for one in contacts}
        passing.note(db, account.name, resource, passes)
    return {
        one: {name: _plain(spec, name, told.get(one, Told()).values.get(name)) for name in names}
        for one in contacts
    }


def _plain(spec: ResourceSpec, name: str, value: Value) -> Value:
    """A note as people read it: where they write HTML, its text."""
    text = spec.activity.text if spec.activity else None
    if name == derived.LAST_NOTE and isinstance(value, str) and text and spec.fields[text].html:
        return to_text(value) or None
    return value


def _store(db: sa.Connection, cycle: Cycle, side: Side, values: Mapping[str, Fields]) -> None:
    """Take in what contacts show now, and have those reconciled that show something else."""
    stream, contact = cycle.stream, Resource.CONTACT
    account = stream.accounts[side].name
    known = observations.load(db, account, contact, values, locked=True)
    fresh: list[Observation] = []
    for remote_id, old in known.items():
        fields = {**old.fields, **values[remote_id]}
        seen = replace(old, fields=fields, digest=digest(fields, gone=old.gone))
        if seen != old:
            fresh.append(seen)
    observations.save(db, account, contact, fresh)
    journal.followed(db, cycle, side, [(known[seen.remote_id], seen) for seen in fresh])
    there = [seen.remote_id for seen in fresh if not seen.gone]
    wake.by_records(db, [(stream.pair, side)], contact, there)
    fanout.tell(db, account, contact, stream.pair, there)
