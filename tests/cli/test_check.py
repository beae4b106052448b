"""`syncd check`: what it says is true, and tells what to type; errors say whose account it is."""

from typing import Any

import pytest

from tests.cli.conftest import Place

READING = ["contacts.readonly", "locations.readonly", "locations/customFields.readonly"]
AWAY = "http://127.0.0.1:9"


def stops(answer: Any, verdict: str = "STOP") -> dict[str, dict[str, str]]:
    """The lines of one verdict, by what they are of."""
    return {line["of"]: line for line in answer["lines"] if line["verdict"] == verdict}


def test_a_token_that_may_not_write_contacts_is_stopped(place: Place) -> None:
    token = place.box.act("ghl", "make_token", scopes=READING)["token"]
    place.credentials(GHL_TOKEN=token)
    result = place.type("check")
    assert result.exit_code == 2
    assert "Everything fits" not in result.stdout
    line = stops(place.json("check"))["crm"]
    assert line["found"] == "contacts.write is missing"
    assert "tick" in line["hint"]
    assert place.writes == {}


def test_a_key_that_may_not_unsubscribe_is_stopped(place: Place) -> None:
    key = place.box.act("maileon", "make_key", methods=["GET", "POST", "PUT"])["api_key"]
    place.credentials(MAILEON_API_KEY=key)
    assert place.type("check").exit_code == 2
    line = stops(place.json("check"))["mail"]
    assert line["found"] == "DELETE is missing"
    assert "Grant the key DELETE" in line["hint"]
    assert "syncd check" in line["hint"]


def test_a_platform_that_is_away_is_no_matter_of_credentials(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random.uniform", lambda *_: 0.0)  # so that no try waits
    place.credentials(MAILEON_BASE_URL=f"{AWAY}/maileon/1.0")
    answer = place.json("check")
    assert answer["fits"] is False
    assert not stops(answer)
    away = stops(answer, "away")
    assert f"{AWAY} does not answer" in away["mail"]["found"]
    assert "base_url" in away["mail"]["hint"]
    assert away["shop"]["what"] == "mapping"
    result = place.type("check")
    assert result.exit_code == 1
    assert "does not answer now" in result.stdout


def test_what_is_wrong_counts_for_more_than_what_is_away(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random.uniform", lambda *_: 0.0)  # so that no try waits
    place.credentials(GHL_TOKEN="pit-nonsense", MAILEON_BASE_URL=f"{AWAY}/maileon/1.0")
    assert place.type("check").exit_code == 2
    assert set(stops(place.json("check"))) == {"crm", "shop"}


def test_another_account_will_hold_the_run_and_so_says_check(place: Place) -> None:
    place.approve()
    other = place.box.info()["ghl"]["other_location"]
    place.credentials(GHL_TOKEN=other["token"], GHL_LOCATION_ID=other["location_id"])
    assert place.type("check").exit_code == 7
    held = stops(place.json("check"), "HELD")["shop"]
    assert other["location_id"] in held["found"]
    assert "another account and another pair" in held["hint"]
    assert "Put the old credentials of 'crm' back" in held["hint"]


@pytest.mark.parametrize(
    ("wrong", "account", "said"),
    [
        ({"GHL_TOKEN": "pit-nonsense"}, "crm' (syncd.yaml:3)", "GHL does not accept this token"),
        ({"GHL_LOCATION_ID": "x" * 20}, "crm' (syncd.yaml:3)", "belongs to another location"),
        ({"MAILEON_API_KEY": "k" * 20}, "mail' (syncd.yaml:8)", "does not accept this API key"),
    ],
)
def test_a_refusal_names_the_account_its_line_and_what_was_not_done(
    place: Place, wrong: dict[str, str], account: str, said: str
) -> None:
    place.credentials(**wrong)
    result = place.type("sync")
    assert result.exit_code == 2
    assert f"Account '{account}: " in result.stderr
    assert said in result.stderr
    assert "was answered 40" in result.stderr
    assert "Nothing was sent." in result.stderr
    assert "syncd check" in result.stderr


def test_a_scope_that_is_missing_is_named(place: Place) -> None:
    place.approve()
    token = place.box.act("ghl", "make_token", scopes=READING)["token"]
    place.credentials(GHL_TOKEN=token)
    email = min(place.contacts("ghl").keys() & place.contacts("maileon").keys())
    place.box.act("maileon", "edit", email=email, standard_fields={"CITY": "Brno"})
    result = place.type("sync")
    assert result.exit_code == 2
    assert "Account 'crm' (syncd.yaml:3): " in result.stderr
    assert "the token lacks the scope contacts.write (PUT /contacts" in result.stderr
    assert "Nothing was sent" not in result.stderr  # something was, and refused
    assert "Account 'crm'" in place.type("status").stdout


def test_the_scope_for_companies_is_asked_for_where_a_pair_reads_them(place: Place) -> None:
    reading = ["contacts.readonly", "contacts.write", "locations.readonly"]
    token = place.box.act(
        "ghl", "make_token", scopes=[*reading, "locations/customFields.readonly"]
    )["token"]
    place.credentials(GHL_TOKEN=token)
    assert place.type("check").exit_code == 0
    pair = place.folder / "pairs" / "shop.yaml"
    company = "  - {left: business.name, right: ORGANIZATION, direction: right}\n"
    pair.write_text(pair.read_text("utf-8") + company, "utf-8")
    assert place.type("check").exit_code == 2
    line = stops(place.json("check"))["shop"]
    assert line["found"] == "'crm': businesses.readonly is missing"
    assert "Without it nothing of companies travels" in line["hint"]


def rights(place: Place) -> dict[str, str]:
    """What check says about the rights of files: what to type, by what it is about."""
    lines = place.json("check")["lines"]
    found = [line for line in lines if line["what"] == "rights" and "others" in line["found"]]
    assert all(line["verdict"] == "note" for line in found)
    return {line["hint"].rsplit("/", 1)[-1]: f"{line['of']}: {line['found']}" for line in found}


def test_what_others_may_read_is_told_with_what_to_type(place: Place) -> None:
    (place.folder / ".env").chmod(0o640)
    assert place.type("check").exit_code == 0
    assert rights(place).keys() == {".env`."}
    var = place.folder / "var"
    var.chmod(0o755)
    (var / "syncd.db").chmod(0o644)
    found = rights(place)
    assert found.keys() == {".env`.", "var`.", "syncd.db*`."}
    assert "(mode 0644): every contact may be in it" in found["syncd.db*`."]
    assert "(mode 0640): tokens and keys may be in it" in found[".env`."]
    result = place.type("check")
    assert result.exit_code == 0
    assert f"Type `chmod 600 {var}/syncd.db*`." in " ".join(result.stdout.split())
    assert f"Type `chmod 700 {var}`." in " ".join(result.stdout.split())
    for path, mode in (((var / "syncd.db"), 0o600), (var, 0o700), (place.folder / ".env", 0o600)):
        path.chmod(mode)
    assert rights(place) == {}
    assert place.json("check")["fits"]
