"""What each pair of a daemon may use of the rate of its accounts."""

from pathlib import Path

from syncd.config.load import load
from syncd.runtime.daemon import divided

ROOT = """\
accounts:
  crm: {connector: ghl, rate_share: 0.9}
  mail: {connector: maileon}
  news: {connector: mailercloud}
  spare: {connector: maileon, rate_share: 0.5}
pairs:
  - {pair: one, left: crm, right: mail}
  - {pair: two, left: crm, right: news}
"""


def test_pairs_that_share_an_account_share_what_is_permitted_there(tmp_path: Path) -> None:
    path = tmp_path / "syncd.yaml"
    path.write_text(ROOT, "utf-8")
    accounts = divided(load(path, {})).accounts
    assert {name: account.rate_share for name, account in accounts.items()} == {
        "crm": 0.45,
        "mail": 1.0,
        "news": 1.0,
        "spare": 0.5,
    }
