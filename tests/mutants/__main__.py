"""Puts the tests to the proof: makes small mistakes, and counts those that no test notices."""

import argparse
import os
import random
import sys
import time
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, islice
from pathlib import Path

from tests.mutants import trial
from tests.mutants.sites import Site, compiles, every_site
from tests.mutants.touched import PACKAGES, ROOT, Touched, touched

EXCUSED = Path(__file__).with_name("excused.txt")
WANTED = 0.95
PARTS_S = (1.0, 8.0)  # seconds after which the next part of the tests begins


@dataclass(frozen=True, slots=True)
class Excused:
    """Mutants that no test can or should notice, each by file, edit and line as it stands."""

    reasons: dict[tuple[str, str, str], str]

    def reason(self, site: Site) -> str | None:
        return self.reasons.get(_identity(site))


def _identity(site: Site) -> tuple[str, str, str]:
    source = text(site.path)
    return site.path, site.edit(source), site.before(source)


@cache
def text(path: str) -> bytes:
    return (ROOT / path).read_bytes()


def excused() -> Excused:
    """Read the list: blocks of `file | edit`, the line as it stands, and the reason."""
    blocks = [block.splitlines() for block in EXCUSED.read_text().strip().split("\n\n")]
    reasons = {}
    for where, line, reason in (block for block in blocks if not block[0].startswith("#")):
        path, _, edit = where.partition(" | ")
        reasons[path, edit, line] = reason
    return Excused(reasons)


def sampled(given: argparse.Namespace) -> list[Site]:
    """Sites by chance, each of them once; those that compile."""
    sites = [site for site in every_site(PACKAGES, ROOT) if _is_wanted(site, given)]
    random.Random(given.seed).shuffle(sites)
    good = (site for site in sites if compiles(site.applied(text(site.path))))
    return list(islice(good, given.count))


def _is_wanted(site: Site, given: argparse.Namespace) -> bool:
    return (
        site.path.startswith(given.only)
        and given.kind in ("", site.kind)
        and given.line in (None, site.line)
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--count", type=int, default=300, help="how many mutants")
    parser.add_argument("--only", default="", help="the beginning of a path")
    parser.add_argument("--line", type=int, help="that of a file")
    parser.add_argument("--kind", default="", help="of mistake, as it is printed")
    parser.add_argument(
        "--patience", type=float, default=60, help="seconds that the tests of a mutant may take"
    )
    given = parser.parse_args(arguments)
    os.environ["SYNCD_SEED"] = "mutants"
    os.chdir(ROOT)
    known, allowed = touched(), excused()
    sites = sampled(given)
    print(f"{len(sites)} mutants of {given.only or 'all packages'}, seed {given.seed}", flush=True)
    at, started = trial.ready(), time.monotonic()
    survivors, let_be = [], []
    try:
        if not trial.survives(at, *_control(known)):
            print("The tests fail without any mistake of ours: nothing can be told")
            return 2
        for number, site in enumerate(sites, start=1):
            if allowed.reason(site):
                let_be.append(site)
                continue
            tests = known.tests_of(site)
            begun = time.monotonic()
            mutant = site.applied(text(site.path))
            parts = _in_parts(known, tests, given.patience)
            if all(trial.survives(at, site.path, mutant, part, known.seconds) for part in parts):
                survivors.append(site)
                show(number, site, sum(map(len, parts)), time.monotonic() - begun)
            if number % 25 == 0:
                print(f"{number} tried, {len(survivors)} survived", flush=True)
    finally:
        at.end()
    counted = len(sites) - len(let_be)
    share = (counted - len(survivors)) / counted if counted else 1
    print(
        f"seed {given.seed}: of {len(sites)} mutants {counted - len(survivors)} were killed,"
        f" {len(survivors)} survived, {len(let_be)} are excused: {share:.1%} of those that count"
        f" ({time.monotonic() - started:.0f} s)"
    )
    return 0 if share >= WANTED else 1


def _in_parts(known: Touched, tests: list[str], patience_s: float) -> list[list[str]]:
    """A few tests that mostly suffice, then more, then what else fits: each loads its files."""
    parts: list[list[str]] = [[], [], []]
    for test, spent in zip(tests, accumulate(known.seconds[t] for t in tests), strict=True):
        if spent <= patience_s:
            parts[bisect(PARTS_S, spent)].append(test)
    return [part for part in parts if part]


def _control(known: Touched) -> tuple[str, bytes, list[str], dict[str, float]]:
    """A file as it is, and a test of each folder."""
    path = "syncd/core/guard.py"
    few = {test.split("/")[1]: test for test in known.seconds if known.seconds[test] < 1}
    return path, text(path), list(few.values()), known.seconds


def show(number: int, site: Site, tests: int, seconds: float) -> None:
    source = text(site.path)
    print(f"{number}. {site.path}:{site.line}: {site.kind}: {site.edit(source)}")
    print(f"     {site.before(source)}")
    print(f"     survived {tests} tests, {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
