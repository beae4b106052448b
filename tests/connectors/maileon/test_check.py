"""Settings, the check of an account, and its custom fields."""

import base64

import httpx
import pytest

from syncd.connectors.api import Connector
from syncd.connectors.maileon import CONNECTOR
from syncd.connectors.maileon.config import looks_encoded
from syncd.errors import AccountError, ConfigError, InvariantError
from syncd.model.record import Resource
from syncd.model.spec import FieldSpec, Kind

from .fake import CONTACT, KEY, Fake, custom_fields, empty, error, fake, page_of_html

INFO = {"id": 4711, "name": "Invented Ltd", "type": "demo", "created": "2024-07-01 10:00:00 +0200"}
FIELDS = ("GET", "/contacts/fields/custom")


def account(**pings: httpx.Response) -> Fake:
    world = fake().on(("GET", "/account/info"), httpx.Response(200, json=INFO))
    for method in ("GET", "POST", "PUT", "DELETE"):
        world.on((method, "/ping"), pings.get(method, empty(200)))
    return world


def test_the_account_is_known_by_its_id() -> None:
    world = account()
    identity = world.connector().check()
    assert (identity.account_id, identity.title) == ("4711", "Invented Ltd")
    assert [r.granted for r in identity.rights] == [True] * 4
    assert any("demo" in remark for remark in identity.remarks)


def test_a_right_that_is_missing_is_told_with_what_it_is_for() -> None:
    identity = account(DELETE=error(403), PUT=error(403)).connector().check()
    missing = {r.name: (r.needed, r.remark) for r in identity.rights if not r.granted}
    assert set(missing) == {"PUT", "DELETE"}
    assert all(needed for needed, _ in missing.values())
    assert "opt-out" in missing["DELETE"][1]
    assert "Grant the key DELETE" in missing["DELETE"][1]
    assert "syncd check" in missing["DELETE"][1]


def test_a_missing_method_is_named_with_what_to_do() -> None:
    with pytest.raises(AccountError, match=r"lacks GET.*\(GET /ping was answered 403\)") as caught:
        account(GET=error(403)).connector().check()
    assert "Grant the key GET" in caught.value.hint


def test_what_is_said_of_the_time_zone_is_true_before_and_after_it_is_measured() -> None:
    (told,) = [r for r in account().connector().check().remarks if "time_zone" in r]
    assert "not known yet" not in told
    assert "measured by the first writes and remembered" in told


@pytest.mark.parametrize(
    ("method", "answer"),
    [("GET", error(401)), ("PUT", error(401)), ("GET", error(403)), ("GET", error(404))],
)
def test_a_key_that_is_not_accepted_stops_the_account(method: str, answer: httpx.Response) -> None:
    with pytest.raises(AccountError):
        account(**{method: answer}).connector().check()


def test_the_key_goes_out_bare_in_base64() -> None:
    world = account()
    seen: list[str] = []

    def ping(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["authorization"])
        return empty(200)

    world.on(("GET", "/ping"), ping)
    world.connector().check()
    assert seen == ["Basic " + base64.b64encode(KEY.encode()).decode()]


def test_an_encoded_key_is_sent_as_it_is_and_told() -> None:
    encoded = base64.b64encode(KEY.encode()).decode()
    settings = CONNECTOR.settings(api_key=encoded)
    assert settings.authorization == f"Basic {encoded}"
    assert not CONNECTOR.settings(api_key=encoded, api_key_form="plain").key_is_encoded
    assert not looks_encoded("AbCdEfGhIjKlMnOp")


@pytest.mark.parametrize(
    "wrong",
    [
        {"api_key": "short"},
        {"base_url": "ftp://x"},
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "../etc"},
        {"batch_size": 1001},
        {"unsubscribe_reason": "bored|x"},
        {"new_contact_permission": 4},
        {"surprise": 1},
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        CONNECTOR.settings(**{"api_key": KEY, **wrong})


def test_neither_settings_nor_connector_show_the_key() -> None:
    assert KEY not in repr(CONNECTOR.settings(api_key=KEY))


def test_every_setting_is_explained() -> None:
    assert set(CONNECTOR.settings_help) == set(CONNECTOR.settings.model_fields)


def test_the_catalogue_has_standard_and_custom_fields() -> None:
    kinds = {"Shoe size": "integer", "odd": "geo"}
    catalogue = fake().on(FIELDS, custom_fields(kinds)).connector().catalogue(CONTACT)
    assert catalogue["custom.Shoe size"].kind is Kind.INTEGER
    assert (catalogue["custom.odd"].read_only, catalogue["custom.odd"].native) == (True, "geo")
    assert catalogue["COUNTRY"].free_text
    assert all(name == spec.name for name, spec in catalogue.items())


def test_a_catalogue_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(AccountError):
        fake().on(FIELDS, error(404)).connector().catalogue(CONTACT)


def test_a_field_is_made_once() -> None:
    create = ("POST", "/contacts/fields/custom/phone")
    world = fake().on(FIELDS, custom_fields({}), custom_fields({"phone": "string"}))
    world.on(create, empty(201))
    connector = world.connector()
    for _ in range(2):
        connector.create_field(CONTACT, FieldSpec("custom.phone"))
    assert [call.query for call in world.calls(*create)] == [{"type": ["string"]}]


def test_a_lost_answer_to_a_new_field_is_looked_up() -> None:
    world = fake().on(FIELDS, custom_fields({}), custom_fields({"phone": "string"}))
    world.on(("POST", "/contacts/fields/custom/phone"), page_of_html())
    world.connector().create_field(CONTACT, FieldSpec("custom.phone"))


@pytest.mark.parametrize("name", ["ab", "x" * 65, "CITY", "updated", "a\nbc"])
def test_names_that_maileon_refuses_are_never_sent(name: str) -> None:
    world = fake()
    with pytest.raises(ConfigError):
        world.connector().create_field(CONTACT, FieldSpec(f"custom.{name}"))
    assert world.asked == []


def test_a_field_of_another_type_is_not_replaced() -> None:
    world = fake().on(FIELDS, custom_fields({"phone": "integer"}))
    with pytest.raises(ConfigError, match="integer"):
        world.connector().create_field(CONTACT, FieldSpec("custom.phone"))


def test_it_is_a_connector_for_contacts_only() -> None:
    connector = fake().connector(batch_size=100)
    assert isinstance(connector, Connector)
    assert connector.spec.resources[CONTACT].batch_size == 100
    with pytest.raises(InvariantError):
        connector.catalogue(Resource.NOTE)
    connector.close()
