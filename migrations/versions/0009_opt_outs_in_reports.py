"""Opt-outs that reports tell without a date are remembered, so that each is news only once"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "report",
        sa.Column("account", sa.String(64), primary_key=True),
        sa.Column("address_hash", sa.String(64), primary_key=True),
        sa.Column("source", sa.String(64), primary_key=True),
    )


def downgrade() -> None:
    op.drop_table("report")
