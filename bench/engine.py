"""The engine alone, between two invented platforms: CPU by step, and how it grows.

Each size in a process of its own, so that the memory is its own too.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.harness import Harness, people, silence
from bench.machine import slowness
from syncd.engine import apply, cycle, passes, reconcile
from syncd.engine.cycle import Mode, run_cycle
from syncd.model.record import Resource

STEPS = {
    "recover": (cycle, "recover"),
    "pull": (cycle, "pull"),
    "match": (reconcile, "match"),
    "plan": (reconcile, "plan_links"),
    "guard": (passes, "release"),
    "claim": (apply, "_claim"),
    "push": (apply, "_push_batch"),
    "confirm": (apply, "confirm"),
}


class Stopwatch:
    """Processor time of this process by step; what is inside another step counts there."""

    def __init__(self) -> None:
        self.ms: defaultdict[str, float] = defaultdict(float)
        for step, (module, name) in STEPS.items():
            setattr(module, name, self._timed(step, getattr(module, name)))

    def _timed(self, step: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.over(step):
                return call(*args, **kwargs)

        return timed

    @contextmanager
    def over(self, step: str) -> Iterator[None]:
        begun = time.process_time()
        yield
        self.ms[step] += (time.process_time() - begun) * 1_000


def timed(harness: Harness, mode: Mode = Mode.SYNC) -> float:
    """Processor time of one cycle in ms, with the pair opened already."""
    pair = harness.app.open_pair("bench", create_fields=True)
    begun = time.process_time()
    run_cycle(pair, harness.app.environment, mode)
    return (time.process_time() - begun) * 1_000


def measured(size: int, store: str = "sqlite:///syncd.db") -> dict[str, Any]:
    """All figures of one size, in ms of processor time."""
    with tempfile.TemporaryDirectory() as name:
        silence()
        slow = slowness()
        harness, watch = Harness(Path(name), store), Stopwatch()
        left, right = harness.accounts["single"], harness.accounts["bulk"]
        people(left, range(size))
        people(right, range(size // 2, size // 2 + size))
        before_mb = peak_mb()
        first = timed(harness)
        steps = dict(watch.ms)
        peak = peak_mb() - before_mb
        for _ in range(3):
            harness.cycle()
        idle = sorted(timed(harness) for _ in range(9))[4]
        changed = []
        for n in range(5):
            shown = left.fetch(Resource.CONTACT, f"single{n:07}", fields=frozenset()).fields
            left.put(f"single{n:07}", {**shown, "city": "Chur"})
            changed.append(timed(harness))
            harness.cycle()
        harness.cycle(Mode.FULL)  # the first after a match notes how everybody is listed
        watch.ms.clear()
        full = timed(harness, Mode.FULL)
        log_bytes = _size(Path(name), "syncd.db-wal")
        harness.app.store.dispose()  # which brings the write-ahead log into the database
        return {
            "size": size,
            "slow": (slow + slowness()) / 2,
            "records": len(left) + len(right),
            "first": first,
            "steps": steps,
            "idle": idle,
            "changed": sorted(changed)[2],
            "full": full,
            "full_steps": dict(watch.ms),
            "peak_mb": peak,
            "store_bytes": _size(Path(name), "syncd.db*"),
            "log_bytes": log_bytes,
        }


def _size(folder: Path, names: str) -> int:
    return sum(file.stat().st_size for file in folder.glob(names))


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# -- as lines of the table --------------------------------------------------------------------

Line = tuple[str, str, str, bool]


def measure(quick: bool) -> list[Line]:
    """1,000 and 10,000 contacts a side; 100,000 too with `BIG=1` in the environment."""
    sizes = [100, 1_000] if quick else [1_000, 10_000]
    if os.environ.get("BIG"):
        sizes.append(sizes[-1] * 10)
    found = [_alone(size) for size in sizes]
    lines = [line for one in found for line in _lines(one)]
    least, most = found[-2], found[-1]
    growth = _each(most) / _each(least)
    small, large = f"{least['size']:,}", f"{most['size']:,}"
    told = f"{growth:.2f} x that of {small}"
    return [
        *lines,
        (
            f"engine alone, first match of {large}, CPU per record",
            told,
            "within 15 %",
            growth < 1.15,
        ),
    ]


def _alone(size: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.engine", str(size)]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)
    shown: dict[str, Any] = json.loads(ran.stdout)
    return shown


def _each(one: Mapping[str, Any]) -> float:
    """Microseconds of a first match per record that was there before."""
    return float(one["first"]) * 1_000 / (2 * int(one["size"]))


def _lines(one: Mapping[str, Any]) -> list[Line]:
    size, place = one["size"], f"engine alone, {one['size']:,} a side"
    steps = ", ".join(f"{name} {ms * 500 / size:.0f}" for name, ms in one["steps"].items())
    full = one["records"] / one["full"] * 1_000
    slow = float(one["slow"])  # goals for processor time are those of a machine as fast as then
    return [
        (
            f"{place}: first match",
            f"{_each(one):.0f} us a record ({steps})",
            f"at most 600 us, here {600 * slow:.0f}",
            _each(one) <= 600 * slow,
        ),
        (
            f"{place}: memory of its own",
            f"{one['peak_mb']:.0f} MB",
            "under 150 MB",
            one["peak_mb"] < 150,
        ),
        (
            f"{place}: full reconcile",
            f"{full:,.0f} records/s",
            f"at least 30,000, here {30_000 / slow:,.0f}",
            full >= 30_000 / slow,
        ),
        (f"{place}: idle cycle", f"{one['idle']:.1f} ms", "at most 15 ms", one["idle"] <= 15),
        (
            f"{place}: one contact changed",
            f"{one['changed']:.0f} ms",
            "at most 60 ms",
            one["changed"] <= 60,
        ),
        (
            f"{place}: store",
            f"{one['store_bytes'] / one['records']:,.0f} bytes a record, and"
            f" {one['log_bytes'] / 2**20:.1f} MB of write-ahead log until it is closed",
            "at most 1,200",
            one["store_bytes"] <= 1_200 * one["records"],
        ),
    ]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("size", type=int)
    print(json.dumps(measured(parser.parse_args().size)))


if __name__ == "__main__":
    main()
