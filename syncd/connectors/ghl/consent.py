"""Writing an opt-out, and lifting one. Source: ghl.md 3.10.

A write first reads the contact, because whether a partial `dndSettings` is merged or
replaces the rest is unverified: sent is always the complete map, as just read.
"""

from collections.abc import Mapping
from typing import Any

from syncd.connectors.ghl import dnd
from syncd.connectors.ghl.api import Api
from syncd.connectors.ghl.codec import Shape, to_record
from syncd.connectors.ghl.fields import LocationFields
from syncd.connectors.ghl.reader import PATH, Reader
from syncd.connectors.ghl.spec import CONSENT
from syncd.errors import InDoubtError, RecordError, TransientError
from syncd.model.record import Record
from syncd.model.values import Consent, Level, SetDelta, Value


class ConsentWriter:
    """Writes DND for e-mail and leaves every other channel as it is."""

    def __init__(self, api: Api, fields: LocationFields, reader: Reader) -> None:
        self._api = api
        self._fields = fields
        self._reader = reader

    def opt_out_of_new(self) -> Any:
        """The `dndSettings` of a contact that is about to be made."""
        return dnd.written({}, opt_out=True, v3=self._api.v3)

    def write(self, remote_id: str, wanted: Value | SetDelta) -> Record | None:
        """Opt out, or lift an opt-out; None if nothing had to be sent.

        Raises:
            GoneError: there is no such contact.
            RecordError: `dnd_all` or `dnd_permanent`: an opt-out that we never lift;
                `dnd_not_taken`, `dnd_channels`: see the text.
            InDoubtError: the answer was lost, and the contact does not show it.
        """
        if not isinstance(wanted, Consent) or wanted.level is Level.UNKNOWN:
            return None
        before = self._reader.document(remote_id)
        known = dnd.channels(before.get("dndSettings")) or {}
        opt_out = wanted.level is Level.REVOKED
        if opt_out:
            if before.get("dnd") is True or dnd.is_off(known):
                return None
        elif before.get("dnd") is True:
            raise _record_error("DND is on for all channels; that is not ours to lift", "dnd_all")
        elif known.get(dnd.EMAIL, {}).get("status", "").lower() == "permanent":
            raise _record_error("DND for e-mail is permanent, never lifted by us", "dnd_permanent")
        elif not dnd.is_off(known):
            return None
        answered = self._put(remote_id, known, opt_out)
        self._verify(answered or self._reader.document(remote_id), known, opt_out)
        return to_record(answered, self._fields.at_hand(), Shape.ANSWER) if answered else None

    def _put(self, remote_id: str, known: dnd.Channels, opt_out: bool) -> Mapping[str, Any] | None:
        """The contact as the answer of the write shows it; None if it does not show DND."""
        try:
            return self._send(remote_id, known, opt_out, documented_only=False)
        except InDoubtError as lost:
            self._look_after_lost(remote_id, opt_out, lost)
            return None
        except RecordError:
            # Channels that the schema does not name, such as RCS, may be refused on a write.
            if not known.keys() - dnd.DOCUMENTED:
                raise
            return self._send(remote_id, known, opt_out, documented_only=True)

    def _send(
        self,
        remote_id: str,
        known: dnd.Channels,
        opt_out: bool,
        *,
        documented_only: bool,
    ) -> Mapping[str, Any] | None:
        settings = dnd.written(
            known, opt_out=opt_out, v3=self._api.v3, documented_only=documented_only
        )
        answer = self._api.call(
            "PUT",
            PATH,
            {"contact_id": remote_id},
            body={"dndSettings": settings},
            repeatable=True,
        )
        try:
            shown = answer.json_object().get("contact")
        except TransientError as cause:
            raise InDoubtError(cause.message) from cause
        if isinstance(shown, Mapping) and isinstance(shown.get("dndSettings"), Mapping):
            return shown
        return None

    def _look_after_lost(self, remote_id: str, opt_out: bool, lost: InDoubtError) -> None:
        try:
            now = self._reader.document(remote_id)
        except (TransientError, RecordError) as cause:
            raise InDoubtError(f"{lost.message}; looking again failed too") from cause
        if dnd.is_off(dnd.channels(now.get("dndSettings")) or {}) is not opt_out:
            raise InDoubtError(f"{lost.message}; it was not seen to be applied") from lost

    def _verify(self, shown: Mapping[str, Any], before: dnd.Channels, opt_out: bool) -> None:
        after = dnd.channels(shown.get("dndSettings")) or {}
        if dnd.is_off(after) is not opt_out:
            raise _record_error("GHL took the write but does not show it", "dnd_not_taken")
        if dnd.others_changed(before, after):
            raise _record_error(
                "e-mail was written, and DND of another channel changed at the same time;"
                " look at this contact",
                "dnd_channels",
            )


def _record_error(what: str, code: str) -> RecordError:
    return RecordError(f"Consent in GHL: {what}", code=code, fields=(CONSENT,))
