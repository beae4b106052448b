"""Synchronize Contacts: every flag, its default, and the report (maileon.md §2.5)."""

import pytest
from lxml import etree

from .maileon_client import SAFE_FLAGS, Api, contact, many, message, tree


@pytest.fixture
def api() -> Api:
    api = Api(quirk_share=0)
    for kind in ("string", "boolean", "float", "integer", "date"):
        api.person("create_custom_field", name=f"my_{kind}", type=kind)
    return api


def counts(report: etree._Element) -> tuple[int, int, int, int, int]:
    """All, new, existing, unsubscribed, invalid."""
    names = ("contacts", "new_contacts", "existing_contacts", "unsubscribed_contacts")
    found = [report.findtext(f"count_{each}") for each in (*names, "invalid_contacts")]
    total, new, existing, unsubscribed, invalid = (int(each or "") for each in found)
    return total, new, existing, unsubscribed, invalid


def codes(report: etree._Element) -> list[str | None]:
    return [each.get("code") for each in report.iterfind("invalid_contacts/contact/error")]


def test_the_report_has_the_documented_elements_and_no_ids(api: Api) -> None:
    """§2.5, §8 row 5."""
    report = api.bulk(contact("ada@example.org", "x"), contact("not-an-address", "y"))
    assert [each.tag for each in report] == [
        "success",
        "count_contacts",
        "count_new_contacts",
        "count_existing_contacts",
        "count_unsubscribed_contacts",
        "count_invalid_contacts",
        "invalid_contacts",
    ]
    assert counts(report) == (2, 1, 0, 0, 1)
    invalid = report.find("invalid_contacts/contact")
    assert invalid is not None
    assert etree.tostring(invalid) == (
        b"<contact><email>not-an-address</email><external_id>y</external_id>"
        b'<error code="3"><error_field nil="true"/></error></contact>'
    )
    assert not list(report.iter("id"))


def test_by_default_existing_contacts_are_ignored(api: Api) -> None:
    """§0 row 3, §8 row 1: `sync_mode=2`."""
    contact_id = api.create("ada@example.org")
    flags = {name: value for name, value in SAFE_FLAGS.items() if name != "sync_mode"}
    answer = api.post("/contacts", flags, many(contact("ada@example.org", CITY="Portland")))
    assert counts(tree(answer)) == (1, 0, 1, 0, 0)
    assert api.stored(contact_id)["standard_fields"] == {}


def test_the_clients_defaults_strip_everybodys_consent(api: Api) -> None:
    """§2.5, §8 row 2: permission 1 is always sent and override is the default."""
    contact_id = api.create("ada@example.org", 5)
    api.post("/contacts", {"permission": "1", "sync_mode": "2"}, many(contact("ada@example.org")))
    assert api.stored(contact_id)["permission"] == 1


@pytest.mark.parametrize(
    ("override", "permission", "existing", "new"),
    [("true", "2", 2, 2), ("true", None, 5, 1), ("false", "2", 5, 2), ("false", None, 5, 1)],
)
def test_permission_and_override_play_together(
    api: Api, override: str, permission: str | None, existing: int, new: int
) -> None:
    """§2.5: "permission and override_permission interplay"."""
    api.create("ada@example.org", 5)
    flags = {**SAFE_FLAGS, "override_permission": override}
    flags.pop("permission")
    if permission:
        flags["permission"] = permission
    api.post("/contacts", flags, many(contact("ada@example.org"), contact("bob@example.org")))
    assert [each["permission"] for each in api.maileon.dump()] == [existing, new]


@pytest.mark.parametrize(
    ("form", "status"), [("400_report", 400), ("200_report", 200), ("400_error", 400)]
)
def test_by_default_one_invalid_contact_fails_the_call(form: str, status: int) -> None:
    """§2.5, §8 row 4; the form of the answer is U16, a setting."""
    api = Api(failed_bulk_answer=form)
    body = many(contact("ada@example.org"), contact("bad"))
    answer = api.post("/contacts", {"sync_mode": "1"}, body)
    assert answer.status_code == status
    if form != "400_error":
        assert tree(answer).findtext("success") == "false"
        assert codes(tree(answer)) == ["3"]
    assert api.emails() == []


def test_two_ways_of_identity_exclude_each_other(api: Api) -> None:
    """§2.5."""
    flags = {"use_external_id": "true", "prefer_maileon_id": "true"}
    assert api.post("/contacts", flags, "<contacts/>").status_code == 400


@pytest.mark.parametrize(
    ("name", "value"),
    [("sync_mode", "3"), ("update_only", "1"), ("permission", "0"), ("permission", "x")],
)
def test_a_bad_flag_is_refused(api: Api, name: str, value: str) -> None:
    """§1.6: booleans are the words true and false."""
    assert api.post("/contacts", {name: value}, "<contacts/>").status_code == 400


LONG = "x" * 256


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("ADDRESS", LONG, "6"),
        ("CITY", LONG, "7"),
        ("FIRSTNAME", LONG, "8"),
        ("FULLNAME", LONG, "9"),
        ("HNR", LONG, "10"),
        ("LASTNAME", LONG, "11"),
        ("ORGANIZATION", LONG, "12"),
        ("REGION", LONG, "13"),
        ("STATE", LONG, "14"),
        ("TITLE", LONG, "15"),
        ("ZIP", LONG, "16"),
        ("BIRTHDAY", "1.2.1990", "17"),
        ("BIRTHDAY", "1990-02-30", "17"),
        ("NAMEDAY", "soon", "18"),
        ("GENDER", "male", "19"),
        ("LOCALE", "german", "20"),
        ("unknown", "x", "21"),
        ("MY_string", "x", "21"),
        ("my_boolean", "yes", "22"),
        ("my_float", "1,5", "23"),
        ("my_integer", "2147483648", "25"),
        ("my_integer", "1.5", "25"),
        ("my_string", LONG, "26"),
        ("my_date", "2026-13-01", "27"),
    ],
)
def test_a_value_that_does_not_fit_has_its_code(api: Api, name: str, value: str, code: str) -> None:
    """§2.5, "Synchronize Contacts Error Codes"."""
    row = contact("ada@example.org", **{name: value})
    report = api.bulk(row, contact("bob@example.org"))
    assert codes(report) == [code]
    assert report.findtext(".//error_field") == name
    assert api.emails() == ["bob@example.org"]


def test_values_that_fit_are_stored_in_their_form(api: Api) -> None:
    """§2.8."""
    fields = {
        "my_boolean": "0",
        "my_float": "12",
        "my_integer": "-2147483648",
        "my_date": "2026-01-02 03:04:05",
        "my_string": "x" * 255,
    }
    assert codes(api.bulk(contact("ada@example.org", GENDER="d", LOCALE="de", **fields))) == []
    stored = api.maileon.dump()[0]["custom_fields"]
    assert stored == fields | {"my_boolean": "false", "my_float": "12.0", "my_date": "2026-01-02"}


def test_an_unknown_standard_field_refuses_the_call(api: Api) -> None:
    body = many(contact("ada@example.org", NICKNAME="A"))
    answer = api.post("/contacts", SAFE_FLAGS, body)
    assert (answer.status_code, message(answer)) == (400, "unknown standard field: NICKNAME")


def test_duplicates_in_one_call_are_reported(api: Api) -> None:
    """§2.5: the first one counts; codes 5 and 4."""
    report = api.bulk(
        contact("ada@example.org", "x", CITY="A"),
        contact("Ada@Example.org", "y", CITY="B"),
        contact("bob@example.org", "x"),
    )
    assert counts(report) == (3, 1, 0, 0, 2)
    assert codes(report) == ["5", "4"]
    assert api.maileon.dump()[0]["standard_fields"] == {"CITY": "A"}


def test_an_external_id_of_somebody_else_is_an_identity_conflict(api: Api) -> None:
    """§2.5 code 4, "in request or stored"; a setting lets it pass."""
    api.create("ada@example.org", external_id="x")
    assert codes(api.bulk(contact("bob@example.org", "x"))) == ["4"]
    api.maileon.configure({"bulk_checks_external_id": False})
    assert codes(api.bulk(contact("bob@example.org", "x"))) == []
    assert [each["external_id"] for each in api.maileon.dump()] == ["x", "x"]


def test_by_external_id_the_id_is_needed_and_must_be_unique(api: Api) -> None:
    """§2.5 codes 1, 2 and 4."""
    ada = api.create("ada@example.org", external_id="x")
    report = api.bulk(
        contact("bob@example.org"),
        contact(external_id="new"),
        contact(external_id="x", CITY="Portland"),
        use_external_id="true",
    )
    assert codes(report) == ["1", "2"]
    assert api.stored(ada)["standard_fields"] == {"CITY": "Portland"}
    api.create("cyd@example.org", external_id="x")
    assert codes(api.bulk(contact(external_id="x"), use_external_id="true")) == ["4"]


def test_by_maileon_id_a_stale_one_falls_back_to_the_address(api: Api) -> None:
    """§2.5, U22: and creates a contact if `update_only` is not set."""
    ada = api.create("ada@example.org")
    known = f"<contact><id>{ada}</id><external_id>x</external_id></contact>"
    stale = "<contact><id>1</id><email>bob@example.org</email></contact>"
    report = api.bulk(known, stale, prefer_maileon_id="true")
    assert counts(report) == (2, 1, 1, 0, 0)
    assert api.stored(ada)["external_id"] == "x"
    assert codes(api.bulk("<contact><id>1</id></contact>", prefer_maileon_id="true")) == ["2"]


@pytest.mark.parametrize("changes", [False, True])
def test_a_differing_address_of_a_known_id_changes_only_if_set(changes: bool) -> None:
    """U21."""
    api = Api(bulk_changes_email=changes)
    ada = api.create("ada@example.org")
    api.create("bob@example.org")
    row = f"<contact><id>{ada}</id><email>%s@example.org</email></contact>"
    assert codes(api.bulk(row % "bob", prefer_maileon_id="true")) == ["5"]
    assert codes(api.bulk(row % "new", prefer_maileon_id="true")) == []
    assert api.emails()[0] == ("new@example.org" if changes else "ada@example.org")


@pytest.mark.parametrize(("rule", "reported"), [("silent", []), ("invalid", ["2"])])
def test_update_only_creates_nobody(rule: str, reported: list[str]) -> None:
    """§2.5, §7.4, U24."""
    api = Api(update_only_missing=rule)
    report = api.bulk(contact("ada@example.org"), update_only="true")
    assert codes(report) == reported
    assert counts(report)[1:3] == (0, 0)
    assert api.emails() == []


def test_a_stored_double_address_is_a_duplicate() -> None:
    """§2.5 code 5, §2.12."""
    api = Api(identity="external_id")
    api.create("ada@example.org", external_id="a")
    api.create("ada@example.org", external_id="b")
    assert codes(api.bulk(contact("ada@example.org"))) == ["5"]


def test_a_call_has_limits_by_setting() -> None:
    """U5, §6.3."""
    api = Api(bulk_max_contacts=1, bulk_max_bytes=1000)
    two = many(contact("ada@example.org"), contact("bob@example.org"))
    assert api.post("/contacts", SAFE_FLAGS, two).status_code == 400
    long = many(contact("ada@example.org", CITY="x" * 1000))
    assert api.post("/contacts", SAFE_FLAGS, long).status_code == 400
    assert api.emails() == []


def test_a_preference_keeps_its_source_unless_one_is_sent(api: Api) -> None:
    """§2.5: absent source unchanged, empty deleted; `last_modified` moves with either."""
    api.person("create_preference", category="Topics", name="monthly")

    def row(value: str, source: str) -> str:
        inner = f"<name>monthly</name><category>Topics</category><value>{value}</value>{source}"
        preference = f"<preferences><preference>{inner}</preference></preferences>"
        return f"<contact><email>ada@example.org</email>{preference}</contact>"

    api.bulk(row("true", "<source>crm</source>"))
    api.later(minutes=1)
    api.bulk(row("true", ""))

    def shown() -> etree._Element:
        answer = api.get("/contacts", {"preference_categories": "Topics"})
        found = tree(answer).find(".//preference")
        assert found is not None
        return found

    assert shown().findtext("source") == "crm"
    assert shown().findtext("last_modified") == "2026-11-20 12:30:15"
    api.bulk(row("true", "<source/>"))
    source = shown().find("source")
    assert source is not None
    assert source.get("nil") == "true"
    assert shown().findtext("last_modified") == "2026-11-20 12:31:15"
