"""Users and calendars by name: whom an id in a task or an appointment stands for."""

from typing import Any

import httpx
import pytest

from syncd.connectors.api import Wire
from syncd.connectors.ghl import CONNECTOR
from syncd.connectors.ghl.api import Api
from syncd.connectors.ghl.calendars import calendars
from syncd.connectors.ghl.names import Named
from syncd.connectors.ghl.spec import SPEC
from syncd.connectors.ghl.users import users
from syncd.errors import AccountError, TransientError
from syncd.model.record import Resource

from .fake import LOCATION, TOKEN, FakeGhl, refusal

SEARCH, OLD, LOCATED = "/users/search", "/users/", f"/locations/{LOCATION}"


def api(fake: FakeGhl) -> Api:
    settings = CONNECTOR.settings(token=TOKEN, location_id=LOCATION, base_url="http://ghl.test")
    clock = fake.clock
    wire = Wire(
        transport=httpx.MockTransport(fake.handle),
        now=clock.now,
        monotonic=clock.monotonic,
        sleep=clock.sleep,
    )
    return Api(settings, wire)


def staffed(count: int = 3) -> FakeGhl:
    fake = FakeGhl()
    fake.nested.users = [
        {"id": f"u{n}", "name": f"User {n}", "email": f"u{n}@example.org"} for n in range(count)
    ]
    return fake


def meddled(fake: FakeGhl, path: str, response: Any) -> FakeGhl:
    fake.meddle = lambda request: response() if request.url.path == path else None
    return fake


@pytest.mark.parametrize("count", [0, 1, 24, 25, 26, 130])
@pytest.mark.parametrize("serves", [100, 25])
def test_every_user_is_found_however_many_a_page_serves(count: int, serves: int) -> None:
    """5.3: `companyId` is required, and the pages go by `skip` and `limit`."""
    fake = staffed(count)
    fake.nested.serves = serves
    found = users(api(fake))
    assert list(found) == [f"u{n}" for n in range(count)]
    assert all(found[one["id"]] == Named(one["name"], one["email"]) for one in fake.nested.users)
    query = dict(fake.requests[1].url.params)
    assert query == {"companyId": "agency1", "locationId": LOCATION, "skip": "0", "limit": "100"}
    assert fake.requests[1].headers["version"] == "2021-07-28"
    assert ("GET", OLD) not in fake.log


@pytest.mark.parametrize(
    ("path", "response"),
    [
        (LOCATED, lambda: httpx.Response(200, json={"location": {"id": LOCATION}})),
        (LOCATED, lambda: httpx.Response(200, json={"location": {"companyId": 7}})),
        (LOCATED, lambda: refusal(401, "The token is not authorized for this scope.")),
        (SEARCH, lambda: refusal(404, "Cannot GET /users/search")),
        (SEARCH, lambda: refusal(422, ["limit must not be greater than 50"])),
        (SEARCH, lambda: refusal(403, "Forbidden")),
    ],
)
def test_where_the_search_cannot_be_asked_the_old_list_is(path: str, response: Any) -> None:
    """5.3: `GET /users/?locationId` is deprecated, and still answers."""
    fake = meddled(staffed(), path, response)
    assert list(users(api(fake))) == ["u0", "u1", "u2"]
    assert fake.log[-1] == ("GET", OLD)
    assert dict(fake.requests[-1].url.params) == {"locationId": LOCATION}


@pytest.mark.parametrize(
    "message",
    ["The token is not authorized for this scope.", "Invalid Private Integration token"],
)
def test_a_right_that_is_missing_is_told_and_not_gone_around(message: str) -> None:
    fake = meddled(staffed(), SEARCH, lambda: refusal(401, message))
    with pytest.raises(AccountError) as caught:
        users(api(fake))
    assert ("GET", OLD) not in fake.log
    if "scope" in message:
        assert "users.readonly" in str(caught.value)


def test_a_page_of_users_that_comes_back_is_an_error_and_no_loop() -> None:
    fake = staffed()
    shown = {"users": fake.nested.users, "count": 9}
    meddled(fake, SEARCH, lambda: httpx.Response(200, json=shown))
    with pytest.raises(TransientError, match="came back"):
        users(api(fake))
    assert fake.log.count(("GET", SEARCH)) == 2


@pytest.mark.parametrize("body", [{}, {"users": None}, {"users": [{}]}, {"users": ["u1"]}, []])
def test_an_answer_that_is_no_list_of_users_is_an_error(body: Any) -> None:
    fake = meddled(staffed(), SEARCH, lambda: httpx.Response(200, json=body))
    with pytest.raises(TransientError):
        users(api(fake))


def test_a_user_is_known_by_whatever_is_shown_of_the_name() -> None:
    fake = FakeGhl()
    fake.nested.users = [
        {"id": "u1", "firstName": "Ann", "lastName": "Example"},
        {"id": "u2", "name": 7, "email": None},
        {"id": "..", "name": "Nobody"},
    ]
    assert users(api(fake)) == {"u1": Named("Ann Example"), "u2": Named("")}


def test_calendars_are_known_by_id_and_name() -> None:
    """0: the slash at the end is part of the path; 4.4: Version 2021-04-15."""
    fake = FakeGhl()
    fake.nested.calendars = [{"id": "k1", "name": "Visits"}, {"id": "k2"}, {"id": ".."}]
    assert calendars(api(fake)) == {"k1": Named("Visits"), "k2": Named("")}
    assert fake.log == [("GET", "/calendars/")]
    assert fake.requests[0].headers["version"] == "2021-04-15"


def test_users_and_calendars_are_told_by_the_fields_that_hold_their_ids() -> None:
    fake = staffed()
    fake.nested.calendars = [{"id": "k1", "name": "Visits"}, {"id": "k2"}]
    ghl = fake.open()
    spec = SPEC.resources[Resource.APPOINTMENT]
    assert spec.calendar is not None
    assert ghl.named(Resource.APPOINTMENT, spec.calendar) == {"k1": ("Visits",), "k2": ()}
    assert spec.assignee is not None
    assert ghl.named(Resource.APPOINTMENT, spec.assignee)["u1"] == (
        "User 1",
        "u1@example.org",
    )
