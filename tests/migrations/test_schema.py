"""The migrations make the tables that the code works with, and can be taken back."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from syncd.store import runs
from syncd.store.database import knows, migrations_folder, newest_version, upgrade, version
from syncd.store.tables import metadata

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def configuration() -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    config.set_main_option("path_separator", "os")
    return config


def downgrade(store: sa.Engine, revision: str) -> None:
    config = configuration()
    with store.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)


def indexes(engine: sa.Engine) -> dict[str, set[tuple[str | None, bool]]]:
    """Names of indexes and unique constraints by table, and whether an index is partial."""
    found: dict[str, set[tuple[str | None, bool]]] = {}
    for table in metadata.tables:
        looked = sa.inspect(engine)
        found[table] = {
            (index["name"], any("where" in key for key in index.get("dialect_options", {})))
            for index in looked.get_indexes(table)
        } | {(unique["name"], False) for unique in looked.get_unique_constraints(table)}
    return found


def test_the_versions_told_without_alembic_are_those_that_it_finds(store: sa.Engine) -> None:
    scripts = ScriptDirectory.from_config(configuration())
    assert newest_version() == scripts.get_current_head()
    assert all(knows(script.revision) for script in scripts.walk_revisions())
    assert not knows("9999")
    with store.connect() as connection:
        assert version(store) == MigrationContext.configure(connection).get_current_revision()


def test_an_older_schema_is_brought_up_to_date_by_who_makes_none(store: sa.Engine) -> None:
    downgrade(store, "-1")
    assert upgrade(store, make=False) == newest_version()
    assert version(store) == newest_version()


def test_the_migrated_schema_is_the_one_of_the_code(store: sa.Engine) -> None:
    with store.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_the_migrated_indexes_are_those_of_the_code(
    store: sa.Engine, empty_store: sa.Engine
) -> None:
    """Autogenerate does not compare the condition of a partial index."""
    metadata.create_all(empty_store)
    assert indexes(store) == indexes(empty_store)


def test_migrations_can_be_taken_back_and_made_again(store: sa.Engine) -> None:
    downgrade(store, "base")
    assert set(sa.inspect(store).get_table_names()) <= {"alembic_version"}
    assert version(store) is None
    assert upgrade(store) == newest_version()
    assert metadata.tables.keys() <= set(sa.inspect(store).get_table_names())


def test_a_backfill_under_way_is_still_understood(store: sa.Engine) -> None:
    asked = {"since": "2026-01-01T00:00:00+00:00", "targets": ["left"], "chunk": 7}
    spent = {"seconds": 1.5, "requests": {"crm": 2}, "sessions": 3}
    with store.begin() as db:
        progress = {"request": asked, "spent": spent, "listed": True}
        run_id = runs.start(db, "shop", "backfill", NOW, progress).id
    downgrade(store, "0013")
    with store.begin() as db:
        old = runs.get(db, run_id)
    assert old is not None
    before = {"seconds": 1.5, "requests": {"crm": 2}, "sittings": 3}
    assert old.progress == {"order": asked, "spent": before, "listed": True}
    upgrade(store)
    with store.begin() as db:
        now = runs.get(db, run_id)
    assert now is not None
    assert now.progress == progress
