"""Ops wait for no moment of their own: nothing ever set one"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("op") as table:
        table.drop_column("not_before")


def downgrade() -> None:
    op.add_column("op", sa.Column("not_before", sa.DateTime(), nullable=True))
