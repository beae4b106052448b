"""Promises about writes: they read back, they are answered one by one, they never double."""

from collections.abc import Callable, Mapping

from syncd.errors import DuplicateError, RecordError, StaleError
from syncd.model.op import Op, OpKind, Receipt
from syncd.model.record import Record
from syncd.model.spec import FieldSpec, Kind
from syncd.model.values import Consent, Fields, Level, Patch, SetDelta, Value
from syncd.testing.contract.calling import calling, told, unless_raised
from syncd.testing.contract.harness import Harness
from syncd.testing.contract.promise import NotAskedError, hold
from syncd.testing.contract.samples import as_change
from syncd.testing.contract.seen import shown, some

Fresh = Callable[[], Harness]
MANY = 9  # records of a batch: enough for a connector that sends a few one by one


def reads_back(fresh: Fresh) -> None:
    """Every field is created, changed and emptied, and read again each time."""
    harness = fresh()
    hold(harness.spec.creates or harness.spec.updates, "The Spec says that nothing can be written")
    _make_custom_fields(harness)
    first, second = harness.samples(0), harness.samples(1)
    creation = harness.creation(**first)
    remote_id = harness.done(creation, harness.push(creation)[creation.id])
    harness.settle()
    _shows(harness, remote_id, creation.patch, "created")
    person = _values_of(creation)
    changed = {n: v for n, v in second.items() if not harness.catalogue[n].fixed}
    patch = {name: as_change(first.get(name), value) for name, value in changed.items()}
    _update(harness, remote_id, person, patch)
    _shows(harness, remote_id, changed, "changed")
    _update(harness, remote_id, person, {harness.text: "Only this"})
    rest = {name: value for name, value in changed.items() if name != harness.text}
    _shows(
        harness,
        remote_id,
        {**rest, harness.text: "Only this"},
        "left alone or changed alone",
    )
    emptied = [n for n in changed if harness.catalogue[n].clearable]
    _update(harness, remote_id, person, {name: as_change(changed[name], None) for name in emptied})
    empty: dict[str, Value] = dict.fromkeys(emptied)
    _shows(harness, remote_id, empty, "emptied; say `clearable=False` if that cannot be")
    _opt_out(harness, remote_id, person)


def _make_custom_fields(harness: Harness) -> None:
    for kind in sorted(harness.spec.custom_kinds):
        choices = ("red", "blue") if kind in (Kind.CHOICE, Kind.SET) else ()
        wanted = FieldSpec(f"{harness.spec.custom_prefix}Suite {kind.value}", kind, choices=choices)
        with unless_raised(f"`create_field` for kind {kind.value}"), calling("create_field"):
            harness.connector.create_field(harness.resource, wanted)
            harness.connector.create_field(
                harness.resource, wanted
            )  # one that exists already is fine
        harness.made[wanted.name] = wanted
    with calling("catalogue"):
        harness.catalogue = harness.connector.catalogue(harness.resource)
    lacking = harness.made.keys() - harness.names
    hold(not lacking, f"Custom fields were made, and the catalogue lacks {some(lacking)}")


def _update(harness: Harness, remote_id: str, person: Fields, patch: Patch) -> None:
    op = harness.op(OpKind.UPDATE, patch, remote_id, {**person, **harness.fetch(remote_id).fields})
    harness.done(op, harness.push(op)[op.id])
    harness.settle()


def _shows(harness: Harness, remote_id: str, wanted: Patch, what: str) -> None:
    """A sweep shows all of it; `fetch` may leave a field out, and shows no other value."""
    values = {n: v for n, v in wanted.items() if not isinstance(v, SetDelta)}
    for name, look in harness.looks.items():
        record = look(remote_id, None)
        told_ = {field: value for field, value in values.items() if field in record.fields}
        _must_show(harness, record, told_, f"`{name}` of what was {what}")
    listed = shown(harness.pull(full=True, by=harness.opened())).get(remote_id)
    hold(listed is not None, "A sweep does not show a record that was created")
    if listed is not None:
        _must_show(harness, listed, values, f"A sweep over what was {what}")


def _must_show(harness: Harness, record: Record, wanted: Fields, what: str) -> None:
    differing = harness.differing(record.fields, wanted)
    details = "; ".join(
        f"'{name}': wrote {wanted[name]!r}, reads {record.fields.get(name, '(nothing)')!r}"
        for name in differing[:4]
    )
    hold(
        not differing,
        f"{what} differs under `core.canonical.same` in {some(differing)}. {details}. Either the"
        " codec loses something, or the FieldSpec has to say in which form the platform stores it",
    )


def _opt_out(harness: Harness, remote_id: str, person: Fields) -> None:
    consent = next((n for n, s in harness.catalogue.items() if s.kind is Kind.CONSENT), None)
    spec = harness.spec.consent
    if consent is None or spec is None or not spec.revocable:
        return
    op = harness.change(remote_id, person, {consent: Consent(Level.REVOKED)})
    harness.done(op, harness.push(op)[op.id])
    harness.settle()
    record = harness.fetch(remote_id)
    hold(record.gone <= spec.ends_record, "An opt-out ended the record; say so in ConsentSpec")
    if spec.readable:
        wrong = harness.differing(record.fields, {consent: Consent(Level.REVOKED)})
        hold(not wrong, "An opt-out was written, and `fetch` does not show it as revoked")


def refusal_stops_nobody(fresh: Fresh) -> None:
    """One record that the platform refuses, at every place of a batch."""
    size = min(max(fresh().spec.batch_size, 3), MANY)
    for position in (0, size // 2, size - 1):
        harness = fresh()
        ops = [harness.creation(**{harness.text: f"Text {n}"}) for n in range(size)]
        bad = harness.refused_creation("Bad")
        ops[position] = bad
        _one_is_refused(harness, ops, bad, {})
    _edits(fresh(), size)


def _edits(harness: Harness, size: int) -> None:
    if not harness.refused_edit:
        return
    people = harness.populate(size)
    ops = [
        harness.change(remote_id, fields, {harness.text: f"New {n}"})
        for n, (remote_id, fields) in enumerate(people.items())
    ]
    bad_id, bad_fields = list(people.items())[size // 2]
    bad = ops[size // 2] = harness.change(bad_id, bad_fields, harness.refused_edit)
    _one_is_refused(harness, ops, bad, people)


def _one_is_refused(harness: Harness, ops: list[Op], bad: Op, before: Mapping[str, Fields]) -> None:
    what = f"a batch of {len(ops)} {bad.kind.value}s, one of which the platform refuses"
    with unless_raised(f"`push` of {what},"):
        receipts = harness.push(*ops)
    error = receipts[bad.id].error
    hold(
        isinstance(error, harness.refusals),
        f"Of {what}, that one was answered with {told(error) if error else 'success'}; it has to"
        f" be a {' or a '.join(one.__name__ for one in harness.refusals)}. (Does the emulator"
        f" really refuse {harness.refused(bad.kind)}?)",
    )
    ids = [_carried_out(harness, op, receipts[op.id], what) for op in ops if op is not bad]
    hold(len(set(ids)) == len(ids), f"Of {what}, two receipts name the same record")
    wanted = len(before) or len(ops) - 1
    hold(
        len(harness.existing()) == wanted,
        f"After {what}, {len(harness.existing())} records exist; it should be {wanted}",
    )


def _carried_out(harness: Harness, op: Op, receipt: Receipt, what: str) -> str:
    hold(
        receipt.error is None,
        f"Of {what}, another one was not written either: {told(receipt.error or KeyError())}",
    )
    remote_id = harness.identified(op, receipt)
    harness.settle()
    wrong = harness.differing(harness.fetch(remote_id).fields, _values_of(op))
    hold(not wrong, f"Of {what}, a good one does not show what was written in {some(wrong)}")
    return remote_id


def _values_of(op: Op) -> dict[str, Value]:
    return {n: v for n, v in op.patch.items() if not isinstance(v, SetDelta)}


def receipts_match(fresh: Fresh) -> None:
    """Creates, updates and deletes in one batch; each receipt names the record of its op."""
    harness = fresh()
    people = harness.populate(4)
    (changed, renewed, left, gone) = people
    harness.delete(gone)
    harness.settle()
    ops = [harness.creation(**{harness.text: f"Made {n}"}) for n in range(4)]
    ops.insert(1, harness.change(changed, people[changed], {harness.text: "Changed"}))
    ops.insert(3, harness.change(gone, people[gone], {harness.text: "Too late"}))
    ops.append(harness.change(renewed, people[renewed], {harness.text: "Renewed"}))
    if harness.spec.deletes:
        ops.insert(0, harness.op(OpKind.DELETE, {}, left, people[left]))
    with unless_raised("`push` of creates, updates and deletes together"):
        receipts = harness.push(*ops)
    for op in ops:
        if op.remote_id == gone:
            error = receipts[op.id].error
            hold(
                isinstance(error, StaleError | RecordError),
                "An update of a record that is deleted was answered with"
                f" {told(error) if error else 'success'}; it has to be a StaleError",
            )
        elif op.kind is not OpKind.DELETE:
            _names_its_record(harness, op, receipts[op.id])
        else:
            harness.done(op, receipts[op.id])
            hold(
                left not in harness.existing(),
                "A delete was confirmed and not carried out",
            )
    harness.settle()
    for name, look in harness.looks.items():
        hold(
            look(left, None).gone == harness.spec.deletes,
            f"By `{name}` a record that nobody deleted is gone, or one that was deleted is not",
        )
    _push_nothing(harness)


def _names_its_record(harness: Harness, op: Op, receipt: Receipt) -> None:
    remote_id = harness.done(op, receipt)
    hold(op.remote_id in (None, remote_id), "The receipt of an update names another record")
    harness.settle()
    wrong = harness.differing(harness.fetch(remote_id).fields, _values_of(op))
    hold(
        not wrong,
        f"The receipt of a {op.kind.value} names a record that does not show what was written in"
        f" {some(wrong)}: are receipts mixed up?",
    )
    if receipt.record is not None:
        told_ = {n: v for n, v in _values_of(op).items() if n in receipt.record.fields}
        wrong = harness.differing(receipt.record.fields, told_)
        hold(not wrong, f"`Receipt.record` differs from what was written in {some(wrong)}")


def _push_nothing(harness: Harness) -> None:
    with unless_raised("`push` of no ops"), calling("push"):
        hold(
            list(harness.connector.push(harness.resource, [])) == [],
            "`push` of no ops gave a receipt",
        )


def duplicates_are_told(fresh: Fresh) -> None:
    """A create of somebody who exists: alone, among others, in other letters, twice at once."""
    key = fresh().unique_key
    if key is None:
        raise NotAskedError("no field is unique on this platform, so it knows no duplicates")
    many = min(MANY, fresh().spec.inserts_at_most or MANY)
    for others in (0, many - 1):
        _exists_already(fresh(), key, others, str)
        if fresh().catalogue[key].kind is Kind.EMAIL:
            _exists_already(fresh(), key, others, str.upper)
    _twins(fresh(), key)


def _exists_already(harness: Harness, key: str, others: int, spelt: Callable[[str], str]) -> None:
    ((remote_id, person),) = harness.populate(1).items()
    harness.pull(full=True)
    ops = [harness.creation(**{harness.text: f"Text {n}"}) for n in range(others)]
    known = spelt(str(person[key]))
    again = harness.creation(**{key: known, harness.text: "Overwritten"})
    ops.insert(others // 2, again)
    alone = "alone" if not others else f"among {others} others"
    spelling = " in capital letters" if known != person[key] else ""
    what = f"A create with a '{key}' that exists already{spelling}, {alone},"
    with unless_raised(what):
        receipts = harness.push(*ops)
    wrong = harness.differing(harness.fetch(remote_id).fields, person)
    hold(
        not wrong,
        f"{what} has overwritten the record that exists, in {some(wrong)}. A create is insert"
        " only: it never changes what is there",
    )
    error = receipts[again.id].error
    hold(
        isinstance(error, DuplicateError),
        f"{what} was answered with {told(error) if error else 'success'}; it has to be a"
        " DuplicateError, which is planned again as a match",
    )
    named = error.remote_id if isinstance(error, DuplicateError) else None
    hold(named in (None, remote_id), f"{what} was answered with the id of another record")
    for op in ops:
        if op is not again:
            harness.done(op, receipts[op.id])
    hold(len(harness.existing()) == others + 1, f"{what} has made a second record")


def _twins(harness: Harness, key: str) -> None:
    first = harness.creation(**{harness.text: "First"})
    second = harness.creation(**{key: str(first.patch[key]), harness.text: "Second"})
    third = harness.creation(**{harness.text: "Third"})
    with unless_raised("`push` of two creates with one key"):
        receipts = harness.push(first, second, third)
    made = [op for op in (first, second) if receipts[op.id].error is None]
    hold(
        len(made) == 1 and len(harness.existing()) == 2,
        f"Of two creates with one '{key}' in one batch {len(made)} were confirmed, and"
        f" {len(harness.existing())} exist with a third; it has to be one, and two",
    )
    other = receipts[second.id if made[0] is first else first.id].error
    hold(
        isinstance(other, DuplicateError),
        f"Of two creates with one '{key}' in one batch, the other was answered with"
        f" {told(other or KeyError())}; it has to be a DuplicateError",
    )
    harness.done(third, receipts[third.id])
