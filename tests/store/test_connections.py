"""Connections that ended while nobody used them, and what each begins with."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from syncd.store.connections import ask_after_a_rest


def ended(postgres_store: sa.Engine, rest: timedelta) -> sa.Engine:
    """A store whose one connection was used, given back, and ended by the server."""
    store = sa.create_engine(postgres_store.url, pool_size=1)
    ask_after_a_rest(store, rest)
    with store.connect() as db:
        process = db.execute(sa.text("select pg_backend_pid()")).scalar_one()
    with postgres_store.connect() as db:
        db.execute(sa.text("select pg_terminate_backend(:process, 30000)"), {"process": process})
    return store


def test_a_connection_that_ended_while_it_rested_is_replaced(postgres_store: sa.Engine) -> None:
    store = ended(postgres_store, rest=timedelta())
    with store.connect() as db:
        assert db.execute(sa.text("select 1")).scalar_one() == 1
    store.dispose()


def test_one_that_was_just_used_is_lent_unasked_and_replaced_once_it_fails(
    postgres_store: sa.Engine,
) -> None:
    store = ended(postgres_store, rest=timedelta(hours=1))
    with pytest.raises(sa.exc.OperationalError), store.connect() as db:
        db.execute(sa.text("select 1"))
    with store.connect() as db:
        assert db.execute(sa.text("select 1")).scalar_one() == 1
    store.dispose()


def test_no_plan_is_kept_also_after_a_transaction_is_undone(postgres_store: sa.Engine) -> None:
    mode = sa.text("show plan_cache_mode")
    with postgres_store.connect() as db:
        assert db.execute(mode).scalar_one() == "force_custom_plan"
        db.rollback()
        assert db.execute(mode).scalar_one() == "force_custom_plan"
