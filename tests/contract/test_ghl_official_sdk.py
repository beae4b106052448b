"""The vendor's own Python client, unmodified but for its base URL, against the sandbox.

It is generated from the v3 description, sends `Version: v3` and httpx's default user
agent, and is recognisable only by its GHL-SDK-Version header.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from syncd.sandbox.server import start
from syncd.testing.control import Control

highlevel = pytest.importorskip("highlevel")
Client = Any
Story = Callable[[Client], Awaitable[None]]


@pytest.fixture(scope="module")
def served() -> Iterator[Control]:
    running = start(contacts=30)
    yield Control(running.url)
    running.stop()


@pytest.fixture
def info(served: Control) -> dict[str, Any]:
    """A fresh world for each test; addresses and credentials stay."""
    served.request("POST", "/reset", {"contacts": 30})
    served.configure("ghl", index_lag_s=0.0)
    return served.info()["ghl"]


def run(info: dict[str, Any], story: Story, **credentials: Any) -> None:
    """Play a story with a client that is closed afterwards."""

    class Pointed(highlevel.HighLevel):  # type: ignore[misc, name-defined]
        BASE_URL = info["base_url"]

    async def play() -> None:
        client = Pointed(**(credentials or {"private_integration_token": info["token"]}))
        try:
            await story(client)
        finally:
            await client.close()

    asyncio.run(play())


def test_search_and_its_cursor(info: dict[str, Any]) -> None:
    async def story(client: Client) -> None:
        body = {
            "locationId": info["location_id"],
            "pageLimit": 20,
            "sort": [{"field": "dateUpdated", "direction": "asc"}],
        }
        first = await client.contacts.search_contacts_advanced(body)
        assert (first["total"], len(first["contacts"])) == (30, 20)
        body["searchAfter"] = first["contacts"][-1]["searchAfter"]
        rest = await client.contacts.search_contacts_advanced(body)
        assert len({one["id"] for one in first["contacts"] + rest["contacts"]}) == 30

    run(info, story)


def test_the_life_of_a_contact(info: dict[str, Any]) -> None:
    async def story(client: Client) -> None:
        contacts, place = client.contacts, info["location_id"]
        made = await contacts.create_contact(
            {"locationId": place, "email": "Ada@Example.org", "firstName": "Ada", "tags": ["VIP"]}
        )
        id_ = made["contact"]["id"]
        got = await contacts.get_contact(id_)
        assert (got["contact"]["email"], got["contact"]["tags"]) == ("Ada@Example.org", ["vip"])
        changed = await contacts.update_contact(id_, {"lastName": "L", "city": None})
        assert (changed["succeeded"], changed["contact"]["lastName"]) == (True, "L")
        upserted = await contacts.upsert_contact({"locationId": place, "email": "ada@example.org"})
        assert (upserted["new"], upserted["contact"]["id"]) == (False, id_)
        gone = await contacts.delete_contact(id_)
        assert gone["succeeded"] is True
        with pytest.raises(highlevel.GHLError) as caught:
            await contacts.get_contact(id_)
        assert caught.value.status_code == 400

    run(info, story)


def test_the_duplicate_error_and_the_duplicate_lookup(info: dict[str, Any]) -> None:
    async def story(client: Client) -> None:
        contacts, place = client.contacts, info["location_id"]
        body = {"locationId": place, "email": "ada@example.org", "phone": "+12015550123"}
        made = await contacts.create_contact(body)
        with pytest.raises(highlevel.GHLError) as caught:
            await contacts.create_contact(body)
        assert caught.value.status_code == 400
        assert caught.value.response["meta"]["contactId"] == made["contact"]["id"]
        found = await contacts.get_duplicate_contact(place, number="+12015550123")
        assert found["contact"]["id"] == made["contact"]["id"]

    run(info, story)


def test_tags(info: dict[str, Any]) -> None:
    async def story(client: Client) -> None:
        contacts = client.contacts
        made = await contacts.create_contact(
            {"locationId": info["location_id"], "email": "ada@example.org"}
        )
        id_ = made["contact"]["id"]
        assert (await contacts.add_tags(id_, {"tags": ["One", "two"]}))["tags"] == ["one", "two"]
        assert (await contacts.remove_tags(id_, {"tags": ["one"]}))["tags"] == ["two"]
        names = await client.locations.get_location_tags(info["location_id"])
        assert "two" in {one["name"] for one in names["tags"]}

    run(info, story)


def test_bulk_tags_cannot_be_sent_by_it(info: dict[str, Any]) -> None:
    """It sends a literal `{type}` and no token of its own (gotcha 36): refused, as for real."""

    async def story(client: Client) -> None:
        body = {"contacts": [], "tags": ["x"], "locationId": info["location_id"]}
        with pytest.raises(highlevel.GHLError) as caught:
            await client.contacts.create_association(body)
        assert caught.value.status_code == 422
        assert "type must be one of" in caught.value.message

    run(info, story)


def test_custom_fields(info: dict[str, Any]) -> None:
    async def story(client: Client) -> None:
        locations, place = client.locations, info["location_id"]
        made = await locations.create_custom_field(place, {"name": "Shoe", "dataType": "TEXT"})
        field = made["customField"]
        assert field["fieldKey"] == "contact.shoe"
        listed = await locations.get_custom_fields(place)
        assert field["id"] in {one["id"] for one in listed["customFields"]}
        one = await locations.get_custom_field(place, field["id"])
        assert one["customField"] == field
        contact = await client.contacts.create_contact(
            {
                "locationId": place,
                "email": "ada@example.org",
                "customFields": [{"id": field["id"], "fieldValue": "42"}],
            }
        )
        assert contact["contact"]["customFields"] == [{"id": field["id"], "value": "42"}]
        renamed = await locations.update_custom_field(place, field["id"], {"name": "Shoe size"})
        assert renamed["customField"]["fieldKey"] == "contact.shoe"
        await locations.delete_custom_field(place, field["id"])

    run(info, story)


def test_location_and_users(info: dict[str, Any]) -> None:
    async def story(client: Client) -> None:
        place = await client.locations.get_location(info["location_id"])
        assert place["location"]["settings"]["allowDuplicateContact"] is False
        users = await client.users.search_users(info["company_id"])
        assert users["count"] >= 2
        one = await client.users.get_user(users["users"][0]["id"])
        assert one["id"] == users["users"][0]["id"]

    run(info, story)


@pytest.mark.filterwarnings("ignore:Use 'content:DeprecationWarning")
def test_oauth_code_refresh_and_a_call_with_the_token(
    served: Control, info: dict[str, Any]
) -> None:
    oauth = info["oauth"]
    code = served.act("ghl", "authorize")["code"]
    secret = {"client_id": oauth["client_id"], "client_secret": oauth["client_secret"]}

    async def story(client: Client) -> None:
        pair = await client.oauth.get_access_token(
            {
                "clientId": oauth["client_id"],
                "clientSecret": oauth["client_secret"],
                "grantType": "authorization_code",
                "code": code,
            }
        )
        again = await client.oauth.refresh_token(
            pair["refreshToken"], *secret.values(), "refresh_token", "Location"
        )
        with pytest.raises(highlevel.GHLError) as caught:
            await client.oauth.refresh_token(
                pair["refreshToken"], *secret.values(), "refresh_token", "Location"
            )
        assert caught.value.status_code == 400
        client.update_config({"location_access_token": again["accessToken"]})
        place = await client.locations.get_location(info["location_id"])
        assert place["location"]["id"] == info["location_id"]

    run(info, story, **secret)


def test_without_its_own_header_it_would_be_taken_for_a_robot(
    served: Control, info: dict[str, Any]
) -> None:
    """Section 0, T3. The default lets the SDK pass; the strict switch does not."""
    served.configure("ghl", block_python_agents="all")

    async def story(client: Client) -> None:
        with pytest.raises(highlevel.GHLError) as caught:
            await client.locations.get_location(info["location_id"])
        assert caught.value.status_code == 403

    run(info, story)


async def one_more(client: Client, info: dict[str, Any]) -> str:
    """The id of a new contact."""
    body = {"locationId": info["location_id"], "email": "ada@example.org", "firstName": "Ada"}
    return str((await client.contacts.create_contact(body))["contact"]["id"])


def test_the_notes_of_a_contact(info: dict[str, Any]) -> None:
    async def story(client: Client) -> None:
        contacts, who = client.contacts, await one_more(client, info)
        made = (await contacts.create_note(who, {"body": "first"}))["note"]
        changed = await contacts.update_note(who, made["id"], {"title": "T", "pinned": True})
        assert changed["note"] == {**made, "title": "T", "pinned": True}
        assert (await contacts.get_note(who, made["id"]))["note"] == changed["note"]
        assert (await contacts.get_all_notes(who))["notes"] == [changed["note"]]
        assert (await contacts.delete_note(who, made["id"]))["succeeded"] is True
        assert (await contacts.get_all_notes(who))["notes"] == []

    run(info, story)


def test_the_tasks_of_a_contact_and_the_search_over_all(info: dict[str, Any]) -> None:
    async def story(client: Client) -> None:
        contacts, who = client.contacts, await one_more(client, info)
        due = {"title": "Call", "dueDate": "2026-12-01T11:00:00Z", "completed": False}
        made = (await contacts.create_task(who, due))["task"]
        await contacts.update_task(who, made["id"], {"title": "Write"})
        done = await contacts.update_task_completed(who, made["id"], {"completed": True})
        assert done["task"] == {**made, "title": "Write", "completed": True}
        assert (await contacts.get_task(who, made["id"]))["task"] == done["task"]
        assert (await contacts.get_all_tasks(who))["tasks"] == [done["task"]]
        found = await client.locations.task_search(info["location_id"], {"completed": True})
        assert found["tasks"] == [done["task"]]
        assert (await contacts.delete_task(who, made["id"]))["succeeded"] is True

    run(info, story)


def test_calendars_and_appointments(served: Control, info: dict[str, Any]) -> None:
    async def story(client: Client) -> None:
        place, who = info["location_id"], await one_more(client, info)
        calendar = (await client.calendars.get_calendars(place))["calendars"][0]
        assert (await client.calendars.get_calendar(calendar["id"]))["calendar"] == calendar
        wish = {
            "calendarId": calendar["id"],
            "locationId": place,
            "contactId": who,
            "startTime": "2020-01-02T10:00:00Z",
            "assignedUserId": calendar["teamMembers"][0]["userId"],
            "ignoreDateRange": True,
            "ignoreFreeSlotValidation": True,
            "toNotify": False,
        }
        made = await client.calendars.create_appointment(wish)
        fixed = ("locationId", "contactId", "startTime")
        moved = {name: value for name, value in wish.items() if name not in fixed}
        moved["startTime"] = "2020-01-03T10:00:00Z"
        changed = await client.calendars.edit_appointment(made["id"], moved)
        assert changed["startTime"] == "2020-01-03T05:00:00-05:00"
        got = (await client.calendars.get_appointment(made["id"]))["event"]
        window = await client.calendars.get_calendar_events(
            place, "1577836800000", "1578096000000", calendar_id=calendar["id"]
        )
        assert window["events"] == [got]
        rows = await client.contacts.get_appointments_for_contact(who)
        assert [one["startTime"] for one in rows["events"]] == ["2020-01-03 05:00:00"]
        assert (await client.calendars.delete_event(made["id"], {}))["succeeded"] is True

    run(info, story)
    assert served.children("ghl") == {}
    assert served.counters()["messages"] == {}


def test_businesses_and_their_contacts(served: Control, info: dict[str, Any]) -> None:
    business = served.act("ghl", "create_business", name="Acme")["id"]

    async def story(client: Client) -> None:
        place, who = info["location_id"], await one_more(client, info)
        body = {"locationId": place, "ids": [who], "businessId": business}
        done = await client.contacts.add_remove_contact_from_business(body)
        assert done["ids"] == [who]
        found = await client.contacts.get_contacts_by_business_id(business, place)
        assert [one["id"] for one in found["contacts"]] == [who]
        one = (await client.businesses.get_business(business))["business"]
        listed = await client.businesses.get_businesses_by_location(place)
        assert listed["businesses"] == [one]
        assert one["name"] == "Acme"

    run(info, story)
