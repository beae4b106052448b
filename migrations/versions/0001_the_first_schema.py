"""The first schema"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("connector", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=255), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("time_zone", sa.String(length=64), nullable=True),
        sa.Column("catalogues", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("settings", sa.String(length=64), nullable=False),
        sa.Column("checked_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_account")),
    )
    op.create_table(
        "backfill_item",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("run_id", NUMBER, nullable=False),
        sa.Column("side", sa.String(length=5), nullable=False),
        sa.Column("remote_id", sa.String(length=255), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backfill_item")),
        sa.UniqueConstraint(
            "run_id", "side", "remote_id", name=op.f("uq_backfill_item_run_id_side_remote_id")
        ),
    )
    op.create_index(
        op.f("ix_backfill_item_run_id_done_id"),
        "backfill_item",
        ["run_id", "done", "id"],
        unique=False,
    )

    op.create_table(
        "conflict",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("pair", sa.String(length=64), nullable=False),
        sa.Column("link_id", NUMBER, nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("left", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("right", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("take", sa.String(length=5), nullable=True),
        sa.Column("opened_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conflict")),
        sa.UniqueConstraint("link_id", "rule", name=op.f("uq_conflict_link_id_rule")),
    )
    op.create_index(op.f("ix_conflict_pair"), "conflict", ["pair"], unique=False)

    op.create_table(
        "cursor",
        sa.Column("pair", sa.String(length=64), nullable=False),
        sa.Column("side", sa.String(length=5), nullable=False),
        sa.Column("resource", sa.String(length=16), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("reads", sa.String(length=32), nullable=True),
        sa.Column("sweep_cursor", sa.Text(), nullable=True),
        sa.Column("sweep", NUMBER, nullable=True),
        sa.Column("swept_at", sa.DateTime(), nullable=True),
        sa.Column("swept_count", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("pair", "side", "resource", name=op.f("pk_cursor")),
    )
    op.create_table(
        "lease",
        sa.Column("pair", sa.String(length=64), nullable=False),
        sa.Column("holder", sa.String(length=255), nullable=False),
        sa.Column("fence", NUMBER, nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("pair", name=op.f("pk_lease")),
    )
    op.create_table(
        "link",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("pair", sa.String(length=64), nullable=False),
        sa.Column("resource", sa.String(length=16), nullable=False),
        sa.Column("left_id", sa.String(length=255), nullable=True),
        sa.Column("right_id", sa.String(length=255), nullable=True),
        sa.Column("left_shadow", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("right_shadow", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("ended", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link")),
        sa.UniqueConstraint(
            "pair", "resource", "left_id", name=op.f("uq_link_pair_resource_left_id")
        ),
        sa.UniqueConstraint(
            "pair", "resource", "right_id", name=op.f("uq_link_pair_resource_right_id")
        ),
    )
    op.create_table(
        "member",
        sa.Column("pair", sa.String(length=64), nullable=False),
        sa.Column("resource", sa.String(length=16), nullable=False),
        sa.Column("side", sa.String(length=5), nullable=False),
        sa.Column("remote_id", sa.String(length=255), nullable=False),
        sa.Column("key", sa.String(length=320), nullable=True),
        sa.Column("second", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("link_id", NUMBER, nullable=True),
        sa.Column("digest", sa.String(length=32), nullable=True),
        sa.Column("todo", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("pair", "resource", "side", "remote_id", name=op.f("pk_member")),
    )
    op.create_index(op.f("ix_member_link_id"), "member", ["link_id"], unique=False)
    op.create_index(
        op.f("ix_member_pair_resource_key"), "member", ["pair", "resource", "key"], unique=False
    )
    op.create_index(
        op.f("ix_member_pair_resource_second"),
        "member",
        ["pair", "resource", "second"],
        unique=False,
    )
    op.create_index(
        "ix_member_todo",
        "member",
        ["pair", "resource", "link_id", "key"],
        unique=False,
        sqlite_where=sa.text("todo"),
        postgresql_where=sa.text("todo"),
    )

    op.create_table(
        "meta",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_meta")),
    )
    op.create_table(
        "observation",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("resource", sa.String(length=16), nullable=False),
        sa.Column("remote_id", sa.String(length=255), nullable=False),
        sa.Column("fields", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=True),
        sa.Column("modified", sa.DateTime(), nullable=True),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("sweep", NUMBER, nullable=False),
        sa.Column("parent_id", sa.String(length=255), nullable=True),
        sa.PrimaryKeyConstraint("account", "resource", "remote_id", name=op.f("pk_observation")),
    )
    op.create_index(
        op.f("ix_observation_account_resource_gone_sweep"),
        "observation",
        ["account", "resource", "gone", "sweep"],
        unique=False,
    )

    op.create_table(
        "op",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("pair", sa.String(length=64), nullable=False),
        sa.Column("run_id", NUMBER, nullable=False),
        sa.Column("link_id", NUMBER, nullable=False),
        sa.Column("resource", sa.String(length=16), nullable=False),
        sa.Column("side", sa.String(length=5), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("remote_id", sa.String(length=255), nullable=True),
        sa.Column("patch", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("current", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("advance", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("ends", sa.String(length=32), nullable=True),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("routine", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.DateTime(), nullable=True),
        sa.Column("sent_at", sa.DateTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_op")),
    )
    op.create_index(op.f("ix_op_link_id"), "op", ["link_id"], unique=False)
    op.create_index(op.f("ix_op_pair_state_side"), "op", ["pair", "state", "side"], unique=False)
    op.create_index(op.f("ix_op_run_id"), "op", ["run_id"], unique=False)

    op.create_table(
        "pair",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("approved_at", sa.DateTime(), nullable=True),
        sa.Column("setup", sa.String(length=32), nullable=True),
        sa.Column("accounts", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_pair")),
    )
    op.create_table(
        "problem",
        sa.Column("pair", sa.String(length=64), nullable=False),
        sa.Column("link_id", NUMBER, nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("pair", "link_id", "rule", name=op.f("pk_problem")),
    )
    op.create_table(
        "refusal",
        sa.Column("link_id", NUMBER, nullable=False),
        sa.Column("side", sa.String(length=5), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("pair", sa.String(length=64), nullable=False),
        sa.Column("value", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("link_id", "side", "field", name=op.f("pk_refusal")),
    )
    op.create_index(op.f("ix_refusal_pair"), "refusal", ["pair"], unique=False)

    op.create_table(
        "run",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("pair", sa.String(length=64), nullable=False),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("counts", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("reasons", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("approved", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("progress", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
    )
    op.create_index(op.f("ix_run_pair_state"), "run", ["pair", "state"], unique=False)

    op.create_table(
        "suppression",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("address_hash", sa.String(length=64), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=True),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("recorded_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("account", "address_hash", name=op.f("pk_suppression")),
    )
    op.create_index(
        op.f("ix_suppression_address_hash"), "suppression", ["address_hash"], unique=False
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_suppression_address_hash"), table_name="suppression")

    op.drop_table("suppression")
    op.drop_index(op.f("ix_run_pair_state"), table_name="run")

    op.drop_table("run")
    op.drop_index(op.f("ix_refusal_pair"), table_name="refusal")

    op.drop_table("refusal")
    op.drop_table("problem")
    op.drop_table("pair")
    op.drop_index(op.f("ix_op_run_id"), table_name="op")
    op.drop_index(op.f("ix_op_pair_state_side"), table_name="op")
    op.drop_index(op.f("ix_op_link_id"), table_name="op")

    op.drop_table("op")
    op.drop_index(op.f("ix_observation_account_resource_gone_sweep"), table_name="observation")

    op.drop_table("observation")
    op.drop_table("meta")
    op.drop_index(
        "ix_member_todo",
        table_name="member",
        sqlite_where=sa.text("todo"),
        postgresql_where=sa.text("todo"),
    )
    op.drop_index(op.f("ix_member_pair_resource_second"), table_name="member")
    op.drop_index(op.f("ix_member_pair_resource_key"), table_name="member")
    op.drop_index(op.f("ix_member_link_id"), table_name="member")

    op.drop_table("member")
    op.drop_table("link")
    op.drop_table("lease")
    op.drop_table("cursor")
    op.drop_index(op.f("ix_conflict_pair"), table_name="conflict")

    op.drop_table("conflict")
    op.drop_index(op.f("ix_backfill_item_run_id_done_id"), table_name="backfill_item")

    op.drop_table("backfill_item")
    op.drop_table("account")
