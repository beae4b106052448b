"""`history`: what was seen and written, of a contact, of a run, since some time; and erasing it."""

import csv
import io
import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from syncd.cli import timeline
from syncd.store import tables as t
from tests.cli.conftest import Place
from tests.cli.test_looking import somebody, stored
from tests.cli.test_mistakes import refused


def edited(place: Place) -> str:
    """Somebody in step, whose city was edited and carried over."""
    place.approve()
    place.type("sync")
    email = somebody(place)
    place.box.act("ghl", "edit", email=email, fields={"city": "Oslo"})
    assert place.type("sync").exit_code == 0
    return email


def entries(place: Place, *words: str) -> list[dict[str, Any]]:
    return list(place.json("history", *words)["entries"])


def test_what_happened_to_a_contact_is_told_of_both_sides(place: Place) -> None:
    email = edited(place)
    told = entries(place, email)
    first, last, write = told[0], told[-2], told[-1]
    assert (first["kind"], first["baseline"], first["why"]) == (
        "appeared",
        True,
        "listed with everybody else",
    )
    assert (last["account"], last["actor"], last["after"]) == ("crm", "platform", {"city": "Oslo"})
    assert (write["account"], write["actor"], write["kind"]) == ("mail", "syncd", "updated")
    assert write["fields"] == ["CITY"]
    assert write["before"].keys() == {"CITY"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", write["at"])
    for one in (first["remote_id"], write["remote_id"], email.upper()):
        assert entries(place, one) == told
        assert entries(place, one, "--pair", "shop") == told


def test_people_read_who_when_what_and_why(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    email = edited(place)
    shown = place.type("history", email).stdout
    assert "→ Oslo" in shown
    assert "seen for the first time" in shown
    assert "linked with mail" in shown
    assert "The newest of its history" in place.type("explain", email).stdout
    history = place.json("explain", email)["contacts"][0]["history"]
    assert history == entries(place, email)[-10:]


def test_many_are_told_without_values_unless_somebody_asks_for_them(place: Place) -> None:
    email = edited(place)
    run = entries(place, email)[-1]["run"]
    for words in (("--run", str(run)), ("--since", "1h"), ("--since", "2020-01-01")):
        assert "Oslo" not in place.type("history", *words).output
        assert "before" not in entries(place, *words)[-1]
        assert "Oslo" in place.type("history", *words, "--values").output
        assert entries(place, *words, "--values")[-1]["after"] == {"CITY": "Oslo"}
        assert "Oslo" not in place.type("history", *words, "--csv").output
    assert {one["run"] for one in entries(place, "--run", str(run))} == {run}
    assert entries(place, "--since", "2999-01-01") == []
    assert "tells nothing" in place.type("history", "--since", "2999-01-01").stdout


def test_a_release_is_told_of_its_run_with_who_typed_it(place: Place) -> None:
    place.approve()
    released = [e for e in entries(place, "--since", "1h") if e["kind"] == "released"]
    assert len(released) == 1
    assert re.fullmatch(r"person:.+@.+", released[0]["actor"])
    of_run = place.json("history", "--run", str(released[0]["run"]))["entries"]
    assert [one["kind"] for one in of_run if one["actor"].startswith("person:")] == ["released"]


def test_the_newest_are_shown_and_that_there_are_more(place: Place) -> None:
    email = edited(place)
    told = entries(place, email)
    two = place.json("history", email, "--limit", "2")
    assert two == {"entries": told[-2:], "more": True}
    assert place.json("history", email, "--limit", str(len(told)))["more"] is False
    assert (
        "These are the newest 2; `--limit` shows more."
        in place.type("history", email, "--limit", "2").output
    )


def test_csv_has_a_row_for_each_entry_and_values_as_json(place: Place) -> None:
    email = edited(place)
    place.box.act("ghl", "edit", email=email, fields={"city": '=1+1,"Zürich"'})
    place.type("sync")
    rows = list(csv.DictReader(io.StringIO(place.type("history", email, "--csv").stdout)))
    told = entries(place, email)
    assert tuple(rows[0]) == timeline.COLUMNS
    assert [row["number"] for row in rows] == [str(one["number"]) for one in told]
    assert json.loads(rows[-1]["after"]) == {"CITY": '=1+1,"Zürich"'}
    assert not any(cell.startswith("=") for row in rows for cell in row.values())
    nothing = place.type("history", "--since", "2999-01-01", "--csv").stdout
    assert nothing.split() == [",".join(timeline.COLUMNS)]


def test_who_is_erased_is_in_the_journal_no_more(place: Place) -> None:
    email = edited(place)
    told = entries(place, email)
    number = len(entries(place, "--since", "2020-01-01", "--limit", "100000"))
    said = refused(place, "history", email, "--erase", code=2)
    assert "nothing was erased" in said
    assert entries(place, email) == told
    assert place.json("history", email, "--erase", "--yes") == {"erased": len(told)}
    assert entries(place, email) == []
    assert len(entries(place, "--since", "2020-01-01", "--limit", "100000")) == number
    with stored(place) as db:
        left = repr(db.execute(sa.select(t.journal)).all())
    ids = {one["remote_id"] for one in told}
    assert len(ids) == 2
    assert not any(word in left for word in (*ids, email, "Oslo"))
    again = place.type("history", email, "--erase", "--yes")
    assert again.exit_code == 0
    place.box.act("ghl", "edit", email=email, fields={"city": "Bergen"})
    place.type("sync")
    assert [one["kind"] for one in entries(place, email)] == ["changed", "updated"]


def test_whoever_is_known_to_no_pair_any_more_may_be_in_the_journal_still(place: Place) -> None:
    email = edited(place)
    one = entries(place, email)[-1]
    with stored(place) as db:
        db.execute(t.member.delete())
    assert "No pair has seen" in refused(place, "history", email, code=2)
    assert entries(place, one["remote_id"])[-1] == one


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Name one of a contact, a run, or a time."),
        (("ada@example.org", "--run", "1"), "Name one of a contact, a run, or a time."),
        (("nobody@example.org",), "No pair has seen this contact"),
        (("--run", "99"), "There is no run 99, or it was forgotten."),
        (("--since", "soon"), "`--since` is no day and no moment."),
        (("--since", "1h", "--pair", "shp"), "There is no pair 'shp'."),
        (("--since", "1h", "--erase"), "Only a contact can be erased"),
        (("--since", "1h", "--csv", "--json"), "An answer is in JSON or in CSV."),
        (("--run", "one"), "Invalid value for '--run'"),
        (("--since", "1h", "--limit", "0"), "Invalid value for '--limit'"),
    ],
)
def test_a_mistake_is_told_with_what_to_type(
    place: Place, words: tuple[str, ...], said: str
) -> None:
    assert said in refused(place, "history", *words, code=2)


def test_a_run_of_another_pair_is_told_as_such(place: Place) -> None:
    place.approve()
    pair = place.folder / "pairs" / "shop.yaml"
    pair.write_text(pair.read_text().replace("pair: shop", "pair: other"), "utf-8")
    said = refused(place, "history", "--run", "1", "--pair", "other", code=2)
    assert "Run 1 is of pair 'shop'." in said


def test_how_long_ago_may_be_typed_as_a_duration(place: Place) -> None:
    edited(place)
    with stored(place) as db:
        now = int(datetime.now(UTC).timestamp() * 1_000)
        db.execute(t.journal.update().values(at_ms=now - 3 * 3_600_000))
    assert entries(place, "--since", "2h") == []
    assert entries(place, "--since", "4h") != []
    assert entries(place, "--since", "999999d") != []
