"""Slots (4.4): which are refused, which are free, and the flags of an import."""

from typing import Any

import pytest

from .ghl_booked import ANY, FREE, NOON, PAST, PLACE, SATURDAY, TAKEN, Booked, ms
from .ghl_client import lines


@pytest.mark.parametrize(
    ("start", "needs"),
    [
        (PAST, {"ignoreDateRange"}),
        ("2027-11-23T10:00:00-05:00", {"ignoreDateRange"}),
        (SATURDAY, {"ignoreFreeSlotValidation"}),
        ("2026-11-23T08:30:00-05:00", {"ignoreFreeSlotValidation"}),
        ("2026-11-23T17:00:00-05:00", {"ignoreFreeSlotValidation"}),
        ("2026-11-23T10:10:00-05:00", {"ignoreFreeSlotValidation"}),
        ("2026-11-23T10:00:01-05:00", {"ignoreFreeSlotValidation"}),
        ("2026-11-15T10:00:00-05:00", {"ignoreFreeSlotValidation", "ignoreDateRange"}),
        (NOON, set()),
    ],
)
def test_slots_are_validated(start: str, needs: set[str]) -> None:
    """4.4, T4: the past and off hours only with the flags that an import sets."""
    api = Booked()
    for flags in ({}, {"ignoreDateRange": True}, {"ignoreFreeSlotValidation": True}, ANY):
        answer = api.send("POST", PLACE, api.wish(start, **flags))
        if needs <= set(flags):
            assert answer.status_code == 200, answer.text
            api.act("delete_appointment", appointment=answer.json()["id"])
        else:
            assert lines(answer, 400) == [TAKEN]
    assert api.ghl.children() == {}


def test_one_flag_may_be_enough_for_the_past_too() -> None:
    """4.4: as the description has it."""
    api = Booked(free_slot_flag_is_enough=True)
    assert api.book(PAST, ignoreFreeSlotValidation=True)


def test_a_slot_that_is_taken_is_refused_until_it_is_cancelled() -> None:
    """4.4: also when something is moved there; not for another user."""
    api = Booked()
    first, second = api.book(FREE), api.book(NOON)
    assert lines(api.send("POST", PLACE, api.wish(FREE)), 400) == [TAKEN]
    move = {"startTime": FREE}
    assert lines(api.send("PUT", f"{PLACE}/{second}", move), 400) == [TAKEN]
    assert api.event(second)["startTime"] == NOON
    assert api.send("PUT", f"{PLACE}/{first}", move).status_code == 200
    assert api.book(FREE, assignedUserId=api.other_user)
    api.send("PUT", f"{PLACE}/{first}", {"appointmentStatus": "cancelled"})
    assert api.send("PUT", f"{PLACE}/{second}", move).status_code == 200


def test_an_appointment_is_not_in_its_own_way_nor_in_that_of_another_calendar() -> None:
    api = Booked()
    id_ = api.book(FREE, endTime="2026-11-23T11:00:00-05:00")
    later = "2026-11-23T10:30:00-05:00"
    assert api.send("PUT", f"{PLACE}/{id_}", {"startTime": later}).status_code == 200
    assert api.book(later, calendarId=api.nobodys)
    for before_or_after in (FREE, "2026-11-23T11:30:00-05:00"):
        assert api.book(before_or_after)


def test_a_status_can_be_set_when_the_time_is_over() -> None:
    """4.4: nothing is moved, so no slot is asked for."""
    api = Booked()
    id_ = api.book(PAST, ignoreDateRange=True)
    answer = api.send("PUT", f"{PLACE}/{id_}", {"appointmentStatus": "showed", "startTime": PAST})
    assert (answer.status_code, answer.json()["appointmentStatus"]) == (200, "showed")


def slots(api: Booked, start: str, end: str, **more: str) -> dict[str, Any]:
    query = {"startDate": ms(start), "endDate": ms(end), **more}
    answer = api.send("GET", f"/calendars/{api.team}/free-slots", **query)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    return {day: body[day]["slots"] for day in body if day != "traceId"}


def test_free_slots_are_those_that_can_be_booked() -> None:
    """4.4; the trace id of section 0 stands among the days."""
    api = Booked()
    saturday = slots(api, SATURDAY, SATURDAY)
    assert saturday == {}
    week = slots(api, "2026-11-20T00:00:00-05:00", "2026-11-24T23:59:59-05:00")
    assert list(week) == ["2026-11-20", "2026-11-23", "2026-11-24"]
    assert week["2026-11-20"][0] == "2026-11-20T09:00:00-05:00"
    assert (len(week["2026-11-23"]), week["2026-11-23"][-1]) == (16, "2026-11-23T16:30:00-05:00")
    api.book(FREE)
    day = (FREE[:10] + "T00:00:00-05:00", FREE[:10] + "T23:00:00-05:00")
    assert FREE in slots(api, *day)["2026-11-23"]
    assert FREE in slots(api, *day, userId=api.other_user)["2026-11-23"]
    assert FREE not in slots(api, *day, userId=api.user)["2026-11-23"]
    assert slots(api, *day, userId="x") == {}
    api.book(FREE, assignedUserId=api.other_user)
    left = slots(api, *day)["2026-11-23"]
    assert (FREE in left, len(left)) == (False, 15)
    tokyo = slots(api, NOON, NOON, timezone="Asia/Tokyo")
    assert tokyo == {"2026-11-24": ["2026-11-24T02:00:00+09:00"]}
    assert (
        slots(api, PAST, PAST) == slots(api, "2028-01-03T15:00:00Z", "2028-01-04T15:00:00Z") == {}
    )


@pytest.mark.parametrize(
    ("query", "status", "line"),
    [
        ({"locationId": "x"}, 422, "property locationId should not exist"),
        ({"startDate": "x"}, 422, "startDate and endDate must be numbers"),
        ({"endDate": ""}, 422, "startDate and endDate must be numbers"),
        ({"timezone": "Nowhere/Land"}, 422, "timezone must be a valid time zone"),
        ({"endDate": "2678400002"}, 400, "Date range cannot be more than 31 days"),
    ],
)
def test_free_slots_are_asked_for_by_the_month_at_most(
    query: dict[str, str], status: int, line: str
) -> None:
    """4.4, T42; 31 days as the description says."""
    api = Booked()
    whole = {"startDate": "1", "endDate": "2", **query}
    answer = api.send("GET", f"/calendars/{api.team}/free-slots", **whole)
    assert lines(answer, status) == [line]
