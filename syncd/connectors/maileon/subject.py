"""The throw-away contact of a probe: made, looked at, changed and removed, and no other.

It gets permission 1, whatever the account's settings say, so that it cannot be mailed, and
it is made by the bulk call that leaves alone whoever exists.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from syncd.connectors.maileon import bulk
from syncd.connectors.maileon.account import Account
from syncd.connectors.maileon.calls import rows_of
from syncd.connectors.maileon.codec import (
    Element,
    Selection,
    select,
    text_of,
    to_element,
    to_record,
    wire_email,
)
from syncd.connectors.maileon.report import Report, read_report
from syncd.errors import ConfigError, InvariantError, RecordError, StaleError, SyncdError
from syncd.model.record import Record
from syncd.model.spec import Kind
from syncd.model.values import Patch, Value

MARK: Patch = {"FIRSTNAME": "Syncd probe"}
FIRST: Patch = {**MARK, "CITY": "Probetown"}
WRITABLE: Mapping[Kind, Value] = {
    Kind.TEXT: "Kept",
    Kind.INTEGER: 7,
    Kind.NUMBER: 1.5,
    Kind.DATE: date(2020, 2, 3),
    Kind.BOOLEAN: True,
}
LOOKS_AFTER_S = (0.0, 2.0, 5.0)  # after the create

log = logging.getLogger(__name__)


class Subject:
    """The contact of one probe.

    Attributes:
        other: an address beside its own that nobody has; for what must make nobody.
        id: "" as long as it is not made.
        made_at: the server's own time when it was made, by its `Date` header.
        custom: custom fields that it fills, one of each type, with their kinds.
        nothing_is_absent: addresses that nobody knows look marked.
        marked: its address is marked, and stays so.
    """

    def __init__(self, account: Account, address: str) -> None:
        self.account = account
        try:
            self.email = wire_email(address)
        except RecordError as cause:
            raise _unfit("is no e-mail address") from cause
        local, _, domain = self.email.rpartition("@")
        self.other = f"{local}.other@{domain}"
        self.id = ""
        self.made_at: datetime | None = None
        self.custom: Mapping[str, Kind] = {}
        self.nothing_is_absent = False
        self.marked = False
        self._tried = False

    # Made

    def make(self) -> None:
        """Make it.

        Raises:
            ConfigError: somebody has the address or had it, or Maileon does not take it.
        """
        calls = self.account.calls
        for email in (self.email, self.other):
            if calls.by_email(email, Selection()) is not None:
                raise _unfit("exists already; nothing was tried")
        if calls.is_marked(self.email):
            if not calls.is_marked(self.other):
                raise _unfit("opted out, or was probed with before; nothing was tried")
            self.nothing_is_absent = True
        self.custom = self._custom()
        filled = {name: WRITABLE[kind] for name, kind in self.custom.items()}
        self._tried = True
        report = self.create({**FIRST, **filled})
        self.made_at = calls.server_now
        if report.refused:
            raise _unfit(f"is not taken (code {report.refused[0].code})")
        for seconds in LOOKS_AFTER_S:
            if seconds:
                calls.pause(seconds)
            contact = calls.by_email(self.email, Selection())
            self.id = (None if contact is None else text_of(contact, "id")) or ""
            if self.id:
                return
        raise _unfit("was taken, but shows no contact")

    def _custom(self) -> Mapping[str, Kind]:
        """One custom field of each type, by rule name."""
        found: dict[Kind, str] = {}
        for name, spec in self.account.custom(fresh=True).items():
            if spec.kind in WRITABLE and not spec.read_only:
                found.setdefault(spec.kind, name)
        return {name: kind for kind, name in found.items()}

    # Written

    def create(self, patch: Patch) -> Report:
        """Send its address as a new contact, with permission 1."""
        return self._bulk({"email": self.email, **patch}, bulk.create_flags(1))

    def update(self, patch: Patch) -> bool:
        """Change it by its id; False if there is no such contact."""
        if not self.id:
            raise InvariantError("there is no contact of the probe")
        element = to_element(patch, self.account.specs())
        return self.account.calls.update(self.id, element, frozenset(patch))

    def update_in_bulk(self, patch: Patch, *, email: str) -> Report:
        """Change it as a row of a bulk update, with an address beside its id."""
        return self._bulk({"email": email, **patch}, bulk.UPDATE_FLAGS, self.id)

    def _bulk(self, patch: Patch, flags: bulk.Flags, remote_id: str | None = None) -> Report:
        row = to_element(patch, self.account.specs(), remote_id=remote_id)
        answer = self.account.calls.synchronise(flags, rows_of([row]))
        if answer.status >= 400:
            raise RecordError(f"{answer.label}: Maileon refuses the contact ({answer.status})")
        return read_report(answer)

    def mark(self) -> None:
        self.account.calls.mark(self.email)
        self.marked = True

    # Looked at

    def contact(self) -> Element:
        found = self.account.calls.contact(self.id, self._wanted())
        if found is None:
            raise StaleError("the contact of the probe is not found by its id")
        return found

    def look(self) -> Record:
        record = to_record(self.contact(), self._wanted(), self.account.clock)
        if record is None:
            raise StaleError("the contact of the probe is shown without its id")
        return record

    def value(self, name: str) -> Value:
        return self.look().fields.get(name)

    def is_known(self, email: str) -> bool:
        return self.account.calls.by_email(email, Selection()) is not None

    def _wanted(self) -> Selection:
        return select(frozenset({*FIRST, *self.custom}), self.account.custom())

    # Removed

    def remove(self) -> Sequence[str]:
        """Remove it, and whatever else came into being by the way.

        Returns:
            A sentence for each contact that stays, or may stay.
        """
        stays: list[str] = []
        ids = {self.id} if self.id else set()
        try:
            ids |= self._strays()
        except SyncdError as error:
            stays.append(_told(f"whether a contact was made is not known ({error.message})"))
        for remote_id in sorted(ids):
            try:
                self.account.calls.delete(remote_id)
            except SyncdError as error:
                stays.append(_told(f"contact {remote_id} was not removed ({error.message})"))
        return stays

    def _strays(self) -> set[str]:
        """Ids of contacts with its addresses, which nobody had, that bear its mark."""
        if not self._tried:
            return set()
        wanted = select(frozenset(MARK), {})
        found: set[str] = set()
        for email in (self.email, self.other):
            contact = self.account.calls.by_email(email, wanted)
            record = None if contact is None else to_record(contact, wanted, self.account.clock)
            if record is not None and all(record.fields.get(k) == v for k, v in MARK.items()):
                found.add(record.remote_id)
        return found


def _told(what: str) -> str:
    said = f"{what}: look for it, and remove it by hand in Maileon"
    log.warning("maileon, probe: %s", said)
    return said


def _unfit(why: str) -> ConfigError:
    return ConfigError(
        f"The address for the probe {why}.",
        hint="Give another one with `--address`, at a domain that nobody reads.",
    )
