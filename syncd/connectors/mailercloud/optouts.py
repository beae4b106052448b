"""Opt-outs that the people themselves made, from the reports of recent campaigns.

Source: mailercloud.md 10.3 (spellings), 11 (the only backstop), 12 (campaigns). An idle
cycle costs one request: the list of campaigns, whose summaries tell where to look.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

from syncd.connectors.mailercloud.account import Account
from syncd.connectors.mailercloud.calls import MOST_PAGES
from syncd.connectors.mailercloud.campaigns import addresses_of, campaign_of, mark_of, moment_of
from syncd.connectors.mailercloud.codec import SOURCE
from syncd.connectors.mailercloud.config import LIMIT
from syncd.connectors.mailercloud.paths import UNSUBS
from syncd.connectors.mailercloud.state import State
from syncd.errors import RecordError
from syncd.model.record import Record
from syncd.model.values import Consent, Level

FIRST_TIME = timedelta(days=730)
CAMPAIGN = f"{SOURCE}:campaign"


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
    marks = {i: mark_of(row, today) for row in rows if (i := campaign_of(row)) is not None}
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
            rows = account.calls.acted(UNSUBS, campaign_id, page).rows
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


def reported(row: Any, campaign_id: str) -> list[Record]:
    """The addresses of one row, each as a record that is gone, under no id that is known.

    The shape of rows is not known (12), and whoever stands in this report has opted out:
    so every address in it counts, in whatever key it is, but for those of senders.
    """
    consent = Consent(Level.REVOKED, moment_of(row), f"{CAMPAIGN}:{campaign_id}")
    return [
        Record("", {"email": address, "consent": consent}, gone=True)
        for address in dict.fromkeys(addresses_of(row))
    ]
