"""Worlds on either kind of store, and silence: who wants to see the log asks for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.engine.world import Build, World, build


@pytest.fixture(autouse=True)
def silence() -> Iterator[None]:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    yield
    structlog.reset_defaults()


@pytest.fixture(params=["sqlite", "postgresql"])
def made(request: pytest.FixtureRequest, tmp_path: Path, migrated_sqlite: Path) -> Iterator[Build]:
    """Makes a world whose state is in either kind of store."""
    worlds: list[World] = []

    def make(**settings: object) -> World:
        where = {}
        if request.param == "postgresql":
            engine = request.getfixturevalue("postgres_store")
            where = {"store": engine.url.render_as_string(hide_password=False)}
        worlds.append(build(tmp_path / "world", migrated_sqlite, **where, **settings))
        return worlds[-1]

    yield make
    for world in worlds:
        world.end_process()
