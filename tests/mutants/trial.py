"""One mutant against the tests that can see it, in a process of its own.

The process is a fork of one that has loaded all that is not ours; our modules it loads itself,
one of them from the text of the mutant. So nothing is ever written to the tree, and whatever
the mutant does ends with its process: a test that takes ten times as long as it should ends
it too, and a mutant that fills the memory ends itself.
"""

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import resource
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import pytest
from hypothesis import Phase, settings

from tests.mutants.touched import ROOT

# All that takes long to load, and none of what is mutated.
LOADED = (
    "alembic.command",
    "apscheduler.schedulers.background",
    "email_validator",
    "httpx",
    "hypothesis.stateful",
    "hypothesis.strategies",
    "lxml.etree",
    "phonenumbers",
    "pydantic",
    "rich.console",
    "sqlalchemy.dialects.sqlite",
    "structlog",
    "syncd.errors",
    "syncd.sandbox.app",
    "tenacity",
    "typer",
)
MEMORY_BYTES = 4 * 2**30
UNHURT = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)


@dataclass(frozen=True, slots=True)
class Ready:
    """A folder with a migrated store, which every trial copies."""

    folder: Path

    def end(self) -> None:
        shutil.rmtree(self.folder)


def ready() -> Ready:
    """Load what is not ours, and migrate a store in a process that loads ours."""
    for name in LOADED:
        importlib.import_module(name)
    folder = Path(tempfile.mkdtemp(prefix="mutants-"))
    child = os.fork()
    if not child:
        code = 1
        try:
            from tests.engine.histories import migrated

            migrated(folder)
            code = 0
        finally:
            os._exit(code)
    if os.waitpid(child, 0)[1]:
        raise RuntimeError("no store could be migrated")
    os.environ["SYNCD_TEMPLATE"] = str(folder / "template.db")
    return Ready(folder)


def survives(
    at: Ready, path: str, source: bytes, tests: Sequence[str], seconds: dict[str, float]
) -> bool:
    """Whether all the tests pass with this text in place of a file; they stop at the first
    that does not."""
    place = at.folder / "trial"
    child = os.fork()
    if not child:
        code = int(pytest.ExitCode.INTERNAL_ERROR)
        try:
            os.setsid()
            code = _try(place, path, source, tests, seconds)
        finally:
            os._exit(code)  # whatever happens, it goes no further than here
    status = os.waitpid(child, 0)[1]
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # what a test of it may have left running
    shutil.rmtree(place, ignore_errors=True)
    return os.waitstatus_to_exitcode(status) in UNHURT


def _try(
    place: Path, path: str, source: bytes, tests: Sequence[str], seconds: dict[str, float]
) -> int:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    most = 20 + 2 * int(sum(seconds[test] for test in tests))
    resource.setrlimit(resource.RLIMIT_CPU, (most, most))
    silence = os.open(os.environ.get("MUTANTS_LOG", os.devnull), os.O_WRONLY | os.O_CREAT)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    code = compile(source, str(ROOT / path), "exec", dont_inherit=True)
    name = ".".join(Path(path).with_suffix("").parts)
    sys.meta_path.insert(0, _Mutated(name, ROOT / path, code))
    files = list(dict.fromkeys(test.partition("::")[0] for test in tests))
    options = ["-x", "-q", "--tb=no", f"--basetemp={place}", "-pno:cacheprovider", "-pno:xdist"]
    loaded = "-Wignore::pytest.PytestAssertRewriteWarning"  # before pytest came to see it
    return int(pytest.main([*options, loaded, *files], plugins=[_Chosen(tests, seconds)]))


class _Mutated(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds one module, and gives it another text."""

    def __init__(self, name: str, path: Path, code: CodeType) -> None:
        self.name, self.path, self.code = name, path, code

    def find_spec(
        self, fullname: str, path: Any, target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self.name:
            return None
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self)

    def exec_module(self, module: ModuleType) -> None:
        exec(self.code, module.__dict__)  # noqa: S102, it is our own text


class _Chosen:
    """A plugin of pytest: runs some tests, in this order, each in its time."""

    def __init__(self, tests: Sequence[str], seconds: dict[str, float]) -> None:
        self.order = {test: number for number, test in enumerate(tests)}
        self.seconds = seconds

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self) -> None:
        """What fails need not be shrunk."""
        phases = (Phase.explicit, Phase.generate)
        settings.register_profile("thrifty", settings.default, phases=phases)
        settings.load_profile("thrifty")

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        chosen = [item for item in items if item.nodeid in self.order]
        items[:] = sorted(chosen, key=lambda item: self.order[item.nodeid])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        signal.setitimer(signal.ITIMER_REAL, 4 + 6 * self.seconds[item.nodeid])
        answer = yield
        signal.setitimer(signal.ITIMER_REAL, 0)
        return answer
