"""The newsletter account: everything it remembers, and what can happen to a contact.

Source: maileon.md §2.6 (unsubscribing), §2.7 (deleting), §7 (what stays behind).
"""

import re
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from syncd.sandbox.core import World
from syncd.sandbox.maileon.contact import Blocking, Contact
from syncd.sandbox.maileon.contact_store import Contacts
from syncd.sandbox.maileon.settings import Settings

FIRST_CONTACT_ID = 90210001
GLOBAL_BLACKLISTS = frozenset({1, 2})


@dataclass(slots=True)
class OptOut:
    """An entry of `/reports/unsubscriptions`; outlives the contact and the marker."""

    contact_id: int
    email: str | None
    external_id: str | None
    at: datetime
    source: str
    mailing_id: int | None
    reasons: list[str]
    tracked: bool


@dataclass(slots=True)
class Event:
    """Something that happened to a contact, for the other reports.

    `email` and `external_id` are None once the contact was anonymised.
    """

    kind: str  # "subscriber", "bounce", "block", "open", "click"
    contact_id: int
    email: str | None
    external_id: str | None
    tracked: bool
    at: datetime
    details: dict[str, str]


@dataclass(slots=True)
class Category:
    name: str
    description: str | None
    preferences: dict[str, str | None] = field(default_factory=dict)  # name -> description


@dataclass(slots=True)
class Blacklist:
    id: int
    name: str
    entries: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DoiMail:
    """A double-opt-in mail that was sent to a person."""

    contact_id: int
    email: str | None
    mailing: str
    at: datetime
    cause: str  # the call, as "METHOD path", or "person"


class Account:
    def __init__(self, world: World) -> None:
        self.world = world
        self.settings = Settings()
        self.empty()

    def empty(self) -> None:
        """Forget every contact and setting."""
        self.settings = Settings()
        self.contacts = Contacts(fold_case=True, first_id=FIRST_CONTACT_ID)
        self.custom_fields: dict[str, str] = {}
        self.categories: dict[str, Category] = {}
        self.markers: dict[str, tuple[str, datetime]] = {}  # identity -> address, since
        self.opt_outs: list[OptOut] = []
        self.events: list[Event] = []
        self.doi_mails: list[DoiMail] = []
        self.sealed_mailings: set[int] = {5512}
        self.blacklists = {
            1: Blacklist(1, "global addresses"),
            2: Blacklist(2, "global domains"),
            3: Blacklist(3, "account"),
        }
        self._leaving: deque[int] = deque()

    @property
    def now(self) -> datetime:
        """Aware UTC; Maileon keeps whole seconds."""
        return self.world.clock.now().replace(microsecond=0)

    def configure(self, settings: Settings) -> None:
        refold = settings.email_case != self.settings.email_case
        self.settings = settings
        if refold:
            self.contacts.set_fold_case(settings.email_case == "insensitive")
            self.markers = {
                self.contacts.identity(each): (each, at) for each, at in self.markers.values()
            }

    def create(
        self,
        email: str | None,
        permission: int,
        external_id: str | None = None,
        *,
        at: datetime | None = None,
    ) -> Contact:
        """Add a contact; if a blacklist names its address it arrives blocked (§7.5)."""
        at = (at or self.world.clock.now()).replace(microsecond=0)
        contact = Contact(self.contacts.new_id(), email, permission, external_id, at, at)
        self.contacts.add(contact)
        if email is not None:
            if self.settings.resubscribing_removes_marker:
                self.markers.pop(self.contacts.identity(email), None)
            if self._is_blacklisted(email):
                self.block(contact, "blacklist")
        return contact

    def has_marker(self, email: str | None) -> bool:
        return email is not None and self.contacts.identity(email) in self.markers

    def mark(self, email: str, at: datetime | None = None) -> bool:
        """Set the unsubscription marker of an address; whether it was new."""
        if self.has_marker(email):
            return False
        self.markers[self.contacts.identity(email)] = (email, at or self.now)
        return True

    def unsubscribe(
        self,
        contact: Contact,
        source: str,
        *,
        delay_s: int,
        reasons: list[str] | None = None,
        mailing_id: int | None = None,
    ) -> None:
        """Accept an opt-out: marker and report entry at once, the contact goes later."""
        if contact.leaves_at is not None:
            return
        now = self.now
        self.opt_outs.append(
            OptOut(
                contact.id,
                contact.email,
                contact.external_id,
                now,
                source,
                mailing_id,
                list(reasons or ()),
                contact.tracked,
            )
        )
        if contact.email is not None:
            self.mark(contact.email)
        contact.leaves_at = now + timedelta(seconds=delay_s)
        self._leaving.append(contact.id)
        self.settle()

    def settle(self) -> None:
        """Carry out what was accepted and is due: contacts leave, their history is anonymised."""
        if not self._leaving:
            return
        now = self.world.clock.now()
        waiting = deque[int]()
        for contact_id in self._leaving:
            contact = self.contacts.get(contact_id)
            if contact is None or contact.leaves_at is None:
                continue
            if contact.leaves_at > now:
                waiting.append(contact_id)
                continue
            self.contacts.remove(contact)
            for event in self.events:
                if event.contact_id == contact_id:
                    event.email = event.external_id = None
                    event.tracked = False
        self._leaving = waiting

    def delete(self, contact: Contact) -> None:
        """A hard delete; past statistics forget the contact too (maileon.md §2.7)."""
        self.contacts.remove(contact)
        self.events = [each for each in self.events if each.contact_id != contact.id]
        if self.settings.delete_removes_marker and contact.email is not None:
            self.markers.pop(self.contacts.identity(contact.email), None)

    def block(self, contact: Contact, reason: str) -> None:
        if contact.blocking is None:
            contact.blocking = Blocking(reason, self.now)
            statuses = {"old_status": "allowed", "new_status": "blocked", "reason": reason}
            self.note("block", contact, statuses)
            if self.settings.bump_on_block:
                self.contacts.touch(contact, self.now)

    def unblock(self, contact: Contact) -> None:
        if contact.blocking is not None:
            reason, contact.blocking = contact.blocking.reason, None
            statuses = {"old_status": "blocked", "new_status": "allowed", "reason": reason}
            self.note("block", contact, statuses)
            if self.settings.bump_on_block:
                self.contacts.touch(contact, self.now)

    def blacklist(self, blacklist: Blacklist, entries: list[str]) -> None:
        """Add entries, `*` standing for anything; present contacts become blocked."""
        blacklist.entries.extend(each for each in entries if each not in blacklist.entries)
        pattern = _wildcards(entries)
        for contact in self.contacts:
            if contact.email is not None and pattern.fullmatch(contact.email):
                self.block(contact, "blacklist")

    def note(self, kind: str, contact: Contact, details: dict[str, str]) -> None:
        self.events.append(
            Event(
                kind,
                contact.id,
                contact.email,
                contact.external_id,
                contact.tracked,
                self.now,
                details,
            )
        )

    def send_doi(self, contact: Contact, mailing: str | None, awaits: int, cause: str) -> None:
        """Send a double-opt-in mail, and remember it; a wrong key is silent (§8 row 30)."""
        contact.awaits = awaits
        if mailing in (None, self.settings.default_doi_mailing):
            name = self.settings.default_doi_mailing or ""
            self.doi_mails.append(DoiMail(contact.id, contact.email, name, self.now, cause))

    def _is_blacklisted(self, email: str) -> bool:
        entries = [entry for each in self.blacklists.values() for entry in each.entries]
        return bool(entries) and _wildcards(entries).fullmatch(email) is not None


def _wildcards(entries: list[str]) -> re.Pattern[str]:
    patterns = (".*".join(map(re.escape, entry.split("*"))) for entry in entries)
    return re.compile("|".join(f"(?:{each})" for each in patterns) or r"(?!)", re.IGNORECASE)
