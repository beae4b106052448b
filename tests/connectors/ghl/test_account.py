"""Who the account is, its custom fields, and the fields that rules can name."""

from typing import Any

import httpx
import pytest

from syncd.connectors.api import Connector
from syncd.connectors.ghl import CONNECTOR
from syncd.connectors.ghl.inspect import NOBODY
from syncd.errors import AccountError, ConfigError
from syncd.model.spec import FieldSpec, Kind

from .fake import CONTACT, LOCATION, FakeGhl, Meddle


def answers(path: str, status: int, body: Any) -> Meddle:
    return lambda request: httpx.Response(status, json=body) if request.url.path == path else None


def test_the_plugin_opens_a_connector_without_the_network() -> None:
    fake = FakeGhl()
    assert isinstance(fake.open(), Connector)
    assert fake.log == []
    assert CONNECTOR.settings_help.keys() == CONNECTOR.settings.model_fields.keys()
    assert all(CONNECTOR.settings_help.values())


def test_a_check_reads_and_changes_nothing() -> None:
    fake = FakeGhl()
    before = dict(fake.contacts)
    identity = fake.open().check()
    assert (identity.account_id, identity.country) == (LOCATION, "DE")
    assert identity.time_zone == "Europe/Berlin"
    assert all(right.granted for right in identity.rights)
    writing = {(method, path) for method, path in fake.log if method != "GET"}
    nobody = ("PUT", f"/contacts/{NOBODY}")
    assert writing == {("POST", "/contacts/search"), nobody}
    assert [b for call, b in zip(fake.log, fake.bodies, strict=True) if call == nobody] == [{}]
    assert fake.contacts == before


@pytest.mark.parametrize(
    ("status", "message", "granted", "remark"),
    [
        (401, "The token is not authorized for this scope.", False, ""),
        (400, "Contact with id x not found", True, ""),
        (404, "Contact not found", True, ""),
        (422, "property x should not exist", True, ""),
        (403, "The token does not have access to this location.", True, ""),
        (200, "", True, ""),
        (404, "Cannot PUT /contacts/x", True, "not provable"),
        (501, "", True, "not provable"),
    ],
)
def test_the_right_to_write_is_proved_by_an_update_of_nobody(
    status: int, message: str, granted: bool, remark: str
) -> None:
    fake = FakeGhl(meddle=answers(f"/contacts/{NOBODY}", status, {"message": message}))
    identity = fake.open().check()
    write = next(right for right in identity.rights if right.name == "contacts.write")
    assert write.granted is granted
    assert write.needed
    assert granted or "contacts.write" in write.remark
    assert remark in " ".join(identity.remarks)
    assert ("contacts.write" in " ".join(identity.remarks)) is bool(remark)


def test_a_missing_scope_is_a_right_that_is_not_granted() -> None:
    denied = {"message": "The token is not authorized for this scope."}
    fake = FakeGhl(meddle=answers(f"/locations/{LOCATION}", 401, denied))
    identity = fake.open().check()
    missing = [right for right in identity.rights if not right.granted]
    assert [right.name for right in missing] == ["locations.readonly"]
    assert "Private Integrations" in missing[0].remark
    assert identity.account_id == LOCATION


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, {"message": "The token does not have access to this location."}),
        (401, {"message": "Token's user type mismatch!"}),
        (200, {"location": {"id": "another"}}),
        (400, {"message": "Location with id x not found"}),
        (200, {}),
    ],
)
def test_a_token_of_somewhere_else_stops_the_check(status: int, body: Any) -> None:
    fake = FakeGhl(meddle=answers(f"/locations/{LOCATION}", status, body))
    with pytest.raises(AccountError):
        fake.open().check()


def test_a_location_that_allows_duplicates_is_remarked_upon() -> None:
    body = {"location": {"id": LOCATION, "settings": {"allowDuplicateContact": True}}}
    fake = FakeGhl(meddle=answers(f"/locations/{LOCATION}", 200, body))
    assert "allows duplicate contacts" in " ".join(fake.open().check().remarks)


def test_custom_fields_that_share_a_name_are_remarked_upon() -> None:
    twins = [{"id": f"f{n}", "name": "Twin", "dataType": "TEXT"} for n in range(2)]
    remarks = FakeGhl(custom=twins).open().check().remarks
    assert "'Twin'" in " ".join(remarks)


@pytest.mark.parametrize("data_type", ["FILE_UPLOAD", "TEXTBOX_LIST", "SIGNATURE"])
def test_a_field_whose_values_cannot_be_kept_in_step_is_known_by_its_type(data_type: str) -> None:
    photo = {"id": "f1", "name": " Photo ", "dataType": data_type}
    spec = FakeGhl(custom=[photo]).open().catalogue(CONTACT)["custom.Photo"]
    assert (spec.kept, spec.native) == (False, data_type)
    twin = {"id": "f2", "name": "Photo", "dataType": "TEXT"}
    assert FakeGhl(custom=[photo, twin]).open().catalogue(CONTACT)["custom.Photo"].kept


@pytest.mark.parametrize("data_type", ["TIME", "SLIDER"])
def test_a_field_that_can_only_be_read_tells_its_type(data_type: str) -> None:
    listed = [{"id": "f1", "name": "Odd", "dataType": data_type}]
    spec = FakeGhl(custom=listed).open().catalogue(CONTACT)["custom.Odd"]
    assert (spec.kept, spec.read_only, spec.native) == (True, True, data_type)


@pytest.mark.parametrize("body", [{}, {"customFields": None}, {"customFields": {}}])
def test_a_catalogue_that_cannot_be_read_stops_the_account(body: Any) -> None:
    fake = FakeGhl(meddle=answers(f"/locations/{LOCATION}/customFields", 200, body))
    with pytest.raises(AccountError, match="custom"):
        fake.open().catalogue(CONTACT)


def test_the_catalogue_is_read_anew_each_time() -> None:
    fake = FakeGhl()
    ghl = fake.open()
    assert "custom.Memo" not in ghl.catalogue(CONTACT)
    fake.custom.append({"id": "f1", "name": " Memo ", "dataType": "TEXT"})
    assert ghl.catalogue(CONTACT)["custom.Memo"].kind is Kind.TEXT


@pytest.mark.parametrize(
    "field",
    [
        FieldSpec("custom.A", Kind.TEXT, max_length=100),
        FieldSpec("custom.A", Kind.TEXT),
        FieldSpec("custom.A", Kind.PHONE),
        FieldSpec("custom.A", Kind.DATE),
        FieldSpec("custom.A", Kind.NUMBER),
        FieldSpec("custom.A", Kind.INTEGER),
        FieldSpec("custom.A", Kind.BOOLEAN),
        FieldSpec("custom.A", Kind.CHOICE, choices=("x", "y")),
        FieldSpec("custom.A", Kind.SET, choices=("x", "y")),
    ],
)
def test_a_field_is_made_once_and_can_take_what_it_was_made_for(field: FieldSpec) -> None:
    fake = FakeGhl()
    ghl = fake.open()
    ghl.create_field(CONTACT, field)
    ghl.create_field(CONTACT, field)
    assert len(fake.custom) == 1
    made = ghl.catalogue(CONTACT)["custom.A"]
    assert made.kind is (Kind.NUMBER if field.kind is Kind.INTEGER else field.kind)
    assert field.kind in CONNECTOR.spec.resources[CONTACT].custom_kinds


@pytest.mark.parametrize(
    "field",
    [
        FieldSpec("custom.A", Kind.DATE),
        FieldSpec("custom.B", Kind.DATETIME),
        FieldSpec("custom.B", Kind.SET),
        FieldSpec("custom.Twin", Kind.TEXT),
    ],
)
def test_a_field_that_cannot_be_made_is_a_matter_of_configuration(field: FieldSpec) -> None:
    twins = [{"id": f"f{n}", "name": "Twin", "dataType": "TEXT"} for n in range(2)]
    fake = FakeGhl(custom=[*twins, {"id": "f9", "name": "A", "dataType": "NUMERICAL"}])
    with pytest.raises(ConfigError):
        fake.open().create_field(CONTACT, field)
    assert len(fake.custom) == 3
