"""`syncd check` says what is to be known of fields that are derived."""

import json
from typing import Any

from tests.cli.conftest import Place

NOTE = {"left": "activity.last_note", "right": "custom.last_note", "create_missing": True}
NEXT = {
    "left": "activity.next_appointment_at",
    "right": "custom.next_appointment",
    "create_missing": True,
}
OPENS = {"left": "custom.Last open", "right": "engagement.last_open_at", "create_missing": True}
SCOPES = ("contacts.readonly", "contacts.write", "locations.readonly")


def checked(place: Place, *fields: dict[str, Any]) -> list[dict[str, Any]]:
    """The lines of a check of a pair with this mapping."""
    pair = {"pair": "shop", "left": "crm", "right": "mail", "fields": list(fields)}
    (place.folder / "pairs" / "shop.yaml").write_text(json.dumps(pair), "utf-8")
    return list(place.json("check")["lines"])


def test_they_fit_like_any_other_field(place: Place) -> None:
    lines = checked(place, NEXT, OPENS)
    (mapping,) = [one["found"] for one in lines if one["what"] == "mapping"]
    assert mapping == "3 rules"
    assert not [one for one in lines if one["verdict"] == "STOP" or "Notes" in one["found"]]


def test_that_notes_are_for_nobody_else_is_said_once(place: Place) -> None:
    lines = checked(place, NOTE, {**NOTE, "right": "custom.once_more"})
    (told,) = [one for one in lines if "no e-mail platform should get" in one["found"]]
    assert told["verdict"] != "STOP"
    assert told["hint"].startswith("Delete this line if they may")


def test_nobody_can_write_one(place: Place) -> None:
    lines = checked(place, {**NEXT, "direction": "left"})
    (told,) = [one for one in lines if one["verdict"] == "STOP"]
    assert "`activity.next_appointment_at` of `crm` cannot be written" in told["found"]


def test_a_platform_without_such_records_does_not_offer_it(place: Place) -> None:
    lines = checked(place, {"left": "firstName", "right": "activity.open_tasks"})
    (told,) = [one for one in lines if one["verdict"] == "STOP"]
    assert "has no field `activity.open_tasks`" in told["found"]


def test_a_token_that_may_not_read_what_it_tells_of_is_told_so(place: Place) -> None:
    scopes = [*SCOPES, "locations/customFields.readonly"]
    token = place.box.act("ghl", "make_token", scopes=scopes)["token"]
    place.credentials(GHL_TOKEN=token)
    lines = checked(place, NEXT)
    told = [one["found"] for one in lines if one["verdict"] == "STOP"]
    assert any("calendars.readonly" in one for one in told)
    assert not any("events.write" in one for one in told)
