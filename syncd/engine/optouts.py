"""Opt-outs that a platform shows, on their way into the ledger, and whose they are."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from syncd.core import consent
from syncd.core.normalise import identity_key
from syncd.engine.context import Cycle
from syncd.engine.inquire import note_opt_outs
from syncd.model.link import Observation
from syncd.model.record import Record
from syncd.model.side import Side
from syncd.model.values import Fields, Level
from syncd.store import members, observations
from syncd.store.suppressions import OptOut

Told = tuple[Record, Observation | None, Fields]


def keys_of(cycle: Cycle, side: Side, fields: Fields) -> tuple[str | None, str | None]:
    """The identity keys of a record, in comparable form; None where it has none."""
    keys = cycle.stream.policy.keys
    first = fields.get(keys.first[side])
    second = fields.get(keys.second[side]) if keys.second else None
    return (
        identity_key(first) if isinstance(first, str) else None,
        str(second) if second is not None else None,
    )


def addresses_of(cycle: Cycle, side: Side, fields: Fields) -> frozenset[str]:
    """Every address that a record shows as its person's own, in comparable form."""
    first, _ = keys_of(cycle, side, fields)
    spec = cycle.stream.specs[side].consent
    further = fields.get(spec.addresses) if spec and spec.addresses else None
    keys = map(identity_key, further if isinstance(further, frozenset) else ())
    return frozenset(key for key in (first, *keys) if key is not None)


def record_opt_outs(
    db: sa.Connection,
    cycle: Cycle,
    side: Side,
    told: Iterable[Told],
    own: frozenset[str],
) -> set[str]:
    """Write opt-outs into the ledger; the addresses that are new there.

    Whoever opted out did so for every address that the record shows as theirs.
    A report may hold opt-outs of long ago. One that the same platform has since replaced
    by a newer opt-in, before we ever heard of it, is no opt-out any more, even if that opt-in
    has ended since and the report is read again; one without a date
    happened when its report tells of it first, also to whom we had opted out there ourselves.

    Args:
        told: the records, each with what was known of it, and all that is known now.
        own: ids of records whose opt-out we wrote ourselves, to be confirmed with the date of
            its cause.
    """
    found: list[OptOut] = []
    undated: list[OptOut] = []  # of reports
    account = cycle.stream.accounts[side].name
    for record, old, fields in told:
        if consent.shown(record.fields).level is not Level.REVOKED or record.remote_id in own:
            continue
        said = consent.shown(fields)
        before = _opted_out_before(cycle, side, old)
        anew = not record.gone
        heard = [
            OptOut(account, a, said.at, said.source or account, anew=anew and a not in before)
            for a in addresses_of(cycle, side, fields)
        ]
        (undated if said.at is None and not record.remote_id else found).extend(heard)
    first = cycle.environment.ledger.first_told(db, undated) if undated else set()
    found += [replace(o, anew=o in first) for o in undated]
    dated = [o for o in found if o.since is not None]
    replaced = _replaced(db, cycle, side, dated) if dated else set()
    kept = [o for o in found if (o.address, o.since) not in replaced]
    return note_opt_outs(db, cycle, kept)


def _opted_out_before(cycle: Cycle, side: Side, old: Observation | None) -> frozenset[str]:
    """The addresses for which a record showed an opt-out when it was last seen."""
    if old is None or consent.shown(old.fields).level is not Level.REVOKED:
        return frozenset()
    return addresses_of(cycle, side, old.fields)


def _replaced(
    db: sa.Connection, cycle: Cycle, side: Side, found: list[OptOut]
) -> set[tuple[str, datetime | None]]:
    """Those opt-outs for whose address the account shows a newer, dated opt-in, or showed one."""
    stream = cycle.stream
    account = stream.accounts[side].name
    namesakes = [
        m
        for m in members.with_keys(db, stream.pair, stream.resource, {o.address for o in found})
        if m.side is side
    ]
    seen = observations.load(db, account, stream.resource, [m.remote_id for m in namesakes])
    granted: dict[str, list[datetime]] = {}
    for member in namesakes:
        observed = seen.get(member.remote_id)
        said = consent.shown(observed.fields) if observed and not observed.gone else None
        if member.key and said and said.level is Level.GRANTED and said.at is not None:
            granted.setdefault(member.key, []).append(said.at)
    shown = {
        o
        for o in found
        if o.since is not None and any(at > o.since for at in granted.get(o.address, []))
    }
    return cycle.environment.ledger.replaced(db, found, shown)
