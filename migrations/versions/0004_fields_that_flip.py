"""Why a field is parked, and what was written because a person chose it"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conflict", sa.Column("cause", sa.String(length=16), nullable=True))
    op.add_column("op", sa.Column("chosen", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    op.drop_column("op", "chosen")
    op.drop_column("conflict", "cause")
