"""`syncd check` shows which calendars and people a pair means, or what is wrong with them."""

import json
from typing import Any

from tests.cli.conftest import Place

ROOT = """\
store: sqlite:///var/syncd.db
accounts:
  crm: {connector: ghl, token: "${GHL_TOKEN}", location_id: "${GHL_LOCATION_ID}"}
  branch: {connector: ghl, token: THEIRS, location_id: OTHER}
pairs: pairs/*.yaml
"""
SAME = ("startTime", "endTime", "title", "appointmentStatus")


def configure(place: Place, **said: Any) -> None:
    """A pair of two locations that says this of its appointments."""
    info = place.box.info()["ghl"]
    other = info["other_location"]
    root = ROOT.replace("THEIRS", other["token"]).replace("OTHER", other["location_id"])
    root = root.replace("location_id:", f'base_url: "{info["base_url"]}", location_id:')
    (place.folder / "syncd.yaml").write_text(root, "utf-8")
    fields = [{"left": name, "right": name} for name in SAME]
    pair = {"pair": "shop", "left": "crm", "right": "branch"}
    pair |= {"appointments": {**said, "fields": fields}}
    (place.folder / "pairs" / "shop.yaml").write_text(json.dumps(pair), "utf-8")


def of_appointments(place: Place) -> list[str]:
    return [one["found"] for one in place.json("check")["lines"] if one["what"] == "appointments"]


def test_calendars_and_people_are_shown_as_their_platform_calls_them(place: Place) -> None:
    calendar = {"left": ["consultations", "open day"]}
    configure(place, calendar=calendar, assignee={"left": "ugo user"}, create="left")
    assert place.type("check").exit_code == 0, place.type("check").output
    left, right = of_appointments(place)
    assert left.startswith("'crm': new ones in calendar 'Consultations' (")
    assert "); also calendar 'Open Day' (" in left
    assert "; for 'Ugo User' (" in left
    assert right == "'branch': all calendars"


def test_a_calendar_that_is_not_there_stops_the_pair(place: Place) -> None:
    configure(place, calendar={"left": "Consultation", "right": "Open Day"})
    result = place.type("check")
    assert result.exit_code == 2
    (line,) = [one for one in place.json("check")["lines"] if one["verdict"] == "STOP"]
    assert line["found"] == "`crm` (GoHighLevel) has no calendar `Consultation`."
    assert line["hint"].startswith("Did you mean `Consultations`?")


def test_a_token_that_may_not_read_calendars_is_told_so(place: Place) -> None:
    scopes = ["contacts.readonly", "contacts.write", "locations.readonly"]
    scopes += ["locations/customFields.readonly"]
    token = place.box.act("ghl", "make_token", scopes=scopes)["token"]
    place.credentials(GHL_TOKEN=token)
    configure(place, calendar={"left": "Consultations", "right": "Open Day"})
    (line,) = [one for one in place.json("check")["lines"] if one["verdict"] == "STOP"]
    assert "calendars.readonly" in line["found"] + line["hint"]


def of_teams(place: Place) -> list[str]:
    lines = place.json("check")["lines"]
    told = [one for one in lines if one["what"] == "appointments" and one["verdict"] == "note"]
    assert all("assignee: {left: …}" in one["hint"] for one in told)
    return [one["found"] for one in told]


def test_a_calendar_with_a_team_asks_whose_time_it_is(place: Place) -> None:
    named = {"left": "Consultations", "right": "Open Day"}
    configure(place, calendar=named)
    (told,) = of_teams(place)
    assert told.startswith("'crm': calendar 'Consultations' (")
    assert "has a team" in told
    assert place.type("check").exit_code == 0
    for settled in (
        {"calendar": named, "assignee": {"left": "ugo user"}},
        {"calendar": {"left": "Open Day", "right": "Open Day"}},
        {"calendar": {"left": "Consultations"}, "create": "none"},
    ):
        configure(place, **settled)
        assert of_teams(place) == []
    configure(place, calendar=named)
    pair = place.folder / "pairs" / "shop.yaml"
    said = json.loads(pair.read_text("utf-8"))
    said["appointments"]["fields"].append({"left": "assignedUserId", "right": "assignedUserId"})
    pair.write_text(json.dumps(said), "utf-8")
    assert of_teams(place) == []
