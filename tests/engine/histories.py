"""Random histories with seeds of one's own: what `make histories` runs.

    python -m tests.engine.histories --kind three --seed 5001 --count 20 --steps 22

Each seed stands for ten histories of up to so many steps. One that fails is told in a line,
then shrunk to the few deeds that matter and printed as a story that `retell` walks again.
"""

import argparse
import collections
import logging
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import fields
from enum import Enum
from pathlib import Path
from typing import Any

import structlog
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from syncd.store import database
from tests.engine.children_machine import Children
from tests.engine.deed import Deed
from tests.engine.machine import Machine, ThreePlatforms, TwoPlatforms, retell
from tests.engine.walk import Step

KINDS: dict[str, Any] = {"two": TwoPlatforms, "three": ThreePlatforms, "children": Children}
EACH = 10  # histories of one seed
MOST_TRIES = 400  # of walking a story again, to make it shorter
Story = list[Step]


class Walked:
    """How many histories were walked, and the story of the last one that failed."""

    def __init__(self, kind: type[Machine]) -> None:
        self.kind = kind
        self.count = 0
        self.failed: Story = []

    def walk(self, number: int, steps: int) -> BaseException | None:
        """Ten histories; the error of the first that fails, if one does."""
        walked = self

        class Counted(self.kind):  # type: ignore[misc, name-defined]  # a class that is told
            def teardown(self) -> None:
                walked.count += 1
                walked.failed = self.story
                super().teardown()

        try:
            run_state_machine_as_test(seed(number)(Counted), settings=of_steps(steps))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is a finding
            return error
        return None


def of_steps(steps: int, count: int = EACH) -> settings:
    """So many histories of so many steps, nothing remembered from one run to the next."""
    return settings(
        max_examples=count,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        derandomize=False,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )


def kind_of_failure(error: BaseException) -> str:
    """What two failures have in common that are alike: the words, without their numbers."""
    said = str(error).splitlines()[0] if str(error) else ""
    words = said.split(":")[0]
    return f"{type(error).__name__}: {words[:60]}"


def shrunk(kind: type[Machine], story: Story, wanted: str) -> Story:
    """The shortest story found that still fails alike."""
    left = MOST_TRIES
    simpler = True
    while simpler and left > 0:
        simpler = False
        for shorter in _simpler(story):
            left -= 1
            if _fails(kind, shorter) == wanted:
                story, simpler = shorter, True
                break
            if left <= 0:
                break
    return story


def _fails(kind: type[Machine], story: Story) -> str | None:
    try:
        retell(kind, story)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - as above
        return kind_of_failure(error)
    return None


def _simpler(story: Story) -> Iterator[Story]:
    """The same with less in it, the largest parts first."""
    begin, rest = story[0], story[1:]
    size = len(rest)
    while size:
        for start in range(0, len(rest), size):
            yield [begin, *rest[:start], *rest[start + size :]]
        size //= 2
    for number, step in enumerate(story):
        for less in _less(step):
            yield [*story[:number], less, *story[number + 1 :]]


PLAINEST = {"delete": "keep", "lag_s": 0, "resubscribe": "never"}


def _less(step: Step) -> Iterator[Step]:
    name, given = step
    for key, value in given.items():
        match value:
            case True:
                yield name, {**given, key: False}
            case str() | int() if key in PLAINEST and value != PLAINEST[key]:
                yield name, {**given, key: PLAINEST[key]}
            case [_, *more] if more or key == "automated":
                for n in range(len(value)):
                    yield name, {**given, key: value[:n] + value[n + 1 :]}
    if name == "both_at_once":
        yield "somebody", {"deed": given["one"]}
        yield "somebody", {"deed": given["other"]}


def as_code(story: Sequence[Step]) -> str:
    """A story as a person, and Python, can read it; a deed shows what differs from the plainest."""
    lines = [f"    ({name!r}, {_shown(given)})," for name, given in story]
    return "\n".join(["[", *lines, "]"])


def _shown(value: object) -> str:
    match value:
        case Enum():
            return f"{type(value).__name__}.{value.name}"
        case dict():
            return "{" + ", ".join(f"{k!r}: {_shown(v)}" for k, v in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_shown, value)) + "]"
        case Deed():
            plainest = Deed(value.kind)
            said = [
                f"{f.name}={getattr(value, f.name)!r}"
                for f in fields(Deed)
                if getattr(value, f.name) != getattr(plainest, f.name)
            ]
            return f"Deed({', '.join([repr(value.kind), *said])})"
        case _:
            return repr(value)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make histories", description=__doc__)
    parser.add_argument("--kind", choices=KINDS, default="three")
    parser.add_argument("--seed", type=int, required=True, help="the first one")
    parser.add_argument("--count", type=int, default=10, help="how many seeds, of ten histories")
    parser.add_argument("--steps", type=int, default=22, help="at most in one history")
    parser.add_argument("--as-is", action="store_true", help="do not shrink what fails")
    given = parser.parse_args(arguments)
    logging.disable(logging.CRITICAL)
    structlog.configure(processors=[], logger_factory=structlog.ReturnLoggerFactory())
    kind = KINDS[given.kind]
    folder = Path(tempfile.mkdtemp())
    try:
        kind.template, kind.place = migrated(folder), staticmethod(dict)
        return explore(kind, range(given.seed, given.seed + given.count), given)
    finally:
        shutil.rmtree(folder)


def migrated(folder: Path) -> Path:
    """A migrated store, to be copied for every history."""
    path = folder / "template.db"
    store = database.open_store(f"sqlite:///{path}")
    database.upgrade(store)
    store.dispose()
    return path


def explore(kind: type[Machine], seeds: range, given: argparse.Namespace) -> int:
    """Walk all the seeds; 1 if a history failed."""
    walked, causes = Walked(kind), collections.Counter[str]()
    for number in seeds:
        error = walked.walk(number, given.steps)
        if error is None:
            continue
        cause = kind_of_failure(error)
        causes[cause] += 1
        print(f"seed {number}: {type(error).__name__}: {str(error).splitlines()[:1]}", flush=True)
        story = walked.failed
        if not given.as_is:
            story = shrunk(kind, story, cause)
        print(as_code(story), flush=True)
    for cause, times in causes.most_common():
        print(f"  {times} x {cause}")
    print(
        f"{causes.total()} of {walked.count} histories failed ({given.kind}, {given.steps} steps,"
        f" seeds {seeds.start} to {seeds.stop - 1})"
    )
    return 1 if causes else 0


if __name__ == "__main__":
    sys.exit(main())
