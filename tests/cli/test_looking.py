"""`status`, `conflicts`, `explain`, `retry`, `check`: looking, and deciding."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from syncd.store import tables as t
from tests.cli.conftest import Place


def somebody(place: Place) -> str:
    """Somebody in step on both sides."""
    both = place.contacts("ghl").keys() & place.contacts("maileon").keys()
    return min(both)


def test_status_counts_every_record_in_exactly_one_state(place: Place) -> None:
    place.approve()
    place.type("sync", "--full")  # so that it knows who has left
    status = place.json("status")["pairs"][0]
    for account, platform in (("crm", "ghl"), ("mail", "maileon")):
        there = [r for r in status["records"] if r["account"] == account and r["state"] != "gone"]
        assert sum(r["count"] for r in there) == len(place.contacts(platform))
    assert status["links"] == len(place.contacts("maileon"))
    assert status["suppressed"] > 0
    assert "opted out" in place.type("status").stdout


def test_health_needs_a_recent_run_that_did_not_fail(place: Place) -> None:
    assert place.type("status", "--check").exit_code == 1
    place.type("sync")
    held = place.type("status", "--check")
    assert held.exit_code == 7
    assert "held" in held.stdout
    place.type("release", "shop")
    assert place.type("status", "--check").exit_code == 0
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    store = sa.create_engine(f"sqlite:///{place.folder}/var/syncd.db")
    with store.begin() as db:
        db.execute(t.run.update().values(started_at=long_ago, ended_at=long_ago))
    store.dispose()
    stale = place.type("status", "--check")
    assert stale.exit_code == 1
    assert "it should every 60 s" in stale.stdout


def test_a_conflict_waits_is_shown_and_is_settled_by_a_person(place: Place) -> None:
    place.configure(policy="manual")
    place.approve()
    email = somebody(place)
    place.act("ghl", "edit", email=email, fields={"city": "Oslo"})
    place.act("maileon", "edit", email=email, standard_fields={"CITY": "Bergen"})
    result = place.type("sync")
    assert result.exit_code == 3
    assert "syncd conflicts list shop" in result.stdout
    (conflict,) = place.json("conflicts", "list")["conflicts"]
    assert conflict["rule"] == "city = CITY"
    number = str(conflict["id"])
    shown = place.type("conflicts", "show", number).stdout
    assert "Oslo" in shown
    assert "Bergen" in shown
    assert f"conflict {number}" in place.type("explain", email).stdout
    assert place.type("conflicts", "resolve", number, "--take", "right").exit_code == 0
    assert place.type("sync").exit_code == 0
    assert place.contacts("ghl")[email]["city"] == "Bergen"
    assert place.type("conflicts", "list").stdout.startswith("No field waits")


def test_all_conflicts_of_a_pair_can_be_settled_at_once(place: Place) -> None:
    place.configure(policy="manual")
    place.approve()
    email = somebody(place)
    for field, there in (("city", "CITY"), ("lastName", "LASTNAME")):
        place.act("ghl", "edit", email=email, fields={field: "Here"})
        place.act("maileon", "edit", email=email, standard_fields={there: "There"})
    assert place.type("sync").exit_code == 3
    resolved = place.json("conflicts", "resolve", "--all", "shop", "--take", "left")
    assert len(resolved["resolved"]) == 2
    assert place.type("sync").exit_code == 0
    assert place.contacts("maileon")[email]["standard_fields"]["CITY"] == "Here"


def test_resolving_nothing_in_particular_is_a_usage_error(place: Place) -> None:
    assert place.type("conflicts", "resolve", "--take", "left").exit_code == 2
    assert place.type("conflicts", "resolve", "12", "--take", "left").exit_code == 2
    assert place.type("conflicts", "show", "12").exit_code == 2


def test_explain_tells_about_each_field_by_address_and_by_id(place: Place) -> None:
    place.approve()
    email = somebody(place)
    by_address = place.json("explain", email.upper())["contacts"]
    assert {rule["why"] for rule in by_address[0]["rules"]} == {"agreed"}
    remote_id = by_address[0]["sides"]["right"]["remote_id"]
    assert place.json("explain", remote_id, "shop")["contacts"] == by_address


def test_explain_knows_an_edit_that_waits(place: Place) -> None:
    place.approve()
    email = somebody(place)
    place.act("ghl", "edit", email=email, fields={"city": "Oslo"})
    place.type("plan", "shop")
    rules = {r["rule"]: r["why"] for r in place.json("explain", email)["contacts"][0]["rules"]}
    assert rules["city = CITY"] == "waits to be written to 'mail'"


def test_explain_of_a_stranger_says_whether_they_opted_out(place: Place) -> None:
    place.act("maileon", "create", email="gone@example.org")
    place.act("maileon", "unsubscribe", email="gone@example.org")
    place.approve()
    stranger = place.type("explain", "nobody@example.org")
    assert stranger.exit_code == 2
    assert "No pair has seen" in stranger.output
    assert "suppression ledger" in place.type("explain", "gone@example.org").output


def test_retry_wakes_what_is_parked_and_knows_the_causes(place: Place) -> None:
    place.approve()
    unknown = place.type("retry", "shop", "--cause", "weather")
    assert unknown.exit_code == 2
    assert "opted_out" in unknown.output
    assert place.json("retry", "shop", "--cause", "opted_out")["records"] > 0
    assert place.type("sync").exit_code == 0


def test_check_finds_everything_in_order(place: Place) -> None:
    result = place.type("check")
    assert result.exit_code == 0
    assert "Everything fits." in result.stdout
    assert place.json("check", "--account", "mail")["fits"] is True
    assert place.type("check", "--account", "mial").exit_code == 2


def test_check_shows_what_is_wrong_in_a_mapping_with_its_line(place: Place) -> None:
    pair = place.folder / "pairs" / "shop.yaml"
    pair.write_text(pair.read_text().replace("FIRSTNAME", "FIRSTNAM"), "utf-8")
    result = place.type("check")
    assert result.exit_code == 2
    stops = [line for line in place.json("check")["lines"] if line["verdict"] == "STOP"]
    assert stops[0]["what"].endswith("shop.yaml:7")
    assert "FIRSTNAME" in stops[0]["hint"]
