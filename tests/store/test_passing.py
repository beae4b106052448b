"""Which derived fields are computed, when they change by themselves, and how far reports go."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from syncd.model.record import Resource
from syncd.store import passing
from syncd.store.passing import Report, Standing

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
TASK, APPOINTMENT = Resource.TASK, Resource.APPOINTMENT


def standing(store: sa.Engine, now: datetime = NOW, limit: int = 9) -> Standing:
    with store.connect() as db:
        return passing.standing(db, "crm", now, limit)


def test_contacts_come_up_when_their_time_has_come(store: sa.Engine) -> None:
    with store.begin() as db:
        passing.note(db, "crm", TASK, {"ada": NOW + HOUR, "bob": NOW + 2 * HOUR})
        passing.note(db, "crm", APPOINTMENT, {"ada": NOW + HOUR})
        passing.note(db, "mail", TASK, {"cy": NOW})
    assert standing(store).passed == {}
    assert standing(store, NOW + HOUR).passed == {TASK: ["ada"], APPOINTMENT: ["ada"]}
    with store.begin() as db:
        passing.note(db, "crm", TASK, {"ada": None, "bob": NOW + 3 * HOUR, "dan": None})
    assert standing(store, NOW + 2 * HOUR).passed == {APPOINTMENT: ["ada"]}
    late = standing(store, NOW + 9 * HOUR, limit=1)
    assert late.passed == {APPOINTMENT: ["ada"]}, "those first that have waited longest"


def test_fields_are_computed_until_nobody_names_them(store: sa.Engine) -> None:
    with store.begin() as db:
        passing.note_computed(db, "crm", ["a", "b"])
        passing.note_read(db, "crm", "b", Report("here", NOW))
        passing.note_computed(db, "mail", ["c"])
    assert standing(store).reports == {"a": Report(), "b": Report("here", NOW)}
    with store.begin() as db:
        passing.note_computed(db, "crm", ["b", "d"])
    assert standing(store).reports == {"b": Report("here", NOW), "d": Report()}
    with store.begin() as db:
        passing.forget_others(db, "crm", ["d"])
    assert standing(store).reports.keys() == {"d"}
    with store.begin() as db:
        passing.forget_others(db, "crm", [])
    assert standing(store).reports == {}
