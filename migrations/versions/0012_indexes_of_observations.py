"""Records that are there and those that are gone have an index each, so that a record by its id
is found by its key alone"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

OF_ACCOUNT = ("account", "resource")
GONE = {"sqlite": "gone = 1", "postgresql": "gone"}
THERE = {"sqlite": "gone = 0", "postgresql": "NOT gone"}


def _index(name: str, columns: tuple[str, ...], rows: dict[str, str]) -> None:
    where = {f"{store}_where": sa.text(said) for store, said in rows.items()}
    op.create_index(name, "observation", list(columns), unique=False, **where)


def upgrade() -> None:
    op.drop_index("ix_observation_account_resource_gone_sweep", table_name="observation")
    _index("ix_observation_there", (*OF_ACCOUNT, "gone", "sweep"), THERE)
    _index("ix_observation_gone", OF_ACCOUNT, GONE)


def downgrade() -> None:
    op.drop_index("ix_observation_gone", table_name="observation")
    op.drop_index("ix_observation_there", table_name="observation")
    columns = [*OF_ACCOUNT, "gone", "sweep"]
    name = "ix_observation_account_resource_gone_sweep"
    op.create_index(name, "observation", columns, unique=False)
