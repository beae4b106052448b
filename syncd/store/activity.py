"""What belongs to contacts, counted up by contact: what derived fields tell of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from syncd.model import derived
from syncd.model.record import Resource
from syncd.model.spec import Activity, ResourceSpec
from syncd.model.values import Value
from syncd.store import tables as t
from syncd.store.documents import text_at
from syncd.store.upsert import chunks
from syncd.store.within import within

_O = t.observation.c
_MOMENT = "$at"  # how a time is stored, see `model.values`


@dataclass(frozen=True, slots=True)
class Told:
    """What the records of one resource tell of one contact.

    Attributes:
        values: derived fields by name; None is empty.
        passes: when one of them changes by itself, aware UTC; None: not before a record does.
    """

    values: Mapping[str, Value] = field(default_factory=dict)
    passes: datetime | None = None


def told(
    db: sa.Connection,
    account: str,
    resource: Resource,
    spec: ResourceSpec,
    contacts: Iterable[str],
    now: datetime,
) -> dict[str, Told]:
    """What records that are not gone tell, by the id of their contact; nothing of who has none.

    One statement for as many contacts as a list takes; it finds the records by their contact.

    Args:
        spec: names the fields that are looked at.
        now: aware UTC; what is "next" lies behind it.
    """
    activity = spec.activity or Activity()
    moment = now.astimezone(UTC).isoformat()
    at = (_O.account == account, _O.resource == resource.value, ~_O.gone)
    found: dict[str, Told] = {}
    for some in chunks(sorted({*contacts})):
        here = sa.and_(*at, within(_O.parent_id, some))
        match resource:
            case Resource.TASK:
                rows = db.execute(_tasks(db, activity, here, moment))
                found.update((parent, _of_tasks(*seen)) for parent, *seen in rows)
            case Resource.NOTE:
                rows = db.execute(_notes(db, activity, here))
                found.update((parent, _of_notes(*seen)) for parent, *seen in rows)
            case Resource.APPOINTMENT:
                rows = db.execute(_appointments(db, spec, activity, here, moment))
                found.update((parent, _of_appointments(*seen)) for parent, *seen in rows)
    return found


def _tasks(
    db: sa.Connection, activity: Activity, here: sa.ColumnElement[bool], now: str
) -> sa.Select[Any]:
    """By contact: how many are not done, and when the next of these is due."""
    undone = sa.func.coalesce(_text(db, activity.done), "false") != "true"
    due = _text(db, activity.due, _MOMENT)
    to_come = sa.case((sa.and_(undone, due > now), due))
    counted = (sa.func.sum(sa.case((undone, 1), else_=0)), sa.func.min(to_come))
    return sa.select(_O.parent_id, *counted).where(here).group_by(_O.parent_id)


def _of_tasks(undone: int, due: str | None) -> Told:
    next_due = _moment(due)
    values = {derived.OPEN_TASKS: int(undone), derived.NEXT_TASK_DUE_AT: next_due}
    return Told(values, next_due)


def _notes(db: sa.Connection, activity: Activity, here: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """By contact: when the newest was written, and what it says."""
    at = _text(db, activity.at, _MOMENT)
    newest_first = sa.func.row_number().over(
        partition_by=_O.parent_id, order_by=(at.desc(), _O.remote_id.desc())
    )
    shown = sa.select(
        _O.parent_id,
        at.label("at"),
        _text(db, activity.text).label("text"),
        newest_first.label("place"),
    )
    ranked = shown.where(here, at.is_not(None)).subquery()
    c = ranked.c
    return sa.select(c.parent_id, c.at, c.text).where(c.place == 1)


def _of_notes(at: str | None, text: str | None) -> Told:
    return Told({derived.LAST_NOTE_AT: _moment(at), derived.LAST_NOTE: text or None})


def _appointments(
    db: sa.Connection,
    spec: ResourceSpec,
    activity: Activity,
    here: sa.ColumnElement[bool],
    now: str,
) -> sa.Select[Any]:
    """By contact: when the next takes place, when the next passes, and the last one's status."""
    start, status = _text(db, spec.starts, _MOMENT), _text(db, activity.status)
    to_come = start > now
    newest_first = sa.func.row_number().over(
        partition_by=(_O.parent_id, to_come), order_by=(start.desc(), _O.remote_id.desc())
    )
    shown = sa.select(
        _O.parent_id,
        start.label("start"),
        status.label("status"),
        to_come.label("to_come"),
        newest_first.label("place"),
    )
    ranked = shown.where(here, start.is_not(None)).subquery()
    c = ranked.c
    takes_place = sa.func.coalesce(c.status, "").not_in(activity.off)
    return sa.select(
        c.parent_id,
        sa.func.min(sa.case((sa.and_(c.to_come, takes_place), c.start))),
        sa.func.min(sa.case((c.to_come, c.start))),
        sa.func.max(sa.case((sa.and_(~c.to_come, c.place == 1), c.status))),
    ).group_by(c.parent_id)


def _of_appointments(next_at: str | None, passes: str | None, status: str | None) -> Told:
    values: dict[str, Value] = {
        derived.NEXT_APPOINTMENT_AT: _moment(next_at),
        derived.LAST_APPOINTMENT_STATUS: status or None,
    }
    return Told(values, _moment(passes))


def _text(db: sa.Connection, name: str | None, *within_it: str) -> sa.ColumnElement[Any]:
    return text_at(db, _O.fields, name, *within_it) if name else sa.literal(None, sa.Text)


def _moment(stored: str | None) -> datetime | None:
    return datetime.fromisoformat(stored) if stored else None
