"""What the pairs of a process may send to accounts: one budget for one allowance."""

from collections.abc import Callable
from pathlib import Path

import pytest

from syncd.app import App
from syncd.budgets import Budgets
from syncd.config.load import load
from syncd.connectors.api import Wire
from syncd.store.database import open_store, upgrade
from syncd.store.suppressions import open_ledger

GHL = "{connector: ghl, token: pit-%s, location_id: %s%s}"
MAIL = "{connector: maileon, api_key: %s}"
LIST = "{connector: mailercloud, api_key: %s, list_id: %s}"
ROOT = f"""\
accounts:
  crm: {GHL % ("one", "loc1", ", rate_share: 0.9")}
  crm_again: {GHL % ("two", "loc1", ", rate_share: 0.5")}
  other_crm: {GHL % ("one", "loc2", "")}
  mail: {MAIL % "abcdef-123456"}
  mail_again: {MAIL % "abcdef-123456"}
  other_mail: {MAIL % "abcdef-654321"}
  list: {LIST % ("key-1", "AbCdEf")}
  list_again: {LIST % ("key-1", "GhIjKl")}
pairs:
  - {{pair: one, left: crm, right: mail}}
  - {{pair: two, left: crm, right: list}}
"""

Open = Callable[[], App]


@pytest.fixture
def another(tmp_path: Path) -> Open:
    """Opens one app after another, as the daemon has one for each pair."""
    path = tmp_path / "syncd.yaml"
    path.write_text(ROOT, "utf-8")
    configuration = load(path, {})
    budgets = Budgets()
    budgets.count(configuration.pairs.values())
    store = open_store(f"sqlite:///{tmp_path}/syncd.db")
    upgrade(store)
    ledger = open_ledger(store)
    return lambda: App(configuration, store, ledger, Wire(), budgets)


@pytest.mark.parametrize(
    ("name", "other", "same"),
    [
        ("crm", "crm", True),
        ("crm", "crm_again", True),  # more tokens of a location do not make it more
        ("crm", "other_crm", False),
        ("mail", "mail_again", True),
        ("mail", "other_mail", False),
        ("list", "list_again", True),  # two lists of one account
    ],
)
def test_who_uses_one_allowance_shares_one_budget(
    another: Open, name: str, other: str, same: bool
) -> None:
    one, two = another(), another()
    one.connect(name)
    two.connect(other)
    assert (one.budget_of(name) is two.budget_of(other)) is same


def test_a_pair_may_use_the_whole_share_and_the_least_that_is_said_counts(another: Open) -> None:
    app = another()
    app.connect("crm")
    budget = app.budget_of("crm")
    assert budget.allowed == 90  # of 100, though two pairs use the account
    app.connect("crm_again")
    assert budget.allowed == 50


def test_what_is_read_in_turn_is_divided_among_the_pairs(another: Open) -> None:
    app = another()
    note = "note"
    rates = {
        name: next(s.sweep_rate for r, s in app.connect(name).spec.resources.items() if r == note)
        for name in ("crm", "other_crm")
    }
    assert rates["crm"] == pytest.approx((rates["other_crm"] or 0) * 0.9 / 2)
