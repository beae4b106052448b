"""What was sent to each account is kept by day and class, and what platforms said of it."""

from datetime import timedelta

import sqlalchemy as sa

from syncd.connectors.spending import Spend, Told
from syncd.store import retention, spent
from syncd.store import tables as t

from .samples import HOUR, NOW, PAIR

DAY = timedelta(days=1)
LIVE, INCREMENTAL, BULK = Spend
TOLD = Told(100, 42, 200_000, 150_000, NOW)


def test_what_is_noted_adds_up_over_runs_and_processes(store: sa.Engine) -> None:
    for count in (3, 4):
        with store.begin() as db:
            spent.note(db, NOW, {("crm", BULK): count, ("crm", LIVE): 1}, {"crm": TOLD})
    with store.begin() as db:
        spent.note(db, NOW, {("mail", BULK): 50}, {})
        assert spent.of(db, "crm", NOW) == spent.Spent({BULK: 7, LIVE: 2}, TOLD)
        assert spent.of(db, "mail", NOW) == spent.Spent({BULK: 50}, Told())
        assert spent.of(db, "other", NOW) == spent.Spent({}, Told())


def test_what_a_platform_does_not_repeat_stays_as_it_said_it(store: sa.Engine) -> None:
    later = Told(100, 7, None, None, NOW + HOUR)
    with store.begin() as db:
        spent.note(db, NOW, {("crm", BULK): 1}, {"crm": TOLD})
        spent.note(db, NOW, {("crm", BULK): 1}, {"crm": later})
        assert spent.of(db, "crm", NOW).told == Told(100, 7, 200_000, 150_000, NOW + HOUR)


def test_a_new_day_begins_with_nothing_used_and_what_was_told_last(store: sa.Engine) -> None:
    newer = Told(100, 1, 200_000, 10, NOW + HOUR)
    with store.begin() as db:
        spent.note(db, NOW, {("crm", BULK): 9}, {"crm": TOLD})
        spent.note(db, NOW, {("crm", INCREMENTAL): 1}, {"crm": newer})
        assert spent.of(db, "crm", NOW + DAY) == spent.Spent({}, newer)
        assert spent.of(db, "crm", NOW + 2 * DAY) == spent.Spent({}, Told())


def test_noting_is_one_statement_and_nothing_is_none(store: sa.Engine) -> None:
    sent: list[str] = []
    sa.event.listen(store, "before_cursor_execute", lambda *given: sent.append(given[2]))
    with store.begin() as db:
        spent.note(db, NOW, {}, {})
        assert not [statement for statement in sent if "spent" in statement]
        used = {(account, spend): 1 for account in ("crm", "mail") for spend in Spend}
        spent.note(db, NOW, used, {"crm": TOLD})
    assert len([statement for statement in sent if "spent" in statement]) == 1


def test_days_long_past_are_forgotten(store: sa.Engine) -> None:
    with store.begin() as db:
        for age in (spent.KEPT + DAY, spent.KEPT):
            spent.note(db, NOW - age, {("crm", BULK): 1}, {})
        retention.tidy(db, PAIR, None, NOW)
        assert db.execute(sa.select(t.spent.c.day)).scalars().all() == [(NOW - spent.KEPT).date()]
