"""`status`, `conflicts`, `explain`, `retry`, `check`: looking, and deciding."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from syncd.store import tables as t
from tests.cli.conftest import Place


def somebody(place: Place) -> str:
    """Somebody in step on both sides."""
    both = place.contacts("ghl").keys() & place.contacts("maileon").keys()
    return min(both)


@contextmanager
def stored(place: Place) -> Iterator[sa.Connection]:
    """The state store, as nobody but a test opens it."""
    store = sa.create_engine(f"sqlite:///{place.folder}/var/syncd.db")
    with store.begin() as db:
        yield db
    store.dispose()


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


def test_a_store_that_is_empty_is_told_of_and_stays_empty(place: Place) -> None:
    said = place.type("status")
    assert said.exit_code == 0
    assert "No record was read yet: type `syncd sync`." in said.stdout
    told = place.json("status")
    assert place.type("status", "--check").exit_code == 1
    assert "The store is empty." in place.type("db", "status").stdout
    assert place.type("db", "upgrade").exit_code == 0
    assert place.json("status") == told


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


def test_after_many_looks_that_found_nothing_status_tells_of_the_last(place: Place) -> None:
    place.approve()
    place.type("sync")
    numbers = [place.json("sync")["pairs"][0]["run"] for _ in range(4)]
    asked = datetime.now(UTC)
    numbers.append(place.json("sync")["pairs"][0]["run"])
    assert numbers == sorted(set(numbers))
    last = place.json("status")["pairs"][0]["last_run"]
    assert (last["id"], last["state"]) == (numbers[-1], "done")
    assert last["quiet"] >= len(numbers)
    assert datetime.fromisoformat(last["ended_at"]) >= asked.replace(microsecond=0)
    shown = place.type("status").stdout
    assert f"{numbers[-1]}, done" in shown
    assert f"{last['quiet']} cycles in a row had nothing to do" in shown
    assert place.type("status", "--check").exit_code == 0


def test_a_conflict_waits_is_shown_and_is_settled_by_a_person(place: Place) -> None:
    place.configure(policy="manual")
    place.approve()
    email = somebody(place)
    place.box.act("ghl", "edit", email=email, fields={"city": "Oslo"})
    place.box.act("maileon", "edit", email=email, standard_fields={"CITY": "Bergen"})
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


def test_a_field_that_each_side_re_spells_is_told_as_such(place: Place) -> None:
    place.configure(policy="manual")
    place.approve()
    email = somebody(place)
    for _ in range(3):
        place.box.act("ghl", "edit", email=email, fields={"city": "OSLO"})
        place.type("sync")
        place.box.act("maileon", "edit", email=email, standard_fields={"CITY": "Oslo"})
        place.type("sync")
    said = "each side re-spells the other's value, again and again"
    (conflict,) = place.json("conflicts", "list")["conflicts"]
    assert conflict["why"] == said
    assert f"conflict {conflict['id']}: {said}" in str(place.json("explain", email))
    status = place.type("status").stdout
    assert f"1, in 1 of which {said}" in " ".join(status.split())
    assert place.json("status")["pairs"][0]["flipping"] == 1
    shown = " ".join(place.type("conflicts", "show", str(conflict["id"])).stdout.split())
    assert "Switch one of them off" in shown
    assert place.type("sync").exit_code == 3
    number = str(conflict["id"])
    assert place.type("conflicts", "resolve", number, "--take", "left").exit_code == 0
    assert place.type("sync").exit_code == 0
    assert place.contacts("maileon")[email]["standard_fields"]["CITY"] == "OSLO"
    place.box.act("maileon", "edit", email=email, standard_fields={"CITY": "Oslo"})
    assert place.type("sync").exit_code == 0
    assert place.contacts("ghl")[email]["city"] == "OSLO"
    assert place.type("conflicts", "list").stdout.startswith("No field waits")


def test_all_conflicts_of_a_pair_can_be_settled_at_once(place: Place) -> None:
    place.configure(policy="manual")
    place.approve()
    email = somebody(place)
    for field, there in (("city", "CITY"), ("lastName", "LASTNAME")):
        place.box.act("ghl", "edit", email=email, fields={field: "Here"})
        place.box.act("maileon", "edit", email=email, standard_fields={there: "There"})
    assert place.type("sync").exit_code == 3
    resolved = place.json("conflicts", "resolve", "--all", "shop", "--take", "left")
    assert len(resolved["resolved"]) == 2
    assert place.type("sync").exit_code == 0
    assert place.contacts("maileon")[email]["standard_fields"]["CITY"] == "Here"


def test_who_came_back_is_settled_by_name_and_never_by_the_dozen(place: Place) -> None:
    pair = place.folder / "pairs" / "shop.yaml"
    pair.write_text(pair.read_text() + "consent: {resubscribe: newer}\n", "utf-8")
    place.approve()
    assert place.type("sync").exit_code == 0
    email = somebody(place)
    place.box.act("maileon", "unsubscribe", email=email)
    assert place.type("sync").exit_code == 0
    place.box.request("POST", "/clock", {"advance_s": 5})  # Maileon tells whole seconds
    place.box.act("maileon", "resubscribe", email=email)
    assert place.type("sync").exit_code == 3
    assert "conflicts    1" in place.type("status").stdout
    records = place.json("status")["pairs"][0]["records"]
    assert {r["account"] for r in records if r["cause"] == "consent"} == {"crm", "mail"}
    listed = place.type("conflicts", "list").stdout
    assert "consent" in listed
    assert "nothing is written for them until you say" in " ".join(listed.split())
    several = place.json("conflicts", "resolve", "--all", "shop", "--take", "right")
    (conflict,) = place.json("conflicts", "list")["conflicts"]
    assert (several["resolved"], several["left_open"]) == ([], [conflict["id"]])
    number = str(conflict["id"])
    shown = " ".join(place.type("conflicts", "show", number).stdout.split())
    assert f"conflicts resolve {number} --take right` lifts the opt-out" in shown
    assert "with `--take left` they are opted out everywhere" in shown
    assert place.type("conflicts", "resolve", number, "--take", "right").exit_code == 0
    assert place.type("sync").exit_code == 0
    assert place.contacts("maileon")[email]["permission"] == 5
    assert place.contacts("ghl")[email]["dndSettings"]["Email"]["status"] == "inactive"
    assert place.type("conflicts", "list").stdout.startswith("No field waits")


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
    place.box.act("ghl", "edit", email=email, fields={"city": "Oslo"})
    place.type("plan", "shop")
    rules = {r["rule"]: r["why"] for r in place.json("explain", email)["contacts"][0]["rules"]}
    assert rules["city = CITY"] == "waits to be written to 'mail'"


def test_explain_of_a_stranger_says_whether_they_opted_out(place: Place) -> None:
    place.box.act("maileon", "create", email="gone@example.org")
    place.box.act("maileon", "unsubscribe", email="gone@example.org")
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
    assert place.type("sync").exit_code == 0


def test_retry_promises_nothing_for_what_no_retry_can_change(place: Place) -> None:
    place.approve()
    place.type("sync", "--full")
    answer = place.json("retry", "shop")
    assert answer["records"] == 0
    n = answer["left_alone"]["opted_out"]
    assert n > 1
    for words in ((), ("--cause", "opted_out")):
        said = place.type("retry", "shop", *words).stdout
        assert said == f"Nothing to retry: {n} have opted out.\n"


def test_retry_tries_what_was_refused_again(place: Place) -> None:
    place.approve()
    email = somebody(place)
    link = place.json("explain", email)["contacts"][0]["link"]
    with stored(place) as db:
        db.execute(
            t.refusal.insert().values(
                link_id=link, side="left", field="city", pair="shop", value="x", code="refused"
            )
        )
        db.execute(
            t.member.update()
            .where(t.member.c.link_id == link, t.member.c.side == "left")
            .values(state="parked", cause="platform_fails")
        )
    result = place.type("retry", "shop")
    assert "tries 1 parked record and the refused values of 1 record again" in result.stdout
    assert "Nothing to retry for the others" in result.stdout
    with stored(place) as db:
        assert db.execute(sa.select(t.refusal)).all() == []
    assert place.type("sync").exit_code == 0


def test_a_conflict_is_listed_with_the_ids_that_explain_takes(place: Place) -> None:
    place.configure(policy="manual")
    place.approve()
    email = somebody(place)
    place.box.act("ghl", "edit", email=email, fields={"city": "Oslo"})
    place.box.act("maileon", "edit", email=email, standard_fields={"CITY": "Bergen"})
    said = place.type("sync").stdout
    assert "Both sides agree" not in said
    assert "All but 1 field agrees; it waits for a person: type `syncd conflicts list" in said
    (conflict,) = place.json("conflicts", "list")["conflicts"]
    listed = place.type("conflicts", "list").stdout
    assert conflict["records"].keys() == {"crm", "mail"}
    for remote_id in conflict["records"].values():
        assert remote_id in listed
        assert place.json("explain", remote_id)["contacts"][0]["link"] == conflict["link"]


def test_times_in_json_are_iso_8601(place: Place) -> None:
    place.approve()
    status = place.json("status")["pairs"][0]
    for moment in (*status["swept_at"].values(), status["last_run"]["started_at"]):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", moment)


def test_what_is_parked_for_good_says_so(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")  # so that no cell is broken into lines
    place.approve()
    (gone, *_) = sorted(place.contacts("ghl").keys() & place.contacts("maileon").keys())
    place.box.act("maileon", "delete", email=gone)
    place.type("sync", "--full")
    said = place.type("status").stdout
    assert "Nothing; the opt-out is respected." in said
    assert "the pair keeps it" not in said
    assert "it stays, as the pair's" in said
    explained = place.type("explain", gone).stdout
    assert "The link has ended: its counterpart was deleted; it stays" in explained


def test_a_failure_of_the_first_run_is_not_taken_for_a_pair_that_was_never_read(
    place: Place,
) -> None:
    place.type("sync")
    with stored(place) as db:
        db.execute(t.member.delete())
        db.execute(t.pair.update().values(error="Account 'crm': it is refused."))
    said = place.type("status").stdout
    assert "failed       Account 'crm': it is refused." in said
    assert "No record was read yet" not in said


def test_a_write_that_the_account_was_refused_is_explained(place: Place) -> None:
    place.approve()
    email = somebody(place)
    scopes = ["contacts.readonly", "locations.readonly", "locations/customFields.readonly"]
    token = place.box.act("ghl", "make_token", scopes=scopes)["token"]
    place.box.act("maileon", "edit", email=email, standard_fields={"CITY": "Brno"})
    place.credentials(GHL_TOKEN=token)
    assert place.type("sync").exit_code == 2
    write = place.json("explain", email)["contacts"][0]["writes"][0]
    assert write["state"] == "dropped"
    assert write["error"].startswith("it was not carried out, as the run ended: Account 'crm'")
    assert "contacts.write" in write["error"]


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
