"""Promises about the shape of answers: names that are new, and names that are missing."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import httpx

from syncd.connectors.api import Connector
from syncd.errors import SyncdError
from syncd.model.record import Record
from syncd.model.spec import Kind
from syncd.model.values import Consent, Fields, Level, Value
from syncd.testing.contract import line
from syncd.testing.contract.calling import unless_raised
from syncd.testing.contract.harness import Harness, Look
from syncd.testing.contract.promise import hold
from syncd.testing.contract.samples import as_change
from syncd.testing.contract.seen import fields_of, shown, some

Fresh = Callable[[], Harness]


@dataclass(slots=True)
class _Extender:
    """Adds unknown names to answers, and counts how many it could extend."""

    harness: Harness
    extended: int = 0

    def __call__(self, response: httpx.Response) -> bytes | None:
        body = line.extended(response) if response.is_success else None
        if body is None:
            body = self.harness.platform.with_unknown_fields(response)
        self.extended += body is not None
        return body


def unknown_fields_are_ignored(fresh: Fresh) -> None:
    """Everything is read and written once more, with unknown names in every answer."""
    harness = fresh()
    people = harness.populate(harness.page_size + 1)
    plain = harness.pull(full=True)
    direct = {name: _seen(look, people) for name, look in harness.looks.items()}
    extender = _Extender(harness)
    harness.line.trouble = line.rewritten(extender)
    by = harness.opened()
    with unless_raised("With unknown names in the answers, reading"):
        again = harness.pull(full=True, by=by)
        looked = {name: _seen(look, people, by) for name, look in harness.looks.items()}
    hold(
        extender.extended > 0,
        "No answer could be extended, as none is JSON or XML: write `Platform.with_unknown_fields`",
    )
    _equal(fields_of(shown(plain)), fields_of(shown(again)), "a sweep")
    for name in harness.looks:
        _equal(direct[name], looked[name], f"`{name}`")
    creation = harness.creation(**{harness.text: "New"})
    known = next(iter(people))
    change = harness.change(known, people[known], {harness.text: "Changed"})
    with unless_raised("With unknown names in the answers, `push`"):
        receipts = harness.push(creation, change, by=by)
        made = harness.done(creation, receipts[creation.id])
        harness.done(change, receipts[change.id])
    harness.line.trouble = None
    harness.settle()
    for remote_id, patch in ((made, creation.patch), (known, change.patch)):
        wanted = {name: value for name, value in patch.items() if isinstance(value, str)}
        wrong = harness.differing(harness.fetch(remote_id, harness.opened()).fields, wanted)
        hold(not wrong, f"With unknown names in the answers, {some(wrong)} was not written")


def _seen(look: Look, ids: Iterable[str], by: Connector | None = None) -> dict[str, Any]:
    return fields_of({remote_id: look(remote_id, by) for remote_id in ids})


def _equal(plain: dict[str, Any], extended: dict[str, Any], what: str) -> None:
    lacking = plain.keys() - extended.keys()
    hold(not lacking, f"With unknown names in the answers, {what} lacks {some(lacking)}")
    hold(
        plain.keys() == extended.keys(),
        f"With unknown names in the answers, {what} shows records that do not exist",
    )
    differing = [i for i in plain if plain[i] != extended[i]]
    hold(
        not differing,
        f"With unknown names in the answers, {what} shows {some(differing)} otherwise",
    )


@dataclass(slots=True)
class _Listener:
    """Lets every answer pass, and remembers the names in it."""

    names: set[str] = field(default_factory=set)

    def __call__(self, response: httpx.Response) -> bytes | None:
        self.names |= line.names_in(response)
        return None


def missing_fields_are_unknown(fresh: Fresh) -> None:
    """Every name in turn is taken out of all answers; then bodies are hollow, and pages foreign."""
    harness = fresh()
    truth = _full_people(harness)
    listener = _Listener()
    harness.line.trouble = line.rewritten(listener)
    harness.pull(full=True)
    for remote_id in truth:
        for look in harness.looks.values():
            look(remote_id, None)
    for name in sorted(listener.names):
        _nobody_vanishes(harness, truth, line.rewritten(line.without(name)), f"Without '{name}'")
    hollow = line.rewritten(line.hollow)
    _nobody_vanishes(harness, truth, hollow, "Where answers are hollow, such as `{}`,")
    for status in (200, 404, 410):
        what = f"Where a proxy answers {status} with a page of its own,"
        _nobody_vanishes(harness, truth, line.foreign(status), what)


def _full_people(harness: Harness) -> dict[str, Fields]:
    """Three records: one has a value in every field, one has opted out, where it stays then."""
    people = harness.populate(3)
    full, known = next(iter(people.items()))
    values = {n: v for n, v in harness.samples(0).items() if not harness.catalogue[n].fixed}
    op = harness.change(full, known, {n: as_change(None, v) for n, v in values.items()})
    harness.done(op, harness.push(op)[op.id])
    consent = next((n for n, s in harness.catalogue.items() if s.kind is Kind.CONSENT), None)
    spec = harness.spec.consent
    if consent and spec and spec.revocable and spec.readable and not spec.ends_record:
        remote_id, person = list(people.items())[1]
        op = harness.change(remote_id, person, {consent: Consent(Level.REVOKED)})
        harness.done(op, harness.push(op)[op.id])
    harness.settle()
    listed = shown(harness.pull(full=True, by=harness.opened()))  # a direct look may show less
    return {i: {**listed[i].fields, **harness.fetch(i).fields} for i in people if i in listed}


def _nobody_vanishes(
    harness: Harness, truth: Mapping[str, Fields], trouble: line.Trouble, what: str
) -> None:
    """Whatever comes is unknown or an error; nobody is gone, and nothing is empty or another's."""
    harness.line.trouble = trouble
    by = harness.opened()
    for remote_id, fields in truth.items():
        for name, look in harness.looks.items():
            try:
                record = look(remote_id, by)
            except SyncdError:
                continue
            _is_as_before(harness, record, fields, f"{what} `{name}`")
    try:
        listed = shown(harness.pull(full=True, by=by))
    except SyncdError:
        return
    for remote_id, record in listed.items():
        if remote_id in truth:
            _is_as_before(harness, record, truth[remote_id], f"{what} a sweep")


def _is_as_before(harness: Harness, record: Record, truth: Fields, what: str) -> None:
    hold(
        not record.gone,
        f"{what} says `gone=True` of a record that exists. Only an answer in which the platform"
        " itself says so is evidence; anything else is a TransientError",
    )
    for name, value in record.fields.items():
        wanted = truth.get(name)
        may_be_absent = any(fnmatchcase(name, one) for one in harness.empty_is_absent)
        hold(
            (may_be_absent and _is_empty(value)) or harness.is_same(name, value, wanted),
            f"{what} shows '{name}' as {value!r} although it is {wanted!r}. What an answer does not"
            " mention is unknown: leave it out of `Record.fields`. None means empty, and would"
            " empty the other side. (If the platform itself leaves out what is empty, name the"
            " field in `Platform.empty_is_absent`.)",
        )


def _is_empty(value: Value) -> bool:
    return value in (None, frozenset()) or (
        isinstance(value, Consent) and value.level is Level.UNKNOWN
    )
