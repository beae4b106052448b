"""Pairs that share an account read it once"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cursor", sa.Column("swept_from", sa.DateTime()))
    op.add_column("cursor", sa.Column("swept_reads", sa.String(32)))
    op.add_column("cursor", sa.Column("read_at", sa.DateTime()))
    op.create_table(
        "reader",
        sa.Column("pair", sa.String(64), nullable=False),
        sa.Column("side", sa.String(5), nullable=False),
        sa.Column("resource", sa.String(16), nullable=False),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("pair", "side", "resource", name="pk_reader"),
    )
    op.create_index("ix_reader_account_resource", "reader", ["account", "resource"])
    op.create_table(
        "fanout",
        sa.Column("pair", sa.String(64), nullable=False),
        sa.Column("side", sa.String(5), nullable=False),
        sa.Column("resource", sa.String(16), nullable=False),
        sa.Column("remote_id", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("pair", "side", "resource", "remote_id", name="pk_fanout"),
    )


def downgrade() -> None:
    op.drop_table("fanout")
    op.drop_index("ix_reader_account_resource", "reader")
    op.drop_table("reader")
    op.drop_column("cursor", "read_at")
    op.drop_column("cursor", "swept_reads")
    op.drop_column("cursor", "swept_from")
