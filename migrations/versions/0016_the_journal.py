"""The journal"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "journal",
        sa.Column("id", _ID, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("pair", sa.String(64), nullable=False),
        sa.Column("run_id", _ID),
        sa.Column("account", sa.String(64)),
        sa.Column("resource", sa.String(16)),
        sa.Column("remote_id", sa.String(255)),
        sa.Column("link_id", _ID),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("actor", sa.String(255), nullable=False),
        sa.Column("target", sa.String(64)),
        sa.Column("before", sa.JSON()),
        sa.Column("after", sa.JSON()),
        sa.Column("cause", sa.Text()),
        sa.Column("baseline", sa.Boolean()),
        sa.PrimaryKeyConstraint("id", name="pk_journal"),
    )
    for column in ("remote_id", "run_id"):
        some = sa.text(f"{column} IS NOT NULL")
        op.create_index(
            f"ix_journal_{column}", "journal", [column], sqlite_where=some, postgresql_where=some
        )
    op.create_index("ix_journal_at_ms", "journal", ["at_ms"])


def downgrade() -> None:
    op.drop_table("journal")
