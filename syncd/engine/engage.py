"""Engage: what became of mail to contacts, read from the reports of their platform.

Reports cost requests, and nobody acts on an open within a minute. So each that a field of the
pair tells of is read once an hour, and a few pages at a time where much has happened.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from syncd.connectors.api import Engaging
from syncd.core.normalise import identity_key
from syncd.engine.context import Cycle
from syncd.engine.derive import refresh
from syncd.errors import (
    AccountError,
    FieldsChangedError,
    StoppedError,
    SyncdError,
    TransientError,
)
from syncd.model.derived import ENGAGEMENT
from syncd.model.engagement import Event
from syncd.model.record import Resource
from syncd.model.side import Side
from syncd.store import engagement, members, passing
from syncd.store.clocks import within
from syncd.store.passing import Report, Standing

EVERY = timedelta(hours=1)
PAGES = 20  # of one report in one cycle; the next one goes on behind them


def due(contacts: Cycle, side: Side, standing: Standing) -> list[str]:
    """The fields of this pair whose reports it is time to read."""
    now = contacts.environment.now()
    names = sorted(contacts.stream.own[side] & ENGAGEMENT)
    reports = {name: standing.reports.get(name, Report()) for name in names}
    return [
        name
        for name, report in reports.items()
        if report.read_at is None or not within(now, report.read_at, EVERY)
    ]


def read_reports(contacts: Cycle, standings: Mapping[Side, Standing]) -> SyncdError | None:
    """Take in what reports tell that are due. A crash leaves whole pages.

    What cannot be read must not stop contacts.

    Returns:
        The first error of what could not be read.
    """
    refused: SyncdError | None = None
    for side, standing in standings.items():
        for name in due(contacts, side, standing):
            try:
                _read(contacts, side, name, standing.reports.get(name, Report()))
            except (FieldsChangedError, StoppedError):
                raise
            except (AccountError, TransientError) as error:
                refused = refused or error
    return refused


def _read(contacts: Cycle, side: Side, name: str, report: Report) -> None:
    stream, environment = contacts.stream, contacts.environment
    connector, account = stream.connector(side), stream.accounts[side].name
    assert isinstance(connector, Engaging)  # noqa: S101 - its Spec says that it has such fields
    pages, number = connector.engagement(name, report.cursor), 0
    for number, page in enumerate(pages, 1):
        read_at = environment.now() if page.last else report.read_at
        report = replace(report, cursor=page.cursor, read_at=read_at)
        with contacts.writing() as db:
            events = _of_contacts(db, contacts, side, page.events)
            fresh = engagement.note(db, account, name, events)
            refresh(db, contacts, side, fresh, frozenset({name}))
            passing.note_read(db, account, name, report)
        environment.crash("engaged")
        if environment.stopping():
            raise StoppedError(
                f"The run of pair '{stream.pair}' was stopped while reading reports of"
                f" '{account}'. Nothing is lost; the next run goes on behind the last page."
            )
        if number == PAGES:
            return
    if not number:  # it cannot be read for now
        with contacts.writing() as db:
            passing.note_read(db, account, name, replace(report, read_at=environment.now()))


def _of_contacts(
    db: sa.Connection, contacts: Cycle, side: Side, events: Iterable[Event]
) -> list[tuple[str, datetime, str]]:
    """Events with the ids of their contacts, of whom some are known by their address alone."""
    events = list(events)
    keys = {e.address: identity_key(e.address) for e in events if e.address and not e.remote_id}
    wanted = sorted({key for key in keys.values() if key is not None})
    stream = contacts.stream
    known = members.with_keys(db, stream.pair, Resource.CONTACT, wanted) if wanted else []
    bearers = {member.key: member.remote_id for member in known if member.side is side}
    found = []
    for event in events:
        remote_id = event.remote_id or bearers.get(keys.get(event.address or ""))
        if remote_id is not None:
            found.append((remote_id, event.at, event.identity))
    return found
