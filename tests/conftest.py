"""Real databases for tests: a SQLite file, and a PostgreSQL server of our own.

Migrating takes longer than copying, so each kind is migrated once and copied for every test.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import settings

from bench.postgres import Server, running
from syncd.store.database import open_store, upgrade, version
from syncd.store.suppressions import KEY_VARIABLE, Ledger, open_ledger
from syncd.store.tables import metadata
from tests.seeds import NUMBER, SEED, VARIABLE

TEMPLATE = "migrated"
EMPTIES = "".join(f"{table.delete()};" for table in reversed(metadata.sorted_tables))
# Ends the connections of a test that did not; then every table is as the migrations left it.
EMPTIED = """DO $$
BEGIN
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid();
    ROWS
    PERFORM setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S';
END $$""".replace("ROWS", EMPTIES)

# A deadline measures the machine, and a machine may be busy.
settings.register_profile("steady", deadline=None, database=None, print_blob=True)
settings.load_profile("steady")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """All that is random follows the seed of the commit, also in the processes of xdist."""
    if config.getoption("hypothesis_seed", None) is None:
        config.option.hypothesis_seed = NUMBER


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: many a test waits for a process or a database."""
    return (os.cpu_count() or 1) + 1


def pytest_sessionstart(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput"):  # said once, by the process that people see
        session.config.get_terminal_writer().line(f"\nRandom with {VARIABLE}={SEED}")


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: pytest.ExitCode
) -> None:
    if exitstatus == pytest.ExitCode.TESTS_FAILED:
        terminalreporter.write_line(f"Random with {VARIABLE}={SEED}: set it to walk the same again")


@dataclass
class Postgres:
    """A running server with databases to lend.

    Attributes:
        newest: the version to which the template is migrated.
        spare: databases that were given back, and emptied.
    """

    server: Server
    newest: str = ""
    numbers: Iterator[int] = field(default_factory=count)
    spare: list[str] = field(default_factory=list)

    def url(self, database: str) -> str:
        return self.server.url(database)

    def execute(self, statement: str, database: str = "postgres") -> None:
        engine = sa.create_engine(self.url(database), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()

    def create(self, template: str = "template0") -> str:
        """Make a database, empty or as a copy; its name."""
        name = f"test_{next(self.numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, name: str) -> None:
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def lend(self) -> str:
        """A migrated database without a row: one that was given back, or a copy; its name."""
        return self.spare.pop() if self.spare else self.create(TEMPLATE)

    def take_back(self, name: str) -> None:
        """Empty a database that was lent; this takes a tenth of the time of making one.

        One whose schema is another one by now is not lent again.
        """
        engine = open_store(self.url(name))
        as_made = version(engine) == self.newest
        engine.dispose()
        if not as_made:
            self.drop(name)
            return
        self.execute(EMPTIED, name)
        self.spare.append(name)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server, started once; whoever needs statistics gathers them."""
    settings = ("fsync=off", "full_page_writes=off", "shared_buffers=32MB", "autovacuum=off")
    with running(*settings) as server:
        if server is None:
            pytest.skip("the PostgreSQL binaries are not installed")
        yield Postgres(server)


@pytest.fixture(scope="session")
def migrated_postgres(postgres: Postgres) -> Postgres:
    """The server, with a migrated database to be copied."""
    postgres.execute(f"CREATE DATABASE {TEMPLATE} TEMPLATE template0")
    engine = open_store(postgres.url(TEMPLATE))
    postgres.newest = upgrade(engine)
    engine.dispose()
    return postgres


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file, to be copied."""
    if ready := os.environ.get("SYNCD_TEMPLATE"):  # who runs us again and again has one
        return Path(ready)
    path = tmp_path_factory.mktemp("migrated") / "syncd.db"
    engine = open_store(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture
def sqlite_store(tmp_path: Path, migrated_sqlite: Path) -> Iterator[sa.Engine]:
    """A migrated store in a SQLite file."""
    path = shutil.copy(migrated_sqlite, tmp_path / "syncd.db")
    engine = open_store(f"sqlite:///{path}")
    yield engine
    engine.dispose()


@pytest.fixture
def postgres_store(migrated_postgres: Postgres) -> Iterator[sa.Engine]:
    """A migrated store on PostgreSQL."""
    name = migrated_postgres.lend()
    engine = open_store(migrated_postgres.url(name))
    yield engine
    engine.dispose()
    migrated_postgres.take_back(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> sa.Engine:
    """A migrated store of either kind."""
    name = "sqlite_store" if request.param == "sqlite" else "postgres_store"
    engine: sa.Engine = request.getfixturevalue(name)
    return engine


@pytest.fixture
def empty_sqlite(tmp_path: Path) -> Iterator[sa.Engine]:
    """A SQLite store without a schema."""
    engine = open_store(f"sqlite:///{tmp_path}/empty.db")
    yield engine
    engine.dispose()


@pytest.fixture
def empty_postgres(postgres: Postgres) -> Iterator[sa.Engine]:
    """A PostgreSQL store without a schema."""
    name = postgres.create()
    engine = open_store(postgres.url(name))
    yield engine
    engine.dispose()
    postgres.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_store(request: pytest.FixtureRequest) -> sa.Engine:
    """A store of either kind without a schema."""
    name = "empty_sqlite" if request.param == "sqlite" else "empty_postgres"
    engine: sa.Engine = request.getfixturevalue(name)
    return engine


@pytest.fixture
def ledger(store: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """The suppression ledger of the store, with a key of its own."""
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    return open_ledger(store)
