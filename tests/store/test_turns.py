"""Many threads of one process at one store."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from syncd.errors import StoreError
from syncd.store import runs
from syncd.store.database import CONNECTIONS, begin, explained, open_store, reading

THREADS, TIMES = 3 * CONNECTIONS, 5


def at_once(call: Callable[[int], None]) -> None:
    """Call it in many threads that begin together, several times each."""
    together = threading.Barrier(THREADS)

    def work(n: int) -> None:
        together.wait()
        for _ in range(TIMES):
            call(n)

    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(work, n) for n in range(THREADS)]:
            done.result()


def test_writers_of_one_process_take_turns(sqlite_store: sa.Engine) -> None:
    """Here SQLite itself lets nobody wait: who finds the store locked fails at once."""

    @sa.event.listens_for(sqlite_store, "connect")
    def _hurry(connection: sa.PoolProxiedConnection, _: object) -> None:
        connection.execute("PRAGMA busy_timeout=0")  # type: ignore[attr-defined]

    def write(n: int) -> None:
        with explained(sqlite_store), begin(sqlite_store) as db:
            runs.note_error(db, f"pair{n}", "away")

    sqlite_store.dispose()
    at_once(write)
    with reading(sqlite_store) as db:
        assert all(runs.facts(db, f"pair{n}").error == "away" for n in range(THREADS))


def test_who_fails_while_writing_lets_the_next_one_write(store: sa.Engine) -> None:
    def note(error: str, *, fails: bool) -> None:
        with begin(store) as db:
            runs.note_error(db, "shop", error)
            if fails:
                raise KeyError

    with pytest.raises(KeyError):
        note("lost", fails=True)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(note, "away", fails=False).result()
    with reading(store) as db:
        assert runs.facts(db, "shop").error == "away"


def test_threads_share_a_few_connections_that_stay_open(store: sa.Engine) -> None:
    opened: list[object] = []
    sa.event.listen(store, "connect", lambda *_: opened.append(1))
    all_in_use = threading.Barrier(CONNECTIONS)

    def read(n: int) -> None:
        with reading(store) as db:
            all_in_use.wait(60)
            runs.facts(db, f"pair{n}")

    store.dispose()
    at_once(read)
    assert len(opened) == CONNECTIONS


def test_that_no_connection_gets_free_is_explained(sqlite_store: sa.Engine) -> None:
    url = str(sqlite_store.url)
    with (
        pytest.raises(StoreError, match="No connection to the store was free"),
        explained(open_store(url)),
    ):
        raise sa.exc.TimeoutError
