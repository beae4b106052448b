"""Whatever is asked of `/_control`: what cannot be is a 400, and what is taken breaks nothing."""

import json
from dataclasses import fields
from typing import Any

import pytest

from syncd.sandbox.core import Fault

from .entrances import ADA, ODD, Entrance, Place

HUGE = (10**30, 10**400, 1e308, -1, 0, 10**9 - 1)
PLATFORMS = ("ghl", "maileon", "mailercloud")
SETTINGS = [(one, name) for one in PLATFORMS for name in Place().box.platform(one).configure({})]


def asked(place: Place, path: str, body: dict[str, Any]) -> bool:
    """Whether it was taken."""
    answer = place.send(Entrance("_control", "POST", f"/_control{path}"), json.dumps(body).encode())
    assert answer.status_code in (200, 400), f"{body} → {answer.text}"
    assert answer.status_code == 200 or answer.json()["error"]
    return answer.status_code == 200


def use(place: Place) -> None:
    """Write to every platform, and read what lags."""
    body = {"email": ADA, "locationId": place.location, "list_id": place.ids["{list_id}"]}
    for platform in ("ghl", "mailercloud"):
        raw = json.dumps({k: v for k, v in body.items() if platform == "ghl" or k != "locationId"})
        place.send(Entrance(platform, "POST", "/contacts/upsert"), raw.encode())
    place.send(Entrance("maileon", "DELETE", "/contacts/email/{email}/unsubscribe"), b"")
    for path in ("/contacts/count", "/reports/unsubscriptions", "/ping"):
        place.send(Entrance("maileon", "GET", path), b"")


@pytest.mark.parametrize(("platform", "name"), SETTINGS)
def test_a_setting_that_is_taken_can_be_lived_with(platform: str, name: str) -> None:
    place = Place()
    for value in (*ODD, *HUGE):
        if asked(place, f"/{platform}/settings", {name: value}) and value in HUGE:
            use(place)


@pytest.mark.parametrize("kind", ["status", "html", "truncated", "body", "status_after"])
@pytest.mark.parametrize("name", [one.name for one in fields(Fault) if one.name != "kind"])
def test_a_fault_that_is_taken_can_strike(kind: str, name: str) -> None:
    place = Place()
    for value in ODD:
        if asked(place, "/faults", {"kind": kind, name: value}):
            use(place)
            place.box.world.faults.clear()


@pytest.mark.parametrize("name", ["advance_s", "freeze_at", "run"])
def test_a_clock_that_was_moved_can_be_read(name: str) -> None:
    ends = ("9999-12-31T23:59:59", "0001-01-01", "0001-01-01T00:00+14:00", "2030-01-01T00:00+05:30")
    for value in (*ODD, *HUGE, -1e11, *ends):
        place = Place()
        if asked(place, "/clock", {name: value}):
            use(place)
            place.still_answers()


def test_the_clock_stays_within_its_years() -> None:
    place = Place()
    assert not asked(place, "/clock", {"advance_s": 1e12})
    assert not asked(place, "/clock", {"freeze_at": "1200-01-01"})
    assert asked(place, "/clock", {"freeze_at": "2030-01-01T05:30+05:30"})
    shown = place.http.get("http://sandbox.test/_control/clock").json()["now"]
    assert shown == "2030-01-01T00:00:00+00:00"


@pytest.mark.parametrize("name", ["platform", "action", "before", "after", "email", "fields", "on"])
def test_an_errand_that_is_taken_can_be_done(name: str) -> None:
    place = Place()
    for value in ODD:
        for body in ({name: value}, {"on": {name: value}}):
            if asked(place, "/later", {"platform": "ghl", "action": "create", **body}):
                use(place)


@pytest.mark.parametrize(
    ("platform", "body"),
    [
        ("ghl", {"action": "make_token", "expires_in_s": 1e308}),
        ("ghl", {"action": "create_custom_field", "name": "Size", "options": None}),
        ("ghl", {"action": "create_custom_field", "name": "Size", "options": [5]}),
        ("maileon", {"action": "unsubscribe", "email": ADA, "delay_s": 10**30}),
        ("maileon", {"action": "unsubscribe", "email": ADA, "delay_s": 1e308}),
        ("maileon", {"action": "edit", "id": 10**400}),
    ],
)
def test_what_nobody_can_do_is_a_400_and_an_errand_with_an_error(
    platform: str, body: dict[str, Any]
) -> None:
    place = Place()
    assert not asked(place, f"/{platform}/act", body)
    assert asked(place, "/later", {"platform": platform, **body})
    place.send(Entrance("maileon", "GET", "/ping"), b"")
    (done,) = place.http.get("http://sandbox.test/_control/later").json()["done"]
    assert done["error"]
