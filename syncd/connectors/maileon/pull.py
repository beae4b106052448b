"""Reading lists: sweep, changes, windows, and the report of unsubscriptions.

A cycle in which nothing happened costs two requests, at most three (settling), besides one
for the catalogue of custom fields every ten minutes.
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from syncd.connectors.maileon import feed
from syncd.connectors.maileon.account import Account
from syncd.connectors.maileon.answers import Listing
from syncd.connectors.maileon.codec import Decoder, Selection, Shown, shown_time, text_of
from syncd.connectors.maileon.feed import Stage, State
from syncd.connectors.maileon.optouts import reported
from syncd.errors import TransientError
from syncd.model.record import Page, Record, Window

Step = tuple[Sequence[Record], State]


def pull(
    account: Account,
    cursor: str | None,
    *,
    fields: frozenset[str],
    full: bool = False,
    window: Window | None = None,
) -> Iterator[Page]:
    """Pages from where the cursor stands; every cursor is a place to go on from.

    A pull of changes that goes on with one that was broken off is followed by one of its own:
    the older one only tells what had happened when it began.
    """
    state = feed.load(cursor) if cursor else State()
    account.clock.recall(state.zone)
    goes_on = state.stage in {Stage.FRESH, Stage.SETTLE, Stage.OPTOUTS} and not state.full
    state = _begin(account, state, full=full, window=window)
    state = yield from _pages(account, state, fields)
    if goes_on and not full and window is None:
        yield from _pages(account, _begin(account, state, full=False, window=None), fields)


def _pages(account: Account, state: State, fields: frozenset[str]) -> Generator[Page, None, State]:
    """Pages until the pull is at rest; the state it then is in."""
    reads = account.catalogue_reads
    wanted = account.selection(fields, fresh=state.stage in {Stage.SWEEP, Stage.WINDOW})
    reader = Reader(account, wanted, thrifty=account.catalogue_reads > reads)
    while state.stage is not Stage.REST:
        whole = state.stage in {Stage.SWEEP, Stage.WINDOW}
        records, state = reader.step(state)
        state = replace(state, zone=account.clock.label())
        yield Page(records, state.dump(), reader.total if whole else None)
        if state.stage in {Stage.SWEEP, Stage.WINDOW}:
            reader.wanted = account.selection(fields)
    return state


def _begin(account: Account, state: State, *, full: bool, window: Window | None) -> State:
    if window is not None:
        since, until = window.since.isoformat(), window.until.isoformat()
        if (state.stage, state.since, state.until) == (Stage.WINDOW, since, until):
            return state
        after = _after(account, account.clock.local_floor(window.since).isoformat(), state)
        at_window = replace(state, stage=Stage.WINDOW, full=False, since=since, until=until)
        return feed.listed(at_window, after)
    under_way = state.stage not in {Stage.REST, Stage.WINDOW}
    if under_way and (state.full or not full):
        return state
    if full or state.mark is None:
        return feed.listed(replace(state, stage=Stage.SWEEP, full=True, begun=None), None)
    overlap = timedelta() if state.quiet == state.mark else feed.OVERLAP
    return feed.listed(
        replace(state, stage=Stage.FRESH, full=False, since=None, until=None),
        _after(account, state.mark, state, overlap),
    )


def _after(account: Account, mark: str, state: State, overlap: timedelta = feed.OVERLAP) -> str:
    repeated = account.clock.repeated_before(datetime.fromisoformat(mark))
    return feed.asked_after(mark, wide=state.wide, repeated=repeated, overlap=overlap)


class Reader:
    """One page per step.

    Attributes:
        wanted: what to ask for.
        total: how many contacts the list has from which a page was read last.

    Args:
        thrifty: this pull had to read the catalogue; what can wait for the next one does,
            so that no pull costs more than three requests when nothing has happened.
    """

    def __init__(self, account: Account, wanted: Selection, *, thrifty: bool = False) -> None:
        self._thrifty = thrifty
        self._account = account
        self._calls = account.calls
        self._clock = account.clock
        self.wanted = wanted
        self.total: int | None = None

    def step(self, state: State) -> Step:
        """The records of the next page, and where that leaves the pull."""
        match state.stage:
            case Stage.SWEEP:
                return self._sweep(state)
            case Stage.WINDOW:
                return self._window(state)
            case Stage.FRESH:
                return self._fresh(state)
            case Stage.SETTLE:
                return self._settle(state)
            case Stage.OPTOUTS:
                return self._optouts(state)
            case Stage.REST:
                return (), state

    def _sweep(self, state: State) -> Step:
        records, state, done = self._contacts(state)
        if state.begun is None:
            begun = self._clock.local_floor(self._calls.server_now)
            state = replace(state, begun=begun.isoformat())
        if done:
            state = replace(
                state,
                mark=state.begun,
                settled=state.begun,
                settling=None,
                anchor=state.top_id,
                anchor_at=state.top,
                begun=None,
            )
            state = self._to_optouts(state)
        return records, state

    def _window(self, state: State) -> Step:
        listing = self._page(state, state.page)
        window = Window(*map(datetime.fromisoformat, (state.since or "", state.until or "")))
        shown = map(Shown, listing.rows)
        records = self._records([one for one in shown if self._falls_into(one, window)])
        state, done = feed.turned(state, self._pages(listing, state.page), listing.items)
        if done:
            state = feed.listed(replace(state, stage=Stage.REST, since=None, until=None), None)
        return records, state

    def _falls_into(self, contact: Shown, window: Window) -> bool:
        low = self._clock.local_floor(window.since)
        high = self._clock.local_ceiling(window.until)
        for shown in (contact.time("created"), contact.updated):
            if shown is None:
                continue
            if self._clock.zone is None and low <= shown < high:
                return True
            if any(map(window.holds, (self._clock.earliest(shown), self._clock.latest(shown)))):
                return True
        return False

    def _fresh(self, state: State) -> Step:
        records, state, done = self._contacts(state)
        if not done:
            return records, state
        if feed.expects_anchor(state):
            if self._is_shown_since(state.anchor or "", state.after or ""):
                if not state.wide:
                    return records, self._widened(state)
                self._account.remark(
                    "the list of changes leaves out contacts that did change; edits made in"
                    " Maileon may only be seen by the next full sweep"
                )
            else:
                state = replace(state, anchor=None, anchor_at=None)
        state = feed.advanced(state)
        return records, replace(state, stage=Stage.SETTLE)

    def _widened(self, state: State) -> State:
        self._account.remark(
            "Maileon reads `updated_after` in another time zone than it shows times in; every"
            " cycle reads the changes of the last 26 hours again"
        )
        state = replace(state, wide=True)
        return feed.listed(state, _after(self._account, state.mark or "", state))

    def _is_shown_since(self, remote_id: str, after: str) -> bool:
        """Whether a contact that the list of changes does not show belongs into it."""
        contact = self._calls.contact(remote_id, Selection())
        updated = None if contact is None else shown_time(text_of(contact, "updated"))
        return updated is not None and updated > datetime.fromisoformat(after)

    def _settle(self, state: State) -> Step:
        """One page of what earlier pulls have passed; straight on if there is nothing."""
        if (
            state.settling is None
            and not state.wide
            and (state.passed or "") > (state.settled or "")
        ):
            state = replace(state, settling=state.passed, settle_page=1)
        if state.settling is None or state.settled is None or state.wide:
            return self._optouts(self._to_optouts(replace(state, settling=None)))
        now_ms = int(self._calls.server_now.timestamp() * 1000)
        recent = now_ms - state.settled_ms < feed.SETTLE_AT_LEAST_MS
        if self._thrifty and (recent or not state.settled_ms):
            later = replace(state, settled_ms=state.settled_ms or now_ms)
            return self._optouts(self._to_optouts(later))
        after = _after(self._account, state.settled, state)
        listing = self._page(replace(state, after=after), state.settle_page)
        state = replace(state, settled_ms=now_ms)
        if state.settle_page >= self._pages(listing, state.settle_page):
            state = replace(state, settled=state.settling, settling=None, settle_page=1)
        else:
            state = replace(state, settle_page=state.settle_page + 1)
        return self._records(list(map(Shown, listing.rows))), self._to_optouts(state)

    def _to_optouts(self, state: State) -> State:
        start = 0 if state.full else max(state.reported_ms - feed.REPORT_OVERLAP_MS, 0)
        end = int(self._calls.server_now.astimezone(UTC).timestamp() * 1000) + 1000
        at_report = replace(state, stage=Stage.OPTOUTS, from_ms=start, to_ms=end)
        return feed.listed(at_report, None)

    def _optouts(self, state: State) -> Step:
        query = {"from_date": state.from_ms, "to_date": state.to_ms}
        listing = self._calls.unsubscriptions(state.page, query)
        records = [r for row in listing.rows if (r := reported(row, self._clock)) is not None]
        state, done = feed.turned(state, self._pages(listing, state.page), listing.items)
        if done:
            state = replace(state, stage=Stage.REST, full=False, reported_ms=state.to_ms)
            state = feed.listed(replace(state, from_ms=0, to_ms=0, passed=None), None)
        return records, state

    def _contacts(self, state: State) -> tuple[Sequence[Record], State, bool]:
        listing = self._page(state, state.page)
        shown = [Shown(row) for row in listing.rows]
        rows = [(s.id, s.updated) for s in shown if s.id is not None and s.updated is not None]
        for remote_id, updated in rows:
            self._account.compare(remote_id, updated)
        ceiling = self._clock.local_ceiling(self._calls.server_now)
        self._account.saw(max((at for _, at in rows if at <= ceiling), default=None))
        state = feed.seen(state, rows, ceiling)
        state, done = feed.turned(state, self._pages(listing, state.page), listing.items)
        return self._records(shown), state, done

    def _page(self, state: State, page: int) -> Listing:
        listing = self._calls.contacts(page, self.wanted, updated_after=state.after)
        if not listing.rows and listing.items and page <= (listing.pages or 1):
            raise TransientError(
                f"GET /contacts: page {page} of {listing.pages} is empty, though the list is said"
                f" to hold {listing.items} contacts"
            )
        self.total = listing.items
        return listing

    def _records(self, shown: Sequence[Shown]) -> list[Record]:
        decoder = Decoder(self.wanted, self._clock)
        return [record for one in shown if (record := decoder.record(one)) is not None]

    def _pages(self, listing: Listing, page: int) -> int:
        """How many pages there are; a full page may have a successor if nobody says so."""
        if listing.pages is not None:
            return listing.pages
        return page + 1 if len(listing.rows) >= self._calls.page_size else page
