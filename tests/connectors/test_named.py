"""An error says whose account it is, where that stands, and what was not done."""

from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest

from syncd.connectors.api import Bounded, Connector, Probing
from syncd.connectors.ghl.spec import SPEC
from syncd.connectors.named import Named
from syncd.errors import (
    AccountError,
    RecordError,
    StoppedError,
    SyncdError,
    ThrottledError,
    TransientError,
)
from syncd.model.record import Resource

CONTACT = Resource.CONTACT
NO_FIELDS: frozenset[str] = frozenset()


class Broken:
    """A connector whose every call ends in one error."""

    spec = SPEC

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __getattr__(self, name: str) -> Any:
        if name in ("room", "probe", "assumptions"):
            raise AttributeError(name)
        return self._fail

    def _fail(self, *_: Any, **__: Any) -> Any:
        raise self.error


class BrokenAndFull(Broken):
    def room(self, _: Resource) -> int | None:
        raise self.error


class Asked:
    """A connector that remembers which fields it is asked for."""

    spec = SPEC

    def __init__(self) -> None:
        self.fields: list[frozenset[str]] = []

    def catalogue(self, _: Resource) -> Any:
        return dict(SPEC.resources[CONTACT].fields)

    def pull(self, *_: Any, fields: frozenset[str], **__: Any) -> Iterator[Any]:
        self.fields.append(fields)
        yield from ()

    def fetch(self, *_: Any, fields: frozenset[str]) -> None:
        self.fields.append(fields)

    def find(self, *_: Any, fields: frozenset[str]) -> tuple[()]:
        self.fields.append(fields)
        return ()


def test_a_derived_field_is_offered_and_never_asked_for() -> None:
    inner = Asked()
    named = Named(inner, "crm", "syncd.yaml:3", Event())  # type: ignore[arg-type]
    for shown in (named.spec.resources[CONTACT].fields, named.catalogue(CONTACT)):
        assert shown["activity.open_tasks"].read_only
        assert "engagement.last_open_at" not in shown
    asked = frozenset({"email", "activity.open_tasks"})
    list(named.pull(CONTACT, None, fields=asked))
    named.fetch(CONTACT, "x", fields=asked)
    named.find(CONTACT, "email", "x", fields=asked)
    assert inner.fields == [frozenset({"email"})] * 3
    assert "activity.open_tasks" not in SPEC.resources[CONTACT].fields


CALLS = {
    "check": lambda c: c.check(),
    "catalogue": lambda c: c.catalogue(CONTACT),
    "pull": lambda c: list(c.pull(CONTACT, None, fields=NO_FIELDS)),
    "fetch": lambda c: c.fetch(CONTACT, "x", fields=NO_FIELDS),
    "find": lambda c: c.find(CONTACT, "email", "x", fields=NO_FIELDS),
    "push": lambda c: list(c.push(CONTACT, [])),
    "create_field": lambda c: c.create_field(CONTACT, None),
    "room": lambda c: c.room(CONTACT),
}
WRITES = ("push", "create_field")


def named(error: Exception, wrote: Event | None = None) -> Named:
    return Named(BrokenAndFull(error), "crm", "syncd.yaml:13", wrote or Event())


@pytest.mark.parametrize("call", CALLS)
def test_an_account_that_stops_is_named_with_its_line(call: str) -> None:
    with pytest.raises(AccountError) as caught:
        CALLS[call](named(AccountError("It is refused", hint="Look.")))
    unsent = "" if call in WRITES else " Nothing was sent."
    assert caught.value.message == f"Account 'crm' (syncd.yaml:13): It is refused.{unsent}"
    assert str(caught.value) == f"{caught.value.message}  Look."
    assert caught.value.args == (caught.value.message,)


def test_what_is_no_longer_true_is_not_said() -> None:
    wrote = Event()
    with pytest.raises(AccountError):
        CALLS["push"](named(AccountError("no"), wrote))
    with pytest.raises(AccountError) as caught:
        CALLS["check"](named(AccountError("no"), wrote))
    assert "othing was sent" not in caught.value.message


@pytest.mark.parametrize(
    "error", [TransientError("away"), ThrottledError("wait", retry_after_s=7.0)]
)
def test_what_is_to_be_tried_again_keeps_its_class(error: SyncdError) -> None:
    with pytest.raises(type(error), match="Account 'crm': ") as caught:
        CALLS["pull"](named(error))
    assert caught.value is error


@pytest.mark.parametrize("error", [StoppedError("as asked"), RecordError("one contact")])
def test_what_is_not_about_the_account_stays_as_it_is(error: SyncdError) -> None:
    with pytest.raises(type(error)) as caught:
        CALLS["fetch"](named(error))
    assert "crm" not in caught.value.message


def test_it_can_do_what_the_connector_can_do_and_no_more() -> None:
    plain = Named(Broken(AccountError("no")), "crm", "syncd.yaml:13", Event())
    assert isinstance(plain, Connector)
    assert not isinstance(plain, Bounded | Probing)
    assert isinstance(named(AccountError("no")), Bounded)


def test_pages_come_through() -> None:
    class Lists(Broken):
        def pull(self, *_: Any, **__: Any) -> Iterator[str]:
            yield from ("one", "two")

    listing = Named(Lists(AccountError("no")), "crm", "", Event())
    assert CALLS["pull"](listing) == ["one", "two"]
