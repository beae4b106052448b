"""Many new contacts in few calls, and which of them are at fault when a call is not clean.

Source: mailercloud.md 5.5. The answer to a batch tells counts and not which row failed,
and one bad row can lose all. So a group that fails is halved: one half is sent; if it is
clean, a bad row is in the other half, and else the other half is known nothing of and goes
back to the rows that still wait. Good rows get written on the way, and one bad row costs
about log2(49) calls and itself. The last one is tried by the call that only inserts: a
batch may have skipped it because it opted out, and an upsert would bring it back (5.3).
"""

from collections import deque
from collections.abc import Iterator, Sequence
from enum import Enum, auto

from syncd.connectors.mailercloud.account import Account, log
from syncd.connectors.mailercloud.answers import Complaint, complaint_of_write, whole
from syncd.connectors.mailercloud.create import Row, create_one, prepared, unsent
from syncd.connectors.mailercloud.fields import TAGS
from syncd.errors import InDoubtError, RecordError, SyncdError, TransientError
from syncd.http.answer import Answer
from syncd.model.op import Receipt

GIVE_UP_AFTER = 5  # rows refused alone, while not one was taken


class _Verdict(Enum):
    CLEAN = auto()
    AT_FAULT = auto()
    LOST = auto()


class Delivery:
    """The rows of one push that go in batches."""

    def __init__(self, account: Account, rows: Sequence[Row]) -> None:
        self._account = account
        self._size = account.settings.batch_size
        self._waiting = deque(rows)
        self._suspect: list[Row] = []
        self._sent: set[int] = set()  # op ids that were in a call without a clear end
        self._saved: set[int] = set()  # those of them that such a call may have saved
        self._taken = self._refused = 0
        self._trusts_hints = True
        self._hint: set[int] = set()
        self._renews = True

    def receipts(self) -> Iterator[Receipt]:
        """One per row.

        Raises:
            AccountError, TransientError, ConfigError: nothing more can be sent; rows without
                a receipt never were.
        """
        try:
            while self._waiting or self._suspect:
                yield from self._step()
        except SyncdError as error:
            for row in (*self._suspect, *self._waiting):
                if row.op.id in self._sent:
                    text = f"The contact was in a batch that was not clean: {error.message}"
                    yield Receipt(row.op.id, error=InDoubtError(text))
            raise

    def _step(self) -> Iterator[Receipt]:
        if self._is_hopeless():
            yield from self._give_up()
        elif len(self._suspect) == 1:
            receipt = self._alone(self._suspect[0])
            self._suspect = []
            if isinstance(receipt.error, RecordError):
                self._refused += 1
            elif receipt.error is None:
                self._taken += 1
            yield receipt
        elif self._suspect:
            middle = len(self._suspect) // 2
            half, rest = self._suspect[:middle], self._suspect[middle:]
            verdict = self._send(half)
            if verdict is _Verdict.AT_FAULT:
                self._waiting.extend(rest)
                self._suspect = half
                return
            self._suspect = rest
            yield from self._settled(half, verdict)
        else:
            group = [self._waiting.popleft() for _ in range(min(self._size, len(self._waiting)))]
            self._suspect = group  # so that nothing is forgotten if the call raises
            verdict = self._send(group)
            if verdict is _Verdict.AT_FAULT:
                yield from self._searched(group)
                return
            self._suspect = []
            yield from self._settled(group, verdict)

    def _alone(self, row: Row) -> Receipt:
        return create_one(self._account, row, perhaps_saved=row.op.id in self._saved)

    def _settled(self, rows: Sequence[Row], verdict: _Verdict) -> Iterator[Receipt]:
        for row in rows:
            if verdict is _Verdict.CLEAN:
                self._taken += 1
                yield Receipt(row.op.id)
            else:
                text = "The answer to a batch of new contacts was lost twice"
                yield Receipt(row.op.id, error=InDoubtError(text))

    def _hinted(self, group: list[Row]) -> Iterator[Receipt]:
        """If the refusal names rows, these are tried alone, and the others sent again."""
        named = [row for i, row in enumerate(group) if i in self._hint]
        if not named or len(named) > len(group) // 4:
            return
        self._suspect = []
        self._waiting.extend(row for row in group if row not in named)
        for i, row in enumerate(named):
            self._suspect = named[i:]
            receipt = self._alone(row)
            if isinstance(receipt.error, RecordError):
                self._refused += 1
            else:
                self._trusts_hints = False  # it meant something else
                self._taken += receipt.error is None
            self._suspect = named[i + 1 :]
            yield receipt
            if self._suspect and self._is_hopeless():
                break
        self._waiting.extend(self._suspect)
        self._suspect = []

    def _searched(self, group: list[Row]) -> Iterator[Receipt]:
        """Begin to look for the bad rows of a group; at first in what we believe ourselves."""
        if self._renews and any(row.body.keys() & {TAGS, "custom_fields"} for row in group):
            self._renews = False
            account = self._account
            believed = dict(account.tags()), account.properties()
            if (account.tags(fresh=True), account.properties(fresh=True)) != believed:
                # A tag or a property may have gone away meanwhile: prepare everything anew.
                rows = [*group, *self._waiting]
                ready = list(prepared(account, [row.op for row in rows]))
                self._suspect = []
                self._waiting = deque(row for row in ready if isinstance(row, Row))
                yield from (receipt for receipt in ready if isinstance(receipt, Receipt))
                return
        yield from self._hinted(group)

    def _is_hopeless(self) -> bool:
        return not self._taken and self._refused >= GIVE_UP_AFTER

    def _give_up(self) -> Iterator[Receipt]:
        rows = [*self._suspect, *self._waiting]
        self._suspect = []
        self._waiting.clear()
        for row in rows:
            error: SyncdError = unsent("Mailercloud takes none of the new contacts")
            if row.op.id in self._sent:
                error = InDoubtError(str(error))
            yield Receipt(row.op.id, error=error)

    def _send(self, rows: Sequence[Row]) -> _Verdict:
        """One call, sent a second time if its answer is lost: it says the same twice."""
        bodies = [row.body for row in rows]
        for _ in range(2):
            try:
                answer = self._account.calls.batch(bodies)
                refused = complaint_of_write(answer)
                clean = refused is None and is_clean(answer, len(rows))
            except InDoubtError:
                self._sent.update(row.op.id for row in rows)
                self._saved.update(row.op.id for row in rows)
                continue
            self._hint = self._named(refused, rows)
            if not clean:
                self._sent.update(row.op.id for row in rows)
                # Counts say what was written, a refusal may come after some rows were saved.
                changed = self._saved.update if refused else self._saved.difference_update
                changed(row.op.id for row in rows)
            return _Verdict.CLEAN if clean else _Verdict.AT_FAULT
        return _Verdict.LOST

    def _named(self, refused: Complaint | None, rows: Sequence[Row]) -> set[int]:
        if refused is None or not self._trusts_hints:
            return set()
        by_address = {i for i, row in enumerate(rows) if refused.mentions(row.email)}
        return by_address or {i for i in refused.rows() if i < len(rows)}


def is_clean(answer: Answer, rows: int) -> bool:
    """Whether the counts say that every row was written.

    Raises:
        InDoubtError: there are no counts, so nobody knows.
    """
    try:
        body = answer.json_object()
    except TransientError as cause:
        raise InDoubtError(cause.message) from cause
    counts = body.get("data")
    if not isinstance(counts, dict):
        raise InDoubtError(f"{answer.label} was answered without counts")
    submitted, inserted, updated = (
        whole(counts.get(name)) for name in ("submitted", "inserted", "updated")
    )
    if submitted is None or inserted is None or updated is None:
        raise InDoubtError(f"{answer.label} was answered without counts")
    if updated:
        log.info("mailercloud: %s of %s new contacts existed already", updated, rows)
    skipped = whole(counts.get("skipped")) or 0
    return submitted == rows and inserted + updated == rows and not skipped
