"""One agency with its locations: everything the emulator remembers."""

import random
import string
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from syncd.sandbox.core import World
from syncd.sandbox.ghl.answers import RefusalError
from syncd.sandbox.ghl.calendars import Calendar, of_location
from syncd.sandbox.ghl.children import Appointment, Children, Note, Task
from syncd.sandbox.ghl.contact import Contact
from syncd.sandbox.ghl.contact_store import Contacts, Index
from syncd.sandbox.ghl.customfields import Catalogue, CustomField, key_for
from syncd.sandbox.ghl.limits import Budget
from syncd.sandbox.ghl.settings import Settings
from syncd.sandbox.ghl.task_index import TaskIndex
from syncd.sandbox.ghl.tokens import Wallet

ALPHABET = string.ascii_letters + string.digits
TAG_EDIT, DND_EDIT, FIELD_EDIT = "tags", "dnd", "fields"


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who works in a location; contacts are assigned to users."""

    id: str
    first_name: str
    last_name: str
    email: str
    location_id: str
    role: str = "admin"


@dataclass(frozen=True, slots=True)
class Business:
    """A company that contacts of a location belong to.

    Attributes:
        added: epoch milliseconds.
        details: those of `DETAILS` that are known, in wire names.
    """

    DETAILS: ClassVar[tuple[str, ...]] = (
        *("phone", "email", "website", "address"),
        *("city", "state", "postalCode", "country"),
    )
    id: str
    name: str
    location_id: str
    added: int
    details: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(slots=True)
class Location:
    """One sub-account."""

    id: str
    name: str
    country: str
    timezone: str
    users: tuple[User, ...] = ()
    contacts: Contacts = field(default_factory=Contacts)
    index: Index = field(default_factory=Index)
    fields: Catalogue = field(default_factory=Catalogue)
    tags: dict[str, str] = field(default_factory=dict)  # id -> name
    deleted: dict[str, Contact] = field(default_factory=dict)
    notes: Children[Note] = field(default_factory=Children)
    tasks: Children[Task] = field(default_factory=Children)
    appointments: Children[Appointment] = field(default_factory=Children)
    calendars: dict[str, Calendar] = field(default_factory=dict)
    businesses: dict[str, Business] = field(default_factory=dict)
    task_index: TaskIndex = field(default_factory=TaskIndex)
    budget: Budget = field(default_factory=Budget)

    def stores(self) -> tuple[Children[Note], Children[Task], Children[Appointment]]:
        """Where the records below its contacts are."""
        return self.notes, self.tasks, self.appointments

    def user_or_none(self, user_id: str | None) -> str | None:
        """Who is nobody of the location is silently not taken (3.12, T6)."""
        return user_id if any(user.id == user_id for user in self.users) else None


class Agency:
    """The agency; `locations` holds the one everybody syncs first, then a second one."""

    def __init__(self, world: World, settings: Settings) -> None:
        self.world = world
        self.defaults = settings
        credentials = random.Random(f"ghl credentials {world.seed}")
        self.company_id = new_id(credentials)
        self._location_ids = (new_id(credentials), new_id(credentials))
        self._user_ids = [new_id(credentials) for _ in range(3)]
        self.wallet = Wallet(credentials, self.company_id, self._location_ids, self._user_ids[0])
        self.forget()

    def forget(self) -> None:
        """Everything but the credentials."""
        self.settings = self.defaults
        self.wallet.forget()
        self.dice = random.Random(f"ghl {self.world.seed}")
        self.revision = 0
        users = [("Ada", "Admin", 0), ("Ugo", "User", 0), ("Bea", "Branch", 1)]
        self.locations: dict[str, Location] = {}
        for place, name in enumerate(("Sandbox Main", "Sandbox Branch")):
            id_ = self._location_ids[place]
            staff = tuple(
                User(user_id, first, last, f"{first}.{last}@example.org".lower(), id_)
                for user_id, (first, last, where) in zip(self._user_ids, users, strict=True)
                if where == place
            )
            self.locations[id_] = Location(
                id_,
                name,
                "US",
                "America/New_York",
                staff,
                calendars=of_location(id_, [user.id for user in staff], self.world.seed),
            )

    @property
    def main(self) -> Location:
        return self.locations[self._location_ids[0]]

    @property
    def branch(self) -> Location:
        return self.locations[self._location_ids[1]]

    def now(self) -> int:
        """Epoch milliseconds of the sandbox clock."""
        return int(self.world.clock.now().timestamp() * 1000)

    def new_id(self) -> str:
        return new_id(self.dice)

    def trace_id(self) -> str:
        text = f"{self.dice.getrandbits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def next_revision(self) -> int:
        self.revision += 1
        return self.revision

    def find(self, contact_id: str) -> tuple[Location, Contact] | None:
        """Where a living contact is; deleted and merged ones are nowhere."""
        for location in self.locations.values():
            if contact := location.contacts.by_id.get(contact_id):
                return location, contact
        return None

    def put(self, location: Location, contact: Contact, kind: str = FIELD_EDIT) -> Contact:
        """Keep a new version, and let the index hear of it later (section 9)."""
        now, settings = self.now(), self.settings
        bumps = {TAG_EDIT: settings.bump_on_tags, DND_EDIT: settings.bump_on_dnd}.get(kind, True)
        known = contact.id in location.contacts.by_id
        kept = replace(
            contact,
            revision=self.next_revision(),
            updated=now if bumps or not known else contact.updated,
        )
        location.contacts.put(kept)
        self.note_tags(location, kept.tags)
        lag_s = settings.index_lag_s
        if kind == TAG_EDIT and settings.tag_index_lag_s is not None:
            lag_s = settings.tag_index_lag_s
        location.index.note(now + int(lag_s * 1000), kept.revision, kept.id, kept)
        return kept

    def remove(self, location: Location, contact_id: str) -> Contact:
        """Gone at once by id, with all that belongs to it; its row lingers (section 9)."""
        gone = location.contacts.remove(contact_id)
        location.deleted[contact_id] = gone
        for note in location.notes.of(contact_id):
            location.notes.remove(note.id)
        for one in location.appointments.of(contact_id):
            location.appointments.remove(one.id)
        for task in location.tasks.of(contact_id):
            self.remove_task(location, task)
        location.index.note(self._forgotten_at(), self.next_revision(), contact_id, None)
        return gone

    def note_task(self, location: Location, task: Task) -> None:
        """Let the search over tasks hear of a version, later (4.2, T39)."""
        visible_at = self.now() + int(self.settings.index_lag_s * 1000)
        location.task_index.note(visible_at, self.next_revision(), task.id, task)

    def remove_task(self, location: Location, task: Task) -> None:
        """Gone at once by id; the search goes on listing it (4.2, T39)."""
        location.tasks.remove(task.id)
        location.task_index.note(self._forgotten_at(), self.next_revision(), task.id, None)

    def _forgotten_at(self) -> int:
        """When an index will have heard of what is deleted now (epoch ms)."""
        lag_s = self.settings.delete_lag_s
        return self.now() + int((self.settings.index_lag_s if lag_s is None else lag_s) * 1000)

    def hand_over(self, location: Location, loser: str, winner: str) -> None:
        """All that belongs to one contact goes to another, with a merge (unverified)."""
        location.notes.handed_over(loser, winner)
        location.appointments.handed_over(loser, winner)
        for task in location.tasks.handed_over(loser, winner):
            self.note_task(location, task)

    def child_changed(self, location: Location, contact_id: str | None) -> None:
        """Something below a contact was written; whether that moves the contact is a switch."""
        contact = location.contacts.by_id.get(contact_id or "")
        if contact is not None and self.settings.bump_on_children:
            self.put(location, contact)

    def note_tags(self, location: Location, names: tuple[str, ...]) -> None:
        """A tag that nobody had before enters the location's catalogue (3.9)."""
        if names and not (known := set(location.tags.values())).issuperset(names):
            for name in names:
                if name not in known:
                    location.tags[self.new_id()] = name

    def add_field(
        self,
        location: Location,
        name: str,
        data_type: str,
        options: tuple[str, ...] = (),
        **rest: Any,
    ) -> CustomField:
        """A new custom field.

        Raises:
            RefusalError: 400, the name is taken (5.1).
        """
        if location.fields.named(name) is not None:
            raise RefusalError(400, f"A custom field with the name {name} already exists")
        made = CustomField(
            id=self.new_id(),
            name=name,
            key=key_for(name, (one.key for one in location.fields.fields.values())),
            data_type=data_type,
            location_id=location.id,
            options=options,
            **{"position": 50 * len(location.fields.fields), **rest},
        )
        location.fields.add(made)
        return made

    def remove_field(self, location: Location, field_id: str) -> None:
        """The field, and its value on every contact; `dateUpdated` of these stays."""
        del location.fields.fields[field_id]
        for contact in list(location.contacts.by_id.values()):
            if field_id in contact.custom:
                kept = {k: v for k, v in contact.custom.items() if k != field_id}
                bare = replace(contact, custom=kept, revision=self.next_revision())
                location.contacts.put(bare)
                location.index.note(self.now(), bare.revision, bare.id, bare)


def new_id(dice: random.Random) -> str:
    return "".join(dice.choices(ALPHABET, k=20))
