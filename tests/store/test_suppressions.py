"""The suppression ledger: it outlives everything, and tells nobody's address."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from syncd.errors import StoreError
from syncd.store import suppressions
from syncd.store import tables as t
from syncd.store.suppressions import KEY_VARIABLE, Ledger, OptOut, open_ledger

from .samples import HOUR, NOW, counted, wait_until_another_waits

ADA, BEA = "ada@example.org", "bea@example.org"


def record(store: sa.Engine, ledger: Ledger, *opt_outs: OptOut, now: object = NOW) -> set[str]:
    with store.begin() as db:
        return ledger.record(db, opt_outs, now)  # type: ignore[arg-type]


def opt_out(address: str, account: str = "mail", since: object = None) -> OptOut:
    return OptOut(account, address, since, "mail: link in a newsletter")  # type: ignore[arg-type]


def suppressed(store: sa.Engine, ledger: Ledger, *accounts: str) -> dict[str, object]:
    with store.connect() as db:
        return dict(ledger.suppressed(db, [ADA, BEA], accounts or ("mail",)))


def test_an_opt_out_is_found_again(store: sa.Engine, ledger: Ledger) -> None:
    assert suppressed(store, ledger) == {}
    assert record(store, ledger, opt_out(ADA, since=NOW - HOUR)) == {ADA}
    assert suppressed(store, ledger) == {ADA: NOW - HOUR}


def test_an_undated_opt_out_counts_from_when_we_heard_of_it(
    store: sa.Engine, ledger: Ledger
) -> None:
    record(store, ledger, opt_out(ADA))
    assert suppressed(store, ledger) == {ADA: NOW}


def test_an_opt_out_is_new_once_per_account(store: sa.Engine, ledger: Ledger) -> None:
    assert record(store, ledger, opt_out(ADA)) == {ADA}
    assert record(store, ledger, opt_out(ADA), opt_out(BEA), now=NOW + HOUR) == {BEA}
    assert record(store, ledger, opt_out(ADA, "crm")) == {ADA}
    assert suppressed(store, ledger) == {ADA: NOW, BEA: NOW + HOUR}


def test_only_the_asked_accounts_count_and_the_latest_of_them(
    store: sa.Engine, ledger: Ledger
) -> None:
    record(store, ledger, opt_out(ADA, "mail", NOW - 2 * HOUR), opt_out(ADA, "crm", NOW - HOUR))
    assert suppressed(store, ledger, "stranger") == {}
    assert suppressed(store, ledger, "mail") == {ADA: NOW - 2 * HOUR}
    assert suppressed(store, ledger, "crm", "mail") == {ADA: NOW - HOUR}


def test_who_opts_out_again_after_coming_back_is_new_and_the_later_date_stands(
    store: sa.Engine, ledger: Ledger
) -> None:
    """Else the opt-in between the two would look newer than what the ledger holds."""
    record(store, ledger, opt_out(ADA, since=NOW - 9 * HOUR))
    assert record(store, ledger, opt_out(ADA, since=NOW - HOUR)) == {ADA}
    assert suppressed(store, ledger) == {ADA: NOW - HOUR}


@pytest.mark.parametrize("since", [NOW - 9 * HOUR, None])
def test_an_older_or_undated_report_changes_nothing(
    store: sa.Engine, ledger: Ledger, since: object
) -> None:
    record(store, ledger, opt_out(ADA, since=NOW - HOUR))
    assert record(store, ledger, opt_out(ADA, since=since)) == set()
    assert suppressed(store, ledger) == {ADA: NOW - HOUR}


def test_of_two_reports_on_one_page_the_later_stands_in_either_order(
    store: sa.Engine, ledger: Ledger
) -> None:
    older, later = NOW - 9 * HOUR, NOW - HOUR
    record(store, ledger, opt_out(ADA, since=older), opt_out(ADA, since=later))
    record(store, ledger, opt_out(BEA, since=later), opt_out(BEA, since=older))
    assert suppressed(store, ledger) == {ADA: later, BEA: later}


def lift(store: sa.Engine, ledger: Ledger, upto: object, *accounts: str) -> None:
    with store.begin() as db:
        ledger.lift(db, [ADA], accounts or ("mail", "crm"), upto, "person:bea@desk", NOW)  # type: ignore[arg-type]


def test_a_lifting_ends_what_is_not_later_in_every_account_asked(
    store: sa.Engine, ledger: Ledger
) -> None:
    record(store, ledger, opt_out(ADA, "mail", NOW - 2 * HOUR), opt_out(ADA, "crm", NOW - HOUR))
    record(store, ledger, opt_out(BEA, "mail", NOW - HOUR))
    lift(store, ledger, NOW - HOUR)
    assert suppressed(store, ledger, "mail", "crm") == {BEA: NOW - HOUR}
    with store.connect() as db:
        assert ledger.words(db, [ADA, BEA], ["mail", "crm"])[1] == {ADA: NOW - HOUR}
        assert suppressions.count_addresses(db, ["mail", "crm"]) == 1
        rows = db.execute(sa.select(t.suppression.c.lifted_by, t.suppression.c.lifted_at)).all()
    assert (None, None) in rows
    assert ("person:bea@desk", NOW) in rows


def test_what_was_lifted_stays_lifted_when_it_is_told_again_while_our_clock_is_behind(
    store: sa.Engine, ledger: Ledger
) -> None:
    """What has a date of its own is not of now, whatever our clock says of the lifting."""
    record(store, ledger, opt_out(ADA, "mail", NOW - 2 * HOUR))
    lift(store, ledger, NOW - HOUR)
    behind = NOW - 3 * HOUR / 2
    assert record(store, ledger, opt_out(ADA, "mail", NOW - 2 * HOUR), now=behind) == set()
    assert suppressed(store, ledger) == {}


def test_an_opt_out_after_the_lifting_counts_whichever_account_shows_it(
    store: sa.Engine, ledger: Ledger
) -> None:
    record(store, ledger, opt_out(ADA, "mail", NOW - 2 * HOUR))
    lift(store, ledger, NOW - 2 * HOUR)
    assert record(store, ledger, opt_out(ADA, "mail", NOW - 2 * HOUR)) == set(), "the same again"
    assert suppressed(store, ledger, "mail", "crm") == {}
    assert record(store, ledger, opt_out(ADA, "crm", NOW - HOUR)) == {ADA}
    assert suppressed(store, ledger, "mail", "crm") == {ADA: NOW - HOUR}


def test_one_that_another_process_writes_down_meanwhile_is_not_lifted(
    store: sa.Engine, ledger: Ledger
) -> None:
    record(store, ledger, opt_out(ADA, "mail", NOW - 2 * HOUR))
    record(store, ledger, opt_out(ADA, "crm", NOW))
    lift(store, ledger, NOW - 2 * HOUR)
    assert suppressed(store, ledger, "mail", "crm") == {ADA: NOW}


def test_an_undated_opt_out_that_is_shown_anew_is_of_now(store: sa.Engine, ledger: Ledger) -> None:
    record(store, ledger, opt_out(ADA))
    assert record(store, ledger, opt_out(ADA), now=NOW + HOUR) == set()
    shown_anew = OptOut("mail", ADA, None, "mail", anew=True)
    assert record(store, ledger, shown_anew, now=NOW + HOUR) == {ADA}
    assert suppressed(store, ledger) == {ADA: NOW + HOUR}


def test_no_address_appears_in_the_database_file(
    sqlite_store: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "a key of the environment")
    record(sqlite_store, open_ledger(sqlite_store), opt_out(ADA))
    sqlite_store.dispose()
    path = Path(sqlite_store.url.database or "")
    stored = b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
    assert b"mail: link in a newsletter" in stored  # the row is there
    for part in (b"ada@", b"example.org", b"a key of the environment"):
        assert part not in stored


def test_the_hash_is_keyed(store: sa.Engine) -> None:
    assert Ledger(b"one").hashed(ADA) != Ledger(b"two").hashed(ADA)


def test_an_address_that_no_encoding_can_hold_has_a_hash_all_the_same(ledger: Ledger) -> None:
    assert ledger.hashed("a\ud800@example.org") == ledger.hashed("a?@example.org")


def test_the_key_is_made_once_and_kept(store: sa.Engine, ledger: Ledger) -> None:
    record(store, ledger, opt_out(ADA))
    assert suppressed(store, open_ledger(store)) == {ADA: NOW}


@pytest.mark.parametrize("first", ["made here", "from the environment"])
def test_a_key_that_does_not_fit_is_refused(
    store: sa.Engine, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    if first == "from the environment":
        monkeypatch.setenv(KEY_VARIABLE, "right")
    open_ledger(store)
    monkeypatch.setenv(KEY_VARIABLE, "wrong")
    with pytest.raises(StoreError, match=f"another key.*{KEY_VARIABLE}"):
        open_ledger(store)


def test_a_key_of_the_environment_that_is_gone_is_asked_for(
    store: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "right")
    open_ledger(store)
    monkeypatch.delenv(KEY_VARIABLE)
    with pytest.raises(StoreError, match="another key"):
        open_ledger(store)


def test_an_empty_key_in_the_environment_is_none(
    store: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "")
    record(store, open_ledger(store), opt_out(ADA))
    monkeypatch.delenv(KEY_VARIABLE)
    assert suppressed(store, open_ledger(store)) == {ADA: NOW}


def test_a_key_of_the_environment_is_not_stored(
    store: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "right")
    open_ledger(store)
    with store.connect() as db:
        facts = {row.name: row.value for row in db.execute(sa.select(t.meta))}
    assert "right" not in facts.values()
    assert "ledger_key" not in facts, "another was made that nothing is written with"


def test_two_processes_that_open_a_new_store_at_once_agree_on_the_key(
    store: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    with ThreadPoolExecutor(1) as pool:
        with store.begin() as first:
            first.execute(sa.insert(t.meta).values(name="ledger_key", value="of the first"))
            second = pool.submit(open_ledger, store)
            wait_until_another_waits(first)
        assert second.result(timeout=30).hashed(ADA) == Ledger(b"of the first").hashed(ADA)


def test_nothing_in_the_program_removes_a_row() -> None:
    store_code = Path(suppressions.__file__).parent
    for path in store_code.glob("*.py"):
        assert "suppression.delete" not in path.read_text(encoding="utf-8"), path.name


def test_many_opt_outs_are_a_handful_of_statements(store: sa.Engine, ledger: Ledger) -> None:
    many = [opt_out(f"p{n}@example.org") for n in range(500)]
    with counted(store) as statements:
        assert len(record(store, ledger, *many)) == 500
    assert len(statements) <= 3
    with counted(store) as statements, store.connect() as db:
        assert len(ledger.suppressed(db, [o.address for o in many], ["mail"])) == 500
        assert suppressions.count_addresses(db, ["mail"]) == 500
    assert len(statements) <= 2


def test_an_opt_out_in_a_report_is_told_first_only_once(store: sa.Engine, ledger: Ledger) -> None:
    june, july = (OptOut("list", ADA, None, f"campaign:{name}") for name in ("june", "july"))
    with store.begin() as db:
        assert ledger.first_told(db, []) == set()
        assert ledger.first_told(db, [june, june]) == {june}
        assert ledger.first_told(db, [june, july]) == {july}
        assert ledger.first_told(db, [OptOut("news", ADA, None, "campaign:june")]) != set()
        assert ledger.first_told(db, [OptOut("list", BEA, None, "campaign:june")]) != set()
        assert ledger.first_told(db, [june, july]) == set()


def test_what_an_opt_in_has_replaced_stays_replaced_and_a_later_opt_out_is_not(
    store: sa.Engine, ledger: Ledger
) -> None:
    said = OptOut("list", ADA, NOW, "maileon")
    later = OptOut("list", ADA, NOW + HOUR, "maileon")
    elsewhere, of_bea = OptOut("news", ADA, NOW, "maileon"), OptOut("list", BEA, NOW, "maileon")
    everything = [said, later, elsewhere, of_bea]
    with store.begin() as db:
        assert ledger.replaced(db, everything, []) == set()
        assert ledger.replaced(db, everything, {said}) == {(ADA, NOW)}
    with store.begin() as db:
        assert ledger.replaced(db, [later, elsewhere, of_bea], []) == set()
        assert ledger.replaced(db, [OptOut("list", ADA, NOW, "by hand")], []) == {(ADA, NOW)}
        assert ledger.replaced(db, everything, {said}) == {(ADA, NOW)}
