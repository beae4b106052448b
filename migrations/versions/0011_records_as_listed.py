"""What a sweep showed of each record is remembered, so that who has not changed is passed over"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("member", sa.Column("listed", sa.BigInteger))


def downgrade() -> None:
    op.drop_column("member", "listed")
