"""Indexes for what every cycle asks, so that no statement walks a table"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

OF_PAIR = ("pair", "resource")
AWAKE = {"sqlite": "todo = 1", "postgresql": "todo"}


def _index(name: str, columns: tuple[str, ...], rows: str) -> None:
    where = {f"{store}_where": sa.text(rows.format(todo=on)) for store, on in AWAKE.items()}
    op.create_index(name, "member", list(columns), unique=False, **where)


def upgrade() -> None:
    for name in ("todo", "pair_resource_key", "pair_resource_second", "pair_resource_reference"):
        op.drop_index(f"ix_member_{name}", table_name="member")
    op.create_index("ix_member_key_pair_resource", "member", ["key", *OF_PAIR], unique=False)
    for name in ("second", "reference"):
        _index(f"ix_member_pair_resource_{name}", (*OF_PAIR, name), f"{name} IS NOT NULL")
    _index("ix_member_todo_link", (*OF_PAIR, "link_id"), "{todo}")
    _index("ix_member_todo_key", (*OF_PAIR, "key"), "{todo}")
    _index(
        "ix_member_todo_reference",
        (*OF_PAIR, "side", "remote_id"),
        "{todo} AND link_id IS NULL AND reference IS NOT NULL",
    )
    op.drop_index("ix_refusal_pair", table_name="refusal")
    op.create_index("ix_refusal_pair_side_code", "refusal", ["pair", "side", "code"], unique=False)
    op.drop_index("ix_op_run_id", table_name="op")
    columns = ["run_id", "state", "side", "urgent", "id"]
    op.create_index("ix_op_run_id_state_side_urgent_id", "op", columns, unique=False)


def downgrade() -> None:
    op.drop_index("ix_op_run_id_state_side_urgent_id", table_name="op")
    op.create_index("ix_op_run_id", "op", ["run_id"], unique=False)
    op.drop_index("ix_refusal_pair_side_code", table_name="refusal")
    op.create_index("ix_refusal_pair", "refusal", ["pair"], unique=False)
    for name in ("todo_reference", "todo_key", "todo_link", "key_pair_resource"):
        op.drop_index(f"ix_member_{name}", table_name="member")
    for name in ("second", "reference"):
        op.drop_index(f"ix_member_pair_resource_{name}", table_name="member")
    for name in ("key", "second", "reference"):
        op.create_index(f"ix_member_pair_resource_{name}", "member", [*OF_PAIR, name], unique=False)
    where = {f"{store}_where": sa.text("todo") for store in AWAKE}
    op.create_index("ix_member_todo", "member", [*OF_PAIR, "link_id", "key"], unique=False, **where)
