"""Which tests execute which statement, and how long each takes: asked once, and kept.

The tests run with every statement of ours telling that it was reached; what a debugger's or a
coverage tool's tracing would make five times as slow, that makes hardly slower.

What is known of a file of tests stays good until that file, or anything that is not a file of
tests, is another. Postgres takes long and shares all but a few lines: SQLite alone is asked.
"""

import ast
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.mutants.sites import Site
from tests.mutants.syntax import without_docstring

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".mutants_cache"
PACKAGES = tuple(f"syncd/{name}" for name in ("core", "engine", "store", "http", "mapping"))
NAMES = tuple(f"{name.replace('/', '.')}." for name in PACKAGES)
FOLDERS = tuple(
    f"tests/{name}" for name in ("core", "mapping", "http_layer", "store", "migrations", "engine")
)
LEFT_OUT = (  # at random, and in processes of their own, which see no mutant
    "tests/engine/test_state_machine.py",
    "tests/engine/test_histories_that_failed.py",
    "tests/engine/test_kill.py",
)
OURS = {"http": "tests/http_layer"}  # where the tests of a package are not in a folder of its name


@dataclass(slots=True)
class Touched:
    """What the tests execute.

    Attributes:
        by_line: tests by file and line where a statement begins; those of line 0 execute
            any function of the file.
        imported: those that an import executes.
        seconds: what each test takes.
    """

    by_line: dict[tuple[str, int], set[str]] = field(default_factory=lambda: defaultdict(set))
    imported: set[tuple[str, int]] = field(default_factory=set)
    seconds: dict[str, float] = field(default_factory=dict)

    def tests_of(self, site: Site) -> list[str]:
        """The tests that can see a site: those that belong to it, those of its package, then the
        fastest of each file.

        What an import executes, a constant or a statement that is built once, can be seen by
        all that execute anything of its file, and by all that belong to its package.
        """
        place = (site.path, site.at)
        found = set(self.by_line.get(place, ()))
        _, package, name = Path(site.path).with_suffix("").parts
        folder = OURS.get(package, f"tests/{package}") + "/"
        if place in self.imported:
            found |= self.by_line.get((site.path, 0), set())
            own_or_schema = (folder, "tests/migrations/")
            found |= {test for test in self.seconds if test.startswith(own_or_schema)}

        own = "tests/migrations/" if name == "tables" else f"{folder}test_{name}"
        named = {test for test in found if test.startswith(own)}
        near = {test for test in found - named if test.startswith(folder)}
        if package == "engine":  # most of all tests are in its folder
            return [*self._fastest(named), *self._in_rounds(found - named)]
        return [*self._fastest(named), *self._fastest(near), *self._in_rounds(found - named - near)]

    def _fastest(self, tests: Iterable[str]) -> list[str]:
        return sorted(tests, key=lambda test: (self.seconds[test], test))

    def _in_rounds(self, tests: Iterable[str]) -> list[str]:
        """One of each file, then another one: those of one file notice the same mistakes."""
        rounds = Counter[str]()
        turn: dict[str, int] = {}
        for test in self._fastest(tests):
            file = test.partition("::")[0]
            rounds[file] += 1
            turn[test] = rounds[file]
        return sorted(turn, key=lambda test: (turn[test], self.seconds[test], test))


def touched() -> Touched:
    """What is known, after asking the files of tests of which nothing is."""
    CACHE.mkdir(exist_ok=True)
    files = [
        path
        for folder in FOLDERS
        for path in sorted((ROOT / folder).rglob("test_*.py"))
        if str(path.relative_to(ROOT)) not in LEFT_OUT
    ]
    kept = {path: CACHE / f"{_key(path)}.json" for path in files}
    missing = [str(path.relative_to(ROOT)) for path in files if not kept[path].exists()]
    if missing:
        print(f"Asking {len(missing)} files of tests what they execute", flush=True)
        command = [sys.executable, "-m", "tests.mutants.touched", *missing]
        subprocess.run(command, cwd=ROOT, check=True)
    for old in set(CACHE.glob("*.json")) - set(kept.values()):
        old.unlink()
    found = Touched()
    for path in kept.values():
        _add(found, json.loads(path.read_text()))
    return found


def _add(found: Touched, said: Mapping[str, Any]) -> None:
    found.seconds.update(said["seconds"])
    found.imported.update(_places(said["imported"]))
    for test, reached in said["reached"].items():
        for place in _places(reached):
            found.by_line[place].add(test)
            if place not in found.imported:
                found.by_line[place[0], 0].add(test)


def _places(by_path: Mapping[str, list[int]]) -> Iterator[tuple[str, int]]:
    return ((path, line) for path, lines in by_path.items() for line in lines)


def _by_path(places: set[tuple[str, int]]) -> dict[str, list[int]]:
    lines: dict[str, list[int]] = {}
    for path, line in sorted(places):
        lines.setdefault(path, []).append(line)
    return lines


def _key(path: Path) -> str:
    """A name for all that a file of tests is made of: itself, our code, and what stands by."""
    whole = sha256(str(path.relative_to(ROOT)).encode() + path.read_bytes() + _code())
    for folder in path.relative_to(ROOT).parents:
        for helper in sorted((ROOT / folder).glob("*.py")):
            if not helper.name.startswith("test_"):
                whole.update(helper.read_bytes())
    return whole.hexdigest()[:20]


@cache
def _code() -> bytes:
    whole = sha256()
    for path in sorted((ROOT / "syncd").rglob("*.py")):
        whole.update(path.read_bytes())
    return whole.digest()


class Asking:
    """A plugin of pytest: what each test reaches, and what an import does."""

    def __init__(self) -> None:
        self.seen: set[tuple[str, int]] = set()
        self.imported: set[tuple[str, int]] = set()
        self.reached: dict[str, set[tuple[str, int]]] = {}
        self.seconds: dict[str, float] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if on_sqlite(item)]
        self.imported |= self.seen

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.seen.clear()
        started = time.process_time()
        answer = yield
        self.seconds[item.nodeid] = round(time.process_time() - started, 3)
        self.reached[item.nodeid] = set(self.seen)
        return answer


class Telling(ast.NodeTransformer):
    """Puts a call before every statement that tells of it."""

    def __init__(self, path: str) -> None:
        self.path = path

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        for name in ("body", "orelse", "finalbody"):
            if isinstance(statements := getattr(node, name, None), list):
                acting = without_docstring(statements)
                told = [one for each in acting for one in (self._told(each), each)]
                setattr(node, name, told or statements)
        return node

    def _told(self, statement: ast.stmt) -> ast.stmt:
        text = f"__seen__(({self.path!r}, {statement.lineno}))"
        return ast.copy_location(ast.parse(text).body[0], statement)


class TellingModules(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the modules of the packages, and makes them tell."""

    def __init__(self, seen: Callable[[tuple[str, int]], None]) -> None:
        self.seen = seen

    def find_spec(
        self, fullname: str, path: Any, target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        file = ROOT / f"{fullname.replace('.', '/')}.py"
        if not fullname.startswith(NAMES) or not file.exists():
            return None
        return importlib.util.spec_from_file_location(fullname, file, loader=self)

    def exec_module(self, module: ModuleType) -> None:
        file = Path(str(module.__file__))
        tree = Telling(str(file.relative_to(ROOT))).visit(ast.parse(file.read_bytes()))
        module.__dict__["__seen__"] = self.seen
        exec(  # noqa: S102, it is our own text
            compile(ast.fix_missing_locations(tree), file, "exec", dont_inherit=True),
            module.__dict__,
        )


def on_sqlite(item: pytest.Item) -> bool:
    """Whether a test needs no server."""
    return "[postgresql" not in item.nodeid and not any(
        "postgres" in name for name in getattr(item, "fixturenames", ())
    )


def _ask(files: Sequence[str]) -> int:
    asking = Asking()
    keys = {name: _key(ROOT / name) for name in files}  # as they are now
    sys.meta_path.insert(0, TellingModules(asking.seen.add))
    options = ("-q", "-p", "no:cacheprovider", "-p", "no:xdist")
    code = pytest.main([*options, *files], plugins=[asking])
    if code != pytest.ExitCode.OK:
        return int(code)
    for name in files:
        tests = [test for test in asking.seconds if test.startswith(f"{name}::")]
        said = {
            "seconds": {test: asking.seconds[test] for test in tests},
            "reached": {test: _by_path(asking.reached[test]) for test in tests},
            "imported": _by_path(asking.imported),
        }
        (CACHE / f"{keys[name]}.json").write_text(json.dumps(said))
    return 0


if __name__ == "__main__":
    os.environ["SYNCD_SEED"] = "mutants"
    sys.exit(_ask(sys.argv[1:]))
