"""Contacts have fields that are derived from what belongs to them, and from reports of mail"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_PARENT = sa.text("parent_id IS NOT NULL")
_NESTED = {"sqlite_where": _PARENT, "postgresql_where": _PARENT}


def upgrade() -> None:
    op.create_index("ix_observation_parent", "observation", ["parent_id", "account"], **_NESTED)
    op.create_table(
        "derived_field",
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("cursor", sa.Text),
        sa.Column("read_at", sa.DateTime()),
        sa.PrimaryKeyConstraint("account", "name", name="pk_derived_field"),
    )
    op.create_table(
        "passing",
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("resource", sa.String(16), nullable=False),
        sa.Column("remote_id", sa.String(255), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("account", "resource", "remote_id", name="pk_passing"),
    )
    op.create_index("ix_passing_account_at", "passing", ["account", "at"])
    op.create_table(
        "engagement",
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("remote_id", sa.String(255), nullable=False),
        sa.Column("last_open_at", sa.DateTime()),
        sa.Column("last_click_at", sa.DateTime()),
        sa.PrimaryKeyConstraint("account", "remote_id", name="pk_engagement"),
    )
    op.create_table(
        "bounce",
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("remote_id", sa.String(255), nullable=False),
        sa.Column("identity", sa.String(32), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("account", "remote_id", "identity", name="pk_bounce"),
    )


def downgrade() -> None:
    op.drop_table("bounce")
    op.drop_table("engagement")
    op.drop_table("passing")
    op.drop_table("derived_field")
    op.drop_index("ix_observation_parent", "observation")
