"""Worlds on either kind of store, and silence: who wants to see the log asks for it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from syncd.connectors.registry import installed
from syncd.testing.example.connector import CONNECTOR
from tests.conftest import Postgres
from tests.engine.machine import ThreePlatforms, TwoPlatforms
from tests.engine.pairs import GHL
from tests.engine.world import Build, World, assert_alike, build
from tests.seeds import is_drawn

SHARE = 4  # of the tests on PostgreSQL, one in so many runs with a commit
ALWAYS = ("test_state_machine.py", "test_lease_lost.py", "test_released_plans.py")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On SQLite every test runs; on PostgreSQL others with every commit.

    What the two do differently is for tests/store, which runs on both. Who names a file has all
    of its tests; so has `SYNCD_STORES=both`.
    """
    if os.environ.get("SYNCD_STORES") == "both" or any(".py" in name for name in config.args):
        return
    kept = [item for item in items if _runs(item)]
    config.hook.pytest_deselected(items=[item for item in items if not _runs(item)])
    items[:] = kept


def _runs(item: pytest.Item) -> bool:
    values = getattr(getattr(item, "callspec", None), "params", {})
    if values.get("kind_of_store") != "postgresql" or item.path.name in ALWAYS:
        return True
    return is_drawn(item.nodeid, SHARE)


@pytest.fixture(autouse=True)
def silence() -> Iterator[None]:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    yield
    structlog.reset_defaults()


@pytest.fixture
def histories_begin(migrated_sqlite: Path) -> None:
    """Histories that are retold begin with a new store on SQLite."""
    for kind in (TwoPlatforms, ThreePlatforms):
        kind.template, kind.place = migrated_sqlite, staticmethod(dict)


@pytest.fixture(params=["sqlite", "postgresql"])
def kind_of_store(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def new_store(
    request: pytest.FixtureRequest, kind_of_store: str
) -> Iterator[Callable[[], dict[str, str]]]:
    """Makes settings that put a world's state into a migrated store of either kind."""
    if kind_of_store == "sqlite":
        yield dict  # `build` copies a migrated file itself
        return
    server: Postgres = request.getfixturevalue("migrated_postgres")
    names: list[str] = []

    def make() -> dict[str, str]:
        names.append(server.lend())
        return {"store": server.url(names[-1])}

    yield make
    for name in names:
        server.take_back(name)


@pytest.fixture
def made(
    new_store: Callable[[], dict[str, str]], tmp_path: Path, migrated_sqlite: Path
) -> Iterator[Build]:
    """Makes worlds whose state is in either kind of store, and ends their processes."""
    worlds: list[World] = []

    def make(**settings: Any) -> World:
        folder = tmp_path / str(len(worlds))
        worlds.append(build(folder, migrated_sqlite, **new_store(), **settings))
        return worlds[-1]

    yield make
    for world in worlds:
        world.end_process()


@pytest.fixture
def pair_of(made: Build) -> Build:
    """Makes worlds in which some addresses are linked already."""

    def make(*addresses: str, **settings: Any) -> World:
        world = made(**settings)
        for address in addresses:
            world.act(GHL, "create", fields={"email": address, "city": "Bern"}, tags=["vip"])
        world.cycles()
        if "fields" not in settings:
            assert_alike(world)
        return world

    return make


@pytest.fixture
def example_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    """ExampleMail is installed, as a connector of somebody else would be."""
    monkeypatch.setitem(installed(), "example_mail", CONNECTOR)  # type: ignore[arg-type]
