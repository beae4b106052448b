"""`syncd demo`: the whole thing on the sandbox, and the proof that it works."""

import shutil
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from syncd.app import App, open_app
from syncd.cli import progress
from syncd.cli.demo import edits, proof, stage
from syncd.cli.face import Code, Face, face_of, finish
from syncd.cli.rounds import Outcome, bench_of, run_rounds, stoppable
from syncd.connectors.api import Wire
from syncd.engine.release import approve
from syncd.observe import log
from syncd.runtime.stop import Stop
from syncd.store.database import explained

app = typer.Typer(add_completion=False)
PAIR = "shop"
LEAVING_S = 20.0
LAG_S = 3.0  # the sandbox's GHL shows an edit in its search after 2 s, as the real one lags too


@app.command()
def demo(
    context: typer.Context,
    contacts: Annotated[
        int, typer.Option(min=40, max=5000, help="Invented people per platform.")
    ] = 200,
    seed: Annotated[int, typer.Option(help="Other people, and other edits.")] = 7,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep configuration and store, and say where.")
    ] = False,
) -> None:
    """Show the whole thing on emulated platforms, and prove that it works.

    Both platforms are served on this machine with their real limits; nothing leaves it.
    """
    face = face_of(context)
    log.configure("error")
    folder = Path(tempfile.mkdtemp(prefix="syncd-demo-"))
    try:
        with stoppable(face) as (stop, wire), stage.sandbox(contacts, seed) as box:
            findings, seconds = _play(face, folder, box, stop, wire)
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
    _conclude(face, findings, seconds, folder if keep else None)


def _play(
    face: Face, folder: Path, box: stage.Sandbox, stop: Stop, wire: Wire
) -> tuple[list[proof.Finding], float]:
    started = time.monotonic()
    path, env = stage.write_configuration(folder, box)
    both = proof.read_back(box)
    _tell(face, f"1. Two platforms, served on {box.url} with their real limits:")
    _tell(face, f"   GoHighLevel with {len(both[0]):,} contacts, Maileon with {len(both[1]):,}.")
    gone_out = proof.opted_out(box)
    known = len(edits.by_email(both[0]) | edits.by_email(both[1]))
    opened = open_app(path, env=env, wire=wire)
    try:
        with explained(opened.store):
            _first_sync(face, opened, stop)
            _tell(face, "4. People go on working, on both sides at once:")
            made = edits.make(box)
            for edit in made:
                _tell(face, f"   {edit.where:<8} {edit.told}")
            gone_out |= proof.opted_out(box)
            time.sleep(LAG_S)
            _tell(face, "5. Sync again:")
            _show(face, _run(face, opened, stop))
            _tell(face, "6. Maileon lets the unsubscribed go a few seconds later; then, once more:")
            _wait_for_leaving(box)
            before = box.counters()
            again = time.monotonic()
            _run(face, opened, stop)
            after = box.counters()
    finally:
        opened.close()
    quiet = before["writes"] == after["writes"]
    asked = sum(after["requests"].values()) - sum(before["requests"].values())
    _tell(face, f"   {asked} requests, {time.monotonic() - again:.1f} s.")
    # Two new people; everybody else was in the CRM before or came over from Maileon.
    findings = proof.examine(box, made, gone_out, known + 2, quiet)
    return findings, time.monotonic() - started


def _wait_for_leaving(box: stage.Sandbox) -> None:
    """Until Maileon has carried out the unsubscriptions that it has accepted."""
    until = time.monotonic() + LEAVING_S
    while time.monotonic() < until:
        if all(contact["state"] == "active" for contact in box.contacts("maileon")):
            return
        time.sleep(0.5)


def _first_sync(face: Face, opened: App, stop: Stop) -> None:
    _tell(face, "2. The first sync reads both sides, and waits for a person:")
    held = _run(face, opened, stop)
    _tell(face, f"   {held.sentence()}")
    _tell(face, f"3. Somebody looks and releases it (`syncd release {PAIR}`):")
    approve(opened.bench, PAIR)
    _show(face, _run(face, opened, stop))


def _run(face: Face, opened: App, stop: Stop) -> Outcome:
    with progress.shown(face) as step:
        return run_rounds(opened, PAIR, bench_of(opened, stop, step), full=False, once=False)


def _show(face: Face, outcome: Outcome) -> None:
    if not face.json:
        face.out.print(outcome.table())
        face.out.print(f"   {outcome.sentence()}")


def _tell(face: Face, line: str) -> None:
    if not face.json:
        face.out.print(line, soft_wrap=True)


def _conclude(
    face: Face, findings: list[proof.Finding], seconds: float, folder: Path | None
) -> None:
    works = all(finding.holds for finding in findings)
    table = Table(title="7. Both sides, read back from the sandbox", title_justify="left")
    for heading in ("what must hold", "", *(() if works else ("but",))):
        table.add_column(heading)
    for finding in findings:
        cells = (finding.claim, "yes") if finding.holds else (finding.claim, "NO", finding.detail)
        table.add_row(*cells, style=None if finding.holds else "red")
    verdict = "Everything holds" if works else "Something does not hold"
    said = f"{verdict}, after {seconds:.0f} s."
    if folder:
        said += f"  Look around with `syncd --config {folder}/syncd.yaml status`."
    content = {
        "works": works,
        "seconds": round(seconds, 1),
        "findings": [
            {"claim": f.claim, "holds": f.holds, "detail": "" if f.holds else f.detail}
            for f in findings
        ],
        "folder": str(folder) if folder else None,
    }
    face.answer(content, table, said)
    finish(Code.DONE if works else Code.AGAIN)
