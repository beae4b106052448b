"""The promise about hostile values: written and read back equal, or refused alone."""

from collections.abc import Callable

from syncd.errors import RecordError
from syncd.model.op import Op
from syncd.model.record import Record
from syncd.model.values import Fields, Value
from syncd.testing.contract.calling import told, unless_raised
from syncd.testing.contract.harness import Harness
from syncd.testing.contract.hostile import HOSTILE
from syncd.testing.contract.promise import NotAskedError, hold
from syncd.testing.contract.seen import some

Fresh = Callable[[], Harness]
Written = dict[str, dict[str, Value]]


def hostile_values(fresh: Fresh) -> None:
    """Each value in each text field: written and read back equal, or refused alone."""
    harness = fresh()
    names = [spec.name for spec in harness.texts]
    if not names:
        raise NotAskedError("no text field can be written")
    _find_nobody(harness)
    people = harness.populate(len(HOSTILE) + 1)
    *ids, bystander = people
    before = harness.fetch(bystander).fields
    wanted: Written = {
        remote_id: {name: HOSTILE[(n + m) % len(HOSTILE)] for m, name in enumerate(names)}
        for n, remote_id in enumerate(ids)
    }
    written, refused = _write(harness, people, wanted)
    harness.settle()
    for remote_id in ids:
        now = harness.fetch(remote_id)
        hold(not now.gone, "A record is gone after a hostile value was written to it")
        _shows_what_was_written(harness, now, written.get(remote_id, {}))
        old = people[remote_id]
        kept = {name: old.get(name) for name in refused.get(remote_id, ())}
        changed = harness.differing({**dict.fromkeys(kept), **now.fields}, kept)
        hold(
            not changed,
            f"A value was refused for {some(changed)}, and the field shows something else than"
            f" before: {_seen(wanted[remote_id], now, changed)}",
        )
        others = harness.differing(now.fields, harness.known_by(old))
        hold(not others, "A hostile value has come into a field to which nobody wrote it")
    after = harness.fetch(bystander).fields
    hold(after == before, "A record to which nobody wrote shows another's values")


def _find_nobody(harness: Harness) -> None:
    """A look-up for a hostile value finds nobody, and does not crash."""
    for key in sorted(harness.spec.finds):
        for value in HOSTILE:
            try:
                found = harness.find(key, value)
            except RecordError:
                continue
            hold(not found, f"`find` by '{key}' of {value!r}, which nobody has, found somebody")


def _write(
    harness: Harness, people: dict[str, dict[str, Value]], wanted: Written
) -> tuple[Written, dict[str, set[str]]]:
    """What was taken, and which fields were refused, per record.

    A record of which something is refused is written again without the fields that are
    named, or field by field if none is.
    """
    written: Written = {}
    refused: dict[str, set[str]] = {}
    rest = [
        harness.change(remote_id, people[remote_id], patch) for remote_id, patch in wanted.items()
    ]
    while rest:
        with unless_raised("`push` of hostile values"):
            receipts = harness.push(*rest)
        again: list[Op] = []
        for op in rest:
            error = receipts[op.id].error
            remote_id = op.remote_id or ""
            texts = {name: value for name, value in op.patch.items() if isinstance(value, str)}
            if error is None:
                written.setdefault(remote_id, {}).update(texts)
                continue
            hold(
                isinstance(error, RecordError),
                f"A hostile value in {some(texts)} was answered with {told(error)}; it is written,"
                f" or refused with a RecordError. The values: {list(texts.values())[:3]!r}",
            )
            named = set(getattr(error, "fields", ())) & texts.keys()
            at_fault = named or (set(texts) if len(texts) == 1 else set())
            refused.setdefault(remote_id, set()).update(at_fault)
            good = {name: value for name, value in texts.items() if name not in at_fault}
            parts = [good] if named else [{name: value} for name, value in good.items()]
            again += [harness.change(remote_id, people[remote_id], part) for part in parts if part]
        rest = again
    return written, refused


def _shows_what_was_written(harness: Harness, now: Record, wanted: Fields) -> None:
    wrong = harness.differing({**dict.fromkeys(wanted), **now.fields}, wanted)
    hold(
        not wrong,
        f"A value reads back differently in {some(wrong)}, under `core.canonical.same`:"
        f" {_seen(wanted, now, wrong)}. What cannot be stored has to be refused with a RecordError,"
        " or the FieldSpec has to say what is stored (`max_length`, `lower`)",
    )


def _seen(wanted: Fields, now: Record, names: list[str]) -> str:
    pairs = [(wanted.get(name), now.fields.get(name)) for name in names[:2]]
    return "; ".join(f"wrote {_short(old)}, reads {_short(new)}" for old, new in pairs)


def _short(value: Value) -> str:
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:40]}… ({len(str(value))} characters)"
