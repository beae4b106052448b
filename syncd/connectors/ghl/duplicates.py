"""Who is in the way when GHL allows no duplicates, and what they share. Source: ghl.md 3.7.

GHL names one contact and one field, by the location's order of priority, or neither. Who is told
to have the phone may have the e-mail too, and then it is the same person.
"""

from syncd.connectors.ghl.reader import KEYS, Reader, same_key
from syncd.errors import DuplicateError, RecordError, TransientError
from syncd.model.record import Record
from syncd.model.values import Fields


def explained(duplicate: DuplicateError, reader: Reader, sent: Fields) -> DuplicateError:
    """The refusal of a create, with the contact in the way and all that it shares with ours."""
    if duplicate.remote_id and duplicate.fields == ("email",):
        return duplicate
    holder = _holder(duplicate.remote_id, reader, sent)
    if holder is None:
        return duplicate
    return DuplicateError(
        duplicate.message,
        remote_id=holder.remote_id,
        fields=_shared(holder, sent) or duplicate.fields,
    )


def taken(duplicate: DuplicateError, reader: Reader, values: Fields, remote_id: str) -> RecordError:
    """The refusal of an update, with the values that somebody else has, and who that is."""
    holder = _holder(duplicate.remote_id, reader, values, but=remote_id)
    shared = duplicate.fields if holder is None else _shared(holder, values) or duplicate.fields
    return RecordError(
        f"{duplicate.message}: another contact has this e-mail or phone",
        code="duplicate_key",
        fields=shared or tuple(name for name in KEYS if name in values),
        holder=duplicate.remote_id if holder is None else holder.remote_id,
    )


def _holder(
    remote_id: str | None, reader: Reader, values: Fields, *, but: str | None = None
) -> Record | None:
    """The contact that GHL named, or one with a value of ours; None if none can be seen."""
    try:
        if remote_id is not None:
            named = reader.by_id(remote_id)
            return None if named.gone else named
        found = (record for key in KEYS for record in reader.by_key(key, values.get(key)))
        return next((record for record in found if record.remote_id != but), None)
    except (TransientError, RecordError):
        return None  # then no more is known than what GHL told


def _shared(record: Record, values: Fields) -> tuple[str, ...]:
    return tuple(
        key
        for key in KEYS
        if isinstance(value := values.get(key), str)
        and same_key(key, record.fields.get(key), value)
    )
