"""What was sent to each account, day by day"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "spent",
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("spend", sa.String(16), nullable=False),
        sa.Column("used", sa.Integer, nullable=False),
        sa.Column("burst", sa.Integer),
        sa.Column("burst_left", sa.Integer),
        sa.Column("allowance", sa.Integer),
        sa.Column("left_today", sa.Integer),
        sa.Column("told_at", sa.DateTime()),
        sa.PrimaryKeyConstraint("account", "day", "spend", name="pk_spent"),
    )


def downgrade() -> None:
    op.drop_table("spent")
