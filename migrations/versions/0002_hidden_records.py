"""Records that listings hide or that bear our reference; opt-outs to tell by address"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    hidden = sa.Column("hidden", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("observation", hidden)
    op.add_column("member", sa.Column("reference", sa.String(length=255), nullable=True))
    index = op.f("ix_member_pair_resource_reference")
    op.create_index(index, "member", ["pair", "resource", "reference"])
    op.create_table(
        "inquiry",
        sa.Column("pair", sa.String(length=64), nullable=False),
        sa.Column("side", sa.String(length=5), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.PrimaryKeyConstraint("pair", "side", "address", name=op.f("pk_inquiry")),
    )


def downgrade() -> None:
    op.drop_table("inquiry")
    op.drop_index(op.f("ix_member_pair_resource_reference"), "member")
    with op.batch_alter_table("member") as table:
        table.drop_column("reference")
    with op.batch_alter_table("observation") as table:
        table.drop_column("hidden")
