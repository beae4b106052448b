"""What the parts of the connector share: the calls, the clock, the known custom fields."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime

from syncd.connectors.api import Wire
from syncd.connectors.maileon.calls import Calls
from syncd.connectors.maileon.clock import ServerClock
from syncd.connectors.maileon.codec import Selection, select
from syncd.connectors.maileon.config import Settings, zone_named
from syncd.connectors.maileon.fields import FIELDS, custom_spec
from syncd.errors import FieldsChangedError
from syncd.model.spec import Catalogue, FieldSpec

CATALOGUE_AGE_S = 600.0
_REMEMBERED = 2000

log = logging.getLogger(__name__)


class Account:
    """One newsletter account as this process knows it.

    Attributes:
        newest: the newest time of change that any answer showed, in the server's zone.
        written: when we wrote which contact, by id, to measure the server's zone by.
        remarks: sentences for `check`, without anything personal.
        catalogue_reads: how often the custom fields were asked for.
    """

    def __init__(self, settings: Settings, wire: Wire) -> None:
        self.settings = settings
        self.calls = Calls(settings, wire)
        self.clock = ServerClock(zone_named(settings.time_zone))
        self.newest: datetime | None = None
        self.written: OrderedDict[str, datetime] = OrderedDict()
        self.remarks: list[str] = []
        self.catalogue_reads = 0
        self._monotonic = wire.monotonic
        self._custom: Mapping[str, FieldSpec] = {}
        self._read_at_s: float | None = None
        self._lock = threading.Lock()

    def custom(self, *, fresh: bool = False) -> Catalogue:
        """Specs of the custom fields by rule name.

        A field that somebody deletes would look empty in every contact from then on; so
        the catalogue is never older than ten minutes when an answer is read by it.
        """
        now_s = self._monotonic()
        if fresh or self._read_at_s is None or now_s - self._read_at_s > CATALOGUE_AGE_S:
            types = self.calls.custom_fields()
            specs = (custom_spec(name, wire_type) for name, wire_type in types.items())
            self._custom = {spec.name: spec for spec in specs}
            self._read_at_s = now_s
            self.catalogue_reads += 1
        return self._custom

    def forget_custom(self) -> None:
        """The platform contradicts what we know of its custom fields: read them again."""
        self._read_at_s = None

    def specs(self) -> Catalogue:
        """Every field by rule name."""
        return {**FIELDS, **self.custom()}

    def selection(self, fields: frozenset[str], *, fresh: bool = False) -> Selection:
        """What to ask for.

        Raises:
            FieldsChangedError: a field is no longer there; read as empty, it would be
                emptied on the other side too.
        """
        own = fields - FIELDS.keys()
        custom = self.custom(fresh=fresh) if own else {}
        if own - custom.keys():
            custom = self.custom(fresh=True)
        if missing := sorted(own - custom.keys()):
            raise FieldsChangedError(
                f"Maileon has no field {', '.join(missing)}; nothing was read",
                fields=tuple(missing),
                missing=True,
                hint="Create or rename the field, or correct the mapping; see `syncd check`.",
            )
        return select(fields, custom)

    def remark(self, sentence: str) -> None:
        if sentence not in self.remarks:
            self.remarks.append(sentence)
            log.warning("maileon: %s", sentence)

    def saw(self, updated: datetime | None) -> None:
        """Remember the newest time shown, unless it lies beyond what the server can show."""
        if updated is None or updated > self.clock.local_ceiling(self.calls.server_now):
            return
        with self._lock:
            if self.newest is None or updated > self.newest:
                self.newest = updated

    def wrote(self, remote_id: str) -> None:
        with self._lock:
            self.written[remote_id] = self.calls.server_now
            while len(self.written) > _REMEMBERED:
                self.written.popitem(last=False)

    def compare(self, remote_id: str, updated: datetime) -> None:
        """Measure the zone by a contact that was written by us, if it is one."""
        with self._lock:
            at = self.written.pop(remote_id, None)
        if at is not None:
            self.clock.observe(updated, at)
        if self.clock.contradicted:
            self.remark(
                "the configured time_zone does not agree with the times that Maileon shows for"
                " our own writes"
            )
