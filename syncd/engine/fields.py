"""Fields that are others now: what was agreed on about the old ones counts no more.

A field that is gone, or is another one under the old name, is empty for everybody, and
nobody has emptied it. So nothing of it is believed before its account has been asked for
its fields again, and what both sides agreed on about the old field is forgotten.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import sqlalchemy as sa

from syncd.core.canonical import is_empty
from syncd.core.generation import Generation, is_same
from syncd.engine.context import Cycle
from syncd.errors import FieldsChangedError
from syncd.model.record import Record
from syncd.model.side import SIDES, Both, Side
from syncd.model.spec import FieldSpec
from syncd.store import accounts, doubts, fields, links, observations, refusals, runs, wake
from syncd.store.database import reading


def start_afresh(cycle: Cycle) -> None:
    """Forget what was agreed on about fields that are others now.

    Both sides of their rules then meet as if for the first time: who has a value fills the
    side that has none. A filter that looks at such a field no longer says what a person
    approved, so it is as if it had been changed.
    """
    stream = cycle.stream
    with reading(cycle.environment.store) as db:
        if all(_agreed(db, cycle, s).items() >= stream.generations[s].items() for s in SIDES):
            return
    with cycle.writing() as db:
        changed = Both(*(_changed(db, cycle, side) for side in SIDES))
        for side in SIDES:
            fields.note_agreed(db, stream.pair, stream.resource, side, stream.generations[side])
        if not any(changed):
            return
        rules = [
            rule
            for rule in stream.mapping.rules
            if any(changed[side] & set(rule.fields(side)) for side in SIDES)
        ]
        names: Both[Sequence[str]] = Both(
            *([n for rule in rules for n in rule.shadows[side]] for side in SIDES)
        )
        links.forget_shadows(db, stream.pair, stream.resource, names)
        doubts.forget_advances(db, stream.pair, stream.resource, names, stream.chunk)
        for side in SIDES:
            concerned = {name for rule in rules for name in rule.fields(side)}
            refusals.forget(db, stream.pair, stream.resource, side, sorted(concerned))
        wake.everybody_anew(db, stream.pair, stream.resource)
        if any(changed[side] & stream.looked_at[side] for side in SIDES):
            facts = runs.facts(db, stream.pair)
            if facts.setup is not None:
                runs.note_facts(db, stream.pair, replace(facts, setup=""))
    for side in SIDES:
        if changed[side]:
            cycle.environment.log.warning(
                "fields are others now",
                pair=stream.pair,
                account=stream.accounts[side].name,
                fields=sorted(changed[side]),
            )


def _agreed(db: sa.Connection, cycle: Cycle, side: Side) -> Mapping[str, int]:
    return fields.agreed(db, cycle.stream.pair, cycle.stream.resource, side)


def _changed(db: sa.Connection, cycle: Cycle, side: Side) -> frozenset[str]:
    """Fields of a side that are others than those which the pair agreed on."""
    known, numbers = _agreed(db, cycle, side), cycle.stream.generations[side]
    return frozenset(n for n, number in numbers.items() if known.get(n, number) != number)


def require_as_opened(db: sa.Connection, cycle: Cycle, side: Side) -> None:
    """Go on only if the fields of a side are known to be those that the pair was opened with.

    Raises:
        FieldsChangedError: another process has found out that they are not.
    """
    stream, account = cycle.stream, cycle.stream.accounts[side].name
    numbers = stream.generations[side]
    known = fields.hold(db, account, stream.resource, numbers) if numbers else {}
    other = sorted(n for n, now in known.items() if now.next != numbers[n])
    if other:
        raise _changed_error(account, other)


def believed(cycle: Cycle, side: Side, records: Sequence[Record]) -> Sequence[Record]:
    """Records that may be taken in.

    Before values that are gone count as emptied, the account is asked whether their fields
    are still there.

    Raises:
        FieldsChangedError: they are not; nothing of these records is to be believed.
    """
    stream = cycle.stream
    own = stream.fields[side] - stream.specs[side].fields.keys()
    if not _shows_lost(cycle, side, records, own):
        return records
    catalogue, opened = (
        stream.connector(side).catalogue(stream.resource),
        stream.mapping.catalogues[side],
    )
    missing = sorted(own - catalogue.keys())
    other = sorted(n for n in own & catalogue.keys() if _is_other(opened[n], catalogue[n]))
    if missing or other:
        account = stream.accounts[side].name
        raise _changed_error(account, missing or other, missing=bool(missing))
    return records


def _is_other(opened: FieldSpec, now: FieldSpec) -> bool:
    return not is_same(Generation(0, opened.kind.value, opened.identity), now)


def _shows_lost(cycle: Cycle, side: Side, records: Iterable[Record], names: frozenset[str]) -> bool:
    """Whether some record shows a field as empty that had a value when it was last seen."""
    stream = cycle.stream
    empty = {
        record.remote_id: lacking
        for record in records
        if (lacking := {n for n in names & record.fields.keys() if is_empty(record.fields[n])})
    }
    with reading(cycle.environment.store) as db:
        known = observations.load(db, stream.accounts[side].name, stream.resource, empty)
    return any(
        known[remote_id].fields.get(name) is not None
        for remote_id, lacking in empty.items()
        if remote_id in known
        for name in lacking
    )


def doubt(cycle: Cycle, error: FieldsChangedError) -> None:
    """Remember that fields were gone, and have their account asked anew before the next run."""
    if not error.account:
        return
    with cycle.writing() as db:
        if error.missing:
            fields.note_missing(db, error.account, cycle.stream.resource, error.fields)
        accounts.ask_anew(db, error.account)


def _changed_error(
    account: str, names: Sequence[str], *, missing: bool = False
) -> FieldsChangedError:
    what = "is not there any more" if missing else "is another field now"
    return FieldsChangedError(
        f"On '{account}' {', '.join(names)} {what}; what was read of it was not believed, and"
        " the run ended there.",
        fields=tuple(names),
        account=account,
        missing=missing,
        hint="The next run asks for the fields of the account again; see `syncd check`.",
    )
