"""A sweep knows when it began, as its number is not always that of a run"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cursor", sa.Column("sweep_began", sa.DateTime()))


def downgrade() -> None:
    op.drop_column("cursor", "sweep_began")
