"""The account: everything it remembers, and the changes that every caller goes through.

Source: mailercloud.md §2 (plan), §5.1 (identity), §9 (status), §17.2 (what is unknown).
"""

from dataclasses import replace
from datetime import datetime, timedelta

from syncd.sandbox.core import World
from syncd.sandbox.mailercloud.catalogue import (
    MAIN_LIST_ID,
    SECOND_LIST_ID,
    Campaign,
    MailingList,
    Mint,
    Property,
    Tag,
    Touch,
    Webform,
    key_of,
)
from syncd.sandbox.mailercloud.contact import (
    ACTIVE,
    ALWAYS_ACTIVE,
    Contact,
    Membership,
    Status,
)
from syncd.sandbox.mailercloud.fields import READ_ONLY, STANDARD
from syncd.sandbox.mailercloud.index import Index
from syncd.sandbox.mailercloud.outbox import Outbox
from syncd.sandbox.mailercloud.settings import Settings

ACCOUNT_NAME = "Sandbox Bakery"
QUOTA = 1_000_000


class Account:
    def __init__(self, world: World) -> None:
        self.world = world
        self.empty()

    def empty(self) -> None:
        """As on the first day: two lists, an old campaign, and nobody."""
        self.settings = Settings()
        self.mint = Mint(self.world.seed)
        self.contacts: dict[str, Contact] = {}
        self.index = Index()
        self.lists: dict[str, MailingList] = {}
        self.tags: dict[str, Tag] = {}  # by name
        self.properties: dict[str, Property] = {}
        self.standard_ids = {name: self.mint.id() for name in _standard_names()}
        self.webforms: dict[str, Webform] = {}
        self.campaigns: dict[str, Campaign] = {}
        self.outbox = Outbox(self.mint)
        self.quota = QUOTA
        self.rejected: set[str] = set()  # identities whose upsert failed (§17.2)
        self._by_email: dict[str, str] = {}
        self._by_id: dict[str, str] = {}
        self._arrivals = 0
        self._numbers = 40_230
        for list_id, name in ((MAIN_LIST_ID, "CRM mirror"), (SECOND_LIST_ID, "Archive")):
            self.add_list(name, list_id)
        long_ago = self.now - timedelta(days=40)
        self.add_campaign("Old news", (MAIN_LIST_ID,), long_ago)

    @property
    def now(self) -> datetime:
        return self.world.clock.now()

    def settle(self) -> None:
        """Let the search catch up with what is old enough."""
        self.index.settle(self.now, self.settings.search_lag_s)

    def configure(self, settings: Settings) -> None:
        self.settings = settings
        self._by_email = {self.identity(one.email): one.id for one in self.contacts.values()}

    def identity(self, email: str) -> str:
        """The form in which two addresses are compared (§17.2)."""
        return email if self.settings.email_case == "sensitive" else email.lower()

    def with_email(self, email: str) -> Contact | None:
        found = self._by_email.get(self.identity(email.strip()))
        return None if found is None else self.contacts[found]

    def with_id(self, contact_id: str) -> Contact | None:
        """By any id it goes by; under shared ids only the first one."""
        found = self._by_id.get(contact_id)
        if found is None or (found != contact_id and not self.settings.contact_id_per_list):
            return None
        return self.contacts[found]

    def shown_id(self, contact: Contact, list_id: str) -> str:
        if self.settings.contact_id_per_list and list_id in contact.lists:
            return contact.lists[list_id].id
        return contact.id

    def joined(self, contact: Contact, list_id: str) -> Contact:
        """The contact on one more list; there it has another id (§17.2)."""
        if list_id in contact.lists:
            return contact
        self._arrivals += 1
        place = Membership(self.mint.id() if contact.lists else contact.id, self._arrivals)
        return replace(contact, lists={**contact.lists, list_id: place})

    def new(self, email: str, list_id: str, at: datetime | None = None) -> Contact:
        """Somebody who is not stored yet."""
        at = at or self.now
        stored = email.lower() if self.settings.email_case == "folds" else email
        return self.joined(Contact(self.mint.id(), stored, at, at), list_id)

    def put(self, contact: Contact, at: datetime | None = None) -> Contact:
        """Store a version; the search shows it later."""
        at = at or self.now
        contact = replace(contact, updated=at)
        before = self.contacts.get(contact.id)
        if before is not None:
            self._forget_names(before)
        self.contacts[contact.id] = contact
        self._by_email[self.identity(contact.email)] = contact.id
        self._by_id[contact.id] = contact.id
        self._by_id |= {place.id: contact.id for place in contact.lists.values()}
        self.rejected.discard(contact.email.lower())
        self.index.enter(at, contact.id, contact)
        return contact

    def delete(self, contact: Contact) -> None:
        """For good, and its opt-out is forgotten with it (§5.6, §17.2)."""
        self._forget_names(contact)
        del self.contacts[contact.id]
        self.index.enter(self.now, contact.id, None)

    def rename(self, contact: Contact, email: str) -> Contact:
        """Another address, the same ids."""
        self._forget_names(contact)
        stored = email.lower() if self.settings.email_case == "folds" else email
        return self.put(replace(contact, email=stored))

    def left_list(self, contact: Contact, list_id: str) -> Contact:
        lists = {each: place for each, place in contact.lists.items() if each != list_id}
        return self.put(replace(contact, lists=lists))

    def used(self) -> int:
        """What counts against the plan (§17.2: a rejected upsert may count too)."""
        wasted = len(self.rejected) if self.settings.rejected_upsert_uses_quota else 0
        return len(self.contacts) + wasted

    def is_full(self) -> bool:
        return self.used() >= self.quota

    def add_list(self, name: str, list_id: str | None = None) -> MailingList:
        self._numbers += 1
        made = MailingList(list_id or self.mint.id(), name, self._numbers, self.now)
        self.lists[made.id] = made
        return made

    def add_tag(self, name: str) -> Tag:
        return self.tags.setdefault(name, Tag(self.mint.id(), name))

    def find_tag(self, name: str) -> Tag | None:
        """By name (§7); whether letter case matters is a switch."""
        name = name.strip()
        if self.settings.tag_case == "sensitive":
            return self.tags.get(name)
        return next((one for one in self.tags.values() if one.name.lower() == name.lower()), None)

    def drop_tag(self, tag: Tag) -> None:
        del self.tags[tag.name]
        for contact in [one for one in self.contacts.values() if tag.name in one.tags]:
            self.put(replace(contact, tags=tuple(t for t in contact.tags if t != tag.name)))

    def add_property(self, name: str, kind: str, description: str = "") -> Property:
        taken = {one.key for one in self.properties.values()} | set(self.standard_ids)
        key = key_of(name)
        while key in taken:
            key += "_1"
        made = Property(self.mint.id(), name, key, kind, description)
        self.properties[made.id] = made
        return made

    def property_named(self, name: str) -> Property | None:
        wanted = name.lower()
        return next((p for p in self.properties.values() if p.name.lower() == wanted), None)

    def drop_property(self, dropped: Property) -> None:
        del self.properties[dropped.id]
        for contact in [one for one in self.contacts.values() if dropped.id in one.custom]:
            custom = {each: value for each, value in contact.custom.items() if each != dropped.id}
            self.put(replace(contact, custom=custom))

    def add_campaign(self, name: str, list_ids: tuple[str, ...], at: datetime) -> Campaign:
        made = Campaign(self.mint.id(), name, f"{name}!", list_ids, at, at)
        self.campaigns[made.id] = made
        return made

    def touch_of(self, contact: Contact, at: datetime | None = None) -> Touch:
        names = (contact.standard.get("name", ""), contact.standard.get("last_name", ""))
        return Touch(contact.email, " ".join(filter(None, names)), at or self.now)

    def block(
        self, contact: Contact, contact_type: str, cause: str, list_ids: tuple[str, ...] = ()
    ) -> Contact:
        """Set the true status, for the account or for some lists only (§9.2)."""
        status = Status(contact_type, self.now, cause)
        if contact_type == ACTIVE:
            return self.put(self.unblocked(contact, cause))
        if self.settings.opt_out_scope == "list" and list_ids:
            left = {**contact.left, **dict.fromkeys(list_ids, status)}
            return self.put(replace(contact, left=left))
        return self.put(replace(contact, status=status))

    def unblocked(self, contact: Contact, cause: str) -> Contact:
        if not contact.is_blocked():
            return contact
        status = Status(ACTIVE, self.now, cause) if cause else ALWAYS_ACTIVE
        return replace(contact, status=status, left={})

    def _forget_names(self, contact: Contact) -> None:
        self._by_email.pop(self.identity(contact.email), None)
        self._by_id.pop(contact.id, None)
        for place in contact.lists.values():
            self._by_id.pop(place.id, None)


def _standard_names() -> list[str]:
    return ["email", *(each.classic for each in STANDARD), *READ_ONLY]
