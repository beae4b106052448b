"""Migrating the schema, by Alembic."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config


def to_newest(connection: sa.Connection, migrations: Path) -> None:
    """Carry out what is missing of the migrations of a folder, in the transaction of the caller."""
    config = Config()
    config.set_main_option("script_location", str(migrations))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
