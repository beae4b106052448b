"""A backfill works through notes, tasks and appointments too"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_UNIQUE = "uq_backfill_item_run_id_{}side_remote_id"
_INDEX = "ix_backfill_item_run_id_{}done_id"


def upgrade() -> None:
    with op.batch_alter_table("backfill_item") as table:
        table.add_column(
            sa.Column("resource", sa.String(16), nullable=False, server_default="contact")
        )
        table.drop_constraint(_UNIQUE.format(""), type_="unique")
        table.create_unique_constraint(
            _UNIQUE.format("resource_"), ["run_id", "resource", "side", "remote_id"]
        )
        table.drop_index(_INDEX.format(""))
        table.create_index(_INDEX.format("resource_"), ["run_id", "resource", "done", "id"])
    with op.batch_alter_table("backfill_item") as table:
        table.alter_column("resource", server_default=None)


def downgrade() -> None:
    op.execute("DELETE FROM backfill_item WHERE resource <> 'contact'")
    with op.batch_alter_table("backfill_item") as table:
        table.drop_index(_INDEX.format("resource_"))
        table.create_index(_INDEX.format(""), ["run_id", "done", "id"])
        table.drop_constraint(_UNIQUE.format("resource_"), type_="unique")
        table.create_unique_constraint(_UNIQUE.format(""), ["run_id", "side", "remote_id"])
        table.drop_column("resource")
