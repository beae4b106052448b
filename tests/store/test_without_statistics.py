"""PostgreSQL without statistics believes that an account or a pair has one row.

It must not compare all members with all observations then: a first match ends before there are any.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from syncd.model.link import State
from syncd.model.side import Side
from syncd.store import fanout, listed, members, observations
from syncd.store import tables as t

from .samples import CONTACT, PAIR, member, observation

COUNT, GONE, PAGE = 500, 200, 100
ACCOUNT = "crm"
IDS = [f"a{n:03}" for n in range(COUNT)]

Asked = Callable[[sa.Connection], object]


def unknown(db: sa.Connection) -> object:
    """Whom a pair is told of that begins to read the account: those that are gone by now."""
    fanout.tell_all(db, ACCOUNT, CONTACT, (PAIR, Side.LEFT))
    return db.execute(sa.select(t.fanout)).all()


def loads(db: sa.Connection) -> object:
    return listed.load(db, PAIR, CONTACT, Side.LEFT, ACCOUNT, IDS[-PAGE:])


@pytest.mark.parametrize(("asked", "count"), [(unknown, GONE), (loads, PAGE)])
def test_nobody_is_compared_with_everybody(
    postgres_store: sa.Engine, asked: Asked, count: int
) -> None:
    linked = [member(i, state=State.LINKED, digest="d1") for i in IDS]
    known = [
        observation(i, gone=n < GONE, digest="d2" if n < GONE else "d1") for n, i in enumerate(IDS)
    ]
    with postgres_store.begin() as db:
        members.save(db, PAIR, CONTACT, linked, listed=dict.fromkeys(IDS, 1))
        observations.save(db, ACCOUNT, CONTACT, known)
    said: list[tuple[str, Any]] = []
    sa.event.listen(
        postgres_store, "before_cursor_execute", lambda _c, _k, *sent: said.append(sent[:2])
    )
    with postgres_store.connect() as db:
        assert len(asked(db)) == count  # type: ignore[arg-type]
        statement, values = said[0]
        explained = f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}"
        [shown] = db.exec_driver_sql(explained, values).scalar_one()
    looked_at = sum(
        node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0))
        for node in nodes(shown["Plan"])
        if "Relation Name" in node
    )
    assert looked_at <= 4 * COUNT


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)
