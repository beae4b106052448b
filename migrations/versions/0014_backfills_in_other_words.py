"""What a backfill under way was asked to do is its request, and its processes are sessions"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ASKED = {"order": "request"}
SPENT = {"sittings": "sessions"}

_run = sa.table(
    "run", sa.column("id"), sa.column("mode", sa.String), sa.column("progress", sa.JSON)
)


def upgrade() -> None:
    _rename(ASKED, SPENT)


def downgrade() -> None:
    _rename(*({new: old for old, new in names.items()} for names in (ASKED, SPENT)))


def _rename(asked: Mapping[str, str], spent: Mapping[str, str]) -> None:
    db = op.get_bind()
    for run in db.execute(sa.select(_run).where(_run.c.mode == "backfill")).all():
        progress = _renamed(run.progress, asked)
        if isinstance(progress.get("spent"), dict):
            progress["spent"] = _renamed(progress["spent"], spent)
        db.execute(_run.update().where(_run.c.id == run.id).values(progress=progress))


def _renamed(noted: Mapping[str, Any] | None, names: Mapping[str, str]) -> dict[str, Any]:
    return {names.get(name, name): value for name, value in (noted or {}).items()}
