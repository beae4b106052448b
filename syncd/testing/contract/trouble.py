"""Promises about a bad line: refusals for now, and answers that never arrive."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime
from itertools import count
from typing import TypeVar

from syncd.errors import (
    DuplicateError,
    InDoubtError,
    StaleError,
    SyncdError,
    ThrottledError,
    TransientError,
)
from syncd.model.op import Op, OpKind, Receipt
from syncd.model.values import Fields
from syncd.testing.contract import line
from syncd.testing.contract.calling import told
from syncd.testing.contract.harness import Harness
from syncd.testing.contract.promise import BrokenPromiseError, hold
from syncd.testing.contract.seen import shown

Fresh = Callable[[], Harness]
T = TypeVar("T")

WAIT_S = 7
LONG_S = 5_000
MOST_REQUESTS = 60  # that one write may take
ROUNDING_S = 1.0  # an HTTP date has whole seconds
AT_LEAST_S = 0.5  # between refusals that do not say how long to wait


def throttling_is_obeyed(fresh: Fresh) -> None:
    """429 before reading and before writing: with seconds, with a date, and without a word."""
    for how in ("seconds", "date", "nothing"):
        for what in ("pull", "push"):
            _refused_twice(fresh(), how, what)
    _refused_for_long(fresh())


def _refused_twice(harness: Harness, how: str, what: str) -> None:
    people = harness.populate(2)
    until = harness.clock.now().replace(microsecond=0) + timedelta(seconds=WAIT_S + 1)
    headers = {
        "seconds": {"Retry-After": str(WAIT_S)},
        "date": {"Retry-After": format_datetime(until, usegmt=True)},
        "nothing": {},
    }[how]
    harness.line.trouble = line.refused(2, headers)
    op = harness.creation(**{harness.text: "Patient"})
    if what == "pull":
        found = set(_patient(harness, lambda: shown(harness.pull(full=True))))
        hold(set(people) <= found, "After two refusals (429) a sweep did not show everybody")
    else:
        receipts = _patient(harness, lambda: _unless_throttled(harness, op))
        harness.done(op, receipts[op.id])
        hold(
            len(harness.existing()) == 3,
            "After two refusals (429) a create was not made once",
        )
    refusals = [sent for sent in harness.line.sent if sent.status == 429]
    hold(len(refusals) == 2, f"A {what} that was refused (429) was never tried again")
    for refusal, after in zip(harness.line.sent, harness.line.sent[1:], strict=False):
        if refusal.status != 429:
            continue
        waited = after.at_s - refusal.at_s
        least = {"seconds": WAIT_S, "date": 0.0, "nothing": AT_LEAST_S}[how]
        hold(
            waited >= least,
            f"A {what} was refused (429) with Retry-After {headers.get('Retry-After', 'missing')},"
            f" and the next request came {waited:.1f} s later; it may not come before"
            f" {least:g} s. Every thread of the account has to wait, not only the one refused",
        )
    if how == "date":
        last = max(sent.at_s for sent in refusals)
        next_s = min((s.at_s for s in harness.line.sent if s.at_s > last), default=last)
        due = (until - harness.clock.now()).total_seconds() + harness.clock.monotonic()
        hold(
            next_s >= due - ROUNDING_S,
            f"Retry-After named a moment, and a {what} was tried {due - next_s:.1f} s before it",
        )


def _unless_throttled(harness: Harness, op: Op) -> dict[int, Receipt]:
    receipts = harness.push(op)
    error = receipts[op.id].error
    if isinstance(error, ThrottledError):
        raise error
    return receipts


def _patient(harness: Harness, call: Callable[[], T]) -> T:
    """Call, and call again after as long as a ThrottledError says."""
    for _ in range(3):
        try:
            return call()
        except ThrottledError as error:
            harness.clock.sleep(error.retry_after_s or 60.0)
    return call()


def _refused_for_long(harness: Harness) -> None:
    """A wait that is too long to sit out is told, and nothing was done meanwhile."""
    harness.line.trouble = line.refused(1_000, {"Retry-After": str(LONG_S)})
    op = harness.creation()
    began_s = harness.clock.monotonic()
    try:
        _unless_throttled(harness, op)
    except ThrottledError as error:
        hold(
            error.retry_after_s is None or error.retry_after_s >= LONG_S - ROUNDING_S,
            f"The platform asked to wait {LONG_S} s, and the ThrottledError says"
            f" {error.retry_after_s}",
        )
    except SyncdError as error:
        raise BrokenPromiseError(
            f"A write was refused (429, Retry-After {LONG_S}) to the end, and {told(error)} was"
            " raised; a ThrottledError says how long to wait"
        ) from error
    else:
        raise BrokenPromiseError("A write that was only ever refused (429) was confirmed")
    passed_s = harness.clock.monotonic() - began_s
    most = 2 + passed_s // LONG_S
    hold(
        len(harness.line.sent) <= most,
        f"While the platform asked to wait {LONG_S} s, {len(harness.line.sent)} requests were sent"
        f" in {passed_s:.0f} s",
    )
    hold(not harness.existing(), "A write that was refused (429) has made a record")


@dataclass(frozen=True, slots=True)
class _Case:
    """One write whose answer is lost.

    Attributes:
        in_effect: whether the platform shows it, asked of the emulator or of a new connector.
    """

    harness: Harness
    op: Op
    in_effect: Callable[[], bool]


def lost_answers_are_found(fresh: Fresh) -> None:
    """Every answer that a write waits for is lost in turn, on the line and behind a proxy."""
    cases = [_create, _update]
    if fresh().spec.deletes:
        cases.append(_delete)
    for case in cases:
        for kind, trouble in (("never came", line.lost), ("was a 504 of a proxy", line.failed)):
            for nth in count():
                found = case(fresh())
                if not _one_lost(found, nth, kind, trouble(nth)):
                    break
                hold(nth < MOST_REQUESTS, f"one {found.op.kind.value} takes too many requests")


def _one_lost(case: _Case, nth: int, kind: str, trouble: line.Trouble) -> bool:
    """Lose the `nth` answer of a write; False if it did not take so many requests."""
    harness, op = case.harness, case.op
    harness.line.trouble = trouble
    receipt, raised = None, None
    try:
        receipt = harness.push(op)[op.id]
    except SyncdError as error:
        raised = error
    struck = len(harness.line.sent) > nth
    lost = harness.line.sent[nth].method + " " + harness.line.sent[nth].path if struck else ""
    harness.line.trouble = None
    harness.settle()
    _judge(
        case,
        receipt,
        raised,
        f"The answer to {lost} (request {nth + 1} of a {op.kind.value}) {kind}",
    )
    _again(case)
    return struck


def _judge(case: _Case, receipt: Receipt | None, raised: SyncdError | None, what: str) -> None:
    done = case.in_effect()
    error = raised or (receipt.error if receipt else None)
    if raised is not None:
        hold(
            not done,
            f"{what}, and `push` raised {told(raised)} although the write was carried out. What is"
            " raised says that nothing was sent: an answer that was lost belongs into the receipt,"
            " as an InDoubtError, unless the connector looked and knows better",
        )
    elif error is None:
        hold(done, f"{what}, and the receipt says that it was done, but it was not")
    elif done:
        hold(
            isinstance(error, InDoubtError | StaleError),
            f"{what}, and the receipt says {told(error)} although the write was carried out: it"
            " would be parked or sent again. Say InDoubtError, or look and confirm it",
        )
    else:
        hold(
            isinstance(error, TransientError | StaleError),
            f"{what} and the write was not carried out; the receipt says {told(error)}, which"
            " would park a record that is not at fault",
        )


def _again(case: _Case) -> None:
    """What the engine does next: look it up, and send it again where it is not found."""
    harness, op = case.harness, case.op
    if op.kind is not OpKind.CREATE:
        return
    by = harness.opened()
    found = harness.looked_up(op)
    exists = len(harness.existing())
    hold(
        len(found) == exists <= 1,
        f"After an answer to a create was lost {exists} records exist, and a look-up"
        f" finds {len(found)}. It has to find what is there; the create is"
        " repeated otherwise",
    )
    if not found:
        harness.done(op, harness.push(op, by=by)[op.id])
    elif harness.unique_key is not None:
        error = harness.push(op, by=by)[op.id].error
        hold(
            isinstance(error, DuplicateError),
            "A create whose first answer was lost was sent again, and was answered with"
            f" {told(error) if error else 'success'} instead of a DuplicateError",
        )
    hold(len(harness.existing()) == 1, "A create was doubled after its answer was lost")


def _create(harness: Harness) -> _Case:
    op = harness.creation(**{harness.text: "Lost and found"})
    return _Case(harness, op, lambda: bool(harness.existing()))


def _update(harness: Harness) -> _Case:
    ((remote_id, person),) = harness.populate(1).items()
    op = harness.change(remote_id, person, {harness.text: "Lost and found"})

    def in_effect() -> bool:
        shows: Fields = harness.fetch(remote_id, by=harness.opened()).fields
        return not harness.differing(shows, {harness.text: "Lost and found"})

    return _Case(harness, op, in_effect)


def _delete(harness: Harness) -> _Case:
    ((remote_id, person),) = harness.populate(1).items()
    op = harness.op(OpKind.DELETE, {}, remote_id, person)
    return _Case(harness, op, lambda: remote_id not in harness.existing())
