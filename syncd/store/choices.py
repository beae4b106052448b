"""What a person decides about fields that no rule could settle."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from syncd.model.entry import Entry, Kind, person
from syncd.model.side import Both, Side
from syncd.model.values import Value
from syncd.store import conflicts, journal, links, wake
from syncd.store.conflicts import Conflict


def settle(
    db: sa.Connection,
    pair: str,
    accounts: Both[str],
    found: Sequence[Conflict],
    take: Side,
    by: str,
    now: datetime,
) -> None:
    """Note a person's choice in these conflicts; the next cycle carries it out.

    Args:
        take: the side that is right.
        by: who chose.
    """
    resources = links.resources_of(db, {conflict.link_id for conflict in found})
    standing = {link.id: link for link in links.load(db, resources)}
    entries = []
    for conflict in found:
        conflicts.choose(db, conflict.id, take, by)
        link = standing[conflict.link_id]
        entries.append(
            Entry(
                kind=Kind.CHOSEN,
                actor=person(by),
                account=accounts[take],
                resource=resources[link.id],
                remote_id=link.ids[take],
                link_id=link.id,
                target=accounts[take.other],
                after={accounts[take]: as_one(conflict.values[take])},
                cause=conflict.rule,
            )
        )
    wake.by_links(db, resources)
    journal.add(db, pair, None, now, entries)


def as_one(values: Sequence[Value]) -> Value:
    """What one side shows for a rule, which mostly has one field."""
    return values[0] if len(values) == 1 else ", ".join(str(v) for v in values if v is not None)
