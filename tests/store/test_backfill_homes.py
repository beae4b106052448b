"""About whose notes a backfill has to know: contacts on its list, and those of what is on it."""

from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa

from syncd.model.link import State
from syncd.model.side import Both, Side
from syncd.store import backfill_homes, backfills, links, members, parents
from syncd.store.parents import Shelf

from .samples import CONTACT, NOTE, NOW, PAIR, member

RUN = 7
LEFT, RIGHT = Side.LEFT, Side.RIGHT


def link(db: sa.Connection, left: str | None, right: str | None) -> None:
    """A link of contacts, and both as they stand."""
    (made,) = links.open_new(db, PAIR, CONTACT, [Both(left, right)], [None])
    ids = ((LEFT, left), (RIGHT, right))
    found = [member(i, side, link_id=made) for side, i in ids if i is not None]
    members.save(db, PAIR, CONTACT, found)


def in_window(db: sa.Connection, side: Side, run: int = RUN) -> list[str]:
    return backfill_homes.in_window(db, run, PAIR, side, 100)


def test_contacts_and_their_counterparts_lie_in_the_window(store: sa.Engine) -> None:
    with store.begin() as db:
        link(db, "a", "x")
        link(db, "b", "y")
        link(db, "c", None)
        link(db, "d", "z")
        gone = [replace(member("e", LEFT), state=State.GONE)]
        members.save(db, PAIR, CONTACT, gone)
        backfills.add(db, RUN, CONTACT, LEFT, ["a", "c", "e"])
        backfills.add(db, RUN, CONTACT, RIGHT, ["y", "x"])
        backfills.add(db, RUN + 1, CONTACT, LEFT, ["d"])
        assert in_window(db, LEFT) == ["a", "b", "c"]
        assert in_window(db, RIGHT) == ["x", "y"]
        assert in_window(db, RIGHT, RUN + 1) == ["z"]
        assert backfill_homes.in_window(db, RUN, PAIR, LEFT, 1, "a") == ["b"]


def test_so_do_contacts_of_what_is_on_the_list_but_only_to_be_read(store: sa.Engine) -> None:
    with store.begin() as db:
        link(db, "a", "x")
        link(db, "b", "y")
        link(db, "c", "z")
        members.save(db, PAIR, NOTE, [member("n", RIGHT, parent_id="y")])
        backfills.add(db, RUN, CONTACT, LEFT, ["a"])
        backfills.add(db, RUN, NOTE, RIGHT, ["n"])
        for side, ids in ((LEFT, ["a", "b"]), (RIGHT, ["x", "y"])):
            shelf = Shelf(PAIR, side, NOTE)
            assert backfill_homes.concerned(db, RUN, shelf, 100) == ids
        assert in_window(db, LEFT) == ["a"]


def test_whose_notes_were_listed_since_is_not_asked_again(store: sa.Engine) -> None:
    shelf = Shelf(PAIR, LEFT, NOTE)
    with store.begin() as db:
        parents.note_read(db, shelf, "a", NOW)
        parents.note_read(db, shelf, "b", NOW - timedelta(seconds=1))
        parents.note_read(db, Shelf(PAIR, RIGHT, NOTE), "c", NOW)
        assert backfill_homes.unread(db, shelf, ["c", "b", "a"], NOW) == ["c", "b"]
