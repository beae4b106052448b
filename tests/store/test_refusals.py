"""Values that a platform refused."""

import sqlalchemy as sa

from syncd.model.plan import Refused
from syncd.model.side import Side
from syncd.model.values import SetDelta
from syncd.store import refusals
from syncd.store.refusals import Refusal

from .samples import PAIR


def test_a_refused_value_comes_out_as_it_went_in(store: sa.Engine) -> None:
    delta = SetDelta(frozenset({"vip"}))
    with store.begin() as db:
        refusals.note(
            db,
            PAIR,
            [
                Refusal(1, Side.LEFT, "phone", "+12025550123", "invalid_phone"),
                Refusal(1, Side.RIGHT, "tags", delta, "invalid"),
                Refusal(2, Side.LEFT, "city", None, "not_clearable"),
            ],
        )
        assert refusals.of_links(db, [1, 3]) == {
            1: {
                (Side.LEFT, "phone"): Refused("+12025550123", "invalid_phone"),
                (Side.RIGHT, "tags"): Refused(delta, "invalid"),
            }
        }
        assert refusals.of_links(db, [2]) == {
            2: {(Side.LEFT, "city"): Refused(None, "not_clearable")}
        }


def test_a_later_refusal_of_a_field_replaces_the_earlier_even_on_one_page(
    store: sa.Engine,
) -> None:
    first = Refusal(1, Side.LEFT, "phone", "1", "invalid")
    with store.begin() as db:
        refusals.note(db, PAIR, [first, Refusal(1, Side.LEFT, "phone", "2", "x" * 99)])
        refusals.note(db, PAIR, [Refusal(1, Side.LEFT, "phone", "3", "invalid")])
        assert refusals.of_links(db, [1]) == {1: {(Side.LEFT, "phone"): Refused("3", "invalid")}}


def test_all_of_a_pair_can_be_tried_again(store: sa.Engine) -> None:
    with store.begin() as db:
        refusals.note(db, PAIR, [Refusal(n, Side.LEFT, "phone", "1", "no") for n in (1, 1, 2)])
        refusals.note(db, "other", [Refusal(3, Side.LEFT, "phone", "1", "no")])
        assert sorted(refusals.clear(db, PAIR)) == [1, 2]
        assert list(refusals.of_links(db, [1, 2, 3])) == [3]
