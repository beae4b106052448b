"""The connector against the sandbox, which somebody else wrote from the same document."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from syncd.connectors.api import Wire
from syncd.connectors.ghl import CONNECTOR
from syncd.connectors.ghl.connector import Ghl
from syncd.errors import DuplicateError, InDoubtError, RecordError
from syncd.model.op import Op, OpKind
from syncd.model.spec import FieldSpec, Kind
from syncd.model.values import Consent, Level, SetDelta
from syncd.testing.inprocess import Sandbox, sandbox

from .fake import CONTACT, FIELDS, op, push

NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


def opened(
    box: Sandbox, *, transport: httpx.BaseTransport | None = None, **settings: object
) -> Ghl:
    info = box.info["ghl"]
    parsed = CONNECTOR.settings(
        token=info["token"], location_id=info["location_id"], base_url=info["base_url"], **settings
    )
    return Ghl(parsed, Wire(transport=transport or box.transport, sleep=lambda _: None))


def test_a_sweep_shows_every_contact_as_a_direct_read_does() -> None:
    box = sandbox(contacts=60, frozen_at=NOW)
    ghl = opened(box, page_size=7)
    fields = frozenset(ghl.catalogue(CONTACT))
    swept = [r for page in ghl.pull(CONTACT, None, fields=fields, full=True) for r in page.records]
    assert len({record.remote_id for record in swept}) == 60
    for record in swept[:20]:
        direct = ghl.fetch(CONTACT, record.remote_id, fields=fields)
        assert {name: record.fields[name] for name in fields} == direct.fields


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"rows_without_dnd_settings": True, "rows_without_custom_fields": True},
        {"dnd_settings_write": "replace"},
        {"dnd_flag_moves_channels": True},
        {"empty_string_clears": False},
        {"create_422_still_creates": 1.0},
        {"first_email_alone": True},
        {"unknown_custom_field": "refuse"},
        {"phone_eq_bug": True},
        {"index_lag_s": 0.0},
        {"index_lag_s": 100.0},
        {"match_phone_first": True},
        {"bump_on_tags": False, "bump_on_dnd": False},
    ],
    ids=str,
)
def test_a_contact_lives_and_dies_however_ghl_turns_out_to_be(switches: dict[str, Any]) -> None:
    """Each switch is one of the questions that only a live account can answer."""
    box = sandbox(contacts=5, frozen_at=NOW)
    try:
        box.platform("ghl").configure(switches)
    except ValueError as unknown:
        pytest.fail(f"the sandbox no longer has this switch: {unknown}")
    ghl = opened(box)
    patch = {"email": "Ann@example.org", "firstName": "Ann", "tags": frozenset({"vip"})}
    made = push(ghl, op(OpKind.CREATE, patch=patch))
    assert made.error is None
    assert made.remote_id is not None
    again = push(ghl, op(OpKind.CREATE, patch={"email": "ANN@example.org"}))
    assert isinstance(again.error, DuplicateError)
    assert again.error.remote_id == made.remote_id
    change = {
        "city": "Ulm",
        "dateOfBirth": date(1990, 9, 25),
        "consent": Consent(Level.REVOKED),
        "tags": SetDelta(frozenset({"gold"}), frozenset({"vip"})),
    }
    assert push(ghl, op(OpKind.UPDATE, made.remote_id, change)).error is None
    bad = push(ghl, op(OpKind.UPDATE, made.remote_id, {"phone": "12"}))
    assert isinstance(bad.error, RecordError)
    assert bad.error.fields == ("phone",)
    shown = ghl.fetch(CONTACT, made.remote_id, fields=FIELDS).fields
    assert shown["city"] == "Ulm"
    assert shown["dateOfBirth"] == date(1990, 9, 25)
    assert shown["tags"] == frozenset({"gold"})
    assert shown["consent"] == Consent(Level.REVOKED, None, "ghl")
    assert push(ghl, op(OpKind.DELETE, made.remote_id)).error is None
    assert ghl.fetch(CONTACT, made.remote_id, fields=FIELDS).gone
    lost = push(ghl, Op(1, CONTACT, OpKind.UPDATE, made.remote_id, {"city": "Bonn"}))
    assert lost.error is not None


def test_custom_fields_of_every_kind_are_made_filled_and_emptied() -> None:
    ghl = opened(sandbox(frozen_at=NOW))
    wanted = {
        "custom.Memo": (FieldSpec("custom.Memo"), "x" * 300),
        "custom.Size": (FieldSpec("custom.Size", Kind.NUMBER), 43.5),
        "custom.Count": (FieldSpec("custom.Count", Kind.INTEGER), 7.0),
        "custom.Day": (FieldSpec("custom.Day", Kind.DATE), date(2020, 2, 3)),
        "custom.Likes": (
            FieldSpec("custom.Likes", Kind.SET, choices=("tea", "jam")),
            frozenset({"tea"}),
        ),
        "custom.Sure": (FieldSpec("custom.Sure", Kind.BOOLEAN), False),
    }
    for field, _ in wanted.values():
        ghl.create_field(CONTACT, field)
    values = {name: value for name, (_, value) in wanted.items()}
    made = push(ghl, op(OpKind.CREATE, patch={"email": "a@example.org", **values}))
    assert made.remote_id is not None
    shown = ghl.fetch(CONTACT, made.remote_id, fields=FIELDS).fields
    assert {name: shown[name] for name in values} == values
    cleared = dict.fromkeys(values)
    assert push(ghl, op(OpKind.UPDATE, made.remote_id, cleared)).error is None
    shown = ghl.fetch(CONTACT, made.remote_id, fields=FIELDS).fields
    assert {shown[name] for name in values} == {None, frozenset()}


@pytest.mark.parametrize("lag_s", [0.0, 2.0, 60.0, 110.0])
def test_the_feed_follows_every_write_however_late_it_is_indexed(lag_s: float) -> None:
    box = sandbox(contacts=30, frozen_at=NOW, settings={"ghl": {"index_lag_s": lag_s}})
    ghl = opened(box, page_size=4)
    control = httpx.Client(transport=box.transport, base_url="http://sandbox.test")
    *_, page = ghl.pull(CONTACT, None, fields=FIELDS)
    wanted: dict[str, str] = {}
    seen: dict[str, str] = {}
    cursor = page.cursor
    for step in range(40):
        if step < 15:
            patch = {"email": f"p{step}@example.org", "firstName": f"P {step}"}
            made = push(ghl, op(OpKind.CREATE, patch=patch))
            assert made.remote_id is not None
            wanted[made.remote_id] = f"P {step}"
        control.post("/_control/clock", json={"advance_s": 15}).raise_for_status()
        for page in ghl.pull(CONTACT, cursor, fields=FIELDS):
            cursor = page.cursor
            seen |= {r.remote_id: str(r.fields["firstName"]) for r in page.records}
    assert wanted.items() <= seen.items()


@pytest.mark.parametrize("lose", ["answer", "request"])
def test_a_lost_create_is_never_made_twice(lose: str) -> None:
    box = sandbox(frozen_at=NOW, settings={"ghl": {"index_lag_s": 0.0}})
    real, lost = box.transport.handle_request, [False]

    def breaks(request: httpx.Request) -> httpx.Response:
        create = request.method == "POST" and request.url.path.endswith("/contacts/")
        if not create or lost[0]:
            return real(request)
        lost[0] = True
        if lose == "answer":
            real(request)
        raise httpx.ReadError("lost", request=request)

    ghl = opened(box, transport=httpx.MockTransport(breaks))
    receipt = push(ghl, op(OpKind.CREATE, patch={"email": "a@example.org", "firstName": "Ann"}))
    found = ghl.find(CONTACT, "email", "a@example.org", fields=FIELDS)
    if lose == "answer":
        assert [record.remote_id for record in found] == [receipt.remote_id]
    else:
        assert isinstance(receipt.error, InDoubtError)
        assert not found


def test_a_check_knows_the_location() -> None:
    box = sandbox(frozen_at=NOW)
    identity = opened(box).check()
    assert identity.account_id == box.info["ghl"]["location_id"]
    assert all(right.granted for right in identity.rights)


def test_a_late_row_that_could_not_be_stored_is_shown_again() -> None:
    """Only the settle pass sees it, and reads it by its id; the page may not be stored."""
    late = {"tag_index_lag_s": 100.0, "rows_without_dnd_settings": True}
    box = sandbox(frozen_at=NOW, settings={"ghl": late})
    people = box.platform("ghl")
    first, second = (
        people.act("create", {"fields": {"email": f"p{n}@example.org"}})["id"] for n in range(2)
    )
    ghl = opened(box)
    *_, page = ghl.pull(CONTACT, None, fields=FIELDS)
    cursor, shown = page.cursor, False
    people.act("tag", {"id": first, "tags": ["late"]})
    box.world.clock.advance(timedelta(seconds=10))
    people.act("edit", {"id": second, "fields": {"city": "Ulm"}})
    for _ in range(20):
        box.world.clock.advance(timedelta(seconds=20))
        for page in ghl.pull(CONTACT, cursor, fields=FIELDS):
            if first in {record.remote_id for record in page.records}:
                shown = True
                break  # and nobody has stored the page
            cursor = page.cursor
        if shown:
            break
    again = [r.remote_id for page in ghl.pull(CONTACT, cursor, fields=FIELDS) for r in page.records]
    assert shown
    assert first in again
