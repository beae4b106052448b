"""Calendars and what is listed of them (4.3, 4.4), and what people book on the screens."""

from typing import Any

import pytest

from .ghl_booked import ANY, FREE, NOON, PAST, PLACE, SATURDAY, Booked, ms
from .ghl_client import lines


def window(api: Booked, start: str, end: str, **whose: Any) -> list[str]:
    """Ids of the events of a window."""
    query = {"locationId": api.location, "startTime": ms(start), "endTime": ms(end), **whose}
    answer = api.send("GET", "/calendars/events", **query)
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["events"]]


def test_calendars_are_listed_and_read() -> None:
    api = Booked()
    listed = api.send("GET", "/calendars/", locationId=api.location).json()["calendars"]
    assert [one["name"] for one in listed] == ["Consultations", "Open Day"]
    assert [one["userId"] for one in listed[0]["teamMembers"]] == [api.user, api.other_user]
    assert listed[1]["teamMembers"] == []
    one = api.send("GET", f"/calendars/{api.team}").json()["calendar"]
    assert one == listed[0]
    grouped = api.send("GET", "/calendars/", locationId=api.location, groupId=one["groupId"])
    assert [each["id"] for each in grouped.json()["calendars"]] == [api.team]
    unknown = api.send("GET", "/calendars/x")
    assert lines(unknown, 400) == ["The calendar id is invalid"]
    no_access = ["The token does not have access to this location."]
    assert lines(api.send("GET", "/calendars/"), 403) == no_access
    there = next(iter(api.ghl.agency.branch.calendars))
    assert lines(api.send("GET", f"/calendars/{there}"), 403) == no_access


def test_the_same_seed_gives_the_same_calendars() -> None:
    assert list(Booked().ghl.agency.main.calendars) == list(Booked().ghl.agency.main.calendars)


def test_a_window_of_events_shows_rows_beyond_its_end() -> None:
    """4.4, T40; gotcha 25: filter again."""
    api = Booked()
    before, first, second = api.book(PAST, **ANY), api.book(NOON), api.book(FREE)
    api.book(SATURDAY, **ANY)
    whose = {"calendarId": api.team}
    assert window(api, FREE, FREE, **whose) == [second, first]
    assert window(api, PAST, PAST, **whose) == [before]
    api.ghl.configure({"events_past_end_s": 0})
    assert window(api, FREE, FREE, **whose) == [second]
    assert window(api, NOON, NOON, **whose) == [first]


def test_events_are_asked_for_by_user_calendar_or_group() -> None:
    """4.4; issue #7: there is no "all appointments"."""
    api = Booked()
    mine, others = api.book(FREE), api.book(FREE, assignedUserId=api.other_user)
    open_day = api.book(NOON, calendarId=api.nobodys, assignedUserId="")
    group = api.ghl.agency.main.calendars[api.team].group_id
    assert window(api, FREE, NOON, userId=api.user) == [mine]
    assert window(api, FREE, NOON, groupId=group) == [mine, others]
    assert window(api, FREE, NOON, calendarId=api.nobodys) == [open_day]
    assert window(api, FREE, NOON, calendarId=api.team, userId=api.other_user) == [others]
    assert window(api, FREE, NOON, calendarId="x") == []


def test_an_event_of_the_window_looks_as_by_id() -> None:
    api = Booked()
    id_ = api.book()
    query = {"locationId": api.location, "startTime": ms(FREE), "endTime": ms(FREE)}
    (row,) = api.send("GET", "/calendars/events", **query, userId=api.user).json()["events"]
    assert row == api.event(id_)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"startTime": None}, "startTime must be a number string"),
        ({"endTime": FREE}, "endTime must be a number string"),
        ({"userId": None}, "one of userId, calendarId, groupId should not be empty"),
        ({"limit": "5"}, "property limit should not exist"),
    ],
)
def test_a_window_needs_its_ends_and_whose_it_is(change: dict[str, Any], line: str) -> None:
    """4.4: no pages either."""
    api = Booked()
    whole = {"locationId": api.location, "startTime": "1", "endTime": "2", "userId": "x", **change}
    query = {name: value for name, value in whole.items() if value is not None}
    assert lines(api.send("GET", "/calendars/events", **query)) == [line]


def test_a_window_without_its_location_is_a_matter_of_access() -> None:
    """0.1."""
    answer = Booked().send("GET", "/calendars/events", startTime="x")
    assert lines(answer, 403) == ["The token does not have access to this location."]


def test_the_appointments_of_a_contact_have_times_without_a_zone() -> None:
    """4.3; 12 row 15: presumably the location's."""
    api = Booked()
    id_ = api.book("2026-11-23T15:00:00Z", description="hat")
    path = f"/contacts/{api.ada}/appointments"
    assert api.send("GET", path).json()["events"] == [
        {
            "id": id_,
            "calendarId": api.team,
            "status": "booked",
            "title": "Ada L",
            "assignedUserId": api.user,
            "notes": "hat",
            "startTime": "2026-11-23 10:00:00",
            "endTime": "2026-11-23 10:30:00",
            "address": None,
            "locationId": api.location,
            "contactId": api.ada,
            "groupId": api.ghl.agency.main.calendars[api.team].group_id,
            "appointmentStatus": "confirmed",
            "users": [],
            "dateAdded": "2026-11-20 06:30:15",
            "dateUpdated": "2026-11-20 06:30:15",
            "assignedResources": [],
        }
    ]
    api.ghl.configure({"contact_appointments_in_utc": True})
    (row,) = api.send("GET", path).json()["events"]
    assert (row["startTime"], row["dateAdded"]) == ("2026-11-23 15:00:00", "2026-11-20 11:30:15")


def test_the_same_hour_is_another_time_in_summer() -> None:
    """4.3: the zone of the location has two offsets."""
    api = Booked()
    api.book("2027-07-05T14:00:00Z")
    (row,) = api.send("GET", f"/contacts/{api.ada}/appointments").json()["events"]
    assert row["startTime"] == "2027-07-05 10:00:00"


def test_some_clients_have_seen_another_key() -> None:
    """4.3, T27."""
    api = Booked(contact_appointments_key="appointments")
    id_ = api.book()
    body = api.send("GET", f"/contacts/{api.ada}/appointments").json()
    assert ([one["id"] for one in body["appointments"]], "events" in body) == ([id_], False)


def test_the_appointments_of_nobody_and_a_location_in_the_query_are_refused() -> None:
    """Gotcha 14; section 0, T11."""
    api = Booked()
    gone = api.send("GET", "/contacts/x/appointments")
    assert lines(gone, 400) == ["Contact with id x not found"]
    asked = api.send("GET", f"/contacts/{api.ada}/appointments", locationId=api.location)
    assert lines(asked) == ["property locationId should not exist"]


def test_people_book_move_cancel_and_delete_at_any_time_and_nobody_is_told() -> None:
    api = Booked()
    made = api.act("book_appointment", id=api.ada, startTime="2026-11-28T20:00:00")["appointment"]
    assert (made["startTime"], made["endTime"], made["title"], made["assignedUserId"]) == (
        "2026-11-28T20:00:00-05:00",
        "2026-11-28T20:30:00-05:00",
        "Ada L",
        api.user,
    )
    assert made["createdBy"] == {"userId": api.user, "source": "calendar_page"}
    assert api.event(made["id"]) == made
    id_ = made["id"]
    api.later(60)
    moved = api.act("move_appointment", appointment=id_, startTime="2026-11-16T09:00:00Z")
    changed = {
        "startTime": "2026-11-16T04:00:00-05:00",
        "endTime": "2026-11-16T04:30:00-05:00",
        "dateUpdated": "2026-11-20T06:31:15-05:00",
    }
    assert moved["appointment"] == {**made, **changed}
    edited = api.act("edit_appointment", appointment=id_, title="x", appointmentStatus="showed")
    assert edited["appointment"]["appointmentStatus"] == "showed"
    cancelled = api.act("cancel_appointment", appointment=id_)["appointment"]
    assert (cancelled["appointmentStatus"], cancelled["title"]) == ("cancelled", "x")
    assert api.act("delete_appointment", appointment=id_) == {"id": id_}
    assert api.send("GET", f"{PLACE}/{id_}").status_code == 400
    other = {"calendar": "Open Day", "endTime": "2026-11-28T22:00:00", "startTime": "2026-11-28"}
    open_day = api.act("book_appointment", id=api.ada, **other)["appointment"]
    assert (open_day["calendarId"], open_day["assignedUserId"]) == (api.nobodys, None)
    assert open_day["endTime"] == "2026-11-28T22:00:00-05:00"
    assert api.messages == {}


@pytest.mark.parametrize(
    ("action", "arguments"),
    [
        ("book_appointment", {"email": "ada@example.org"}),
        ("book_appointment", {"email": "nobody@example.org", "startTime": FREE}),
        ("book_appointment", {"email": "ada@example.org", "startTime": "soon"}),
        ("book_appointment", {"email": "ada@example.org", "startTime": FREE, "endTime": PAST}),
        ("book_appointment", {"email": "ada@example.org", "startTime": FREE, "calendar": []}),
        ("move_appointment", {"appointment": "x", "startTime": FREE}),
        ("edit_appointment", {"title": "x"}),
        ("cancel_appointment", {"appointment": 5}),
        ("delete_appointment", {"appointment": "x"}),
    ],
)
def test_what_nobody_can_do_with_an_appointment_is_a_value_error(
    action: str, arguments: dict[str, Any]
) -> None:
    api = Booked()
    with pytest.raises(ValueError, match=r"`|no appointment|no contact|startTime"):
        api.act(action, **arguments)
    assert api.ghl.children() == {}
