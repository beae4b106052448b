"""Notes, tasks and appointments belong to contacts"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_DUE = {"sqlite_where": sa.text("due = 1"), "postgresql_where": sa.text("due")}
_PARENT = sa.text("parent_id IS NOT NULL")
_NESTED = {"sqlite_where": _PARENT, "postgresql_where": _PARENT}


def upgrade() -> None:
    op.add_column("link", sa.Column("parent", sa.BigInteger().with_variant(sa.Integer(), "sqlite")))
    op.add_column("member", sa.Column("parent_id", sa.String(255)))
    op.add_column("op", sa.Column("parent_id", sa.String(255)))
    op.add_column("op", sa.Column("moves", sa.Boolean))
    op.create_index(
        "ix_member_pair_side_parent_id", "member", ["pair", "side", "parent_id"], **_NESTED
    )
    op.create_table(
        "parent_read",
        sa.Column("pair", sa.String(64), nullable=False),
        sa.Column("side", sa.String(5), nullable=False),
        sa.Column("resource", sa.String(16), nullable=False),
        sa.Column("parent_id", sa.String(255), nullable=False),
        sa.Column("read_at", sa.DateTime()),
        sa.Column("due", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("pair", "side", "resource", "parent_id", name="pk_parent_read"),
    )
    columns = ["pair", "side", "resource"]
    op.create_index("ix_parent_read_due", "parent_read", [*columns, "parent_id"], **_DUE)
    op.create_index(
        "ix_parent_read_pair_side_resource_read_at", "parent_read", [*columns, "read_at"]
    )


def downgrade() -> None:
    op.drop_table("parent_read")
    op.drop_index("ix_member_pair_side_parent_id", "member")
    op.drop_column("op", "moves")
    op.drop_column("op", "parent_id")
    op.drop_column("member", "parent_id")
    op.drop_column("link", "parent")
