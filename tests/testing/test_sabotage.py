"""A suite that cannot fail is none: ExampleMail, spoilt in one way each, is found out."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import httpx
import pytest

from syncd.connectors.api import Wire
from syncd.errors import DuplicateError, InDoubtError, RecordError, StaleError, TransientError
from syncd.model.op import Op, OpKind, Receipt
from syncd.model.record import Page, Record, Resource
from syncd.testing.contract import PROMISES, Clock, Platform, Verdict, outcomes
from syncd.testing.contract.hostile import HOSTILE
from syncd.testing.contract.line import UNKNOWN
from syncd.testing.example.connector import CONNECTOR, FIELDS, ExampleMail
from syncd.testing.example.platform import ExampleMailPlatform

from .test_child_sabotage import SPOILT as SPOILT_CHILDREN

Open = Callable[[Any, Wire], ExampleMail]


class BeginsAnew(ExampleMail):
    def pull(self, resource: Resource, cursor: str | None, **how: Any) -> Iterator[Page]:
        return super().pull(resource, None if how.get("full") else cursor, **how)


class SkipsOne(ExampleMail):
    def pull(self, resource: Resource, cursor: str | None, **how: Any) -> Iterator[Page]:
        for page in super().pull(resource, cursor, **how):
            yield replace(page, records=page.records[:-1])


class EndsAtTheEnd(ExampleMail):
    """Its cursors are right, but for the first page of a pull that goes on."""

    def pull(self, resource: Resource, cursor: str | None, **how: Any) -> Iterator[Page]:
        pages = super().pull(resource, cursor, **how)
        if cursor is not None:
            next(pages, None)
        return pages


class Remembers(ExampleMail):
    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._shown: set[tuple[str, str | None]] = set()

    def pull(self, resource: Resource, cursor: str | None, **how: Any) -> Iterator[Page]:
        for page in super().pull(resource, cursor, **how):
            fresh = [r for r in page.records if (r.remote_id, r.version) not in self._shown]
            self._shown |= {(r.remote_id, r.version) for r in fresh}
            yield replace(page, records=fresh)


class HidesTheGone(ExampleMail):
    def pull(self, resource: Resource, cursor: str | None, **how: Any) -> Iterator[Page]:
        for page in super().pull(resource, cursor, **how):
            yield replace(page, records=[r for r in page.records if not r.gone])


class LosesPoints(ExampleMail):
    def _write(self, op: Op) -> Receipt:
        kept = {name: value for name, value in op.patch.items() if name != "points"}
        return super()._write(replace(op, patch=kept))


class Raises(ExampleMail):
    def push(self, resource: Resource, ops: Sequence[Op]) -> Iterator[Receipt]:
        for receipt in super().push(resource, ops):
            if isinstance(receipt.error, RecordError):
                raise receipt.error
            yield receipt


class AnswersOnce(ExampleMail):
    def push(self, resource: Resource, ops: Sequence[Op]) -> Iterator[Receipt]:
        yield from list(super().push(resource, ops))[:1]


class MixesUp(ExampleMail):
    def push(self, resource: Resource, ops: Sequence[Op]) -> Iterator[Receipt]:
        receipts = list(super().push(resource, ops))
        for receipt, other in zip(receipts, [*receipts[1:], *receipts[:1]], strict=True):
            yield replace(other, op_id=receipt.op_id)


class Upserts(ExampleMail):
    def _write(self, op: Op) -> Receipt:
        try:
            return super()._write(op)
        except DuplicateError as known:
            return super()._write(replace(op, kind=OpKind.UPDATE, remote_id=known.remote_id))


class CallsItRefused(ExampleMail):
    def _write(self, op: Op) -> Receipt:
        try:
            return super()._write(op)
        except InDoubtError as lost:
            raise RecordError(lost.message) from lost


class CallsItUnsent(ExampleMail):
    def _write(self, op: Op) -> Receipt:
        try:
            return super()._write(op)
        except InDoubtError as lost:
            raise TransientError(lost.message) from lost


class Chatters(ExampleMail):
    def _write(self, op: Op) -> Receipt:
        logging.getLogger("example_mail").debug("writing %s", dict(op.patch))
        return super()._write(op)


class Quotes(ExampleMail):
    def _write(self, op: Op) -> Receipt:
        try:
            return super()._write(op)
        except RecordError as refused:
            raise RecordError(f"ExampleMail does not take {op.patch.get('email')}") from refused


class Cuts(ExampleMail):
    def _write(self, op: Op) -> Receipt:
        cut = {n: v[:50] if isinstance(v, str) and n == "note" else v for n, v in op.patch.items()}
        return super()._write(replace(op, patch=cut))


class KnowsOnlyAscii(ExampleMail):
    def _write(self, op: Op) -> Receipt:
        for value in op.patch.values():
            str(value).encode("latin-1")
        return super()._write(op)


class FillsUp(ExampleMail):
    def fetch(self, resource: Resource, remote_id: str, *, fields: frozenset[str]) -> Record:
        record = super().fetch(resource, remote_id, fields=fields)
        return replace(record, fields={**dict.fromkeys(FIELDS), **record.fields})


class TrustsAnybody(ExampleMail):
    def fetch(self, resource: Resource, remote_id: str, *, fields: frozenset[str]) -> Record:
        try:
            return super().fetch(resource, remote_id, fields=fields)
        except (TransientError, StaleError):
            return Record(remote_id, {}, gone=True)


class Strict(httpx.BaseTransport):
    """Answers whose names it does not all know are thrown away."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response: httpx.Response = self._inner.handle_request(request)
        known = UNKNOWN not in response.text
        return response if known else httpx.Response(200, json={}, request=request)


def strict(settings: Any, wire: Wire) -> ExampleMail:
    return ExampleMail(settings, replace(wire, transport=Strict(wire.transport)))


def restless(settings: Any, wire: Wire) -> ExampleMail:
    """It believes that it has slept."""
    dreamt = Clock()
    return ExampleMail(settings, replace(wire, sleep=dreamt.sleep, monotonic=dreamt.monotonic))


SPOILT: dict[Open, str] = {
    BeginsAnew: "Pages resume after any page",
    SkipsOne: "Pages resume after any page",
    EndsAtTheEnd: "Pages resume after any page",
    Remembers: "A repeated page is harmless",
    LosesPoints: "What is written reads back equal",
    Raises: "A refused record does not stop its batch",
    AnswersOnce: "Receipts match ops one to one",
    MixesUp: "Receipts match ops one to one",
    Upserts: "A duplicate create is answered as such",
    restless: "Throttling and Retry-After are obeyed",
    CallsItRefused: "An answer lost after the write is found again",
    CallsItUnsent: "An answer lost after the write is found again",
    HidesTheGone: "Deletions appear as the Spec says",
    Chatters: "Secrets and personal values never reach the log",
    Quotes: "Secrets and personal values never reach the log",
    Cuts: "A hundred hostile values per text field",
    KnowsOnlyAscii: "A hundred hostile values per text field",
    strict: "Unknown fields in answers are ignored",
    FillsUp: "Missing fields are not taken for deletions",
    TrustsAnybody: "Missing fields are not taken for deletions",
}


def spoilt(opens: Open) -> type[Platform]:
    return type("Spoilt", (ExampleMailPlatform,), {"plugin": replace(CONNECTOR, open=opens)})


@pytest.mark.parametrize("opens", SPOILT, ids=lambda opens: opens.__name__)
def test_a_connector_that_breaks_a_promise_is_found_out(opens: Open) -> None:
    promises = tuple(promise for promise in PROMISES if promise.text == SPOILT[opens])
    (outcome,) = outcomes(spoilt(opens), promises)
    assert outcome.verdict is Verdict.BROKEN
    assert outcome.why


def test_every_promise_can_be_broken() -> None:
    found_out = {*SPOILT.values(), *SPOILT_CHILDREN.values()}
    assert found_out == {promise.text for promise in PROMISES}


def test_there_are_a_hundred_hostile_values() -> None:
    assert len(set(HOSTILE)) == len(HOSTILE) == 100
