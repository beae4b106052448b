"""A contact's company, read through its `businessId`, and as seldom as can be."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from syncd.connectors.api import Wire
from syncd.connectors.ghl import CONNECTOR
from syncd.connectors.ghl.connector import Ghl
from syncd.errors import TransientError
from syncd.model.record import Record
from syncd.model.values import Fields
from syncd.testing.inprocess import Sandbox, sandbox

from .fake import CONTACT, FIELDS

NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
COMPANY = FIELDS | {"companyName", "business.name", "business.city"}
WITHOUT = ["contacts.readonly", "contacts.write", "locations.readonly"]


class Counting(httpx.BaseTransport):
    """Counts requests by their path, with ids left out; `broken` answers 502 to some."""

    def __init__(self, box: Sandbox) -> None:
        self._box = box
        self.asked: Counter[str] = Counter()
        self.broken = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        kind = "business" if "/businesses/" in path else "contact"
        kind = "list" if path.endswith("/businesses/") else kind
        self.asked[kind] += 1
        if self.broken and kind == "business":
            return httpx.Response(502, text="bad gateway")
        return self._box.transport.handle_request(request)


class Place:
    """A location, its connector, and people."""

    def __init__(self, **switches: Any) -> None:
        self.box = sandbox(frozen_at=NOW, settings={"ghl": {"index_lag_s": 0.0, **switches}})
        self.line = Counting(self.box)
        self.ghl = self.opened(self.box.info["ghl"]["token"])

    def opened(self, token: str) -> Ghl:
        info, clock = self.box.info["ghl"], self.box.world.clock
        settings = CONNECTOR.settings(
            token=token, location_id=info["location_id"], base_url=info["base_url"]
        )
        seconds = lambda: (clock.now() - NOW).total_seconds()  # noqa: E731 - the clock of the wire
        wire = Wire(transport=self.line, now=clock.now, monotonic=seconds, sleep=lambda _: None)
        return Ghl(settings, wire)

    def act(self, action: str, **arguments: Any) -> dict[str, Any]:
        return dict(self.box.platform("ghl").act(action, arguments))

    def person(self, name: str, business: str | None = None) -> str:
        fields = {"email": f"{name}@example.org", "firstName": name}
        contact = str(self.act("create", fields=fields)["id"])
        if business is not None:
            self.act("join_business", id=contact, business=business)
        return contact

    def company(self, name: str, **more: str) -> str:
        return str(self.act("create_business", name=name, **more)["id"])

    def swept(self, fields: frozenset[str] = COMPANY) -> list[Record]:
        pages = self.ghl.pull(CONTACT, None, fields=fields, full=True)
        return [record for page in pages for record in page.records]


def of_company(fields: Fields) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name.startswith("business.")}


@pytest.fixture
def place() -> Place:
    return Place()


def test_a_contact_shows_what_is_wanted_of_its_company(place: Place) -> None:
    acme = place.company("Acme", city="Bern", phone="+41315550100")
    ada, bob = place.person("ada", acme), place.person("bob")
    shown = {record.remote_id: of_company(record.fields) for record in place.swept()}
    assert shown[ada] == {"business.name": "Acme", "business.city": "Bern"}
    assert shown[bob] == {"business.name": None, "business.city": None}
    for remote_id, fields in shown.items():
        assert of_company(place.ghl.fetch(CONTACT, remote_id, fields=COMPANY).fields) == fields


def test_nobody_asks_for_companies_whose_fields_no_mapping_names(place: Place) -> None:
    place.person("ada", place.company("Acme"))
    (ada,) = place.swept(FIELDS | {"companyName"})
    assert of_company(ada.fields) == {}
    assert place.line.asked.keys() == {"contact"}


def test_a_company_is_read_once_an_hour_however_many_belong_to_it(place: Place) -> None:
    acme = place.company("Acme")
    for n in range(30):
        place.person(f"p{n}", acme)
    for _ in range(3):
        assert {r.fields["business.name"] for r in place.swept()} == {"Acme"}
    assert (place.line.asked["business"], place.line.asked["list"]) == (1, 0)
    place.box.world.clock.advance(timedelta(minutes=59))
    place.swept()
    assert place.line.asked["business"] == 1
    place.box.world.clock.advance(timedelta(minutes=2))
    place.swept()
    assert place.line.asked["business"] == 2


def test_of_many_companies_the_list_is_read(place: Place) -> None:
    for n in range(120):
        place.person(f"p{n}", place.company(f"Company {n}"))
    names = {record.fields["business.name"] for record in place.swept()}
    assert names == {f"Company {n}" for n in range(120)}
    assert place.line.asked["business"] == 0
    assert place.line.asked["list"] == 3, "two pages and the empty one"
    place.swept()
    assert place.line.asked["list"] == 3


def test_without_the_scope_nothing_of_companies_is_told_and_all_else_is(place: Place) -> None:
    place.person("ada", place.company("Acme"))
    bob = place.person("bob")
    scopes = [*WITHOUT, "locations/customFields.readonly"]
    place.ghl = place.opened(place.act("make_token", scopes=scopes)["token"])
    for _ in range(3):
        shown = {r.fields["firstName"]: of_company(r.fields) for r in place.swept()}
        assert shown == {"ada": {}, "bob": {"business.name": None, "business.city": None}}
    assert place.line.asked["business"] == 1, "it is not asked for again at once"
    assert place.ghl.fetch(CONTACT, bob, fields=COMPANY).fields["firstName"] == "bob"
    (right,) = place.ghl.rights_of_fields(COMPANY)
    assert (right.name, right.granted) == ("businesses.readonly", False)
    assert place.ghl.rights_of_fields(FIELDS) == ()


def test_with_the_scope_it_is_said_to_be_there(place: Place) -> None:
    (right,) = place.ghl.rights_of_fields(COMPANY)
    assert right.granted


def test_a_company_that_cannot_be_read_just_now_is_not_taken_for_empty(place: Place) -> None:
    place.person("ada", place.company("Acme"))
    place.line.broken = True
    with pytest.raises(TransientError):
        place.swept()
    place.line.broken = False
    (ada,) = place.swept()
    assert ada.fields["business.name"] == "Acme"


def test_companies_are_offered_and_cannot_be_written(place: Place) -> None:
    offered = {n: f for n, f in place.ghl.catalogue(CONTACT).items() if n.startswith("business.")}
    assert {"business.name", "business.city", "business.country"} <= offered.keys()
    assert all(field.read_only for field in offered.values())
