"""Who opened mails of recent campaigns, and who clicked in them.

Source: mailercloud.md 12 (campaigns); the shape of the rows is not known (12, 17.2). A row tells
of whoever's address stands in it, and only if it says when, by an epoch number or, where the
account's zone is configured, by a local time; any other tells nothing. Reports have no "since":
one that has grown is read anew from its begin, a short one whenever the summary of its campaign
has changed, a long one once a day.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from syncd.connectors.mailercloud import paths
from syncd.connectors.mailercloud.account import Account
from syncd.connectors.mailercloud.calls import MOST_PAGES
from syncd.connectors.mailercloud.campaigns import addresses_of, campaign_of, mark_of, moment_of
from syncd.connectors.mailercloud.config import LIMIT
from syncd.errors import RecordError
from syncd.model.derived import LAST_CLICK_AT, LAST_OPEN_AT
from syncd.model.engagement import Event, EventPage

REPORTS = {LAST_OPEN_AT: paths.OPENS, LAST_CLICK_AT: paths.CLICKS}
SHORT = 2  # pages that may be read anew with every change
VERSION = 1

_LOCAL_KEYS = ("date_event", "date")
_LOCAL = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """A cursor: how far a report is read.

    Attributes:
        read: of each campaign, the mark of its summary, the day and the number of pages.
        reading: the campaign being read, with that mark; page: its next page.
    """

    read: Mapping[str, tuple[str, str, int]] = field(default_factory=dict)
    reading: tuple[str, str] | None = None
    page: int = 1

    def dump(self) -> str:
        return json.dumps({"v": VERSION, **asdict(self)}, separators=(",", ":"))


def load(cursor: str | None) -> Place:
    """The place in a cursor; one that is not of our making starts anew."""
    try:
        stored = json.loads(cursor or "")
        if stored.pop("v") != VERSION:
            return Place()
        read = {one: tuple(seen) for one, seen in stored["read"].items()}
        reading = tuple(stored["reading"]) if stored["reading"] else None
        return Place(read, reading, int(stored["page"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        return Place()


def engagement(account: Account, name: str, cursor: str | None) -> Iterator[EventPage]:
    """Pages of the reports of campaigns that are not older than `campaign_days`."""
    days, today = account.settings.campaign_days, account.now.astimezone(UTC)
    if not days:
        return
    # A day more on both sides: the zone of the dates is the account's own.
    begin, end = (today - timedelta(days=days + 1)).date(), (today + timedelta(days=1)).date()
    rows = account.calls.campaigns(begin.isoformat(), end.isoformat())
    marks = {i: mark_of(row, today) for row in rows if (i := campaign_of(row)) is not None}
    place = load(cursor)
    place = replace(place, read={i: seen for i, seen in place.read.items() if i in marks})
    for campaign_id, mark in marks.items():
        if _is_due(place.read.get(campaign_id), mark, today.date().isoformat()):
            for events, after in _acted(account, REPORTS[name], place, campaign_id, mark):
                place = after
                yield EventPage(events, place.dump())
    yield EventPage((), replace(place, reading=None, page=1).dump(), last=True)


def _is_due(seen: tuple[str, str, int] | None, mark: str, today: str) -> bool:
    if seen is None:
        return True
    before, day, pages = seen
    return mark != before and (pages <= SHORT or day != today)


def _acted(
    account: Account, path: str, place: Place, campaign_id: str, mark: str
) -> Iterator[tuple[list[Event], Place]]:
    here, today = (campaign_id, mark), account.now.astimezone(UTC).date().isoformat()
    page = place.page if place.reading == here else 1
    last: list[Any] = []
    while page <= MOST_PAGES:
        try:
            rows = account.calls.acted(path, campaign_id, page).rows
        except RecordError:  # not remembered, so it is asked for again the next time
            account.remark("who opened or clicked mails of a campaign cannot be read")
            return
        done = len(rows) < LIMIT or rows == last
        last = rows
        if done:
            read = {**place.read, campaign_id: (mark, today, page)}
            place = replace(place, read=read, reading=None, page=1)
        else:
            page += 1
            place = replace(place, reading=here, page=page)
        yield _events(account, rows, campaign_id), place
        if done:
            return


def _events(account: Account, rows: list[Any], campaign_id: str) -> list[Event]:
    zone = ZoneInfo(account.settings.time_zone) if account.settings.time_zone else None
    events = []
    for row in rows:
        at, address = moment_of(row) or _local_moment(row, zone), next(addresses_of(row), None)
        if at is not None and address is not None:
            events.append(Event(at, f"{campaign_id}|{at.isoformat()}", address=address))
    if rows and not events:
        account.remark(
            "reports of opens and clicks show no times that can be read: set `time_zone`"
        )
    return events


def _local_moment(row: Any, zone: ZoneInfo | None) -> datetime | None:
    """What a local time says in the account's zone; of an hour that came twice the second."""
    if zone is None or not isinstance(row, Mapping):
        return None
    for key in _LOCAL_KEYS:
        shown = row.get(key)
        if isinstance(shown, str) and _LOCAL.fullmatch(shown.strip()):
            try:
                local = datetime.fromisoformat(shown.strip())
            except ValueError:
                continue
            return local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return None
