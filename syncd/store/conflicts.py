"""Fields that no rule could settle, and values that cannot travel."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import sqlalchemy as sa

from syncd.model.plan import word_of
from syncd.model.record import Resource
from syncd.model.side import Both, Side
from syncd.model.values import Value, from_json, to_json
from syncd.store import tables as t
from syncd.store.prepared import prepared
from syncd.store.upsert import chunks, insert, upsert
from syncd.store.within import within

Wanted: TypeAlias = tuple[int, str, Both[tuple[Value, ...]]]  # link, rule, what each side shows


@dataclass(frozen=True, slots=True)
class Conflict:
    """One field of one link, changed on both sides to different values.

    Attributes:
        values: what each side shows, one value per field of the rule.
        take: the side that a person chose; None while nobody did.
        flips: each side re-spells what comes from the other; else both sides changed.
        chosen_by: who that was.
    """

    id: int
    link_id: int
    rule: str
    values: Both[tuple[Value, ...]]
    take: Side | None
    opened_at: datetime
    flips: bool = False
    chosen_by: str | None = None


_C = t.conflict.c
_FLIPS = "flips"
_COLUMNS = (
    _C.id,
    _C.link_id,
    _C.rule,
    _C.left,
    _C.right,
    _C.take,
    _C.opened_at,
    _C.cause,
    _C.chosen_by,
)


def _conflict(row: Any) -> Conflict:
    conflict_id, link_id, rule, left, right, take, opened_at, cause, by = row
    values = Both(tuple(map(from_json, left)), tuple(map(from_json, right)))
    taken = Side(take) if take else None
    return Conflict(conflict_id, link_id, rule, values, taken, opened_at, cause == _FLIPS, by)


@prepared
def _of_links(links: Any) -> sa.Executable:
    return sa.select(*_COLUMNS).where(within(_C.link_id, links))


def of_links(db: sa.Connection, links: Iterable[int]) -> dict[tuple[int, str], Conflict]:
    """Conflicts of these links, by link and rule."""
    found: dict[tuple[int, str], Conflict] = {}
    for some in chunks(links):
        for row in _of_links(db, links=some):
            found[(row.link_id, row.rule)] = _conflict(row)
    return found


@prepared
def _troubled(pair: Any, links: Any) -> sa.Executable:
    p = t.problem.c
    parked = sa.select(_C.link_id).where(within(_C.link_id, links))
    return parked.union(sa.select(p.link_id).where(p.pair == pair, within(p.link_id, links)))


def troubled(db: sa.Connection, pair: str, links: Iterable[int]) -> set[int]:
    """Those of the links with a conflict, decided or not, or with a problem."""
    found = set[int]()
    for some in chunks(links):
        found.update(_troubled(db, pair=pair, links=some).scalars())
    return found


def of_pair(db: sa.Connection, pair: str, *, limit: int = 1000) -> list[Conflict]:
    """Conflicts that wait for a person, oldest first."""
    rows = db.execute(
        sa.select(*_COLUMNS).where(_C.pair == pair, _C.take.is_(None)).order_by(_C.id).limit(limit)
    )
    return [_conflict(row) for row in rows]


@prepared
def _count_open(pair: Any) -> sa.Executable:
    return sa.select(sa.func.count()).where(_C.pair == pair, _C.take.is_(None))


def count_open(db: sa.Connection, pair: str) -> int:
    return int(_count_open(db, pair=pair).scalar_one())


def count_flipping(db: sa.Connection, pair: str) -> int:
    """Those of the open conflicts whose sides re-spell each other's value."""
    counted = sa.select(sa.func.count()).where(
        _C.pair == pair, _C.take.is_(None), _C.cause == _FLIPS
    )
    return int(db.execute(counted).scalar_one())


def get(db: sa.Connection, conflict_id: int) -> tuple[str, Conflict] | None:
    """The pair and the conflict with this number."""
    row = db.execute(sa.select(_C.pair, *_COLUMNS).where(_C.id == conflict_id)).first()
    return (row.pair, _conflict(row[1:])) if row else None


def park(
    db: sa.Connection,
    pair: str,
    wanted: Sequence[Wanted],
    now: datetime,
    flipping: Collection[tuple[int, str]] = (),
) -> Sequence[Wanted]:
    """Park conflicts as (link, rule, values); `flipping` says which of them flip.

    One that is parked already with the same values stays as it is, with the person's
    choice; with other values it is asked anew, since the choice was made for the old ones.

    Returns:
        Those that are new, or asked anew.
    """
    present = of_links(db, {link_id for link_id, _, _ in wanted})
    changed = [
        (link_id, rule, values)
        for link_id, rule, values in wanted
        if (old := present.get((link_id, rule))) is None
        or old.values != values
        or old.flips is not ((link_id, rule) in flipping)
    ]
    close(db, [(link_id, rule) for link_id, rule, _ in changed])
    if changed:
        insert(
            db,
            t.conflict,
            [
                {
                    "pair": pair,
                    "link_id": link_id,
                    "rule": rule,
                    "left": [to_json(v) for v in values.left],
                    "right": [to_json(v) for v in values.right],
                    "opened_at": now,
                    "cause": _FLIPS if (link_id, rule) in flipping else None,
                }
                for link_id, rule, values in changed
            ],
        )
    return changed


def close(db: sa.Connection, settled: Iterable[tuple[int, str]]) -> None:
    """Remove conflicts, given as (link, rule), that no longer are."""
    gone = list(settled)
    if gone:
        db.execute(
            t.conflict.delete().where(
                _C.link_id == sa.bindparam("link"), _C.rule == sa.bindparam("named")
            ),
            [{"link": link_id, "named": rule} for link_id, rule in gone],
        )


def choose(db: sa.Connection, conflict_id: int, take: Side, by: str | None = None) -> None:
    """Note a person's choice, and whose it is; the next cycle carries it out."""
    chosen = {"take": take.value, "chosen_by": by}
    db.execute(t.conflict.update().where(_C.id == conflict_id).values(**chosen))


@prepared
def _forget_problems(pair: Any, links: Any) -> sa.Executable:
    p = t.problem.c
    return t.problem.delete().where(p.pair == pair, within(p.link_id, links))


def note_problems(
    db: sa.Connection, pair: str, links: Iterable[int], problems: Mapping[tuple[int, str], str]
) -> None:
    """Replace what is noted of these links by `problems`: (link, rule) -> code."""
    for some in chunks(links):
        _forget_problems(db, pair=pair, links=some)
    upsert(
        db,
        t.problem,
        [
            {"pair": pair, "link_id": link_id, "rule": rule, "code": code}
            for (link_id, rule), code in problems.items()
        ],
        ["code"],
    )


def problem_census(db: sa.Connection, pair: str) -> list[tuple[Resource, str, str, int]]:
    """How many values cannot travel: (resource, rule, code, how many), contacts first.

    Whichever record is the cause.
    """
    p, link = t.problem.c, t.link.c
    rows = db.execute(
        sa.select(link.resource, p.rule, p.code, sa.func.count())
        .join_from(t.problem, t.link, link.id == p.link_id)
        .where(p.pair == pair)
        .group_by(link.resource, p.rule, p.code)
    )
    counted: Counter[tuple[Resource, str, str]] = Counter()
    for resource, rule, code, n in rows:
        counted[Resource(resource), rule, word_of(code)] += n
    found = [(resource, rule, word, n) for (resource, rule, word), n in counted.items()]
    return sorted(found, key=lambda one: (one[0] is not Resource.CONTACT, one))


def problems_of(db: sa.Connection, link_id: int) -> dict[str, str]:
    """What cannot travel of one link: rule -> code."""
    p = t.problem.c
    rows = db.execute(sa.select(p.rule, p.code).where(p.link_id == link_id))
    return {row.rule: row.code for row in rows}
