"""Ops of every kind beside each other, so that what the store tells of some can be counted here."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from syncd.model.op import OpKind, OpState
from syncd.model.record import Resource
from syncd.model.side import SIDES, Side
from syncd.store import tables as t

from .samples import CONTACT, HOUR, NOTE, NOW, OTHER, PAIR

RUN, NEXT_RUN = 7, 8
LINKS = range(5)  # 0 is none
MOMENTS = (None, NOW - HOUR, NOW, NOW + HOUR)


@dataclass(frozen=True, slots=True)
class Row:
    """An op as the table holds it, as far as anybody asks for it."""

    id: int
    pair: str
    run_id: int
    link_id: int
    resource: Resource
    side: Side
    kind: OpKind
    urgent: bool
    routine: bool
    state: OpState
    verified: bool | None
    sent_at: datetime | None


def many(store: sa.Engine, seed: int, count: int = 300) -> list[Row]:
    """So many ops, each a mixture of its own, in the order of their ids."""
    dice = random.Random(seed)
    rows = [
        Row(
            id=number,
            pair=dice.choice((PAIR, PAIR, OTHER)),
            run_id=dice.choice((RUN, RUN, NEXT_RUN)),
            link_id=dice.choice(LINKS),
            resource=dice.choice((CONTACT, CONTACT, NOTE)),
            side=dice.choice(SIDES),
            kind=dice.choice(list(OpKind)),
            urgent=dice.random() < 0.3,
            routine=dice.random() < 0.2,
            state=dice.choice(list(OpState)),
            verified=dice.choice((None, None, True, False)),
            sent_at=dice.choice(MOMENTS),
        )
        for number in range(1, count + 1)
    ]
    with store.begin() as db:
        db.execute(sa.insert(t.op), [_stored(row) for row in rows])
    return rows


def _stored(row: Row) -> dict[str, object]:
    names = ("id", "pair", "run_id", "link_id", "urgent", "routine", "verified", "sent_at")
    return {
        **{name: getattr(row, name) for name in names},
        **{name: getattr(row, name).value for name in ("resource", "side", "kind", "state")},
        "patch": {"city": "Bonn"},
        "current": {},
        "advance": {"left": {}, "right": {}},
        "attempts": 0,
    }


def ids(rows: list[Row], wanted: Callable[[Row], bool]) -> list[int]:
    return [row.id for row in rows if wanted(row)]


def states(store: sa.Engine) -> dict[int, str]:
    with store.connect() as db:
        return {row.id: row.state for row in db.execute(sa.select(t.op.c.id, t.op.c.state))}
