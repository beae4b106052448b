"""The promises in their order, and asking a connector for one of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType

from syncd.errors import SyncdError
from syncd.model.record import Resource
from syncd.testing.contract import (
    answers,
    belonging,
    discretion,
    reading,
    strange,
    trouble,
    writing,
)
from syncd.testing.contract.calling import place, told
from syncd.testing.contract.child_harness import ChildHarness
from syncd.testing.contract.harness import CONTACT, Harness
from syncd.testing.contract.platform import Platform
from syncd.testing.contract.promise import BrokenPromiseError, NotAskedError, Promise

_PULL = "`Connector.pull` in syncd/connectors/api.py"
_PUSH = "`Connector.push` in syncd/connectors/api.py"
PROMISES: tuple[Promise, ...] = (
    Promise("Pages resume after any page", _PULL, reading.pages_resume),
    Promise("A repeated page is harmless", "`Page` in syncd/model/record.py",
            reading.repeats_are_harmless),
    Promise("What is written reads back equal", "`same` in syncd/core/canonical.py",
            writing.reads_back),
    Promise("A refused record does not stop its batch", _PUSH, writing.refusal_stops_nobody),
    Promise("Receipts match ops one to one", "`Receipt` in syncd/model/op.py",
            writing.receipts_match),
    Promise("A duplicate create is answered as such", "`OpKind` in syncd/model/op.py",
            writing.duplicates_are_told),
    Promise("Throttling and Retry-After are obeyed", "`ThrottledError` in syncd/errors.py",
            trouble.throttling_is_obeyed),
    Promise("An answer lost after the write is found again", "`InDoubtError` in syncd/errors.py",
            trouble.lost_answers_are_found),
    Promise("Deletions appear as the Spec says", "`Deletions` in syncd/model/spec.py",
            reading.deletions_appear),
    Promise("Secrets and personal values never reach the log", "the top of syncd/errors.py",
            discretion.nothing_is_told),
    Promise("A hundred hostile values per text field", "`RecordError` in syncd/errors.py",
            strange.hostile_values),
    Promise("Unknown fields in answers are ignored", "`Record` in syncd/model/record.py",
            answers.unknown_fields_are_ignored),
    Promise("Missing fields are not taken for deletions", "`Record` in syncd/model/record.py",
            answers.missing_fields_are_unknown),
    Promise("Children are shown with their own contact", "`Nested` in syncd/connectors/api.py",
            belonging.children_are_their_contacts),
)  # fmt: skip


class Verdict(StrEnum):
    KEPT = "kept"
    BROKEN = "broken"
    NOT_ASKED = "not asked"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a connector stands to one promise.

    Attributes:
        why: what was seen if it is broken, and why it was not asked; else empty.
    """

    promise: Promise
    verdict: Verdict
    why: str = ""


def outcomes(
    platform: type[Platform], promises: tuple[Promise, ...] = PROMISES
) -> Iterator[Outcome]:
    """Ask a connector for its promises, one after another; each as soon as it is known."""
    for promise in promises:
        try:
            ask(promise, platform)
        except NotAskedError as reason:
            yield Outcome(promise, Verdict.NOT_ASKED, str(reason))
        except BrokenPromiseError as broken:
            yield Outcome(promise, Verdict.BROKEN, str(broken))
        else:
            yield Outcome(promise, Verdict.KEPT)


def ask(promise: Promise, platform: type[Platform]) -> None:
    """Return if the promise is kept, with contacts and with whatever belongs to them.

    Raises:
        BrokenPromiseError: it is not, whatever came in between.
        NotAskedError: it says nothing about this connector, whichever resource.
    """
    reasons: list[NotAskedError] = []
    resources = offered(platform)
    for resource in resources:
        try:
            _ask(promise, platform, resource)
        except NotAskedError as reason:
            reasons.append(reason)
        except BrokenPromiseError as broken:
            if resource is CONTACT:
                raise
            raise BrokenPromiseError(f"Of {resource.value}s: {broken}") from broken.__cause__
    if len(reasons) == len(resources):
        raise reasons[0]


def offered(platform: type[Platform]) -> list[Resource]:
    """Contacts, and what belongs to them by the Spec."""
    spec = platform.plugin.spec.resources
    return [CONTACT, *(resource for resource, one in spec.items() if one.parent is CONTACT)]


def _ask(promise: Promise, platform: type[Platform], resource: Resource) -> None:
    harnesses: list[Harness] = []

    def fresh() -> Harness:
        of_contacts = resource is CONTACT
        harnesses.append(Harness(platform) if of_contacts else ChildHarness(platform, resource))
        return harnesses[-1]

    with _Everything():
        promise.check(fresh)
        for harness in harnesses:
            harness.connector.close()


class _Everything:
    """Whatever is raised within breaks the promise."""

    def __enter__(self) -> None: ...

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, BrokenPromiseError | NotAskedError):
            return
        if isinstance(error, SyncdError):
            raise BrokenPromiseError(
                f"the connector raised {told(error)} in {place(trace)}, where nothing had gone"
                " wrong"
            ) from error
        if isinstance(error, Exception):
            raise BrokenPromiseError(
                f"the platform or its emulator crashed with {type(error).__name__}: {error}"
                f" in {place(trace)}"
            ) from error
