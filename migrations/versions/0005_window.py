"""Since when a pair's limits count what was carried out, and an index to count it by"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("pair", sa.Column("window_from", sa.DateTime(), nullable=True))
    op.create_index(
        op.f("ix_op_pair_state_side_sent_at"), "op", ["pair", "state", "side", "sent_at"]
    )
    op.drop_index(op.f("ix_op_pair_state_side"), "op")


def downgrade() -> None:
    op.create_index(op.f("ix_op_pair_state_side"), "op", ["pair", "state", "side"])
    op.drop_index(op.f("ix_op_pair_state_side_sent_at"), "op")
    with op.batch_alter_table("pair") as table:
        table.drop_column("window_from")
