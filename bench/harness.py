"""Two invented accounts in this process, a store of one's own, and cycles between them."""

from collections.abc import Iterable
from pathlib import Path

import structlog

from bench.invented import Invented, install
from syncd.app import App, open_app
from syncd.engine.cycle import Mode, Report, run_cycle

ROOT = """\
store: {store}
accounts:
  crm: {{connector: single}}
  mail: {{connector: bulk}}
pairs: pairs/*.yaml
log: {{level: error}}
"""
PAIR = """\
pair: bench
left: crm
right: mail
baseline: auto
fields:
  - {left: first, right: first}
  - {left: last, right: last}
  - {left: city, right: city}
  - {left: phone, right: phone}
  - {left: tags, right: tags}
"""


class Harness:
    """A pair of accounts by the names of their connectors, `single` and `bulk`."""

    def __init__(self, folder: Path, store: str) -> None:
        self.accounts = install()
        (folder / "pairs").mkdir()
        (folder / "syncd.yaml").write_text(ROOT.format(store=store))
        (folder / "pairs" / "bench.yaml").write_text(PAIR)
        self.app: App = open_app(folder / "syncd.yaml", env={})

    def cycle(self, mode: Mode = Mode.SYNC) -> Report:
        return run_cycle(
            self.app.open_pair("bench", create_fields=True), self.app.environment, mode
        )


def silence() -> None:
    """Have this process log nothing."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())


def people(account: Invented, numbers: Iterable[int]) -> None:
    """Invented contacts, the same ones whenever the same numbers are asked for."""
    for n in numbers:
        account.put(
            f"{account.spec.name}{n:07}",
            {
                "email": f"p{n}@example.org",
                "first": f"First{n}",
                "last": f"Last{n}",
                "city": "Bern",
                "phone": f"+1202555{n % 10_000:04}",
                "tags": frozenset({"vip", f"t{n % 7}"}),
                "consent": None,
            },
        )
