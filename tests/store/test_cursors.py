"""Where each listing of a pair goes on."""

import sqlalchemy as sa

from syncd.model.record import Resource
from syncd.model.side import Side
from syncd.store import cursors
from syncd.store.cursors import Cursor

from .samples import CONTACT, NOW, PAIR


def test_a_listing_that_never_ran_begins_at_the_beginning(store: sa.Engine) -> None:
    with store.connect() as db:
        assert cursors.load(db, PAIR, Side.LEFT, CONTACT) == Cursor()


def test_a_cursor_comes_out_as_it_went_in_and_the_later_replaces_the_earlier(
    store: sa.Engine,
) -> None:
    sweeping = Cursor("c1", "s4", 7, None, None)
    swept = Cursor("c2", None, None, NOW, 1204)
    for cursor in (sweeping, swept):
        with store.begin() as db:
            cursors.save(db, PAIR, Side.LEFT, CONTACT, cursor)
            assert cursors.load(db, PAIR, Side.LEFT, CONTACT) == cursor


def test_every_listing_has_its_own(store: sa.Engine) -> None:
    with store.begin() as db:
        cursors.save(db, PAIR, Side.LEFT, CONTACT, Cursor("c1"))
        assert cursors.load(db, PAIR, Side.RIGHT, CONTACT) == Cursor()
        assert cursors.load(db, PAIR, Side.LEFT, Resource.NOTE) == Cursor()
        assert cursors.load(db, "other", Side.LEFT, CONTACT) == Cursor()
