"""`syncd check --probe`: try on a live account what its connector takes for granted."""

import secrets
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from time import sleep
from typing import Any

import typer
from rich.table import Table

from syncd.app import App
from syncd.cli import progress
from syncd.cli.context import Code, CommandContext, finish, opened
from syncd.connectors.api import Connector, Probing, Wire
from syncd.errors import ConfigError, SyncdError
from syncd.model.probe import Finding
from syncd.model.side import SIDES
from syncd.store import leases

WORDS = {True: "yes", False: "no", None: "cannot be told"}
STYLES = {True: "green", False: "bold red", None: "yellow"}
LONGEST = timedelta(minutes=30)  # three waits for an index, and the calls between them
TRYING, WAITING = "trying", "waiting for the platform, seconds"


def _unheard(*_: object) -> None:
    """Nobody can be told yet."""


@dataclass(slots=True)
class Waits:
    """Sleeps for a connector, and tells of every whole second of it."""

    step: progress.Step = _unheard

    def sleep(self, seconds: float) -> None:
        whole = int(seconds)
        for second in range(whole):
            self.step(WAITING, second, whole)
            sleep(1.0)
        sleep(max(seconds - whole, 0.0))


def probe(context: CommandContext, account: str, address: str | None, *, yes: bool) -> None:
    """Probe one account, after asking; ends with 2 if something is not as it is taken to be."""
    waits = Waits()
    with opened(context, Wire(sleep=waits.sleep)) as opened_app:
        connector = _probing(opened_app, account)
        chosen = address or f"syncd-probe-{secrets.token_hex(4)}@example.org"
        opened_app.checked(account, anew=True)
        if not yes and not _permitted(chosen, account):
            context.answer({"account": account, "findings": []}, "Nothing was written.")
            return
        told = Told(context, account, chosen)
        with progress.shown(context) as step, _alone(opened_app, account):
            waits.step = step
            told.collect(connector, step)
        told.answer()
    finish(Code.DONE if told.holds else Code.WRONG)


def _probing(opened_app: App, account: str) -> Probing:
    connector: Connector = opened_app.connect(account)
    if not isinstance(connector, Probing):
        raise ConfigError(
            f"'{account}' has nothing to probe: the connector '{connector.spec.name}' offers no"
            " probe. Nothing was written.",
            hint=f"Type `syncd check --account {account}` for all that can be tried.",
        )
    return connector


@contextmanager
def _alone(opened_app: App, account: str) -> Iterator[None]:
    """Keep every pair of the account from running: it would sync the throw-away contact.

    Raises:
        BusyError: one of them runs.
    """
    pairs = opened_app.configuration.pairs.values()
    names = [pair.name for pair in pairs if account in map(pair.account, SIDES)]
    now = opened_app.wire.now
    with opened_app.store.begin() as db:
        held = [leases.take(db, name, leases.this_holder(), now(), LONGEST) for name in names]
    try:
        yield
    finally:
        with opened_app.store.begin() as db:
            for lease in held:
                leases.give_back(db, lease, now())


def _permitted(address: str, account: str) -> bool:
    """Whether a person says that it may write.

    Raises:
        ConfigError: there is nobody to ask.
    """
    if not sys.stdin.isatty():
        raise ConfigError(
            f"A probe writes one contact to '{account}', and there is nobody here to ask."
            " Nothing was written.",
            hint=f"Type `syncd check --probe {account} --yes` if it may.",
        )
    question = f"This writes one contact, {address}, to account '{account}' and removes it. Go on?"
    return typer.confirm(question, default=False, err=True)


@dataclass(slots=True)
class Told:
    """What a probe found out about one account."""

    context: CommandContext
    account: str
    address: str
    findings: list[Finding] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return all(finding.holds is not False for finding in self.findings)

    def collect(self, connector: Probing, step: progress.Step) -> None:
        """Run the probe; what was found before an error is shown, and the error goes on."""
        total = len(connector.assumptions)
        places = {one.key: place for place, one in enumerate(connector.assumptions)}
        step(TRYING, 0, total)
        running = connector.probe(self.address)
        try:
            for finding in running:
                self.findings.append(finding)
                self.findings.sort(key=lambda f: places.get(f.assumption.key, total))
                step(TRYING, len(self.findings), total)
        except SyncdError:
            if self.findings and not self.context.json:
                self.answer()
                self.context.say("The probe did not come to its end:")
            raise
        finally:
            _close(running)

    def answer(self) -> None:
        self.context.answer(self._content(), self._table(), *self._hints(), self._summary())

    def _table(self) -> Table:
        table = Table()
        table.add_column("assumption", overflow="fold")
        table.add_column("holds")
        table.add_column("what was seen", overflow="fold")
        for finding in self.findings:
            text = f"{finding.assumption.key}: {finding.assumption.text}"
            style = STYLES[finding.holds]
            table.add_row(text, WORDS[finding.holds], finding.remark, style=style)
        return table

    def _hints(self) -> list[str]:
        """What to do about each that does not hold, or that a person has to find out."""
        lines = []
        for holds, title in ((False, "What to do:"), (None, "If it turns out not to hold:")):
            some = [f.assumption for f in self.findings if f.holds is holds]
            lines += [title] if some else []
            lines += [f"  {one.key}: {one.otherwise}" for one in some]
        return lines

    def _summary(self) -> str:
        counts = {holds: sum(f.holds is holds for f in self.findings) for holds in WORDS}
        said = f"All {counts[True]} that can be told hold."
        if counts[False]:
            said = f"Hold: {counts[True]}; do not hold: {counts[False]}."
        if counts[None]:
            said = f"{said} Left to a person: {counts[None]}."
        return f"{said} The throw-away contact was {self.address}."

    def _content(self) -> dict[str, Any]:
        return {
            "account": self.account,
            "address": self.address,
            "holds": self.holds,
            "findings": [
                {
                    "key": finding.assumption.key,
                    "assumption": finding.assumption.text,
                    "holds": finding.holds,
                    "seen": finding.remark,
                    "otherwise": finding.assumption.otherwise,
                }
                for finding in self.findings
            ],
        }


def _close(running: Iterator[Finding]) -> None:
    """End the probe now, so that its contact is removed before anything else happens."""
    if isinstance(running, Generator):
        running.close()
