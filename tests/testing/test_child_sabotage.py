"""The suite asks of what belongs to contacts too: ExampleMail, spoilt there, is found out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from syncd.connectors.api import Wire
from syncd.errors import InDoubtError, RecordError, TransientError
from syncd.model.op import Op, OpKind, Receipt
from syncd.model.record import Extent, Page, Record, Resource
from syncd.testing.contract import PROMISES, Platform, Verdict, outcomes
from syncd.testing.example.connector import CONNECTOR, ExampleMail
from syncd.testing.example.platform import ExampleMailPlatform

Open = Callable[[Any, Wire], Any]
CONTACT, NOTE, TASK, APPOINTMENT = Resource


class StartsAnew(ExampleMail):
    def pull(self, resource: Resource, cursor: str | None, **how: Any) -> Iterator[Page]:
        anew = resource is APPOINTMENT
        return super().pull(resource, None if anew else cursor, **how)


class ForgetsTheCursor(ExampleMail):
    """Its second answer to the same question is a shorter one."""

    def pull(self, resource: Resource, cursor: str | None, **how: Any) -> Iterator[Page]:
        asked = self.__dict__.setdefault("asked", set())
        for page in super().pull(resource, cursor, **how):
            again = resource is not CONTACT and page.cursor in asked
            asked.add(page.cursor)
            yield replace(page, records=page.records[1:] if again else page.records)


class ChangesPatches(ExampleMail):
    """What is written of a child is not what was asked for."""

    def push(self, resource: Resource, ops: Sequence[Op]) -> Iterator[Receipt]:
        if resource is CONTACT:
            return super().push(resource, ops)
        return super().push(resource, [self.changed(op) for op in ops])

    def changed(self, op: Op) -> Op:
        raise NotImplementedError


class LosesFlags(ChangesPatches):
    def changed(self, op: Op) -> Op:
        return replace(op, patch={n: v for n, v in op.patch.items() if not isinstance(v, bool)})


class Cuts(ChangesPatches):
    def changed(self, op: Op) -> Op:
        cut = {n: v[:60] if isinstance(v, str) else v for n, v in op.patch.items()}
        return replace(op, patch=cut)


class NeverMoves(ChangesPatches):
    def changed(self, op: Op) -> Op:
        first = self.__dict__.setdefault("first", op.parent_id)
        return replace(op, parent_id=first) if op.resource is TASK and op.parent_id else op


class ChangesErrors(ExampleMail):
    """What became of a write of a child is told otherwise."""

    def push(self, resource: Resource, ops: Sequence[Op]) -> Iterator[Receipt]:
        for op, receipt in zip(ops, super().push(resource, ops), strict=True):
            yield receipt if resource is CONTACT else self.changed(op, receipt)

    def changed(self, op: Op, receipt: Receipt) -> Receipt:
        raise NotImplementedError


class CallsItRefused(ChangesErrors):
    def changed(self, op: Op, receipt: Receipt) -> Receipt:
        lost = isinstance(receipt.error, InDoubtError)
        return replace(receipt, error=RecordError("no")) if lost else receipt


class CallsItDone(ChangesErrors):
    def changed(self, op: Op, receipt: Receipt) -> Receipt:
        return Receipt(op.id, "t-1") if isinstance(receipt.error, RecordError) else receipt


class NamesAnother(ChangesErrors):
    def changed(self, op: Op, receipt: Receipt) -> Receipt:
        return replace(receipt, remote_id=f"{receipt.remote_id}x") if receipt.remote_id else receipt


class Quotes(ChangesErrors):
    def changed(self, op: Op, receipt: Receipt) -> Receipt:
        text = f"no {list(op.patch.values())}"
        return replace(receipt, error=TransientError(text)) if receipt.error else receipt


class ChangesLists(ExampleMail):
    """The list of one contact is another one."""

    def children(self, resource: Resource, parent_id: str, **how: Any) -> Sequence[Record]:
        return self.changed(resource, super().children(resource, parent_id, **how))

    def changed(self, resource: Resource, found: Sequence[Record]) -> Sequence[Record]:
        raise NotImplementedError


class LacksOne(ChangesLists):
    def changed(self, resource: Resource, found: Sequence[Record]) -> Sequence[Record]:
        return found[1:] if len(found) > 2 else found


class NamesNoContact(ChangesLists):
    def changed(self, resource: Resource, found: Sequence[Record]) -> Sequence[Record]:
        return [replace(one, parent_id=None) for one in found]


class ShowsAnothers(ExampleMail):
    def children(self, resource: Resource, parent_id: str, **how: Any) -> Sequence[Record]:
        known = self.__dict__.setdefault("known", {})
        known[parent_id] = super().children(resource, parent_id, **how)
        mixed = {one.remote_id: one for found in known.values() for one in found}
        return [replace(one, parent_id=parent_id) for one in mixed.values()]


class TakesTroubleForNone(ExampleMail):
    def children(self, resource: Resource, parent_id: str, **how: Any) -> Sequence[Record]:
        try:
            return super().children(resource, parent_id, **how)
        except TransientError:
            return ()


class TakesTroubleForGone(ExampleMail):
    def child(self, resource: Resource, remote_id: str, *given: Any, **how: Any) -> Record:
        try:
            return super().child(resource, remote_id, *given, **how)
        except TransientError:
            return Record(remote_id, {}, gone=True)


class HidesTheGone(ExampleMail):
    def pull(self, resource: Resource, cursor: str | None, **how: Any) -> Iterator[Page]:
        for page in super().pull(resource, cursor, **how):
            shown = [r for r in page.records if resource is CONTACT or not r.gone]
            yield replace(page, records=shown)


class NeverEnds(ExampleMail):
    def pull(self, resource: Resource, cursor: str | None, **how: Any) -> Iterator[Page]:
        return (replace(page, last=False) for page in super().pull(resource, cursor, **how))


class KeepsToNothing(ExampleMail):
    def keep_to(self, resource: Resource, extent: Extent) -> None: ...


class LeavesOrphans(ChangesPatches):
    """What has no contact is given to the one that was there first."""

    def changed(self, op: Op) -> Op:
        first = self.__dict__.setdefault("first", op.parent_id)
        made = op.kind is OpKind.CREATE
        return replace(op, parent_id=first) if made and first else op


WHOSE = "Children are shown with their own contact"
MISSING = "Missing fields are not taken for deletions"
SPOILT: dict[Open, str] = {
    StartsAnew: "Pages resume after any page",
    ForgetsTheCursor: "A repeated page is harmless",
    LosesFlags: "What is written reads back equal",
    LeavesOrphans: "A refused record does not stop its batch",
    CallsItDone: "A refused record does not stop its batch",
    NamesAnother: "Receipts match ops one to one",
    CallsItRefused: "An answer lost after the write is found again",
    HidesTheGone: "Deletions appear as the Spec says",
    Quotes: "Secrets and personal values never reach the log",
    Cuts: "A hundred hostile values per text field",
    TakesTroubleForNone: MISSING,
    TakesTroubleForGone: MISSING,
    LacksOne: WHOSE,
    NamesNoContact: WHOSE,
    ShowsAnothers: WHOSE,
    NeverMoves: WHOSE,
    NeverEnds: WHOSE,
    KeepsToNothing: WHOSE,
}


def asked(platform: type[Platform], text: str) -> tuple[Verdict, str]:
    (promise,) = (one for one in PROMISES if one.text == text)
    (outcome,) = outcomes(platform, (promise,))
    return outcome.verdict, outcome.why


def spoilt(opens: Open) -> type[Platform]:
    return type("Spoilt", (ExampleMailPlatform,), {"plugin": replace(CONNECTOR, open=opens)})


@pytest.mark.parametrize("opens", SPOILT, ids=lambda opens: opens.__name__)
def test_what_is_broken_of_children_is_found_out(opens: Open) -> None:
    verdict, why = asked(spoilt(opens), SPOILT[opens])
    assert verdict is Verdict.BROKEN
    assert why.startswith(("Of notes: ", "Of tasks: ", "Of appointments: "))


CALENDARS = replace(
    CONNECTOR.spec,
    resources={
        **CONNECTOR.spec.resources,
        APPOINTMENT: replace(CONNECTOR.spec.resources[APPOINTMENT], calendar="title"),
    },
)


class HasCalendars(ExampleMail):
    spec = CALENDARS


class NamesThem(HasCalendars):
    def named(self, *_: Any) -> Any:
        return {"c1": ("Visits", "visits@example.org"), "c2": ()}


class NamesOneNothing(HasCalendars):
    def named(self, *_: Any) -> Any:
        return {"c1": ("",)}


@pytest.mark.parametrize(
    ("opens", "verdict"),
    [
        (HasCalendars, Verdict.BROKEN),
        (NamesOneNothing, Verdict.BROKEN),
        (NamesThem, Verdict.KEPT),
    ],
)
def test_a_connector_with_calendars_tells_their_names(opens: Open, verdict: Verdict) -> None:
    plugin = replace(CONNECTOR, open=opens, spec=CALENDARS)
    platform = type("Calendars", (ExampleMailPlatform,), {"plugin": plugin})
    found, why = asked(platform, WHOSE)
    assert found is verdict
    assert ("`named`" in why) is (verdict is Verdict.BROKEN)


def test_a_connector_without_the_methods_is_told_which() -> None:
    class WithoutChild(ExampleMail):
        child = None  # type: ignore[assignment]

        def __getattribute__(self, name: str) -> Any:
            if name == "child":
                raise AttributeError(name)
            return super().__getattribute__(name)

    verdict, why = asked(spoilt(WithoutChild), WHOSE)
    assert verdict is Verdict.BROKEN
    assert "lacks a method of `Nested`" in why


@pytest.mark.parametrize(
    ("method", "text"),
    [
        ("child", WHOSE),
        ("create_child", WHOSE),
        ("edit_child", "Pages resume after any page"),
        ("delete_child", "Deletions appear as the Spec says"),
        ("existing_children", WHOSE),
    ],
)
def test_a_platform_without_its_people_is_told_what_they_lack(method: str, text: str) -> None:
    idle = {method: getattr(Platform, method)}
    verdict, why = asked(type("Idle", (ExampleMailPlatform,), idle), text)
    assert verdict is Verdict.BROKEN
    assert f"`Platform.{method}`" in why


def test_a_spec_without_children_is_asked_nothing_of_them() -> None:
    spec = replace(CONNECTOR.spec, resources={CONTACT: CONNECTOR.spec.resources[CONTACT]})
    alone = type("Alone", (ExampleMailPlatform,), {"plugin": replace(CONNECTOR, spec=spec)})
    assert asked(alone, WHOSE)[0] is Verdict.NOT_ASKED
    assert asked(alone, MISSING) == (Verdict.KEPT, "")


class FillsUp(ExampleMail):
    """What a task's answer does not mention is taken for empty."""

    def child(self, resource: Resource, remote_id: str, *given: Any, **how: Any) -> Record:
        record = super().child(resource, remote_id, *given, **how)
        named = {"description"} if resource is TASK and not record.gone else set()
        return replace(record, fields={**dict.fromkeys(named), **record.fields})


@pytest.mark.parametrize(
    ("absent", "verdict"),
    [({"task.description"}, Verdict.KEPT), ({"description", "note.description"}, Verdict.BROKEN)],
)
def test_what_a_platform_leaves_out_may_count_as_empty_where_it_says_so(
    absent: set[str], verdict: Verdict
) -> None:
    platform = spoilt(FillsUp)
    empty = type("Absent", (platform,), {"empty_is_absent": absent})
    assert asked(empty, MISSING)[0] is verdict
