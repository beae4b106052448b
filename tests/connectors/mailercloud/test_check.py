"""Settings, the check of an account, its catalogue, and how much room it has."""

import pytest

from syncd.connectors.api import Bounded, Connector, Probing
from syncd.connectors.mailercloud import CONNECTOR
from syncd.errors import AccountError, ConfigError, InvariantError
from syncd.http.client import USER_AGENT
from syncd.model.record import Resource
from syncd.model.spec import FieldSpec, Kind

from .fake import (
    CONTACT,
    KEY,
    LIST,
    LISTS,
    NEW_PROPERTY,
    OWNER,
    PLAN,
    PROPERTIES,
    TAGS,
    Fake,
    html,
    ok,
    prop,
    refused,
)


def test_the_account_is_known_by_a_digest_and_its_list() -> None:
    fake = Fake()
    fake.add("ada@example.org")
    identity = fake.connector().check()
    kept, _, list_id = identity.account_id.partition(":")
    assert (len(kept), list_id) == (16, LIST)
    assert OWNER not in f"{identity}"
    assert identity.title == "Premium, list CRM mirror"
    assert all(right.granted for right in identity.rights)
    assert any("24,999 more" in remark for remark in identity.remarks)
    assert {a.method for a in fake.asked} == {"GET", "POST"}
    assert len(fake.contacts) == 1


def test_the_key_goes_out_raw_with_a_user_agent_of_our_own() -> None:
    fake = Fake()
    fake.connector().room(CONTACT)
    assert fake.asked[0].headers["authorization"] == KEY
    assert fake.asked[0].headers["user-agent"] == USER_AGENT


def test_lists_are_compared_byte_for_byte() -> None:
    fake = Fake().on(LISTS, ok({"data": [{"id": LIST.upper(), "name": "x"}], "list_count": 1}))
    with pytest.raises(ConfigError, match="Did you mean QRSTUV"):
        fake.connector().check()


def test_the_list_is_looked_for_on_every_page() -> None:
    rows = [{"id": f"x{i}", "name": "x"} for i in range(100)]
    first = ok({"data": rows, "list_count": 101})
    fake = Fake().on(LISTS, first, None)
    assert fake.connector().check().title.endswith("CRM mirror")
    fake.on(LISTS, first)
    with pytest.raises(ConfigError, match="has no list"):
        fake.connector().check()


def test_a_right_that_is_missing_is_told() -> None:
    fake = Fake().on(TAGS, refused("no", 403))
    missing = [r for r in fake.connector().check().rights if not r.granted]
    assert [(r.name, r.needed) for r in missing] == [("tags", True)]


def test_a_direct_look_that_does_not_work_is_told() -> None:
    fake = Fake()
    remote_id = fake.add("ada@example.org")
    for answer in (ok({"data": {"id": "other"}}), ok({"message": "not found"}, 404)):
        fake.on(("GET", f"/contacts/{remote_id}"), answer)
        missing = [r.name for r in fake.connector().check().rights if not r.granted]
        assert missing == ["contact"]


@pytest.mark.parametrize("answer", [refused("bad key", 401), ok({"code": "invalid_api_key"}, 400)])
def test_a_wrong_key_is_told(answer: object) -> None:
    with pytest.raises(AccountError, match="key is wrong"):
        Fake().on(PLAN, answer).connector().check()  # type: ignore[arg-type]


def test_an_edge_block_is_not_taken_for_a_wrong_key() -> None:
    with pytest.raises(AccountError) as caught:
        Fake().on(PLAN, html(403)).connector().check()
    assert "edge block" in str(caught.value)
    assert USER_AGENT in str(caught.value)
    assert "key is wrong" not in str(caught.value)


@pytest.mark.parametrize(
    ("left", "reserve", "room"),
    [(10, 0, 10), (10, 4, 6), (10, 40, 0), ("7", 0, 7), (None, 0, None)],
)
def test_room(left: object, reserve: int, room: int | None) -> None:
    fake = Fake().on(PLAN, ok({"data": {"email": OWNER, "remaining_contacts": left}}))
    connector = fake.connector(quota_reserve=reserve)
    assert connector.room(CONTACT) == room
    assert connector.room(CONTACT) == room
    assert len(fake.calls(PLAN)) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"api_key": ""},
        {"api_key": "Bearer x"},
        {"api_key": "a b"},
        {"api_key": "schlüssel"},
        {"list_id": "12345"},
        {"list_id": ""},
        {"list_id": "a b"},
        {"base_url": "ftp://x"},
        {"batch_size": 50},
        {"batch_size": 0},
        {"requests_per_second": 0},
        {"scan_share": 0},
        {"scan_share": 1.1},
        {"quota_reserve": -1},
        {"field_style": "both"},
        {"optout_tag": "a,b"},
        {"surprise": 1},
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        CONNECTOR.settings(**{"api_key": KEY, "list_id": LIST, **wrong})


def test_every_setting_is_explained_and_the_key_is_never_shown() -> None:
    assert set(CONNECTOR.settings_help) == set(CONNECTOR.settings.model_fields)
    assert KEY not in repr(CONNECTOR.settings(api_key=KEY, list_id=LIST))


def test_background_reading_has_its_share_of_the_rate() -> None:
    connector = Fake().connector(requests_per_second=4, scan_share=0.5)
    assert connector.spec.resources[CONTACT].sweep_rate == 2
    assert CONNECTOR.spec.resources[CONTACT].sweep_rate == 0.5


def test_it_enters_by_the_door() -> None:
    connector = Fake().connector()
    assert isinstance(connector, Connector)
    assert isinstance(connector, Bounded)
    assert isinstance(connector, Probing)
    with pytest.raises(InvariantError):
        connector.catalogue(Resource.NOTE)
    connector.close()


def test_the_catalogue_has_standard_and_custom_fields() -> None:
    catalogue = Fake().connector().catalogue(CONTACT)
    assert catalogue["custom.Tier"] == FieldSpec("custom.Tier", max_length=100)
    assert catalogue["custom.Story"].max_length == 500
    assert catalogue["custom.Points"].kind is Kind.INTEGER
    assert catalogue["custom.Since"].kind is Kind.DATE
    assert catalogue["email"].fixed
    assert all(name == spec.name for name, spec in catalogue.items())


def test_a_property_of_an_unknown_type_can_be_read_and_tells_its_type() -> None:
    fake = Fake()
    fake.properties = [prop("p1", "Site", "site", "Link")]
    spec = fake.connector().catalogue(CONTACT)["custom.Site"]
    assert (spec.kept, spec.read_only, spec.native) == (True, True, "Link")


def test_the_catalogue_is_read_to_its_last_page() -> None:
    fake = Fake()
    fake.properties = [prop(f"p{i}", f"Field {i}", f"f{i}", "Text") for i in range(230)]
    assert "custom.Field 229" in fake.connector().catalogue(CONTACT)
    assert len(fake.calls(PROPERTIES)) == 3


@pytest.mark.parametrize(
    ("field", "wire_type"),
    [
        (FieldSpec("custom.Shoe size", Kind.INTEGER), "number"),
        (FieldSpec("custom.Born", Kind.DATE), "date"),
        (FieldSpec("custom.Note"), "text"),
        (FieldSpec("custom.Notes", max_length=500), "textarea"),
    ],
)
def test_a_property_is_made_once(field: FieldSpec, wire_type: str) -> None:
    fake = Fake()
    connector = fake.connector()
    for _ in range(2):
        connector.create_field(CONTACT, field)
    (call,) = fake.calls(NEW_PROPERTY)
    assert call.body["type"] == wire_type
    assert len(call.body["description"]) >= 3
    assert field.name in connector.catalogue(CONTACT)


@pytest.mark.parametrize(
    "field",
    [
        FieldSpec("custom.ab"),
        FieldSpec("custom." + "x" * 31),
        FieldSpec("custom.Flag", Kind.BOOLEAN),
        FieldSpec("custom.Tier", Kind.DATE),
    ],
)
def test_a_property_that_cannot_be_made_is_told(field: FieldSpec) -> None:
    fake = Fake()
    with pytest.raises(ConfigError):
        fake.connector().create_field(CONTACT, field)
    assert not fake.calls(NEW_PROPERTY)


def test_a_property_that_is_refused_is_told() -> None:
    fake = Fake().on(NEW_PROPERTY, refused("limit"))
    with pytest.raises(ConfigError, match="does not make"):
        fake.connector().create_field(CONTACT, FieldSpec("custom.Note"))
