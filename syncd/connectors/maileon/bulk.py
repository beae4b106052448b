"""Sending rows with "Synchronize Contacts", so that one bad row costs one row.

Source: maileon.md 2.5, 6.4, 7.4. Every flag is spelled out, since the platform's own
defaults take consent away and bring opted-out people back.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from lxml import etree

from syncd.connectors.maileon.answers import named_fields
from syncd.connectors.maileon.calls import Calls, rows_of
from syncd.connectors.maileon.codec import Element
from syncd.connectors.maileon.report import Refused, Report, read_report
from syncd.errors import InDoubtError, RecordError, SyncdError, TransientError
from syncd.http.answer import Answer
from syncd.model.op import Op

MAX_BYTES = 4_000_000
GIVE_UP_AFTER = 8  # single rows refused while no call at all is accepted
_PAUSE_S = 2.0

Flags = dict[str, str | int]

_SAFE: Flags = {
    "use_external_id": "false",
    "ignore_invalid_contacts": "true",
    "override_permission": "false",
    "reimport_unsubscribed_contacts": "false",
}


def create_flags(permission: int) -> Flags:
    """Insert only: a contact that exists is left alone (sync_mode 2)."""
    return {
        "permission": permission,
        "sync_mode": 2,
        **_SAFE,
        "prefer_maileon_id": "false",
        "update_only": "false",
    }


# Assumptions U13 (an absent field stays as it is) and U22 (a stale id creates nothing, as
# update_only forbids it). The permission is for new contacts only, of which there are none.
UPDATE_FLAGS: Flags = {
    "permission": 1,
    "sync_mode": 1,
    **_SAFE,
    "prefer_maileon_id": "true",
    "update_only": "true",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One op as a row of a bulk call; the e-mail in lower case."""

    op: Op
    email: str
    external_id: str | None
    element: Element

    @property
    def size_bytes(self) -> int:
        return len(etree.tostring(self.element, encoding="UTF-8"))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of some rows.

    Attributes:
        report: of the call that held exactly these rows; None if there is none.
        repeated: the call was sent twice, so the report may tell of our own first try.
        error: why there is no report; `InDoubtError` if they may have been written.
    """

    rows: tuple[Row, ...]
    report: Report | None = None
    repeated: bool = False
    error: SyncdError | None = None

    def refused(self) -> dict[int, Refused]:
        """The report's invalid rows by the id of the op that they stand for."""
        found: dict[int, Refused] = {}
        for refused in self.report.refused if self.report else ():
            fitting = [row for row in self.rows if row.op.id not in found and _fits(row, refused)]
            if fitting:
                found[fitting[0].op.id] = refused
        return found


def _fits(row: Row, refused: Refused) -> bool:
    if refused.email is not None:
        return refused.email == row.email
    return refused.external_id is not None and refused.external_id == row.external_id


@dataclass
class _Tally:
    """How a delivery goes, to stop splitting when the rows are not the cause."""

    accepted: int = 0
    lone_refusals: int = 0
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def hopeless(self) -> bool:
        return not self.accepted and self.lone_refusals >= GIVE_UP_AFTER


def deliver(calls: Calls, rows: Sequence[Row], flags: Flags) -> list[Outcome]:
    """Send all rows, in calls of at most 4 MB; each row is in exactly one outcome.

    A call that is refused as a whole (400, 413), or fails twice (500), is split in halves
    until the bad rows are alone.
    """
    tally = _Tally()
    for chunk in _chunks(rows):
        _deliver(calls, chunk, flags, tally)
    if not tally.accepted:
        return tally.outcomes
    return [_blamed(outcome) for outcome in tally.outcomes]


def _chunks(rows: Sequence[Row]) -> Iterator[tuple[Row, ...]]:
    chunk: list[Row] = []
    size = 0
    for row in rows:
        if chunk and size + row.size_bytes > MAX_BYTES:
            yield tuple(chunk)
            chunk, size = [], 0
        chunk.append(row)
        size += row.size_bytes
    if chunk:
        yield tuple(chunk)


def _deliver(
    calls: Calls, rows: tuple[Row, ...], flags: Flags, tally: _Tally, *, doubt: bool = False
) -> None:
    """Send some rows, or halves of them.

    Args:
        doubt: a call that held these rows failed (500), and may have done something.
    """
    if tally.hopeless:
        kind = InDoubtError if doubt else TransientError
        error = kind("Maileon takes none of the bulk calls; this contact was not sent alone")
        tally.outcomes.append(Outcome(rows, error=error))
        return
    outcome, splittable = _send(calls, rows, flags)
    if outcome.report is not None:
        tally.accepted += 1
    elif splittable and len(rows) > 1:
        middle = len(rows) // 2
        doubt = doubt or isinstance(outcome.error, InDoubtError)
        _deliver(calls, rows[:middle], flags, tally, doubt=doubt)
        _deliver(calls, rows[middle:], flags, tally, doubt=doubt)
        return
    elif splittable:
        tally.lone_refusals += 1
    tally.outcomes.append(outcome)


def _send(calls: Calls, rows: tuple[Row, ...], flags: Flags) -> tuple[Outcome, bool]:
    """One call, sent a second time if its answer is lost; and whether to split it."""
    body = rows_of([row.element for row in rows])
    first: SyncdError | None = None
    for repeated in (False, True):
        try:
            answer = calls.synchronise(flags, body)
            report = None if answer.status >= 400 else _report(answer)
        except TransientError as error:
            if not isinstance(error, InDoubtError):
                # nothing was done by this call; by the one before, perhaps
                return Outcome(rows, repeated=repeated, error=first or error), False
            first = error
        else:
            if report is not None:
                if not report.success and not report.refused:
                    return Outcome(rows, repeated=repeated, error=_refused(answer, rows)), True
                return Outcome(rows, report, repeated), False
            if answer.status != 500:
                return Outcome(rows, repeated=repeated, error=_refused(answer, rows)), True
            if repeated:
                return Outcome(rows, repeated=True, error=_FailedTwiceError(answer.label)), True
            first = InDoubtError(f"{answer.label}: the platform failed (500)")
        if not repeated:
            calls.pause(_PAUSE_S)
    return Outcome(rows, repeated=True, error=first), False


class _FailedTwiceError(InDoubtError):
    """The platform failed twice on the same rows."""

    def __init__(self, label: str) -> None:
        super().__init__(f"{label}: the platform failed twice (500)")


def _report(answer: Answer) -> Report:
    try:
        return read_report(answer)
    except InDoubtError:
        raise
    except TransientError as cause:
        raise InDoubtError(cause.message) from cause


def _refused(answer: Answer, rows: Sequence[Row]) -> RecordError:
    names = {name for row in rows for name in row.op.patch}
    code = "too_large" if answer.status == 413 else "refused"
    return RecordError(
        f"{answer.label}: Maileon refuses the contact ({answer.status})",
        code=code,
        fields=named_fields(answer, names) if answer.status == 400 else (),
    )


def _blamed(outcome: Outcome) -> Outcome:
    """A lone row on which the platform fails, while it takes others, is itself to blame."""
    if isinstance(outcome.error, _FailedTwiceError) and len(outcome.rows) == 1:
        blame = RecordError(outcome.error.message, code="platform_fails")
        return Outcome(outcome.rows, repeated=True, error=blame)
    return outcome
