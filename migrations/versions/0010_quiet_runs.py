"""One run for a row of quiet cycles, and when each pair last forgot what ended long ago"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("run", sa.Column("quiet", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("ix_run_pair_id", "run", ["pair", "id"], unique=False)
    op.add_column("pair", sa.Column("tidied_at", sa.DateTime(), nullable=True))
    # Until now the list of a backfill outlived its run.
    op.execute("DELETE FROM backfill_item WHERE run_id NOT IN (SELECT id FROM run)")


def downgrade() -> None:
    op.drop_column("pair", "tidied_at")
    op.drop_index("ix_run_pair_id", table_name="run")
    op.drop_column("run", "quiet")
