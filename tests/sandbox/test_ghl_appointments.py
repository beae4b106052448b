"""Single appointments (4.4): booking, moving, deleting, and whom it sends messages to."""

from typing import Any

import pytest

from .ghl_booked import ANY, FREE, NOON, PAST, PLACE, TAKEN, Booked
from .ghl_client import lines


def test_a_create_is_answered_with_200_flat_and_without_its_dates() -> None:
    """4.4; gotcha 24; issue #246."""
    api = Booked()
    answer = api.send("POST", PLACE, api.wish(address="1 Main St", description="bring a hat"))
    assert answer.status_code == 200
    made = {name: value for name, value in answer.json().items() if name != "traceId"}
    assert made == {
        "id": made["id"],
        "calendarId": api.team,
        "locationId": api.location,
        "contactId": api.ada,
        "startTime": FREE,
        "endTime": "2026-11-23T10:30:00-05:00",
        "title": "Ada L",
        "appointmentStatus": "confirmed",
        "assignedUserId": api.user,
        "address": "1 Main St",
        "isRecurring": False,
        "meetingLocationType": "custom",
    }


def test_a_get_is_wrapped_and_has_its_dates() -> None:
    """4.4; times as in the description, with the offset of the location."""
    api = Booked()
    id_ = api.book("2026-11-23T15:00:00Z", title="Talk", description="bring a hat")
    assert api.event(id_) == {
        "id": id_,
        "address": None,
        "title": "Talk",
        "calendarId": api.team,
        "locationId": api.location,
        "contactId": api.ada,
        "groupId": api.ghl.agency.main.calendars[api.team].group_id,
        "appointmentStatus": "confirmed",
        "assignedUserId": api.user,
        "users": [],
        "notes": "bring a hat",
        "description": "bring a hat",
        "isRecurring": False,
        "startTime": FREE,
        "endTime": "2026-11-23T10:30:00-05:00",
        "dateAdded": "2026-11-20T06:30:15-05:00",
        "dateUpdated": "2026-11-20T06:30:15-05:00",
        "assignedResources": [],
        "createdBy": {"userId": None, "source": "third_party"},
    }


def test_a_put_is_a_200_and_leaves_what_it_does_not_name() -> None:
    """4.4; issue #246: flat again, without dates. A new start keeps the length."""
    api = Booked()
    id_ = api.book(endTime="2026-11-23T11:00:00-05:00", title="Talk")
    before = api.event(id_)
    api.later(60)
    answer = api.send("PUT", f"{PLACE}/{id_}", {"startTime": NOON, "toNotify": False})
    assert (answer.status_code, answer.json()["id"]) == (200, id_)
    assert not {"dateAdded", "dateUpdated", "event"} & set(answer.json())
    assert api.event(id_) == {
        **before,
        "startTime": NOON,
        "endTime": "2026-11-23T13:00:00-05:00",
        "dateUpdated": "2026-11-20T06:31:15-05:00",
    }
    api.send("PUT", f"{PLACE}/{id_}", {"appointmentStatus": "noshow", "title": ""})
    assert (api.event(id_)["appointmentStatus"], api.event(id_)["title"]) == ("noshow", None)


def test_under_v3_writes_show_their_dates_and_more_statuses_are_taken() -> None:
    """4.4: v3 adds completed and active, and `deleted`."""
    api = Booked()
    id_ = api.book()
    refused = api.send("PUT", f"{PLACE}/{id_}", {"appointmentStatus": "completed"})
    assert lines(refused)[0].startswith("appointmentStatus must be one of")
    api.http.headers["Version"] = "v3"
    answer = api.send("PUT", f"{PLACE}/{id_}", {"appointmentStatus": "completed"}).json()
    assert answer["dateAdded"] == api.event(id_)["dateAdded"]
    assert (answer["appointmentStatus"], api.event(id_)["deleted"]) == ("completed", False)


def test_posting_twice_books_twice() -> None:
    """4.4: there is no idempotency key; only the slot is in the way."""
    api = Booked()
    first, second = api.book(**ANY), api.book(**ANY)
    assert api.event(first) == {**api.event(second), "id": first}
    assert len(api.ghl.children()[api.ada]["appointments"]) == 2


def test_a_calendar_with_a_team_needs_a_user() -> None:
    """4.4; gotcha 26; issue #23."""
    api = Booked()
    wish = api.wish()
    del wish["assignedUserId"]
    refused = lines(api.send("POST", PLACE, wish), 400)
    assert refused == ["user or assignedUserId is required"]
    stranger = {**wish, "assignedUserId": api.ghl.agency.branch.users[0].id}
    assert lines(api.send("POST", PLACE, stranger), 400) == refused
    assert api.send("POST", PLACE, {**wish, "calendarId": api.nobodys}).status_code == 200


def test_customers_hear_of_it_unless_told_not_to() -> None:
    """4.4: `toNotify` is true if it is not sent."""
    api = Booked()
    id_ = api.book(FREE)
    api.send("PUT", f"{PLACE}/{id_}", {"title": "x", "toNotify": False})
    api.send("DELETE", f"/calendars/events/{id_}", {})
    assert api.messages == {}
    assert lines(api.send("POST", PLACE, api.wish(PAST, toNotify=True)), 400) == [TAKEN]
    assert api.messages == {}
    api.book(FREE, toNotify=True)
    wish = api.wish(NOON)
    del wish["toNotify"]
    second = api.send("POST", PLACE, wish).json()["id"]
    api.send("PUT", f"{PLACE}/{second}", {"title": "x"})
    assert api.messages == {"ghl appointment booked": 2, "ghl appointment changed": 1}
    shown = api.http.get("http://sandbox.test/_control/counters").json()
    assert shown["messages"] == api.messages
    api.http.delete("http://sandbox.test/_control/counters")
    assert api.messages == {}


def test_a_delete_is_a_201_and_needs_a_json_body() -> None:
    """4.4; gotchas 23, 24."""
    api = Booked()
    id_ = api.book()
    path = f"/calendars/events/{id_}"
    assert lines(api.send("DELETE", path), 400) == ["Unexpected end of JSON input"]
    assert lines(api.send("DELETE", path, {"id": id_})) == ["property id should not exist"]
    assert api.event(id_)["id"] == id_
    answer = api.send("DELETE", path, {})
    assert (answer.status_code, answer.json()["succeeded"]) == (201, True)
    assert lines(api.send("DELETE", path, {}), 400) == ["The event id is invalid"]


def test_to_delete_below_appointments_is_no_route_and_a_401() -> None:
    """4.4, T4: which is no matter of the token."""
    api = Booked()
    id_ = api.book()
    assert lines(api.send("DELETE", f"{PLACE}/{id_}", {}), 401) == ["Unauthorized"]
    assert api.event(id_)["id"] == id_


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", f"{PLACE}/x"), ("PUT", f"{PLACE}/x"), ("DELETE", "/calendars/events/x")],
)
def test_an_unknown_event_is_a_400(method: str, path: str) -> None:
    """4.4, T41."""
    assert lines(Booked().send(method, path, {}), 400) == ["The event id is invalid"]


def test_who_and_where_must_exist() -> None:
    """Gotcha 14; 0.1."""
    api = Booked()
    gone = "Contact with id x not found"
    assert lines(api.send("POST", PLACE, api.wish(contactId="x")), 400) == [gone]
    unknown = api.send("POST", PLACE, api.wish(calendarId="x"))
    assert lines(unknown, 400) == ["The calendar id is invalid"]
    there = {"location": api.info["other_location"]["location_id"]}
    other = api.act("create", fields={"firstName": "Bea"}, **there)["id"]
    elsewhere = api.send("POST", PLACE, api.wish(contactId=other))
    assert lines(elsewhere, 400) == [f"Contact with id {other} not found"]
    event = api.act("book_appointment", id=other, startTime=FREE, **there)["appointment"]["id"]
    no_access = ["The token does not have access to this location."]
    assert lines(api.send("GET", f"{PLACE}/{event}"), 403) == no_access
    wrong = api.send("POST", PLACE, api.wish(locationId=there["location"], nope=1))
    assert lines(wrong, 403) == no_access


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"startTime": "2026-11-23T10:00:00"}, "startTime must be a valid ISO 8601 date string"),
        ({"startTime": 1_790_812_800_000}, "startTime must be a valid ISO 8601 date string"),
        ({"endTime": "later"}, "endTime must be a valid ISO 8601 date string"),
        ({"appointmentStatus": "booked"}, "appointmentStatus must be one of"),
        ({"meetingLocationType": "moon"}, "meetingLocationType must be one of"),
        ({"toNotify": "no"}, "toNotify must be a boolean value"),
        ({"calendarId": None}, "calendarId should not be empty"),
        ({"title": None}, "title must be a string"),
        ({"notes": "x"}, "property notes should not exist"),
        ({"dateAdded": FREE}, "property dateAdded should not exist"),
    ],
)
def test_bodies_are_validated(change: dict[str, Any], line: str) -> None:
    """Section 0: a strict validator."""
    api = Booked()
    id_ = api.book(NOON)
    for answer in (
        api.send("POST", PLACE, api.wish(**change)),
        api.send("PUT", f"{PLACE}/{id_}", change),
    ):
        (said,) = lines(answer)
        assert said.startswith(line)


def test_a_create_names_what_it_needs_and_a_put_cannot_change_whose_it_is() -> None:
    """4.4: starred there; `contactId` and `locationId` are in no schema of PUT."""
    api = Booked()
    missing = lines(api.send("POST", PLACE, {}))
    starred = ("calendarId", "startTime", "locationId", "contactId")
    assert [line.split()[0] for line in missing] == list(starred)
    id_ = api.book()
    for name in ("contactId", "locationId"):
        answer = api.send("PUT", f"{PLACE}/{id_}", {name: "x"})
        assert lines(answer) == [f"property {name} should not exist"]


def test_an_appointment_ends_after_it_began() -> None:
    api = Booked()
    for end in (FREE, PAST):
        answer = api.send("POST", PLACE, api.wish(endTime=end, **ANY))
        assert lines(answer, 400) == ["endTime must be after startTime"]


def test_what_repeats_is_not_emulated_and_ignored_without_its_flag() -> None:
    """4.4: `rrule` only with `ignoreFreeSlotValidation`."""
    api = Booked()
    rule = {"rrule": "RRULE:FREQ=DAILY;COUNT=5"}
    answer = api.send("POST", PLACE, api.wish(**rule, **ANY))
    assert answer.status_code == 501
    assert "not emulated here" in answer.json()["message"]
    assert api.event(api.book(**rule))["isRecurring"] is False


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", PLACE, "calendars/events.write"),
        ("PUT", f"{PLACE}/x", "calendars/events.write"),
        ("DELETE", "/calendars/events/x", "calendars/events.write"),
        ("GET", f"{PLACE}/x", "calendars/events.readonly"),
        ("GET", "/calendars/events", "calendars/events.readonly"),
        ("GET", "/calendars/", "calendars.readonly"),
        ("GET", "/calendars/x", "calendars.readonly"),
        ("GET", "/calendars/x/free-slots", "calendars.readonly"),
        ("GET", "/contacts/x/appointments", "contacts.readonly"),
    ],
)
def test_each_call_needs_its_scope(method: str, path: str, scope: str) -> None:
    """1.7: to write does not mean to read (T17)."""
    api = Booked()
    scopes = {"contacts.readonly", "calendars.readonly", "calendars.write"}
    scopes |= {"calendars/events.readonly", "calendars/events.write"}
    for granted, status in ((scopes - {scope}, True), ({scope}, False)):
        token = api.act("make_token", scopes=sorted(granted))["token"]
        api.http.headers["Authorization"] = f"Bearer {token}"
        answer = api.send(method, path, {} if method != "GET" else None)
        assert (answer.status_code == 401) is status
        if status:
            assert lines(answer, 401) == ["The token is not authorized for this scope."]


def test_a_delete_or_a_merge_of_the_contact_takes_its_appointments_along() -> None:
    """Unverified for the merge; 3.7."""
    api = Booked()
    id_ = api.book()
    winner = api.create(email="bob@example.org")
    api.act("merge", id=winner, loser=api.ada)
    assert api.event(id_)["contactId"] == winner
    api.send("DELETE", f"/contacts/{winner}")
    assert lines(api.send("GET", f"{PLACE}/{id_}"), 400) == ["The event id is invalid"]
    assert api.ghl.children() == {}


@pytest.mark.parametrize("bumps", [True, False])
def test_whether_an_appointment_moves_its_contact_is_a_switch(bumps: bool) -> None:
    """12 row 3."""
    api = Booked(bump_on_children=bumps)
    before = api.get(api.ada)["dateUpdated"]
    api.later(60)
    id_ = api.book()
    assert (api.get(api.ada)["dateUpdated"] > before) is bumps
    before = api.get(api.ada)["dateUpdated"]
    api.later(60)
    api.send("DELETE", f"/calendars/events/{id_}", {})
    assert (api.get(api.ada)["dateUpdated"] > before) is bumps


def test_the_declared_version_is_demanded_by_a_switch() -> None:
    """Section 0: declared per family, and T5: established paths answer under any."""
    api = Booked()
    for version in ("2021-04-15", "2021-07-28", "v3"):
        api.http.headers["Version"] = version
        assert api.send("GET", "/calendars/", locationId=api.location).status_code == 200
    api.ghl.configure({"declared_versions_only": True})
    for version, calendars, contacts in (
        ("2021-04-15", 200, 404),
        ("2021-07-28", 404, 200),
        ("2023-02-21", 404, 404),
        ("v3", 200, 200),
    ):
        api.http.headers["Version"] = version
        answer = api.send("GET", "/calendars/", locationId=api.location)
        assert answer.status_code == calendars
        assert api.send("GET", f"/contacts/{api.ada}/notes").status_code == contacts
