"""Opt-outs that were lifted, by whom; who settled a conflict"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("suppression", sa.Column("lifted_upto", sa.DateTime(), nullable=True))
    op.add_column("suppression", sa.Column("lifted_by", sa.String(length=255), nullable=True))
    op.add_column("suppression", sa.Column("lifted_at", sa.DateTime(), nullable=True))
    op.add_column("conflict", sa.Column("chosen_by", sa.String(length=255), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("conflict") as table:
        table.drop_column("chosen_by")
    with op.batch_alter_table("suppression") as table:
        for name in ("lifted_at", "lifted_by", "lifted_upto"):
            table.drop_column(name)
