"""A pair at rest: what thousands of cycles with nothing to do leave in the store."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa

from bench.harness import Harness, people, silence
from syncd.engine.cycle import run_cycle
from syncd.store import tables as t

CONTACTS = 200


def measure(quick: bool) -> Sequence[tuple[str, str, str, bool]]:
    """Pages and rows of a store on SQLite before and after."""
    cycles = 500 if quick else 10_000
    with tempfile.TemporaryDirectory() as name:
        silence()
        harness = Harness(Path(name), "sqlite:///syncd.db")
        for account in harness.accounts.values():
            people(account, range(CONTACTS))
        for _ in range(5):
            harness.cycle()
        pair, before = harness.app.open_pair("bench", create_fields=True), _size(harness)
        for _ in range(cycles):
            run_cycle(pair, harness.app.environment)
        after = _size(harness)
        harness.app.store.dispose()
    told = f"{before[0]:,} pages and {before[1]:,} rows before, {after[0]:,} and {after[1]:,} after"
    return [(f"at rest, {cycles:,} cycles", told, "as large as before", after == before)]


def _size(harness: Harness) -> tuple[int, int]:
    """How many pages the file has, those included that nothing uses; and rows, of all tables."""
    with harness.app.store.connect() as db:
        rows = (
            db.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in t.metadata.tables.values()
        )
        return int(db.exec_driver_sql("PRAGMA page_count").scalar_one()), sum(rows)
