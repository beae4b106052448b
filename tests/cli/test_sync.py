"""`sync`, `plan`, `release`: the way from a held first run to two equal sides."""

import json
import time

import pytest

from tests.cli.conftest import Place


def test_the_first_run_is_held_and_says_what_to_type(place: Place) -> None:
    result = place.type("sync")
    assert result.exit_code == 7
    assert "needs a person's word" in result.stdout
    assert "syncd release shop --run 1" in result.stdout
    assert place.writes.get("ghl", 0) == 0


def test_a_plan_names_fields_and_shows_values_only_when_asked(place: Place) -> None:
    writes = place.writes
    plain = place.type("plan", "shop", "--limit", "1000", "--json")
    assert plain.exit_code == 7
    assert "FIRSTNAME" in plain.stdout
    assert "@example" not in plain.stdout
    assert "@example" not in place.type("plan", "shop").stdout
    assert "@example" in place.type("plan", "shop", "--values").stdout
    assert place.writes == writes


def test_a_plan_tells_how_many_requests_a_sync_takes_and_how_long(place: Place) -> None:
    ahead = place.json("plan", "shop")["forecast"]
    assert ahead["accounts"]["crm"]["writes"] > 0
    assert all(
        one["requests"] == pytest.approx(one["writes"] + one["reads"], abs=1)
        for one in ahead["accounts"].values()
    )
    assert ahead["hours"] is not None
    requests = f"{ahead['accounts']['crm']['requests']:,} requests"
    said = " ".join(place.type("plan", "shop").stdout.split())
    assert f"It takes about {requests} to 'crm'" in said
    assert ": 1 min at the permitted rates." in said
    place.approve()
    place.type("sync")
    assert "It takes about" not in place.type("plan", "shop").stdout


def test_a_plan_can_read_everything_first(place: Place) -> None:
    place.approve()
    swept = place.json("status")["pairs"][0]["swept_at"]
    assert place.type("plan", "shop").exit_code == 0
    assert place.json("status")["pairs"][0]["swept_at"] == swept
    time.sleep(1.1)  # times are told in whole seconds
    writes = place.writes
    assert place.type("plan", "shop", "--full").exit_code == 0
    assert place.writes == writes
    after = place.json("status")["pairs"][0]["swept_at"]
    assert all(after[account] > swept[account] for account in swept)


def test_release_sends_and_then_both_sides_agree(place: Place) -> None:
    place.approve()
    ghl, maileon = place.contacts("ghl"), place.contacts("maileon")
    mailable = {e for e, c in ghl.items() if not c["dndSettings"] and not c["dnd"]}
    assert mailable == maileon.keys()
    again = place.json("sync")
    assert again["pairs"][0]["settled"] is True
    assert again["pairs"][0]["sides"]["crm"].get("updated") is None
    assert place.type("plan", "shop").exit_code == 0


def test_plan_and_release_are_all_that_a_new_pair_takes(place: Place) -> None:
    shown = place.type("plan", "shop")
    assert shown.exit_code == 7
    assert "syncd release shop --run 1" in shown.stdout
    released = place.type("release", "shop", "--run", "1")
    assert released.exit_code == 0, released.output
    assert "Run 1 of pair 'shop' is released." in released.stderr
    assert place.json("sync")["pairs"][0]["sides"]["crm"].get("updated") is None
    again = place.type("release", "shop", "--run", "1")
    assert again.exit_code == 2
    assert "Nothing was released" in again.stderr


def test_what_was_planned_with_another_mapping_is_not_released(place: Place) -> None:
    place.type("plan", "shop")
    place.configure(policy="left")
    released = place.type("release", "shop")
    assert released.exit_code == 2
    assert "was changed since run 1 of pair 'shop' was planned" in released.stderr
    assert "Look again with `syncd plan shop`." in released.stderr
    assert place.type("sync").exit_code == 7
    assert place.writes.get("ghl", 0) == place.writes.get("maileon", 0) == 0


def test_a_plan_is_carried_out_by_the_run_that_is_held_already(place: Place) -> None:
    place.type("sync")
    place.type("plan", "shop")
    released = place.type("release", "shop")
    assert released.exit_code == 0, released.output
    assert "Run 1 of pair 'shop' is released, as run 2 planned it." in released.stderr


def test_a_plan_with_nothing_that_is_held_needs_no_release(place: Place) -> None:
    place.approve()
    place.type("plan", "shop")
    result = place.type("release", "shop")
    assert result.exit_code == 2
    assert "needs nobody's word" in result.stderr


def test_release_with_another_number_releases_nothing(place: Place) -> None:
    place.type("sync")
    result = place.type("release", "shop", "--run", "99")
    assert result.exit_code == 2
    assert "Nothing was released" in result.output
    assert "--run 1" in result.output


def test_release_without_a_run_leaves_the_sending_to_the_next_cycle(place: Place) -> None:
    place.type("sync")
    writes = place.writes
    assert place.json("release", "shop", "--no-run")["sent"] is False
    assert place.writes == writes
    assert place.type("sync").exit_code == 0


def test_release_where_nothing_is_held_says_so(place: Place) -> None:
    place.approve()
    result = place.type("release", "shop")
    assert result.exit_code == 2
    assert "No run of pair 'shop' is held" in result.output


def test_an_edit_arrives_and_is_counted(place: Place) -> None:
    place.approve()
    email = next(iter(place.contacts("maileon")))
    place.box.act("maileon", "edit", email=email, standard_fields={"CITY": "Ærøskøbing"})
    outcome = place.json("sync")["pairs"][0]
    assert outcome["sides"]["crm"]["updated"] == 1
    assert "new or changed" in place.type("sync").stdout
    assert outcome["requests"] > 0
    assert place.contacts("ghl")[email]["city"] == "Ærøskøbing"


def test_once_runs_one_cycle_even_if_it_wrote(place: Place) -> None:
    place.approve()
    email = next(iter(place.contacts("maileon")))
    place.box.act("maileon", "edit", email=email, standard_fields={"CITY": "Brno"})
    assert place.json("sync", "--once")["pairs"][0]["cycles"] == 1


@pytest.mark.parametrize("words", [("sync", "shup"), ("plan", "shup"), ("release", "shup")])
def test_an_unknown_pair_is_a_usage_error_with_a_guess(place: Place, words: list[str]) -> None:
    result = place.type(*words)
    assert result.exit_code == 2
    assert "There is no pair 'shup'." in result.output
    assert "shop" in result.output


def test_a_backfill_counts_and_a_second_one_finds_everything_unchanged(place: Place) -> None:
    place.approve()
    dry = place.json("backfill", "shop", "--since", "2020-01-01", "--dry-run")
    assert dry["wanted"] == {}
    done = place.json("backfill", "shop", "--since", "2020-01-01")
    assert done["state"] == "done"
    assert done["in_the_window"] == done["worked_through"] > 0
    assert done["created"] == done["updated"] == done["failed"] == 0


def test_a_backfill_that_is_too_large_is_held_and_goes_on_after_release(place: Place) -> None:
    held = place.type("backfill", "shop", "--since", "2020-01-01")
    assert held.exit_code == 7
    assert "syncd backfill shop --resume 1" in held.stdout
    assert "  HELD " in place.type("status").stdout
    assert "--resume 1" in place.type("release", "shop", "--run", "1").stdout
    released = place.type("status").stdout
    assert "HELD" not in released
    assert "go on with `syncd backfill shop --resume 1`" in released
    assert "1, a backfill, released" in released
    done = place.json("backfill", "shop", "--resume", "1")
    assert done["state"] == "done"
    assert done["created"] > 0
    after = place.type("status").stdout
    assert "1, a backfill, done" in after
    assert "released" not in after


def test_a_released_run_is_not_shown_as_held(place: Place) -> None:
    place.type("sync")
    place.type("release", "shop", "--no-run")
    status = place.type("status").stdout
    assert "HELD" not in status
    assert "run 1: the next cycle sends it" in status
    checked = place.type("status", "--check")
    assert checked.exit_code == 0
    assert "is released" in checked.stdout
    assert "is held" not in place.type("check").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Say from when on"),
        (("--since", "soon"), "is no day"),
        (("--since", "2026-02-01", "--until", "2026-01-01"), "The window is empty"),
        (("--resume", "77"), "is no backfill"),
        (("--resume", "1", "--since", "2026-01-01"), "the window that it was begun with"),
    ],
)
def test_a_backfill_without_a_window_says_what_is_missing(
    place: Place, words: list[str], said: str
) -> None:
    result = place.type("backfill", "shop", *words)
    assert result.exit_code == 2
    assert said in result.output


def test_one_pair_that_cannot_be_synced_stops_no_other(place: Place) -> None:
    pair = place.folder / "pairs" / "shop.yaml"
    root = place.folder / "syncd.yaml"
    before, mail = root.read_text().split("  mail:", 1)
    mail, after = mail.split("pairs:", 1)
    root.write_text(f"{before}  mail:{mail}  news:{mail}pairs:{after}", "utf-8")
    broken = pair.read_text().replace("pair: shop", "pair: broken").replace("CITY", "CITTY")
    broken = broken.replace("right: mail", "right: news")
    (place.folder / "pairs" / "broken.yaml").write_text(broken, "utf-8")
    result = place.type("sync", "--json")
    assert result.exit_code == 7  # `shop` waits for a person; that counts for more
    assert "Pair broken was not synced" in result.stderr
    answer = json.loads(result.stdout)
    assert answer["failed"] == {"broken": 2}
    assert [one["pair"] for one in answer["pairs"]] == ["shop"]
