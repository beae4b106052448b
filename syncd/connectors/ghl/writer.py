"""Writing contacts. Source: ghl.md 3.6 to 3.10, and the table of section 11.

Creates insert only; updates go by id and hold only what changed; tags go through their
own calls; an opt-out goes first and alone, so that nothing else can take it down.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from syncd.connectors.ghl.answers import GoneError
from syncd.connectors.ghl.api import Api
from syncd.connectors.ghl.codec import Shape, to_record, to_wire
from syncd.connectors.ghl.consent import ConsentWriter
from syncd.connectors.ghl.duplicates import explained, taken
from syncd.connectors.ghl.fields import LocationFields
from syncd.connectors.ghl.reader import KEYS, PATH, Reader, same_key
from syncd.connectors.ghl.spec import COMPANY, CONSENT, FIELDS, TAGS
from syncd.errors import (
    DuplicateError,
    InDoubtError,
    RecordError,
    TransientError,
)
from syncd.http.answer import Answer
from syncd.model.op import Op, OpKind, Receipt
from syncd.model.record import Record
from syncd.model.spec import Kind
from syncd.model.values import Consent, Fields, Level, Patch, SetDelta, Value

CREATE_PATH = "/contacts/"
TAGS_PATH = "/contacts/{contact_id}/tags"
CLOCK_SLACK = timedelta(seconds=2)  # the Date header has whole seconds


class Writer:
    """Carries out one op at a time; may be called by several threads."""

    def __init__(self, api: Api, fields: LocationFields, reader: Reader) -> None:
        self._api = api
        self._fields = fields
        self._reader = reader
        self._consent = ConsentWriter(api, fields, reader)

    def write(self, op: Op) -> Receipt:
        """Carry out one op.

        Raises:
            RecordError, StaleError, DuplicateError, InDoubtError: they concern this op.
            AccountError, ThrottledError, TransientError: it was not carried out.
        """
        match op.kind, op.remote_id:
            case OpKind.CREATE, _:
                return self._create(op)
            case OpKind.UPDATE, str() as remote_id:
                return self._update(op, remote_id)
            case OpKind.DELETE, str() as remote_id:
                return self._delete(op, remote_id)
            case _:
                raise RecordError(f"GHL cannot carry out a {op.kind.value}", code="unsupported")

    def _create(self, op: Op) -> Receipt:
        custom = self._fields.known()
        sent = {name: _whole(value) for name, value in op.patch.items() if name != CONSENT}
        sent = {name: value for name, value in sent.items() if value not in (None, frozenset())}
        if not any(sent.get(key) for key in KEYS):
            raise RecordError("GHL makes no contact without e-mail and phone", code="no_key")
        plain = {name: value for name, value in sent.items() if name != TAGS}
        body = {"locationId": self._api.location_id, **to_wire(plain, custom)}
        if isinstance(tags := sent.get(TAGS), frozenset):
            body[TAGS] = sorted(tags)
        if _level(op.patch) is Level.REVOKED:
            body["dndSettings"] = self._consent.opt_out_of_new()
        sent_at = self._api.monotonic()
        try:
            answer = self._api.call("POST", CREATE_PATH, body=body)
            record = self._shown(answer)
        except DuplicateError as known:
            raise explained(known, self._reader, sent) from None
        except InDoubtError as lost:
            return self._look_again(op, sent, sent_at, lost)
        except RecordError as refused:
            # A create that answered 422 was seen to have been carried out (gotcha 9).
            return self._look_again(op, sent, sent_at, refused)
        if record is None:
            unread = InDoubtError(f"{answer.label} was answered {answer.status} without a contact")
            return self._look_again(op, sent, sent_at, unread)
        return Receipt(op.id, record.remote_id, record)

    def _look_again(
        self, op: Op, sent: Fields, sent_at: float, error: RecordError | InDoubtError
    ) -> Receipt:
        """After a create whose answer says nothing reliable: is the contact there?

        Raises:
            DuplicateError: one is there that is not clearly our own write.
            error: none is there, as far as can be seen.
        """
        took = timedelta(seconds=self._api.monotonic() - sent_at)
        began = self._api.server_now() - took
        found: dict[str, Record] = {}
        for key in KEYS:
            try:
                matches = self._reader.by_key(key, sent.get(key))
            except (TransientError, RecordError) as cause:
                raise InDoubtError(f"{error.message}; looking for it failed too") from cause
            found.update({record.remote_id: record for record in matches})
        for record in found.values():
            if self._is_ours(record, sent, began):
                return Receipt(op.id, record.remote_id, record)
        if found:
            raise DuplicateError(
                f"{error.message}; a contact with its key exists", remote_id=next(iter(found))
            )
        raise error

    def _is_ours(self, record: Record, sent: Fields, began: datetime) -> bool:
        """It shows every value that we sent, and was added no earlier than we sent them."""
        added = self._reader.added(record.remote_id)
        return (
            added is not None
            and added >= began - CLOCK_SLACK
            and all(shows(record, name, value) for name, value in sent.items())
        )

    def _update(self, op: Op, remote_id: str) -> Receipt:
        shown: Record | None = None
        if CONSENT in op.patch:
            shown = self._consent.write(remote_id, op.patch[CONSENT])
        refused = {name for name, value in op.patch.items() if _never_updates(name, value)}
        plain = {
            name: value
            for name, value in op.patch.items()
            if name not in (CONSENT, TAGS) and name not in refused
        }
        if plain:
            shown = self._put(remote_id, self._with_whole_sets(remote_id, plain))
        if TAGS in op.patch:
            tags = self._write_tags(remote_id, op.patch[TAGS])
            shown = shown or Record(remote_id, {})
            known = {name: value for name, value in shown.fields.items() if name != TAGS}
            shown = replace(shown, fields=known if tags is None else {**known, TAGS: tags})
        if refused:
            raise RecordError(
                f"GHL cannot change {_listed(refused)} of a contact that exists; the rest of"
                " the change was written",
                code="read_only",
                fields=tuple(sorted(refused)),
                hint="Make the rule one-way, from GHL.",
            )
        return Receipt(op.id, remote_id, shown)

    def _put(self, remote_id: str, values: Fields) -> Record | None:
        """PUT what changed."""
        try:
            return self._put_in_parts(remote_id, values)
        except DuplicateError as cause:
            raise taken(cause, self._reader, values, remote_id) from cause

    def _put_in_parts(self, remote_id: str, values: Fields) -> Record | None:
        """In one call, unless that fails; then look whether it was applied (3.6)."""
        body = to_wire(values, self._fields.known())
        try:
            return self._put_once(remote_id, body)
        except InDoubtError as lost:
            if self._applied(remote_id, values):
                return None
            raise InDoubtError(f"{lost.message}; it was not seen to be applied") from lost
        except RecordError as refused:
            if refused.code != "refused":
                raise
            # A 400 was seen on a PUT that had been applied, and on one that held a first
            # e-mail together with other fields, which alone was taken (3.6).
            if self._applied(remote_id, values):
                return None
            if "email" not in body or len(body) == 1:
                raise
        self._put_once(remote_id, {"email": body.pop("email")})
        return self._put_once(remote_id, body)

    def _put_once(self, remote_id: str, body: Mapping[str, Any]) -> Record | None:
        answer = self._api.call("PUT", PATH, {"contact_id": remote_id}, body=body, repeatable=True)
        return self._shown(answer)

    def _applied(self, remote_id: str, values: Fields) -> bool:
        try:
            now = self._reader.by_id(remote_id)
        except (TransientError, RecordError):
            return False
        if now.gone:
            raise GoneError("the contact is gone")
        return all(shows(now, name, value) for name, value in values.items())

    def _with_whole_sets(self, remote_id: str, plain: Patch) -> Fields:
        """Sets of custom fields are replaced by GHL, so a change of one needs the rest."""
        whole = {name: v for name, v in plain.items() if not isinstance(v, SetDelta)}
        deltas = {name: v for name, v in plain.items() if isinstance(v, SetDelta)}
        if not deltas:
            return whole
        now = self._reader.by_id(remote_id)
        if now.gone:
            raise GoneError("the contact is gone")
        for name, delta in deltas.items():
            members = now.fields.get(name)
            if not isinstance(members, frozenset):
                raise RecordError(
                    f"the present value of '{name}' cannot be read, so nothing was written",
                    code="bad_value",
                    fields=(name,),
                )
            whole[name] = delta.on(members)
        return whole

    def _write_tags(self, remote_id: str, change: Value | SetDelta) -> frozenset[str] | None:
        """Add, then remove; what the last answer shows, None if it shows nothing usable."""
        if not isinstance(change, SetDelta):
            raise RecordError("tags are changed by what to add and remove", code="bad_value")
        shown: frozenset[str] | None = None
        for method, tags in (("POST", change.add), ("DELETE", change.remove)):
            if not tags:
                continue
            try:
                answer = self._api.call(
                    method,
                    TAGS_PATH,
                    {"contact_id": remote_id},
                    body={"tags": sorted(tags)},
                    repeatable=True,
                )
            except InDoubtError as lost:
                raise InDoubtError(f"{lost.message}; the tags may have changed") from lost
            shown = _tags(_object(answer).get("tags"))
        return shown

    def _delete(self, op: Op, remote_id: str) -> Receipt:
        with suppress(GoneError):  # done already, by whomever
            self._api.call("DELETE", PATH, {"contact_id": remote_id}, repeatable=True)
        return Receipt(op.id, remote_id)

    def _shown(self, answer: Answer) -> Record | None:
        """The contact as the answer of a write shows it; None if it shows none.

        Raises:
            InDoubtError: the answer is not GHL's, as when a proxy wrote it.
        """
        contact = _object(answer).get("contact")
        if not isinstance(contact, Mapping):
            return None
        return to_record(contact, self._fields.known(), Shape.ANSWER)


def _object(answer: Answer) -> Mapping[str, Any]:
    try:
        return answer.json_object()
    except TransientError as cause:
        raise InDoubtError(
            f"{cause.message}, so it may or may not have been carried out"
        ) from cause


def _tags(listed: Any) -> frozenset[str] | None:
    if not isinstance(listed, list) or not all(isinstance(tag, str) for tag in listed):
        return None
    return frozenset(listed)


def _whole(value: Value | SetDelta) -> Value:
    return value.add if isinstance(value, SetDelta) else value


def _level(patch: Patch) -> Level | None:
    consent = patch.get(CONSENT)
    return consent.level if isinstance(consent, Consent) else None


def _never_updates(name: str, value: Value | SetDelta) -> bool:
    """`companyName` is not in the schema of an update; two fields cannot be emptied."""
    if name == COMPANY:
        return True
    return value is None and name in FIELDS and not FIELDS[name].clearable


def _listed(names: set[str]) -> str:
    return ", ".join(f"'{name}'" for name in sorted(names))


def shows(record: Record, name: str, value: Value) -> bool:
    """Whether a record shows a value that we wrote, in the form that GHL stores."""
    if name not in record.fields:
        return False
    shown = record.fields[name]
    spec = FIELDS.get(name)
    if isinstance(value, str) and spec is not None and spec.kind in (Kind.EMAIL, Kind.PHONE):
        return same_key(name, shown, value)
    if isinstance(value, frozenset) and isinstance(shown, frozenset):
        return {member.strip().lower() for member in shown} == {m.strip().lower() for m in value}
    if isinstance(value, str) and isinstance(shown, str):
        return shown.strip() == value.strip()
    return shown == value or (shown in (None, frozenset()) and value in (None, frozenset()))
