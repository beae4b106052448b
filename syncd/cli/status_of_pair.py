"""Where a pair stands, read from the store alone."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from syncd.cli.census import Census, StreamStatus
from syncd.config.load import read_options
from syncd.connectors.registry import connector
from syncd.kin import relatives
from syncd.model.record import Resource
from syncd.model.side import SIDES, Both, Side
from syncd.model.spec import in_turn
from syncd.store import (
    conflicts,
    cursors,
    leases,
    links,
    members,
    parents,
    runs,
    suppressions,
    tallies,
)
from syncd.store.database import reading
from syncd.store.parents import Shelf
from syncd.store.runs import BACKFILL, Run
from syncd.stored import Stored

CYCLES = ("sync", "full")  # what the daemon and `syncd sync` run
UNREAD: Both[tuple[datetime | None, int | None]] = Both((None, None), (None, None))


@dataclass(frozen=True, slots=True)
class PairStatus:
    """One pair as the store knows it; by default one of which it knows nothing yet.

    Attributes:
        census: of the contacts; streams: what belongs to these.
        problems: (resource, rule, code, how many) of values that cannot travel.
        unshown: opt-outs by account that were written there, where records do not show any.
        in_doubt: writes that went out and that no platform has confirmed or shown.
        swept: per side, when everything was last read, and how many records there were.
        last_run: a cycle or a backfill; last_cycle: what the daemon or `syncd sync` did.
        flipping: of the conflicts, those whose sides re-spell each other's value.
        held: what waits for a person; released: what a person let go, and did not go on yet.
        holder: which process works on it now.
    """

    pair: str
    accounts: Both[str]
    census: Census = field(default_factory=Census)
    streams: Sequence[StreamStatus] = ()
    links: int = 0
    conflicts: int = 0
    flipping: int = 0
    problems: Sequence[tuple[Resource, str, str, int]] = ()
    suppressed: int = 0
    in_doubt: int = 0
    unshown: Mapping[str, int] = field(default_factory=dict)
    swept: Both[tuple[datetime | None, int | None]] = UNREAD
    last_run: Run | None = None
    last_cycle: Run | None = None
    held: Run | None = None
    released: Run | None = None
    holder: str | None = None
    error: str | None = None

    @property
    def content(self) -> dict[str, Any]:
        """For `--json`."""
        run = self.last_run
        return {
            "pair": self.pair,
            "accounts": list(self.accounts),
            "records": self.census.content(self.accounts),
            "streams": [stream.content(self.accounts) for stream in self.streams],
            "links": self.links,
            "conflicts": self.conflicts,
            "flipping": self.flipping,
            "problems": [
                {"resource": resource.value, "rule": rule, "code": code, "count": n}
                for resource, rule, code, n in self.problems
            ],
            "suppressed": self.suppressed,
            "in_doubt": self.in_doubt,
            "opt_outs_not_shown": dict(self.unshown),
            "swept_at": {self.accounts[side]: self.swept[side][0] for side in SIDES},
            "last_run": asdict(run) if run else None,
            "held_run": self.held.id if self.held else None,
            "released_run": self.released.id if self.released else None,
            "held_because": list(self.held.reasons) if self.held else [],
            "holder": self.holder,
            "error": self.error,
        }


def status_of_pair(known: Stored, pair: str, now: datetime) -> PairStatus:
    """Count everything of one pair; nothing in a store that has no tables yet."""
    configured = known.pair_named(pair)
    accounts = Both(configured.account(Side.LEFT), configured.account(Side.RIGHT))
    if known.is_empty:
        return PairStatus(pair, accounts)
    resource = Resource.CONTACT
    with reading(known.store) as db:
        census = _census(db, pair)
        swept = (cursors.load(db, pair, side, resource) for side in SIDES)
        return PairStatus(
            pair=pair,
            accounts=accounts,
            census=census.get(resource, Census()),
            streams=[
                _stream(db, known, pair, one, census.get(one, Census()))
                for one in configured.settings.streams
            ],
            links=links.count_complete(db, pair, resource),
            conflicts=conflicts.count_open(db, pair),
            flipping=conflicts.count_flipping(db, pair),
            problems=conflicts.problem_census(db, pair),
            suppressed=suppressions.count_addresses(
                db, relatives(known.configuration, accounts.left)
            ),
            in_doubt=tallies.count_in_doubt(db, pair),
            unshown={
                accounts[side]: n
                for side in SIDES
                if (n := tallies.count_unshown_opt_outs(db, pair, side))
                and _hides_consent(known, accounts[side])
            },
            swept=Both(*((cursor.swept_at, cursor.swept_count) for cursor in swept)),
            last_run=runs.latest(db, pair, (*CYCLES, BACKFILL)),
            last_cycle=runs.latest(db, pair, CYCLES),
            held=runs.held(db, pair, released=False),
            released=runs.held(db, pair, released=True),
            holder=leases.holder_of(db, pair, now),
            error=runs.facts(db, pair).error,
        )


def _census(db: sa.Connection, pair: str) -> dict[Resource, Census]:
    found: dict[Resource, list[tuple[Side, str, str | None, int]]] = {}
    for resource, side, state, cause, n in members.census(db, pair):
        found.setdefault(Resource(resource), []).append((side, state, cause, n))
    return {resource: Census(counts) for resource, counts in found.items()}


def _stream(
    db: sa.Connection, known: Stored, pair: str, resource: Resource, census: Census
) -> StreamStatus:
    swept = (cursors.load(db, pair, side, resource).swept_at for side in SIDES)
    read = Both(*(parents.standing(db, Shelf(pair, side, resource)) for side in SIDES))
    return StreamStatus(
        resource,
        census,
        links.count_complete(db, pair, resource),
        read,
        Both(*swept),
        Both(*(_round(known, pair, side, resource, read[side].contacts) for side in SIDES)),
    )


def _round(
    known: Stored, pair: str, side: Side, resource: Resource, contacts: int
) -> timedelta | None:
    """How long it takes until each of so many contacts has had its turn; asks nobody."""
    configured = known.pair_named(pair)
    account, every = known.configured(configured.account(side)), configured.settings.every
    plugin = connector(account.connector)
    pairs = [one.account(s) for one in known.configuration.pairs.values() for s in SIDES]
    share = account.rate_share / pairs.count(account.name)
    rate = plugin.in_turn(read_options(account, plugin.settings), share).get(resource)
    if not contacts or rate is None:
        return None
    return every * math.ceil(contacts / in_turn(rate, every))


def _hides_consent(known: Stored, account: str) -> bool:
    """Whether a platform never shows the consent that was written to it; asks nobody."""
    spec = connector(known.configured(account).connector).spec.resources[Resource.CONTACT]
    return spec.consent is not None and not spec.consent.readable
