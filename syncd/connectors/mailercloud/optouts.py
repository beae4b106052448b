"""Opt-outs that the people themselves made, from the reports of recent campaigns.

Source: mailercloud.md 10.3 (spellings), 11 (the only backstop), 12 (campaigns). An idle
cycle costs one request: the list of campaigns, whose summaries tell where to look.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from syncd.connectors.mailercloud.account import Account
from syncd.connectors.mailercloud.answers import words
from syncd.connectors.mailercloud.calls import MOST_PAGES
from syncd.connectors.mailercloud.codec import SOURCE, id_of
from syncd.connectors.mailercloud.config import LIMIT
from syncd.connectors.mailercloud.state import State, digest
from syncd.connectors.mailercloud.values import folded
from syncd.errors import RecordError
from syncd.model.record import Record
from syncd.model.values import Consent, Level

FIRST_TIME = timedelta(days=730)
CAMPAIGN = f"{SOURCE}:campaign"

_ADDRESS_KEYS = ("email", "recipient_email", "recipient", "contact_email", "email_address")
_TIME_KEYS = ("ts_event", "ts")
_UNSENT = frozenset({"draft", "scheduled"})
_ADDRESS = re.compile(r"[^\s@<>,;]{1,64}@[^\s@<>,;]{1,190}")


def read(account: Account, state: State) -> Iterator[tuple[list[Record], State]]:
    """Opt-outs page by page, each with where that leaves the pull; the last one may be empty."""
    days = account.settings.campaign_days
    if not days:
        return
    today = account.now.astimezone(UTC)
    since = today - (timedelta(days=days) if state.whole else FIRST_TIME)
    # A day more on both sides: the zone of the dates is the account's own.
    begin, end = (since - timedelta(days=1)).date(), (today + timedelta(days=1)).date()
    rows = account.calls.campaigns(begin.isoformat(), end.isoformat())
    marks = {i: _mark(row, today) for row in rows if (i := _campaign(row)) is not None}
    known = {i: mark for i, mark in state.reports.items() if i in marks}
    state = replace(state, reports=known)
    for campaign_id, mark in marks.items():
        if known.get(campaign_id) == mark:
            continue
        for records, after in _unsubs(account, state, campaign_id, mark):
            state = after
            yield records, state
    yield [], replace(state, whole=True, reading=None, reading_page=1)


def _unsubs(
    account: Account, state: State, campaign_id: str, mark: str
) -> Iterator[tuple[list[Record], State]]:
    here = (campaign_id, mark)
    page = state.reading_page if state.reading == here else 1
    last: list[Any] = []
    while page <= MOST_PAGES:
        try:
            rows = account.calls.unsubs(campaign_id, page).rows
        except RecordError:
            # Not remembered, so it is asked for again in the next cycle.
            account.remark("the opt-outs of a campaign cannot be read; see its report by hand")
            return
        page += 1
        done = len(rows) < LIMIT or rows == last
        last = rows
        if done:
            reports = {**state.reports, campaign_id: mark}
            state = replace(state, reports=reports, reading=None, reading_page=1)
        else:
            state = replace(state, reading=here, reading_page=page)
        yield [record for row in rows for record in reported(row, campaign_id)], state
        if done:
            return


def _campaign(row: Any) -> str | None:
    """The id of a campaign of which mail may have gone out."""
    if not isinstance(row, Mapping) or str(row.get("status", "")).lower() in _UNSENT:
        return None
    return id_of(row)


def _mark(row: Mapping[str, Any], today: datetime) -> str:
    """What changes when somebody opts out; once a day where there is no summary to tell."""
    summary = row.get("report_summary")
    return digest([summary] if summary else [today.date().isoformat()])


def reported(row: Any, campaign_id: str) -> list[Record]:
    """The addresses of one row, each as a record that is gone, under no id that is known.

    The shape of rows is not known (12), and whoever stands in this report has opted out:
    so every address in it counts, in whatever key it is, but for those of senders.
    """
    consent = Consent(Level.REVOKED, _moment(row), f"{CAMPAIGN}:{campaign_id}")
    return [
        Record("", {"email": address, "consent": consent}, gone=True)
        for address in dict.fromkeys(_addresses(row))
    ]


def _addresses(row: Any) -> Iterator[str]:
    if isinstance(row, str):
        yield from _ADDRESS.findall(folded(row[:300]))
        return
    if not isinstance(row, Mapping):
        return
    several = row.get("emails")
    named = [row.get(key) for key in _ADDRESS_KEYS]
    named += words(several, *_ADDRESS_KEYS) if isinstance(several, list) else []
    found = [a for text in named for a in _ADDRESS.findall(folded(text)[:300])]
    if found:
        yield from found
        return
    for key, value in row.items():
        if any(stem in str(key).lower() for stem in ("sender", "from", "reply")):
            continue
        if isinstance(value, str | Mapping):
            yield from _addresses(value)


def _moment(row: Any) -> datetime | None:
    """When it happened, if it says so as an epoch number; texts have no zone (17.2)."""
    if not isinstance(row, Mapping):
        return None
    for key in _TIME_KEYS:
        shown = row.get(key)
        if isinstance(shown, str) and re.fullmatch(r"[0-9]{9,14}", shown):
            shown = int(shown)
        if isinstance(shown, bool) or not isinstance(shown, int | float):
            continue
        seconds = shown / 1000 if shown > 1e11 else shown
        if 946_684_800 <= seconds < 4_102_444_800:  # 2000 to 2099; NaN is neither
            return datetime.fromtimestamp(seconds, UTC)
    return None
