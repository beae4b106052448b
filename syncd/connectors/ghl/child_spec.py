"""What GoHighLevel can do with notes, tasks and appointments. Source: ghl.md 4 and 9.

What empties a field of them is documented nowhere (12.6 asks it of contacts). So only texts
are emptied, by an empty text, which the schemas allow; ids, times and choices never.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from syncd.model.costs import Costs
from syncd.model.record import Resource
from syncd.model.spec import Activity, Catalogue, FieldSpec, Kind, Listing, ResourceSpec

# `new` to `invalid` may be written. `completed` and `active` of v3 are read only (4.4).
STATUSES = ("new", "confirmed", "cancelled", "showed", "noshow", "invalid")
OFF = ("cancelled", "noshow", "invalid")  # of these nobody comes

TASK_PAGE = 100  # the default is 25, and no maximum is documented (4.2)
TASK_OVERLAP = 10  # rows that may vanish between two pages without a new start
CONCURRENCY = 4
CALLS_PER_DAY, SECONDS_PER_DAY = 200_000, 86_400  # of one app and location (3)
# A call shows the notes of one contact, but the tasks or appointments of many.
PARTS = {Resource.NOTE: 0.8, Resource.TASK: 0.1, Resource.APPOINTMENT: 0.1}


def _by_name(*fields: FieldSpec) -> Catalogue:
    return {field.name: field for field in fields}


NOTE_FIELDS = _by_name(
    FieldSpec("body", clearable=False, html=True),  # where a person wrote it (4.1)
    FieldSpec("title"),
    FieldSpec("color", clearable=False),
    FieldSpec("pinned", Kind.BOOLEAN, clearable=False),
    FieldSpec("userId", clearable=False),
    FieldSpec("dateAdded", Kind.DATETIME, read_only=True),
)

TASK_FIELDS = _by_name(
    FieldSpec("title", clearable=False),
    FieldSpec("body"),
    FieldSpec("dueDate", Kind.DATETIME, clearable=False),
    FieldSpec("completed", Kind.BOOLEAN, clearable=False),
    FieldSpec("assignedTo", clearable=False),
)

APPOINTMENT_FIELDS = _by_name(
    FieldSpec("calendarId", clearable=False),
    FieldSpec("title", clearable=False),
    FieldSpec("startTime", Kind.DATETIME, clearable=False),
    FieldSpec("endTime", Kind.DATETIME, clearable=False),
    FieldSpec("appointmentStatus", Kind.CHOICE, choices=STATUSES, clearable=False),
    FieldSpec("assignedUserId", clearable=False),
    FieldSpec("notes"),
    FieldSpec("address"),
    FieldSpec("dateAdded", Kind.DATETIME, read_only=True),
    FieldSpec("dateUpdated", Kind.DATETIME, read_only=True),
)

_OWN = {
    "id": "GHL keeps it itself, and nobody can write it",
    "contactId": "it is the contact that it belongs to, and follows from the contacts' link",
}

CHILDREN: Mapping[Resource, ResourceSpec] = {
    # No listing of a whole location, and no time of a change (4.1, 9).
    Resource.NOTE: ResourceSpec(
        fields=NOTE_FIELDS,
        incremental=False,
        concurrency=CONCURRENCY,
        parent=Resource.CONTACT,
        recognised_by=("body",),
        listing=Listing.BY_PARENT,
        dated=False,
        withheld=_OWN,
        activity=Activity(at="dateAdded", text="body"),
    ),
    # The search shows no times, and lags behind by nobody knows how long (4.2).
    Resource.TASK: ResourceSpec(
        fields=TASK_FIELDS,
        incremental=False,
        concurrency=CONCURRENCY,
        # Title and due date are read to be sent again; whether it is done has its own call (4.2).
        costs=Costs(update=2.0, beside={"completed": 1.0}),
        page_size=TASK_PAGE - TASK_OVERLAP,
        index_lag=timedelta(minutes=2),
        parent=Resource.CONTACT,
        recognised_by=("title", "dueDate"),
        dated=False,
        withheld=_OWN,
        activity=Activity(done="completed", due="dueDate"),
    ),
    # Windows of one calendar each; whether they lag is documented nowhere (4.4).
    Resource.APPOINTMENT: ResourceSpec(
        fields=APPOINTMENT_FIELDS,
        incremental=False,
        concurrency=CONCURRENCY,
        index_lag=timedelta(minutes=2),
        parent=Resource.CONTACT,
        recognised_by=("startTime",),
        withheld=_OWN,
        starts="startTime",
        calendar="calendarId",
        assignee="assignedUserId",
        activity=Activity(status="appointmentStatus", off=OFF),
    ),
}


def in_turn(share: float) -> Mapping[Resource, ResourceSpec]:
    """The same, with how much of a listing that never ends may be read in how much time.

    Args:
        share: the part of a day's calls that may be spent on all of them together.
    """
    calls_per_second = share * CALLS_PER_DAY / SECONDS_PER_DAY
    return {
        resource: replace(spec, sweep_rate=calls_per_second * PARTS[resource])
        for resource, spec in CHILDREN.items()
    }
