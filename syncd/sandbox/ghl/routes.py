"""Which endpoint answers which request, and the scope it asks for (1.7)."""

from collections.abc import Callable
from dataclasses import dataclass

from syncd.sandbox.ghl import (
    appointments,
    businesses,
    calendar_reading,
    contacts,
    locations,
    notes,
    oauth,
    tags,
    tasks,
)
from syncd.sandbox.ghl.answers import Answer
from syncd.sandbox.ghl.call import Call

READ, WRITE = "contacts.readonly", "contacts.write"
FIELDS_READ, FIELDS_WRITE = "locations/customFields.readonly", "locations/customFields.write"
TAGS_READ, TAGS_WRITE = "locations/tags.readonly", "locations/tags.write"
TASKS_READ = "locations/tasks.readonly"
CALENDARS = "calendars.readonly"
EVENTS_READ, EVENTS_WRITE = "calendars/events.readonly", "calendars/events.write"
EVENT = "/calendars/events/appointments/{eventId}"
EVERYBODY = frozenset({"pit", "agency_pit", "location", "company"})
SUB_ACCOUNT = frozenset({"pit", "location"})
Endpoint = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint.

    Attributes:
        scope: None needs no bearer token at all.
        kinds: whose tokens may call it.
        version: the only Version it exists under; None is every one.
        declared: the Version of its family (section 0), for `declared_versions_only`.
        forbidden: no sync may ever call it; it answers, and is written down.
    """

    method: str
    template: str
    scope: str | None
    endpoint: Endpoint
    kinds: frozenset[str] = SUB_ACCOUNT
    version: str | None = None
    declared: str = "2021-07-28"
    forbidden: bool = False


def _calendar(method: str, template: str, scope: str, endpoint: Endpoint) -> Route:
    return Route(method, template, scope, endpoint, declared="2021-04-15")


ROUTES = (
    Route("POST", "/contacts/search", READ, contacts.search),
    Route("GET", "/contacts/search/duplicate", READ, contacts.duplicate),
    Route("GET", "/contacts/", READ, contacts.listed),
    Route("POST", "/contacts/", WRITE, contacts.create),
    Route("POST", "/contacts/upsert", WRITE, contacts.upsert),
    Route("GET", "/contacts/{contactId}", READ, contacts.get),
    Route("PUT", "/contacts/{contactId}", WRITE, contacts.update),
    Route("DELETE", "/contacts/{contactId}", WRITE, contacts.delete),
    Route("POST", "/contacts/{contactId}/tags", WRITE, tags.add),
    Route("DELETE", "/contacts/{contactId}/tags", WRITE, tags.remove),
    Route("POST", "/contacts/bulk/tags/update/{type}", WRITE, tags.bulk),
    Route("POST", "/contacts/{contactId}/followers", WRITE, contacts.add_followers),
    Route("DELETE", "/contacts/{contactId}/followers", WRITE, contacts.remove_followers),
    Route("GET", "/contacts/business/{businessId}", READ, businesses.contacts),
    Route("POST", "/contacts/bulk/business", WRITE, businesses.assign),
    Route("GET", "/businesses/", "businesses.readonly", businesses.listed),
    Route("GET", "/businesses/{businessId}", "businesses.readonly", businesses.get),
    Route("GET", "/contacts/{contactId}/notes", READ, notes.listed),
    Route("POST", "/contacts/{contactId}/notes", WRITE, notes.create),
    Route("GET", "/contacts/{contactId}/notes/{id}", READ, notes.get),
    Route("PUT", "/contacts/{contactId}/notes/{id}", WRITE, notes.update),
    Route("DELETE", "/contacts/{contactId}/notes/{id}", WRITE, notes.delete),
    Route("GET", "/contacts/{contactId}/tasks", READ, tasks.listed),
    Route("POST", "/contacts/{contactId}/tasks", WRITE, tasks.create),
    Route("GET", "/contacts/{contactId}/tasks/{id}", READ, tasks.get),
    Route("PUT", "/contacts/{contactId}/tasks/{id}", WRITE, tasks.update),
    Route("DELETE", "/contacts/{contactId}/tasks/{id}", WRITE, tasks.delete),
    Route("PUT", "/contacts/{contactId}/tasks/{id}/completed", WRITE, tasks.complete),
    Route("POST", "/locations/{locationId}/tasks/search", TASKS_READ, tasks.search),
    Route("GET", "/contacts/{contactId}/appointments", READ, calendar_reading.of_contact),
    _calendar("GET", "/calendars/", CALENDARS, calendar_reading.calendars),
    _calendar("GET", "/calendars/{calendarId}", CALENDARS, calendar_reading.calendar),
    _calendar("GET", "/calendars/{calendarId}/free-slots", CALENDARS, calendar_reading.free),
    _calendar("GET", "/calendars/events", EVENTS_READ, calendar_reading.events),
    _calendar("POST", "/calendars/events/appointments", EVENTS_WRITE, appointments.create),
    _calendar("GET", EVENT, EVENTS_READ, appointments.get),
    _calendar("PUT", EVENT, EVENTS_WRITE, appointments.update),
    _calendar("DELETE", EVENT, EVENTS_WRITE, appointments.no_route),
    _calendar("DELETE", "/calendars/events/{eventId}", EVENTS_WRITE, appointments.delete),
    Route("GET", "/locations/{locationId}", "locations.readonly", locations.get, EVERYBODY),
    Route("GET", "/locations/{locationId}/customFields", FIELDS_READ, locations.fields),
    Route("POST", "/locations/{locationId}/customFields", FIELDS_WRITE, locations.create_field),
    Route("GET", "/locations/{locationId}/customFields/{id}", FIELDS_READ, locations.get_field),
    Route("PUT", "/locations/{locationId}/customFields/{id}", FIELDS_WRITE, locations.update_field),
    Route(
        "DELETE",
        "/locations/{locationId}/customFields/{id}",
        FIELDS_WRITE,
        locations.delete_field,
        forbidden=True,
    ),
    Route("GET", "/locations/{locationId}/tags", TAGS_READ, tags.catalogue),
    Route("POST", "/locations/{locationId}/tags", TAGS_WRITE, tags.create),
    Route("GET", "/locations/{locationId}/tags/{tagId}", TAGS_READ, tags.get),
    Route("PUT", "/locations/{locationId}/tags/{tagId}", TAGS_WRITE, tags.rename),
    Route(
        "DELETE", "/locations/{locationId}/tags/{tagId}", TAGS_WRITE, tags.delete, forbidden=True
    ),
    Route("GET", "/users/search", "users.readonly", locations.search_users, EVERYBODY),
    Route("GET", "/users/", "users.readonly", locations.list_users, EVERYBODY),
    Route("GET", "/users/{userId}", "users.readonly", locations.get_user, EVERYBODY),
    Route("POST", "/oauth/token", None, oauth.token),
    Route(
        "POST",
        "/oauth/locationToken",
        "oauth.write",
        oauth.location_token,
        frozenset({"company"}),
    ),
    Route(
        "POST",
        "/oauth/location-token",
        "oauth.write",
        oauth.location_token,
        frozenset({"company"}),
        version="v3",
    ),
)
# Nothing a sync of contacts may call, emulated or not: they send messages to people or
# change the account. Written down, whatever the answer.
NEVER = (
    *((route.method, route.template) for route in ROUTES if route.forbidden),
    ("POST", "/contacts/{contactId}/workflow/{workflowId}"),
    ("POST", "/contacts/{contactId}/campaigns/{campaignId}"),
    ("POST", "/conversations/messages"),
    ("POST", "/locations/"),
    ("PUT", "/locations/{locationId}"),
    ("DELETE", "/locations/{locationId}"),
    ("POST", "/users/"),
    ("DELETE", "/users/{userId}"),
    ("POST", "/calendars/"),
    ("PUT", "/calendars/{calendarId}"),
    ("DELETE", "/calendars/{calendarId}"),
    ("PUT", "/businesses/{businessId}"),
    ("DELETE", "/businesses/{businessId}"),
)
LEFT_OUT = (("GET", "/locations/search"),)  # a call of its own, and no location of that name
NOWHERE = (("POST", "/opportunities"),)  # the one path known to be none (section 0, T12)
Shape = tuple[str, int]


def _parts(path: str) -> tuple[str, ...]:
    return tuple(path.split("/")[1:])


def _bare(path: str) -> str:
    """Without the one slash that may stand at its end."""
    return path.removesuffix("/")


def _settled(path: str) -> str:
    """Below `/contacts` a slash at the end may be there or not.

    n8n writes to `/contacts/{id}/` and `/contacts/upsert/` (n8n #11353, #35392, #38965), others
    read `/contacts?locationId=`, and both do. It is known of no other path.
    """
    return _bare(path) if path.startswith("/contacts/") else path


def _matches(template: tuple[str, ...], parts: tuple[str, ...]) -> dict[str, str] | None:
    """The values of the `{…}` parts; None if it does not fit. They are never empty."""
    values = {}
    for wanted, part in zip(template, parts, strict=True):
        if wanted.startswith("{"):
            if not part:
                return None
            values[wanted[1:-1]] = part
        elif wanted != part:
            return None
    return values


class Table:
    """Finds the route of a request; literal paths come before those with parameters."""

    def __init__(self) -> None:
        self._by_shape: dict[Shape, list[tuple[tuple[str, ...], Route]]] = {}
        for route in sorted(ROUTES, key=lambda one: one.template.count("{")):
            parts = _parts(_settled(route.template))
            self._by_shape.setdefault((route.method, len(parts)), []).append((parts, route))

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        if (method, path) in LEFT_OUT:
            return None
        parts = _parts(_settled(path))
        for template, route in self._by_shape.get((method, len(parts)), ()):
            if (values := _matches(template, parts)) is not None:
                return route, values
        return None


def never(method: str, path: str) -> bool:
    """Would the real platform have done harm here? A slash at the end saves nobody."""
    parts = _parts(_bare(path))
    return any(
        method == wanted
        and len(known := _parts(_bare(template))) == len(parts)
        and _matches(known, parts) is not None
        for wanted, template in NEVER
    )
