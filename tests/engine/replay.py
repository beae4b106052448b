"""The journal, held against what is known of every record: each change is told, once and whole."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import sqlalchemy as sa

from syncd.model.entry import CONTACT_OF, SEEN, SHOWN, WRITTEN, Entry, Kind
from syncd.model.values import Value, fields_from_json
from syncd.store import journal
from syncd.store import tables as t

Key: TypeAlias = tuple[str, str, str]  # account, resource, remote id
EVERYTHING = 1_000_000


@dataclass(slots=True)
class Known:
    """One record as the store knows it."""

    fields: dict[str, Value]
    gone: bool
    parent_id: str | None


@dataclass(slots=True)
class Replay:
    """What was known when it was last looked at, and up to which entry that goes."""

    known: dict[Key, Known] = field(default_factory=dict)
    upto: int = 0

    def begin_anew(self, store: sa.Engine) -> None:
        """The store is another one by now."""
        with store.connect() as db:
            self.known = observed(db)
            self.upto = max((n.number for n in entries_after(db, 0)), default=0)

    def check(self, store: sa.Engine) -> None:
        """What is known now, with the entries since taken back, is what was known before."""
        with store.connect() as db:
            now = observed(db)
            told: dict[Key, list[Entry]] = defaultdict(list)
            newest = self.upto
            for noted in entries_after(db, self.upto):
                newest = max(newest, noted.number)
                entry = noted.entry
                if entry.kind in SHOWN | WRITTEN and entry.remote_id and entry.resource:
                    key = (str(entry.account), entry.resource.value, entry.remote_id)
                    told[key].append(entry)
        for key, record in now.items():
            begun = taken_back(record, told[key], self.known.get(key))
            assert_same(key, begun, self.known.get(key))
        self.known, self.upto = now, newest


def entries_after(db: sa.Connection, number: int) -> list[journal.Noted]:
    pairs = list(db.execute(sa.select(t.journal.c.pair).distinct()).scalars())
    every = journal.since(db, journal.BEGIN, pairs, EVERYTHING)
    return sorted((n for n in every if n.number > number), key=lambda noted: noted.number)


def observed(db: sa.Connection) -> dict[Key, Known]:
    o = t.observation.c
    rows = db.execute(
        sa.select(o.account, o.resource, o.remote_id, o.fields, o.gone, o.parent_id)
    ).all()
    return {
        (row.account, row.resource, row.remote_id): Known(
            fields_from_json(row.fields), row.gone, row.parent_id
        )
        for row in rows
    }


def taken_back(record: Known, entries: list[Entry], before: Known | None) -> Known | None:
    """A record as it was before some entries; None if it was not known."""
    found = Known(dict(record.fields), record.gone, record.parent_id)
    for number, entry in enumerate(reversed(entries), 1):
        first = entry.kind is Kind.APPEARED or (entry.kind is Kind.CREATED and before is None)
        if first and entry.cause != SEEN:
            assert number == len(entries), "something is told of it before it was there"
            return None
        _take_back(found, entry)
    return found


def _take_back(found: Known, entry: Entry) -> None:
    for name in {*entry.before, *entry.after}:
        if name == CONTACT_OF:
            assert found.parent_id == entry.after[name]
            found.parent_id = entry.before[name]  # type: ignore[assignment]  # an id
            continue
        if name in found.fields or not _is_forgettable(name):
            assert found.fields.get(name, ...) == entry.after.get(name, ...), name
        found.fields.pop(name, None)
        if name in entry.before:
            found.fields[name] = entry.before[name]
    if entry.kind in (Kind.GONE, Kind.DELETED) and entry.cause != SEEN:
        assert found.gone
        found.gone = False
    elif entry.kind in (Kind.RETURNED, Kind.CREATED) and entry.cause != SEEN:
        assert not found.gone
        found.gone = True


def assert_same(key: Key, found: Known | None, known: Known | None) -> None:
    if found is None or known is None:
        assert found is known, f"{key}: what appeared is told, and nothing else"
        return
    assert (found.gone, found.parent_id) == (known.gone, known.parent_id), key
    forgotten = {n for n in known.fields.keys() - found.fields.keys() if _is_forgettable(n)}
    kept = {name: value for name, value in known.fields.items() if name not in forgotten}
    assert found.fields == kept, key


def _is_forgettable(name: str) -> bool:
    """Fields that people delete and make again: they are not known any more, and nobody tells."""
    return name.startswith("custom.")


def story(store: sa.Engine, *kinds: Kind) -> list[Any]:
    """The entries of some kinds, or all, in their order."""
    with store.connect() as db:
        every = [noted.entry for noted in entries_after(db, 0)]
    return [entry for entry in every if not kinds or entry.kind in kinds]
