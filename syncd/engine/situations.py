"""Situations: what the decision about each link rests on, read for many links at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from syncd.core.consent import CONSENT, OptedOut
from syncd.core.flapping import Parked
from syncd.core.plan import Showing, Situation
from syncd.core.situation import Answer, Parent
from syncd.engine.context import Cycle
from syncd.engine.optouts import keys_of
from syncd.engine.parents import parents_of
from syncd.model.link import Link, Member, Observation, State
from syncd.model.plan import Refused
from syncd.model.side import SIDES, Both, Side
from syncd.store import links, members, refusals
from syncd.store.conflicts import Conflict


@dataclass(frozen=True, slots=True)
class _Known:
    """What the store holds of many links, but for what their records show.

    Attributes:
        opted_out: by address, when it did, as the ledger has it; lifted: up to when it counts
            no more.
        refused, rivalled, retired: as in `Situation`, the first two by link.
        parked: open conflicts, by link and rule.
        parents: by side and id of a record, the contact in step to which it belongs.
    """

    opted_out: Mapping[str, datetime]
    lifted: Mapping[str, datetime]
    refused: Mapping[int, Mapping[tuple[Side, str], Refused]]
    rivalled: Mapping[int, Mapping[Side, str]]
    retired: frozenset[tuple[Side, str]]
    parked: Mapping[int, Mapping[str, Conflict]]
    parents: Mapping[tuple[Side, str], Parent]


def situations_of(
    db: sa.Connection,
    cycle: Cycle,
    chosen: Sequence[Link],
    standing: Mapping[tuple[Side, str], Member],
    seen: Both[dict[str, Observation]],
    parked: dict[tuple[int, str], Conflict],
) -> dict[int, Situation]:
    """By link, what its decision rests on; a link of which one side was never read has none.

    Args:
        standing: the records of these links.
        seen: what both sides show, by id.
        parked: open conflicts, by link and rule.
    """
    by_link: dict[int, dict[str, Conflict]] = {}
    for (link_id, rule), conflict in parked.items():
        by_link.setdefault(link_id, {})[rule] = conflict
    known = _Known(
        *_words(db, cycle, seen),
        refused=refusals.of_links(db, [link.id for link in chosen]),
        rivalled=_rivalled(db, cycle, standing, chosen),
        retired=_retired(db, cycle, seen, chosen),
        parked=by_link,
        parents=parents_of(db, cycle, standing.values()) if cycle.stream.parent else {},
    )
    situations = ((link.id, _situation(cycle, link, seen, known)) for link in chosen)
    return {link_id: found for link_id, found in situations if found is not None}


def _rivalled(
    db: sa.Connection,
    cycle: Cycle,
    standing: Mapping[tuple[Side, str], Member],
    chosen: Iterable[Link],
) -> dict[int, dict[Side, str]]:
    """Who else has the key of a record on the other side, by link and the record's side.

    Asked of links that lack a record, or whose two have different keys: what is written for
    one of them would then be written for somebody else, or made a second time.
    """
    stream = cycle.stream
    doubtful: list[tuple[Link, Member]] = []
    for link in chosen:
        alive = [
            member
            for side in SIDES
            if (member := standing.get((side, link.ids[side] or ""))) is not None
            and member.state is not State.GONE
        ]
        if len(alive) < len(SIDES) or alive[0].key != alive[1].key:
            doubtful.extend((link, member) for member in alive)
    keys = sorted({member.key for _, member in doubtful if member.key is not None})
    holders: dict[tuple[Side, str | None], list[str]] = {}
    for member in members.with_keys(db, stream.pair, stream.resource, keys):
        holders.setdefault((member.side, member.key), []).append(member.remote_id)
    rivalled: dict[int, dict[Side, str]] = {}
    for link, member in doubtful:
        there = member.side.other
        others = [i for i in holders.get((there, member.key), ()) if i != link.ids[there]]
        if others:
            rivalled.setdefault(link.id, {})[member.side] = others[0]
    return rivalled


def _retired(
    db: sa.Connection, cycle: Cycle, seen: Both[dict[str, Observation]], chosen: Iterable[Link]
) -> frozenset[tuple[Side, str]]:
    """Of the references that lead to no counterpart: those that an ended link of ours left."""
    stream, retired = cycle.stream, set[tuple[Side, str]]()
    for side in SIDES:
        name = stream.planner.references[side]
        if name is None:
            continue
        strange = {
            shown
            for link in chosen
            if (observed := seen[side].get(link.ids[side] or "")) is not None
            and isinstance(shown := observed.fields.get(name), str)
            and shown != link.ids[side.other]
        }
        known = members.load(db, stream.pair, stream.resource, side.other, sorted(strange))
        linked = {m.link_id for m in known.values() if m.link_id is not None}
        living = {k.ids[side.other] for k in links.load(db, linked) if k.ended is None}
        retired.update(
            (side.other, member.remote_id)
            for member in known.values()
            if member.link_id is not None
            and (member.state is State.GONE or member.remote_id not in living)
        )
    return frozenset(retired)


def _words(
    db: sa.Connection, cycle: Cycle, seen: Both[dict[str, Observation]]
) -> tuple[Mapping[str, datetime], Mapping[str, datetime]]:
    """What the suppression ledger holds of the addresses of these records."""
    addresses = {
        key
        for side in SIDES
        for observation in seen[side].values()
        if (key := keys_of(cycle, side, observation.fields)[0]) is not None
    }
    return cycle.environment.ledger.words(db, addresses, cycle.stream.relatives)


def _situation(
    cycle: Cycle, link: Link, seen: Both[dict[str, Observation]], known: _Known
) -> Situation | None:
    """What the decision about a link rests on; None if one side was never read."""
    sides: dict[Side, Showing | None] = {}
    addresses: dict[Side, str | None] = dict.fromkeys(SIDES)
    for side in SIDES:
        remote_id = link.ids[side]
        observation = seen[side].get(remote_id) if remote_id is not None else None
        if remote_id is not None and observation is None:
            return None
        sides[side] = _showing(observation, cycle.stream.imagined[side])
        if observation is not None and not observation.gone:
            addresses[side], _ = keys_of(cycle, side, observation.fields)
    own = known.parked.get(link.id, {})
    shown = Both(sides[Side.LEFT], sides[Side.RIGHT])
    asked = {
        rule: conflict.take
        for rule, conflict in own.items()
        if not conflict.flips and _is_as_asked(cycle, conflict, shown)
    }
    every = frozenset(address for address in addresses.values() if address is not None)
    since = {a: known.opted_out[a] for a in every if a in known.opted_out}
    consent = own.get(CONSENT)
    return Situation(
        link,
        shown,
        OptedOut(max(since.values())) if since else None,
        {rule: take for rule, take in asked.items() if take is not None},
        refused=known.refused.get(link.id, {}),
        rivalled=known.rivalled.get(link.id, {}),
        retired=known.retired,
        flipping={rule: Parked(c.values, c.take) for rule, c in own.items() if c.flips},
        let_in=Both(*(known.lifted.get(addresses[side] or "") for side in SIDES)),
        parents=Both(*(known.parents.get((s, link.ids[s] or "")) for s in SIDES)),
        belonged=Both(*(_parent_id(seen[s].get(link.ids[s] or "")) for s in SIDES)),
        answer=_answer(consent) if consent else None,
        addresses=every,
        opted_out=frozenset(since),
        parked=frozenset(rule for rule, take in asked.items() if take is None),
    )


def _parent_id(seen: Observation | None) -> str | None:
    return seen.parent_id if seen else None


def _answer(asked: Conflict) -> Answer | None:
    """What a person said about a consent; None as long as nobody did."""
    if asked.take is None:
        return None
    return Answer(asked.take, asked.values, f"person:{asked.chosen_by or 'unknown'}")


def _is_as_asked(cycle: Cycle, conflict: Conflict, sides: Both[Showing | None]) -> bool:
    """Whether both sides still show that between which a person chose, or is to choose."""
    rule = next((r for r in cycle.stream.mapping.rules if r.name == conflict.rule), None)
    return rule is not None and all(
        (showing := sides[side]) is not None
        and tuple(showing.fields.get(n) for n in rule.fields(side)) == conflict.values[side]
        for side in SIDES
    )


def _showing(seen: Observation | None, imagined: frozenset[str]) -> Showing | None:
    if seen is None:
        return None
    fields = {**seen.fields, **dict.fromkeys(imagined)}
    return Showing(seen.remote_id, fields, seen.gone, seen.modified)
