"""Records that belong to contacts, and the contacts one by one of which they are listed."""

import sqlalchemy as sa

from syncd.model.link import Member, State
from syncd.model.record import Resource
from syncd.model.side import Both, Side
from syncd.store import children, links, members, parents, wake
from syncd.store.parents import Reading, Shelf

from .samples import CONTACT, HOUR, NOTE, NOW, PAIR, member

LEFT, RIGHT = Side.LEFT, Side.RIGHT
SHELF = Shelf(PAIR, LEFT, NOTE)
ELSEWHERE = (
    Shelf("other", LEFT, NOTE),
    Shelf(PAIR, RIGHT, NOTE),
    Shelf(PAIR, LEFT, Resource.TASK),
)


def note(remote_id: str, parent_id: str, side: Side = LEFT, **values: object) -> Member:
    return member(remote_id, side, key=None, parent_id=parent_id, **values)


def save(store: sa.Engine, *those: Member, pair: str = PAIR, resource: Resource = NOTE) -> None:
    with store.begin() as db:
        members.save(db, pair, resource, those)


def test_of_what_belongs_to_contacts_those_are_found_that_are_there(store: sa.Engine) -> None:
    save(store, note("b", "ada"), note("a", "bob"), note("c", "cy"), note("d", "ada", RIGHT))
    save(store, note("e", "ada", state=State.GONE))
    save(store, note("f", "ada"), pair="other")
    save(store, note("g", "ada"), resource=Resource.TASK)
    with store.connect() as db:
        found = children.under(db, PAIR, NOTE, LEFT, ["ada", "bob", "nobody"])
    assert [(m.remote_id, m.parent_id) for m in found] == [("a", "bob"), ("b", "ada")]


def test_what_has_no_link_yet_is_to_be_matched(store: sa.Engine) -> None:
    save(store, note("a", "ada"), note("b", "ada", todo=False), note("c", "ada", link_id=4))
    save(store, note("d", "ada"), resource=Resource.TASK)
    with store.connect() as db:
        assert [m.remote_id for m in children.todo_unlinked(db, PAIR, NOTE, 9)] == ["a"]
        assert children.todo_unlinked(db, PAIR, NOTE, 0) == []


def test_what_waits_for_a_contact_that_is_being_made_is_counted(store: sa.Engine) -> None:
    waiting = {"state": State.WAITING, "cause": "parent", "todo": False}
    save(store, note("a", "ada", **waiting), note("b", "ada", **waiting))
    save(store, note("c", "bob", **waiting), note("d", "cy", **waiting), note("e", "di", **waiting))
    save(store, note("f", "ada", link_id=9, state=State.WAITING))
    save(store, member("ada", link_id=1), member("cy", RIGHT, link_id=3), resource=CONTACT)
    save(store, member("bob", link_id=None), resource=CONTACT)  # nobody is made for him
    save(store, member("di", link_id=4, state=State.PARKED), resource=CONTACT)
    with store.connect() as db:
        assert children.count_awaiting(db, PAIR, NOTE) == {LEFT: 2}
        assert children.count_awaiting(db, PAIR, Resource.TASK) == {}


def test_whose_records_have_gone_is_told_until_that_is_dealt_with(store: sa.Engine) -> None:
    gone = {"state": State.GONE, "link_id": 5}
    save(store, note("a", "bob", **gone), note("b", "ada", **gone), note("c", "ada", **gone))
    save(store, note("d", "cy", **{**gone, "link_id": None}), note("e", "di", link_id=6))
    save(store, note("f", "eve", todo=False, **gone), note("g", "fay", RIGHT, **gone))
    with store.connect() as db:
        assert children.parents_of_the_gone(db, PAIR, NOTE, LEFT) == ["ada", "bob"]
        assert children.parents_of_the_gone(db, PAIR, NOTE, RIGHT) == ["fay"]


def test_what_belongs_to_a_contact_is_woken_of_every_kind(store: sa.Engine) -> None:
    asleep = [note("a", "ada", todo=False), note("b", "bob", todo=False)]
    save(store, *asleep, note("c", "ada", RIGHT, todo=False))
    save(store, note("d", "ada", todo=False), resource=Resource.TASK)
    save(store, note("e", "ada", todo=False), pair="other")
    with store.begin() as db:
        wake.children(db, PAIR, LEFT, ["ada"])
        awake = set(db.execute(sa.text("select remote_id from member where todo")).scalars())
    assert awake == {"a", "d"}


def test_links_know_the_contacts_link_to_which_they_belong(store: sa.Engine) -> None:
    with store.begin() as db:
        wanted: list[Both[str | None]] = [Both("a", "b"), Both("c", None)]
        first, second = links.open_new(db, PAIR, NOTE, wanted, [7, 8])
        links.move(db, {second: 9})
        assert [link.parent for link in links.load(db, [first, second])] == [7, 9]
        (contact,) = links.open_new(db, PAIR, CONTACT, [Both("x", "y")])
        assert links.load(db, [contact])[0].parent is None


def test_contacts_are_read_when_due_and_then_in_turn(store: sa.Engine) -> None:
    with store.begin() as db:
        for shelf in (SHELF, *ELSEWHERE):
            parents.note_due(db, shelf, ["cy", "ada", "bob", "ada"])
        assert parents.due(db, SHELF, 2) == ["ada", "bob"]
        assert parents.due(db, SHELF, 2, after="bob") == ["cy"]
        assert parents.oldest(db, SHELF, None, before=NOW) == []
        for hours, who in enumerate(("bob", "ada", "cy")):
            parents.note_read(db, SHELF, who, NOW + hours * HOUR)
        assert parents.due(db, SHELF, 9) == []
        assert parents.oldest(db, SHELF, 2, before=NOW + 9 * HOUR) == ["bob", "ada"]
        assert parents.oldest(db, SHELF, None, before=NOW + 2 * HOUR) == ["bob", "ada"]
        parents.note_due(db, SHELF, ["cy"])
        assert parents.standing(db, SHELF) == Reading(3, 1, NOW)
        parents.forget(db, SHELF, ["bob", "cy", "nobody"])
        assert parents.standing(db, SHELF) == Reading(1, 0, NOW + HOUR)
        for shelf in ELSEWHERE:
            assert parents.standing(db, shelf) == Reading(3, 3, None)
