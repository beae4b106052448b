"""Malformed and hostile answers: the run ends clearly, nobody is lost, and it all heals."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
import structlog

from syncd.engine.cycle import Mode
from syncd.errors import InvariantError, SyncdError
from syncd.model.side import SIDES, Side
from syncd.store import tables as t
from tests.engine.pairs import GHL, MAILEON
from tests.engine.rows import PLAIN
from tests.engine.world import Build, World, assert_alike, assert_quiet, build

Change = Callable[[bytes], bytes]
PERSONAL = ("ada", "bern", "lovelace", "@example", "2025550", "555-0")
EDITED = {("ada@example.org", "city"), ("0@example.org", "firstName")}
SEARCH, LIST, REPORT = r"/ghl/contacts/search$", r"/1\.0/contacts$", r"/reports/unsubscriptions$"
PAGE = b"<!DOCTYPE html><html><head><title>200</title></head><body>Just a moment...</body></html>"
BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE contacts [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(8))
    + b"]><contacts><contact><id>1</id><email>&i;</email></contact></contacts>"
)
FILE = (
    b'<?xml version="1.0"?><!DOCTYPE c [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    b"<contacts><contact><id>1</id><email>&x;</email></contact></contacts>"
)


@pytest.fixture
def world(tmp_path: Path, migrated_sqlite: Path) -> Iterator[World]:
    made = populated(build(tmp_path / "world", migrated_sqlite, delete="delete"))
    yield made
    made.end_process()


def populated(made: World) -> World:
    """Six people in step, and then an edit on either side; deletions would be carried on."""
    for n in range(5):
        fields = {"email": f"{n}@example.org", "city": "Bern", "phone": f"+1202555010{n}"}
        made.act(GHL, "create", fields=fields, tags=["vip"])
    ada = {"email": "ada@example.org", "firstName": "Ada", "lastName": "Lovelace"}
    made.act(GHL, "create", fields=ada)
    made.cycles()
    assert_alike(made)
    made.act(GHL, "edit", email="ada@example.org", fields={"city": "Bern"})
    made.act(MAILEON, "edit", email="0@example.org", standard_fields={"FIRSTNAME": "Nil"})
    made.settle()
    return made


def spoil(world: World, path: str, change: Change, method: str | None = None) -> None:
    """Change every good answer below a path on its way to us."""

    def rewrite(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if not re.search(path, request.url.path) or response.status_code >= 300:
            return response
        if method not in (None, request.method):
            return response
        body = change(response.read())
        kind = {"Content-Type": response.headers.get("Content-Type", "text/plain")}
        return httpx.Response(response.status_code, headers=kind, content=body, request=request)

    world.line.rewrite = rewrite


def everybody(world: World) -> list[dict[str, dict[str, object]]]:
    """What everybody shows on either side, but for the two edits that are under way."""
    names = ("email", "tags", *PLAIN)
    return [
        {
            row.id: {
                "opted_out": row.opted_out,
                "permission": row.permission,
                **{n: row.shows(n) for n in names if (row.email, n) not in EDITED},
            }
            for row in world.rows(side).values()
        }
        for side in SIDES
    ]


def run(world: World, mode: Mode = Mode.FULL) -> list[Any]:
    """A cycle that may end in an error, but only in one that says what is the matter.

    Returns:
        What it logged, in which nobody is named.
    """
    said = ""
    with structlog.testing.capture_logs() as logged:
        try:
            world.cycle(mode)
        except InvariantError:
            raise
        except SyncdError as error:
            said = str(error)
    assert not said or len(said) > 20
    for text in (said, repr(logged)):
        assert_nothing_personal(text)
        assert world.env["GHL_TOKEN"] not in text
        assert world.env["MAILEON_API_KEY"] not in text
    return logged


def assert_nothing_personal(text: str) -> None:
    found = [value for value in PERSONAL if value in text.lower()]
    assert not found, f"{found} in what is written down"


def assert_heals(world: World, before: list[dict[str, dict[str, object]]]) -> None:
    """Nobody went, came or changed, and clean cycles bring the edits over."""
    assert everybody(world) == before
    assert_recovers(world, before)


def assert_recovers(world: World, before: list[dict[str, dict[str, object]]]) -> None:
    """Clean cycles bring the edits over, and everything else is as it was."""
    world.line.rewrite = None
    world.settle()
    world.cycle(Mode.FULL)
    world.cycles()
    assert everybody(world) == before
    assert_alike(world)
    assert world.row(Side.RIGHT, "ada@example.org").fields["city"] == "Bern"
    assert world.row(Side.LEFT, "0@example.org").fields["firstName"] == "Nil"
    assert_quiet(world)


def constant(body: bytes) -> Change:
    return lambda _: body


def half(body: bytes) -> bytes:
    return body[: len(body) // 2]


XML: dict[str, Change] = {
    "a bomb of entities": constant(BOMB),
    "a local file as an entity": constant(FILE),
    "half of it": half,
    "nothing": constant(b""),
    "a page of a proxy": constant(PAGE),
    "JSON": constant(b'{"contacts": []}'),
    "another root": constant(b"<error><message>later</message></error>"),
    "NUL characters": lambda body: body.replace(b"<id>", b"<id>\x00"),
    "no UTF-8": lambda body: body.replace(b"Bern", b"B\xff\xfern"),
    "no ids": lambda body: re.sub(rb"<id>\d+</id>", b"", body),
    "ids that are words": lambda body: re.sub(rb"<id>\d+</id>", b"<id>all</id>", body),
    "one id for everybody": lambda body: re.sub(rb"<id>\d+</id>", b"<id>1</id>", body),
    "fields within fields": lambda body: body.replace(b"<email>", b"<email><b>x</b>"),
    "times that are none": lambda body: re.sub(rb"<updated>[^<]+", b"<updated>yesterday", body),
    "deep nesting": constant(b"<contacts>" * 5000 + b"</contacts>" * 5000),
    "a bomb in an attribute": constant(BOMB.replace(b"<contacts>", b'<contacts x="&i;">')),
    "elements within values": lambda body: re.sub(
        rb"<value>([^<]+)</value>", rb"<value><b>\1</b></value>", body
    ),
    "fields without names": lambda body: re.sub(rb"<name>[^<]+</name>", b"", body),
    "no fields at all": lambda body: re.sub(
        rb"<(standard|custom)_fields>.*?</\1_fields>", b"", body, flags=re.DOTALL
    ),
    "times before all time": lambda body: re.sub(
        rb"<updated>[^<]+", b"<updated>0001-01-01 00:00:00", body
    ),
    "times after all time": lambda body: re.sub(
        rb"<updated>[^<]+", b"<updated>9999-12-31 23:59:59", body
    ),
    "eleven megabytes in one value": lambda body: body.replace(b"Bern", b"x" * 11_000_000),
}


@pytest.mark.parametrize("change", XML.values(), ids=XML)
def test_a_list_of_maileon_that_is_not_as_it_should_be_harms_nobody(
    world: World, change: Change
) -> None:
    before = everybody(world)
    spoil(world, LIST, change, "GET")
    run(world)
    run(world, Mode.SYNC)
    assert_heals(world, before)


@pytest.mark.parametrize("kind", ["a bomb of entities", "half of it", "JSON", "no ids", "nothing"])
def test_a_report_of_opt_outs_that_is_not_as_it_should_be_harms_nobody(
    world: World, kind: str
) -> None:
    before = everybody(world)
    spoil(world, REPORT, XML[kind])
    run(world)
    assert_heals(world, before)


def rows(change: Callable[[list[Any]], Any]) -> Change:
    """Change the list of contacts within an answer of GHL."""

    def do(body: bytes) -> bytes:
        parsed = json.loads(body)
        parsed["contacts"] = change(parsed["contacts"])
        return json.dumps(parsed).encode()

    return do


def each(**values: Any) -> Change:
    return rows(lambda contacts: [{**contact, **values} for contact in contacts])


JSON: dict[str, Change] = {
    "half of it": half,
    "nothing": constant(b""),
    "a page of a proxy": constant(PAGE),
    "a list": constant(b"[]"),
    "null": constant(b"null"),
    "no contacts in it": constant(b'{"total": 6}'),
    "contacts as null": rows(lambda _: None),
    "contacts as an object": rows(lambda _: {"id": "x"}),
    "words instead of contacts": rows(lambda contacts: ["x" for _ in contacts]),
    "nobody, though a total": rows(lambda _: []),
    "ids that are numbers": each(id=7),
    "ids that are missing": each(id=None),
    "an id that is a path": each(id="../../oauth/token"),
    "one id for everybody": each(id="x" * 20),
    "addresses as lists": each(email=["ada@example.org"]),
    "tags as text": each(tags="vip"),
    "tags within tags": each(tags=[["vip"], None, 7]),
    "custom values as an object": each(customFields={"id": "x"}),
    "custom values as null": each(customFields=None),
    "a page cut short": rows(lambda contacts: contacts[:2]),
    "cursors of nonsense": each(searchAfter=[{"a": "b"}, None]),
    "a surrogate among brackets": lambda body: (
        body[:-1] + b',"odd":' + b"[" * 700 + rb'"\ud800"' + b"]" * 700 + b"}"
    ),
    "custom values of nobody": each(customFields=[None, {"value": 1}, {"id": []}]),
    "times as objects": each(dateUpdated={}, dateAdded=[]),
    "times of another age": each(dateUpdated="9999-99-99T99:99:99Z"),
    "dnd as text": each(dnd="perhaps", dndSettings="none"),
    "dnd of numbers": each(dndSettings={"Email": 7, "SMS": {"status": []}}),
    "deep nesting": constant(b'{"contacts":' + b"[" * 50_000 + b"]" * 50_000 + b"}"),
    "a huge number": lambda body: body.replace(b'"total":', b'"total":1' + b"0" * 5000 + b',"t":'),
}


@pytest.mark.parametrize("change", JSON.values(), ids=JSON)
def test_a_search_of_ghl_that_is_not_as_it_should_be_harms_nobody(
    world: World, change: Change
) -> None:
    before = everybody(world)
    spoil(world, SEARCH, change)
    run(world)
    run(world, Mode.SYNC)
    assert_heals(world, before)


@pytest.mark.parametrize("kind", ["half of it", "a page of a proxy", "null", "nothing"])
def test_a_contact_of_ghl_that_cannot_be_read_is_not_gone(world: World, kind: str) -> None:
    before = everybody(world)
    world.configure(GHL, flicker=1.0)  # so that every one is looked up
    spoil(world, r"/ghl/contacts/\w{20}$", JSON[kind], "GET")
    run(world)
    world.configure(GHL, flicker=0.0)
    assert_heals(world, before)


WRITES: dict[str, tuple[str, str, Change]] = {
    "PUT in GHL, HTML": (r"/ghl/contacts/\w+$", "PUT", constant(PAGE)),
    "PUT in GHL, half": (r"/ghl/contacts/\w+$", "PUT", half),
    "PUT in GHL, null": (r"/ghl/contacts/\w+$", "PUT", constant(b'{"contact": null}')),
    "PUT in GHL, another": (
        r"/ghl/contacts/\w+$",
        "PUT",
        constant(b'{"contact": {"id": "xxxxxxxxxxxxxxxxxxxx", "email": "x@example.org"}}'),
    ),
    "POST in GHL, HTML": (r"/ghl/contacts/$", "POST", constant(PAGE)),
    "POST in GHL, half": (r"/ghl/contacts/$", "POST", half),
    "POST in GHL, an id of numbers": (
        r"/ghl/contacts/$",
        "POST",
        constant(b'{"contact": {"id": 5}}'),
    ),
    "POST in Maileon, HTML": (LIST, "POST", constant(PAGE)),
    "POST in Maileon, half": (LIST, "POST", half),
    "POST in Maileon, bomb": (LIST, "POST", constant(BOMB)),
    "POST in Maileon, numbers that do not add up": (
        LIST,
        "POST",
        lambda body: re.sub(rb"(<count_\w+>)\d+", rb"\g<1>77", body),
    ),
}


@pytest.mark.parametrize(("path", "method", "change"), WRITES.values(), ids=WRITES)
def test_an_answer_to_a_write_that_makes_no_sense_loses_and_doubles_nothing(
    world: World, path: str, method: str, change: Change
) -> None:
    world.act(GHL, "create", fields={"email": "new@example.org"})
    world.act(MAILEON, "create", email="fresh@example.org")
    world.configure(GHL, allow_duplicates=True)
    world.settle()
    spoil(world, path, change, method)
    for _ in range(2):
        run(world, Mode.SYNC)
        world.wait(60)
    world.line.rewrite = None
    world.cycles()
    assert [len(world.rows(side)) for side in SIDES] == [8, 8]
    assert_alike(world)
    assert_quiet(world)


VALUES = {
    "a formula": "=cmd|' /C calc'!A0",
    "a sum": "+1+1",
    "a function": "@sum(A1)",
    "a long name": "Łö" * 120,
    "zero width": "A\u200bd\u200da\ufeff",
    "right to left": "\u202eمحمد\u202c الحسن",
    "emoji": "👩‍👩‍👧 Ada 🏴",
    "markup": "<b>Ada</b> & ]]> \"'",
    "several lines": "Ada\nLovelace\tKing",
    "other letters": "İstanbul ß ﬁ Ǆ",
    "apart": "Zoe\u0308",
}


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_a_value_that_looks_dangerous_travels_as_it_is(
    world: World, value: str, side: Side
) -> None:
    if side is Side.LEFT:
        world.act(GHL, "edit", email="1@example.org", fields={"firstName": value})
    else:
        world.act(MAILEON, "edit", email="1@example.org", standard_fields={"FIRSTNAME": value})
    world.cycles()
    assert_alike(world)
    assert_quiet(world)
    assert (
        world.row(side, "1@example.org").fields["firstName"]
        == world.row(side.other, "1@example.org").fields["firstName"]
    )


UNHOLDABLE = [
    rb"B\u0000ern",
    rb"B\ud800ern",
    rb"B\udfff\ud800ern",
    b"B\xed\xa0\x80ern",
    rb"\ufffe",
]


@pytest.mark.parametrize("put", UNHOLDABLE)
def test_characters_that_no_platform_can_hold_do_no_harm(world: World, put: bytes) -> None:
    """The rest of the text is an edit like any other, and is taken back like any other."""
    before = everybody(world)
    spoil(world, "/ghl/contacts", lambda body: body.replace(b'"Bern"', b'"' + put + b'"'))
    run(world)
    run(world, Mode.SYNC)
    assert [shown.keys() for shown in everybody(world)] == [shown.keys() for shown in before]
    assert_recovers(world, before)


ROOMLESS: dict[str, tuple[str, Change]] = {
    "ids of GHL without end": (SEARCH, each(id="a" * 5000)),
    "ids of GHL with NUL": (SEARCH, each(id="abc\0def")),
    "ids of GHL that are no Unicode": (
        SEARCH,
        lambda body: re.sub(rb'"id": ?"', b'"id":"\xed\xa0\x80', body),
    ),
    "times of GHL without end": (
        "/ghl/contacts",
        lambda body: re.sub(rb'("dateUpdated": ?"[^"Z]+)Z', rb"\g<1>" + b"1" * 5000 + b"Z", body),
    ),
    "ids of Maileon without end": (
        LIST,
        lambda body: re.sub(rb"<id>\d+</id>", b"<id>" + b"1" * 5000 + b"</id>", body),
    ),
    "times of Maileon without end": (
        LIST,
        lambda body: re.sub(rb"(<updated>[^<.]+)", rb"\g<1>." + b"1" * 5000, body),
    ),
    "addresses of Maileon without end": (
        LIST,
        lambda body: body.replace(b"<email>", b"<email>" + b"a" * 50_000),
    ),
    "an account id without end": ("account/info", constant(b'{"id": "' + b"7" * 5000 + b'"}')),
    "an account's name with NUL": (
        "account/info",
        lambda body: re.sub(rb'"name": ?"', rb'"name":"\\u0000' + b"x" * 5000, body),
    ),
}


@pytest.mark.parametrize(("path", "change"), ROOMLESS.values(), ids=ROOMLESS)
def test_what_no_store_has_room_for_harms_nobody(made: Build, path: str, change: Change) -> None:
    """PostgreSQL counts what SQLite takes as it comes."""
    world = populated(made(delete="delete"))
    before = everybody(world)
    spoil(world, path, change)
    with suppress(SyncdError):
        world.pair(anew=True)
    run(world)
    run(world, Mode.SYNC)
    assert [shown.keys() for shown in everybody(world)] == [shown.keys() for shown in before]
    assert_recovers(world, before)


def test_ten_megabytes_in_one_field_keep_nobody_else_waiting(world: World) -> None:
    long = "x" * 10_000_000
    world.act(GHL, "edit", email="1@example.org", fields={"firstName": long})
    world.act(GHL, "edit", email="2@example.org", fields={"firstName": "Zwei"})
    world.cycles()
    assert world.row(Side.RIGHT, "2@example.org").fields["firstName"] == "Zwei"
    assert world.row(Side.RIGHT, "1@example.org").fields["firstName"] == ""
    assert list(world.listed().values()) == [{"firstName = FIRSTNAME"}]
    assert_quiet(world)


@pytest.mark.parametrize(
    "row",
    [None, "x", {}, {"id": 7}, {"email": ["x"]}, {"tags": 5, "customFields": 5, "dnd": []}],
    ids=["null", "a word", "empty", "a number as id", "a list as address", "numbers"],
)
def test_one_row_that_makes_no_sense_stops_no_other(world: World, row: Any) -> None:
    before = everybody(world)
    bad = world.row(Side.LEFT, "4@example.org").id

    def change(contacts: list[Any]) -> list[Any]:
        if not contacts:
            return contacts  # the list of changes, when nothing has changed
        broken = {**contacts[0], **row} if row and "email" in row else row
        return [broken if one.get("id") == bad else one for one in contacts]

    spoil(world, SEARCH, rows(change))
    world.cycle(Mode.FULL)
    assert world.row(Side.RIGHT, "ada@example.org").fields["city"] == "Bern"
    assert_heals(world, before)


def test_what_is_written_down_of_trouble_names_nobody(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """The log, and what the store keeps of errors, hold no value of a contact."""
    caplog.set_level("DEBUG")
    world.act(MAILEON, "create", email="ada.lovelace@example.org", custom_fields={"phone": "555-0"})
    world.settle()
    said = json.dumps({"message": "ada@example.org of Bern is not welcome", "statusCode": 422})
    logged: list[Any] = []
    for kind in ("status", "status_after"):
        for status in (400, 401, 403, 422, 500):
            how = {"status": status, "body": said, "times": 2, "path": "contacts"}
            world.fault(kind, platform=GHL, after=2, **how)
            world.fault(kind, platform=MAILEON, after=2, **how)
            logged += run(world, Mode.SYNC)
            world.box.world.faults.clear()
            world.settle()
    assert logged, "a cycle says nothing at all"
    assert_nothing_personal(caplog.text)
    with world.reading() as db:
        errors = [
            *db.execute(sa.select(t.op.c.error)).scalars(),
            *db.execute(sa.select(t.run.c.error)).scalars(),
            *db.execute(sa.select(t.pair.c.error)).scalars(),
        ]
    assert any(errors)
    assert_nothing_personal(repr(errors))
