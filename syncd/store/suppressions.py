""" "Never mail this address": our own durable ledger.

It outlives the contact, the platform's own list, and an erasure, because it holds only
a keyed hash of the address. Nothing removes a row; one that was lifted says by whom.
"""

import hmac
import os
import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from syncd.errors import StoreError
from syncd.store import tables as t
from syncd.store.prepared import prepared
from syncd.store.upsert import chunks, upsert
from syncd.store.within import within

KEY_VARIABLE = "SYNCD_LEDGER_KEY"
LEAST = timedelta(microseconds=1)  # by which two moments differ in a store


@dataclass(frozen=True, slots=True)
class OptOut:
    """One address (an identity key) that one account showed as opted out.

    Attributes:
        anew: the account had not shown it until now; without a date, now is when it happened.
    """

    account: str
    address: str
    since: datetime | None
    source: str
    anew: bool = False

    def moment(self, now: datetime) -> datetime | None:
        return self.since or (now if self.anew else None)


@prepared
def _words(hashes: Any, accounts: Any) -> sa.Executable:
    s = t.suppression.c
    said = sa.select(s.address_hash, s.since, s.recorded_at, s.lifted_upto)
    return said.where(within(s.address_hash, hashes), within(s.account, accounts))


@prepared
def _known(hashes: Any) -> sa.Executable:
    s = t.suppression.c
    known = sa.select(s.account, s.address_hash, s.since, s.recorded_at, s.lifted_upto)
    return known.where(within(s.address_hash, hashes))


class Ledger:
    """The suppression ledger of one store, with the key of its hashes."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def hashed(self, address: str) -> str:
        return hmac.new(self._key, address.encode("utf-8", "replace"), sha256).hexdigest()

    def record(self, db: sa.Connection, opt_outs: Iterable[OptOut], now: datetime) -> set[str]:
        """Write opt-outs down; those addresses that the account had not shown before.

        Who opted out, came back and opts out again counts as new: the later date stands, as
        the opt-in between the two must not seem newer than it. What an account did not show
        until now is later than what was lifted there, even if our clock says otherwise.
        """
        fresh: dict[tuple[str, str], OptOut] = {}
        for opt_out in opt_outs:
            place = (opt_out.account, self.hashed(opt_out.address))
            if place not in fresh or _is_later(opt_out.moment(now), fresh[place].moment(now)):
                fresh[place] = opt_out
        heard: dict[tuple[str, str], datetime] = {}
        for place, (since, lifted) in self._known(db, fresh).items():
            if place not in fresh:
                continue
            if fresh[place].moment(now) == now and lifted is not None and lifted >= now:
                heard[place] = lifted + LEAST
            elif not _is_later(fresh[place].moment(now), since):
                del fresh[place]
        upsert(
            db,
            t.suppression,
            [
                {
                    "account": account,
                    "address_hash": address_hash,
                    "since": o.since,
                    "source": o.source[:64],
                    "recorded_at": heard.get((account, address_hash), now),
                }
                for (account, address_hash), o in fresh.items()
            ],
            ["since", "source", "recorded_at"],
        )
        return {o.address for o in fresh.values()}

    def first_told(self, db: sa.Connection, reported: Iterable[OptOut]) -> set[OptOut]:
        """Those of undated opt-outs of which their sources tell for the first time.

        A source tells of an address once, and goes on telling so.
        """
        places = {(o.account, self.hashed(o.address), o.source[:64]): o for o in reported}
        new = places.keys() - _reported(db, places)
        _note_reported(db, new)
        return {places[place] for place in new}

    def replaced(
        self, db: sa.Connection, told: Iterable[OptOut], now: Collection[OptOut]
    ) -> set[tuple[str, datetime | None]]:
        """Those of dated opt-outs that a newer opt-in of the same account has replaced.

        Args:
            now: those of which the account shows that; it is remembered, as the opt-in may end.
        """
        places = {(o.account, self.hashed(o.address), _replaced_at(o)): o for o in told}
        known = _reported(db, places)
        _note_reported(db, {place for place, o in places.items() if o in now} - known)
        replaced = [o for place, o in places.items() if place in known]
        return {(o.address, o.since) for o in (*replaced, *now)}

    def _known(
        self, db: sa.Connection, hashes: Collection[tuple[str, str]]
    ) -> dict[tuple[str, str], tuple[datetime, datetime | None]]:
        """When the opt-outs that are written down already happened, or were; lifted up to when."""
        found: dict[tuple[str, str], tuple[datetime, datetime | None]] = {}
        for some in chunks({address_hash for _, address_hash in hashes}):
            for account, known, since, recorded_at, lifted in _known(db, hashes=some):
                found[account, known] = since or recorded_at, lifted
        return found

    def suppressed(
        self, db: sa.Connection, addresses: Iterable[str], accounts: Sequence[str]
    ) -> dict[str, datetime]:
        """Those of the addresses that any of the accounts has shown as opted out.

        The value is when the latest of these opt-outs happened, or else when we heard of it.
        """
        return self.words(db, addresses, accounts)[0]

    def words(
        self, db: sa.Connection, addresses: Iterable[str], accounts: Sequence[str]
    ) -> tuple[dict[str, datetime], dict[str, datetime]]:
        """The opted-out among the addresses, with when; and those of whom that was lifted.

        Of the latter, the value is up to when: a later opt-out counts again.
        """
        by_hash = {self.hashed(address): address for address in addresses}
        found: dict[str, datetime] = {}
        lifted: dict[str, datetime] = {}
        for some in chunks(by_hash):
            rows = _words(db, hashes=some, accounts=accounts)
            for address_hash, since, recorded_at, upto in rows:
                address, moment = by_hash[address_hash], since or recorded_at
                found[address] = max(moment, found.get(address, moment))
                if upto is not None:
                    lifted[address] = max(upto, lifted.get(address, upto))
        opted_out = {a: at for a, at in found.items() if a not in lifted or at > lifted[a]}
        return opted_out, {a: upto for a, upto in lifted.items() if a not in opted_out}

    def lift(
        self,
        db: sa.Connection,
        addresses: Iterable[str],
        accounts: Sequence[str],
        upto: datetime,
        by: str,
        now: datetime,
    ) -> None:
        """Note that the opt-outs of these addresses up to a moment count no more.

        An opt-out that another process writes down meanwhile is later, and counts.

        Args:
            by: who says so; kept beside the opt-out.
        """
        s = t.suppression.c
        said = {"lifted_upto": upto, "lifted_by": by[:255], "lifted_at": now}
        for some in chunks({self.hashed(address) for address in addresses}):
            here = sa.and_(within(s.address_hash, some), within(s.account, accounts))
            earlier = sa.or_(s.lifted_upto.is_(None), s.lifted_upto < upto)
            db.execute(t.suppression.update().where(here, earlier).values(**said))


Reported = tuple[str, str, str]  # account, hash of the address, source


def _reported(db: sa.Connection, places: Collection[Reported]) -> set[Reported]:
    """What has been noted of reports about any of these addresses."""
    r, known = t.report.c, set[Reported]()
    for some in chunks({address_hash for _, address_hash, _ in places}):
        told = sa.select(r.account, r.address_hash, r.source)
        known.update(map(tuple, db.execute(told.where(within(r.address_hash, some)))))
    return known


def _note_reported(db: sa.Connection, places: Iterable[Reported]) -> None:
    names = ("account", "address_hash", "source")
    upsert(db, t.report, [dict(zip(names, place, strict=True)) for place in places])


def _replaced_at(opt_out: OptOut) -> str:
    """What stands for a source where an opt-out is remembered as replaced."""
    return f"replaced {opt_out.since.isoformat() if opt_out.since else ''}"


def count_addresses(db: sa.Connection, accounts: Sequence[str]) -> int:
    """How many addresses any of the accounts has shown as opted out, and nobody let in again."""
    s = t.suppression.c
    since = sa.func.coalesce(s.since, s.recorded_at)
    latest = (
        sa.select(sa.func.max(since).label("at"), sa.func.max(s.lifted_upto).label("upto"))
        .where(within(s.account, accounts))
        .group_by(s.address_hash)
        .subquery()
    )
    counted = sa.select(sa.func.count()).where(
        sa.or_(latest.c.upto.is_(None), latest.c.at > latest.c.upto)
    )
    return int(db.execute(counted).scalar_one())


def _is_later(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and (other is None or one > other)


def open_ledger(engine: sa.Engine) -> Ledger:
    """The ledger of this store.

    Its key comes from the environment, or was made when the store was first opened. A
    key that does not fit the store would find nobody opted out, so it is refused.

    Raises:
        StoreError: the key of the environment is not the one the ledger was written with.
    """
    given = os.environ.get(KEY_VARIABLE) or None  # empty, as compose files set it, is not given
    with engine.begin() as db:
        stored = _fact(db, "ledger_key")
        print_ = _fact(db, "ledger_key_fingerprint")
        if given is None and stored is None and print_ is None:
            stored = _note(db, "ledger_key", secrets.token_hex(32))
        key = given or stored
        if key is None or (print_ is not None and print_ != _fingerprint(key)):
            raise StoreError(
                "The suppression ledger was written with another key, so opted-out addresses"
                " could not be recognised. Nothing was done.",
                hint=f"Set {KEY_VARIABLE} to the value that it had before.",
            )
        if _note(db, "ledger_key_fingerprint", _fingerprint(key)) != _fingerprint(key):
            raise StoreError(
                "The store was just opened for the first time with another key. Nothing was done.",
                hint="Try again.",
            )
    return Ledger(key.encode())


def _fingerprint(key: str) -> str:
    return sha256(b"syncd ledger " + key.encode()).hexdigest()[:16]


def _fact(db: sa.Connection, name: str) -> str | None:
    value = db.execute(sa.select(t.meta.c.value).where(t.meta.c.name == name)).scalar()
    return str(value) if value is not None else None


def _note(db: sa.Connection, name: str, value: str) -> str:
    """Write a fact down unless another process was first; what stands there then."""
    upsert(db, t.meta, [{"name": name, "value": value}])
    return _fact(db, name) or value
