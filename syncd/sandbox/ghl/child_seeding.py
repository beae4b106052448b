"""Invented notes, tasks and appointments below contacts, as they gathered over the months."""

import random
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from syncd.sandbox.ghl.agency import Agency, Location, new_id
from syncd.sandbox.ghl.calendars import CLOSES, MINUTE_MS, OPENS, SLOT_MIN
from syncd.sandbox.ghl.children import Appointment, Note, Task
from syncd.sandbox.ghl.contact import Contact
from syncd.sandbox.ghl.editor import as_html

DAY_MS = 86_400_000
NOTES = (
    "Called, wants a quote for 3 rooms & the hall",
    "Prefers e-mail in the morning.\n\n- sofa\n- table < 2 m",
    "Grüße von Jürgen, meldet sich im März",
    "見積もりを送る",
    "Sent the offer: https://example.org/offers/12?lang=en&draft=1",
    "Left a message  twice",
)
TASKS = ("Call back", "Send the offer", "Ask for a review", "Rückruf", "Check the address")
STATUSES = ("confirmed", "showed", "noshow", "cancelled")


def invent(agency: Agency, most: int) -> None:
    """Up to `most` notes, tasks and appointments each for who has nothing yet; all are indexed.

    The dice are their own, so that the people of a seed stay who they are, and others each
    time, so that no id comes twice.
    """
    location = agency.main
    held = [len(store.by_id) for store in (location.contacts, *location.stores())]
    dice = random.Random(f"ghl children {agency.world.seed} {held}")
    for contact in location.contacts.by_id.values():
        if any(store.of(contact.id) for store in location.stores()):
            continue
        for _ in range(dice.randint(0, most)):
            location.notes.put(_note(location, contact, dice, agency.now()))
        for _ in range(dice.randint(0, most)):
            task = _task(location, contact, dice, agency.now())
            location.tasks.put(task)
            location.task_index.note(agency.now(), agency.next_revision(), task.id, task)
        for _ in range(dice.randint(0, most)):
            location.appointments.put(_appointment(location, contact, dice, agency.now()))


def _note(location: Location, contact: Contact, dice: random.Random, now: int) -> Note:
    """Half of them typed by a user, half sent by a program."""
    text, typed = dice.choice(NOTES), dice.random() < 0.5
    return Note(
        id=new_id(dice),
        contact_id=contact.id,
        body=as_html(text) if typed else text,
        added=dice.randint(contact.added, now),
        user_id=dice.choice(location.users).id if typed else None,
    )


def _task(location: Location, contact: Contact, dice: random.Random, now: int) -> Task:
    """Due by the hour, a month ago to a month ahead; most of the past are done."""
    due = (now + dice.randint(-30 * DAY_MS, 30 * DAY_MS)) // (60 * MINUTE_MS) * 60 * MINUTE_MS
    return Task(
        id=new_id(dice),
        contact_id=contact.id,
        title=dice.choice(TASKS),
        due=due,
        completed=due < now and dice.random() < 0.8,
        body=dice.choice((None, "before noon", "again & again")),
        assigned_to=dice.choice((None, *(user.id for user in location.users))),
    )


def _appointment(
    location: Location, contact: Contact, dice: random.Random, now: int
) -> Appointment:
    """At an hour at which the calendar is open, two months ago to two months ahead."""
    calendar = dice.choice(list(location.calendars.values()))
    day = datetime.fromtimestamp(now / 1000, ZoneInfo(location.timezone)).replace(
        hour=dice.randrange(OPENS, CLOSES), minute=dice.choice((0, 30)), second=0, microsecond=0
    )
    start = int((day + timedelta(days=dice.randint(-60, 60))).timestamp() * 1000)
    added = min(now, start) - dice.randint(0, 20) * DAY_MS
    return Appointment(
        id=new_id(dice),
        contact_id=contact.id,
        calendar_id=calendar.id,
        start=start,
        end=start + SLOT_MIN * MINUTE_MS,
        title=contact.name or "",
        added=added,
        updated=added,
        status=dice.choice(STATUSES) if start < now else "confirmed",
        assigned=dice.choice(calendar.team) if calendar.team else None,
        booked_by=location.users[0].id,
        source="calendar_page",
    )
