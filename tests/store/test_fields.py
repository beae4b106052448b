"""Which field stands behind a name, and what is forgotten when it is another one."""

import pytest
import sqlalchemy as sa

from syncd.model.record import Identity
from syncd.model.side import SIDES, Both, Side
from syncd.model.spec import FieldSpec, Kind
from syncd.store import accounts, fields, links, observations
from syncd.store.accounts import Checked

from .samples import CONTACT, NOW, PAIR, counted, observation

NAMES = ["custom.size", 'a "quoted" name', "a.b[0]", "it's", "Größe\\", "$"]


def spec(name: str, identity: str | None = "f1", kind: Kind = Kind.TEXT) -> FieldSpec:
    return FieldSpec(name, kind, identity=identity)


@pytest.fixture
def known(store: sa.Engine) -> sa.Engine:
    with store.begin() as db:
        checked = Checked("ghl", Identity("loc-1", "Example Ltd"), {CONTACT: {}}, "hash", NOW)
        accounts.save(db, "crm", checked)
        fields.take_in(db, "crm", CONTACT, {name: spec(name) for name in NAMES})
    return store


@pytest.mark.parametrize(
    "later",
    [
        {},
        {"custom.size": spec("custom.size", "f2")},
        {"custom.size": spec("custom.size", "f1", Kind.DATE)},
    ],
    ids=["gone", "another id", "another kind"],
)
def test_a_field_that_is_gone_or_another_one_is_told(
    known: sa.Engine, later: dict[str, FieldSpec]
) -> None:
    with known.begin() as db:
        assert "custom.size" in fields.take_in(db, "crm", CONTACT, later)
        assert fields.load(db, "crm", CONTACT, ["custom.size"])["custom.size"].next == 1
        assert "custom.size" not in fields.take_in(db, "crm", CONTACT, later)


def test_a_field_that_a_catalogue_in_between_did_not_list_is_another_one(
    known: sa.Engine,
) -> None:
    again = {name: spec(name, None) for name in NAMES}
    with known.begin() as db:
        assert fields.take_in(db, "crm", CONTACT, again) == frozenset()
        assert fields.note_missing(db, "crm", CONTACT, ["it's"]) == {"it's"}
        assert fields.note_missing(db, "crm", CONTACT, ["it's"]) == frozenset()
        fields.take_in(db, "crm", CONTACT, again)
        numbers = {n: g.number for n, g in fields.load(db, "crm", CONTACT).items()}
    assert numbers == {name: int(name == "it's") for name in NAMES}


def test_what_an_older_store_knew_of_an_account_counts(store: sa.Engine) -> None:
    before = {"custom.size": FieldSpec("custom.size")}
    with store.begin() as db:
        assert fields.take_in(db, "crm", CONTACT, {}, before) == {"custom.size"}


@pytest.mark.parametrize("name", NAMES)
def test_values_of_another_field_are_unknown_from_then_on(known: sa.Engine, name: str) -> None:
    values = {
        "text": "a\tb \U0001f600",
        "whole": 3,
        "broken": 2.5,
        "yes": True,
        "no": False,
        "none": None,
        "set": frozenset({"vip"}),
    }
    seen = [observation(i, fields={**values, name: "L"}) for i in ("1", "2", "3")]
    with known.begin() as db:
        observations.save(db, "crm", CONTACT, seen)
        observations.save(db, "other", CONTACT, seen)
        with counted(known) as statements:
            observations.forget_fields(db, "crm", CONTACT, [name, "never there"])
        assert len(statements) == 1
        left = observations.load(db, "crm", CONTACT, ["1", "2", "3"])
        assert [dict(one.fields) for one in left.values()] == [values] * 3
        assert {one.digest for one in left.values()} == {""}
        assert observations.load(db, "other", CONTACT, ["1"])["1"] == seen[0]


@pytest.mark.parametrize("name", NAMES)
def test_shadows_of_a_field_are_forgotten_for_the_whole_pair_at_once(
    known: sa.Engine, name: str
) -> None:
    with known.begin() as db:
        ids = links.open_new(db, PAIR, CONTACT, [Both(f"l{n}", f"r{n}") for n in range(3)])
        shadow = Both({"tags": frozenset({"vip"}), "city": "Bern"}, {name: "vip", "n": 1.5})
        links.save_shadows(db, dict.fromkeys(ids, shadow))
        with counted(known) as statements:
            links.forget_shadows(db, PAIR, CONTACT, Both(["tags"], [name]))
        assert len(statements) == 1
        assert {str(link.shadow) for link in links.load(db, ids)} == {
            str(Both({"city": "Bern"}, {"n": 1.5}))
        }


def test_linked_records_that_have_a_value_are_counted(known: sa.Engine) -> None:
    values = {"1": "L", "2": None, "3": frozenset({"x"}), "4": False, "5": "unlinked"}
    with known.begin() as db:
        links.open_new(db, PAIR, CONTACT, [Both(i, f"r{i}") for i in ("1", "2", "3", "4")])
        seen = [observation(i, fields={"it's": value}) for i, value in values.items()]
        observations.save(db, "crm", CONTACT, seen)
        assert observations.count_with(db, PAIR, "crm", CONTACT, Side.LEFT, "it's") == 3
        assert observations.count_with(db, PAIR, "crm", CONTACT, Side.RIGHT, "it's") == 0


def test_a_pair_remembers_which_field_it_agreed_on(store: sa.Engine) -> None:
    with store.begin() as db:
        for side in SIDES:
            fields.note_agreed(db, PAIR, CONTACT, side, {"custom.size": 0, "it's": 2})
        fields.note_agreed(db, PAIR, CONTACT, Side.LEFT, {"custom.size": 1})
        assert fields.agreed(db, PAIR, CONTACT, Side.LEFT) == {"custom.size": 1, "it's": 2}
        assert fields.agreed(db, PAIR, CONTACT, Side.RIGHT) == {"custom.size": 0, "it's": 2}
