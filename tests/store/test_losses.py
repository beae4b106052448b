"""Values that the held updates of a run would take away."""

from typing import Any

import pytest
import sqlalchemy as sa

from syncd.model.op import OpKind
from syncd.model.record import Resource
from syncd.model.side import Side
from syncd.model.values import SetDelta
from syncd.store import losses, ops, runs

from .samples import CONTACT, NOW, PAIR, draft

VIP, CLUB = frozenset({"vip"}), frozenset({"vip", "club"})


@pytest.mark.parametrize(
    ("shown", "patch", "lost"),
    [
        ({"phone": "+12015550100"}, {"phone": None}, ["phone"]),
        ({"phone": None}, {"phone": None}, []),
        ({}, {"phone": None}, []),
        ({"phone": "+12015550100"}, {"phone": "+12015550101"}, []),
        ({"city": "null"}, {"city": "nullarbor"}, []),
        ({"tags": VIP}, {"tags": SetDelta(remove=VIP)}, ["tags"]),
        ({"tags": CLUB}, {"tags": SetDelta(remove=VIP)}, []),
        ({"tags": VIP}, {"tags": SetDelta(VIP, frozenset())}, []),
        ({"tags": VIP}, {"tags": SetDelta(frozenset({"new"}), VIP)}, []),
        ({"tags": VIP, "a": 0}, {"tags": SetDelta(remove=VIP), "a": None}, ["a", "tags"]),
    ],
)
def test_what_an_update_takes_away_whole(
    store: sa.Engine, shown: Any, patch: Any, lost: list[str]
) -> None:
    wanted = [draft(n, patch=patch, current=shown) for n in range(1, 4)]
    others = [
        draft(7, patch={"phone": None}, current={"phone": "1"}, urgent=True),
        draft(8, kind=OpKind.CREATE, remote_id=None, patch={"phone": None}),
    ]
    with store.begin() as db:
        run = runs.start(db, PAIR, "sync", NOW)
        ops.stage(db, PAIR, run.id, CONTACT, [*wanted, *others])
        counted = losses.count(db, run.id, Resource.CONTACT)
        assert counted == dict.fromkeys([(Side.RIGHT, name) for name in lost], 3)


def test_more_than_one_chunk_is_counted(
    store: sa.Engine,
) -> None:
    some = [draft(n, patch={"a": None}, current={"a": 1}) for n in range(1, 2 * losses.CHUNK + 5)]
    with store.begin() as db:
        run = runs.start(db, PAIR, "sync", NOW)
        ops.stage(db, PAIR, run.id, CONTACT, some)
        assert losses.count(db, run.id, Resource.CONTACT) == {(Side.RIGHT, "a"): len(some)}
