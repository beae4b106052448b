"""Reading the list: opt-outs first, then page after page of everything there is.

Source: mailercloud.md 11 and 13. Nothing tells of edits, so every pull reads the whole
list or goes on with it. Rows can shift between pages while it is read: a row shown twice is
left out, and a row that was missed is looked for directly by whoever misses it.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from syncd.connectors.mailercloud import optouts
from syncd.connectors.mailercloud.account import Account
from syncd.connectors.mailercloud.codec import Decoder, id_of
from syncd.connectors.mailercloud.config import LIMIT
from syncd.connectors.mailercloud.state import REST, State, digest, load
from syncd.errors import TransientError
from syncd.model.record import Page, Record

REMEMBERED_PAGES = 20  # in which a row may turn up a second time
SLACK_ROWS, SLACK_PART = 2, 0.01


def pull(
    account: Account, cursor: str | None, *, fields: frozenset[str], full: bool = False
) -> Iterator[Page]:
    """Pages from where the cursor stands; every cursor is a place to go on from."""
    state = load(cursor) if cursor else State()
    if state.page == REST:
        state = State(gap=state.gap) if full else state.from_start()
    for records, after in optouts.read(account, state):
        state = after
        if records:
            yield Page(records, state.dump())
    yield from Reader(account, fields, state).pages()


class Reader:
    """The listing, from one page on."""

    def __init__(self, account: Account, fields: frozenset[str], state: State) -> None:
        self._account = account
        self._fields = fields
        self._state = state
        self._recent: deque[frozenset[str]] = deque(maxlen=REMEMBERED_PAGES)

    def pages(self) -> Iterator[Page]:
        """One per request.

        Raises:
            TransientError: the listing came out short; the last cursor begins it anew.
        """
        while True:
            found = self._account.calls.contacts(self._state.page)
            self._known = self._account.wanted(self._fields)
            rows, mark = self._fresh(found.rows)
            state = self._advanced(found.total, len(rows), mark)
            ended = (
                len(found.rows) < LIMIT
                or mark in (self._state.last, self._state.head)
                or not rows
                or self._goes_in_circles(state, found.total)
            )
            if not ended:
                self._state = state
                yield Page(self._records(rows), state.dump(), found.total)
                continue
            short = self._missing(state, found.total)
            records = self._records(rows)
            self._state = replace(state.from_start(), gap=short)
            if short is None or _alike(short, state.gap):
                self._state = replace(self._state, page=REST)
            yield Page(records, self._state.dump(), found.total, last=True)
            self._judge(short, state.gap)
            return

    def _fresh(self, rows: Sequence[Any]) -> tuple[list[Mapping[str, Any]], str]:
        """The rows that were not shown before, and a digest of the page."""
        shown = {i: row for row in rows if isinstance(row, Mapping) and (i := id_of(row))}
        before = frozenset().union(*self._recent)
        self._recent.append(frozenset(shown))
        fresh = [row for i, row in shown.items() if i not in before]
        return fresh, digest(sorted(shown)) if shown else ""

    def _advanced(self, total: int | None, fresh: int, mark: str) -> State:
        state = self._state
        repeats = bool(mark) and mark in (state.last, state.head)
        return replace(
            state,
            page=state.page + 1,
            distinct=state.distinct + (0 if repeats else fresh),
            first=total if state.page == 1 else state.first,
            head=mark if state.page == 1 else state.head,
            last=mark,
        )

    def _goes_in_circles(self, state: State, total: int | None) -> bool:
        return total is not None and state.distinct > total + 3 * LIMIT

    def _missing(self, state: State, total: int | None) -> tuple[int, int] | None:
        """Distinct rows and contact count, if many of the contacts were not shown."""
        counts = [count for count in (state.first, total) if count is not None]
        if not counts:
            return None
        least = min(counts)
        lacking = least - state.distinct
        return (state.distinct, least) if lacking > max(SLACK_ROWS, least * SLACK_PART) else None

    def _judge(self, short: tuple[int, int] | None, before: tuple[int, int] | None) -> None:
        if short is None:
            return
        shown, count = short
        if not _alike(short, before):
            raise TransientError(
                f"the listing changed while it was read: it showed {shown:,} contacts of {count:,};"
                " nothing is taken to be gone, and it is read anew"
            )
        # Twice the same: it does not change, it just counts what it does not show.
        self._account.remark(
            f"the list counts {count:,} contacts and shows {shown:,} of them; those that it hides"
            " (perhaps who opted out) are not kept in step"
        )

    def _records(self, rows: Sequence[Mapping[str, Any]]) -> list[Record]:
        decoder = Decoder(self._known)
        read = [(row, shown) for row in rows if (shown := decoder.read(row)) is not None]
        for row, shown in read:  # what one row mentions counts for all of the page
            self._account.note(row, shown, self._fields)
        silent = self._account.silent(self._fields)
        records = [shown.record(certain=False, silent=silent) for _, shown in read]
        self._sample(rows)
        lacking = self._account.unlisted & self._fields
        if not lacking:
            return records
        return [
            record if all(map(shown.mentions, lacking)) else self._completed(record)
            for (_, shown), record in zip(read, records, strict=True)
        ]

    def _sample(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Look at one contact directly, to learn whether the listing hides some fields."""
        account = self._account
        dark = self._fields - account.listed - account.unlisted - {"email", "consent"}
        if not dark or not rows or account.samples <= 0:
            return
        account.samples -= 1
        remote_id = id_of(rows[0])
        seen = account.glance(remote_id, self._fields, self._known) if remote_id else None
        hidden = {name for name in dark if seen and seen.fields.get(name)}
        if hidden:
            account.unlisted |= hidden
            account.remark(
                f"the listing does not show {', '.join(sorted(hidden))}; each contact is read one"
                " by one for them, which takes a request each"
            )

    def _completed(self, record: Record) -> Record:
        """The record with at least the fields that were asked for."""
        direct = self._account.glance(record.remote_id, self._fields, self._known)
        return record if direct is None or direct.gone else direct


def _alike(gap: tuple[int, int], before: tuple[int, int] | None) -> bool:
    """Whether as many contacts were hidden the last time."""
    if before is None:
        return False
    hidden, earlier = gap[1] - gap[0], before[1] - before[0]
    return abs(hidden - earlier) <= SLACK_ROWS
