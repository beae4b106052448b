"""A person's word on a run: what it is given for, and whether it still holds."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from syncd.errors import ConfigError
from syncd.store import journal, runs, windows
from syncd.store.runs import BACKFILL, Run, RunState

if TYPE_CHECKING:  # `syncd status` tells why a run is held, and needs nothing of the engine
    from syncd.engine.context import Environment, Stream

SYNC, PLAN = "sync", "plan"  # modes of a run
WORKING = (SYNC, "full", BACKFILL)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a person's word rests on: the pair as it was when they looked.

    Attributes:
        setup: digest of mapping, filter and policies; accounts: the platforms' own ids.
    """

    setup: str
    accounts: tuple[str, ...]

    def noted(self) -> dict[str, Any]:
        """As a run remembers it."""
        return {"setup": self.setup, "accounts": list(self.accounts)}

    def hold_for(self, run: Run) -> bool:
        """Whether a run was planned of the pair as it is now; one that notes nothing was."""
        return not self.otherwise(run)

    def otherwise(self, run: Run) -> str:
        """What is not as it was when a run was planned; empty if nothing is."""
        now, noted = self.noted(), {**self.noted(), **_terms_of(run)}
        if noted["accounts"] != now["accounts"]:
            return "The credentials lead to another account"
        if noted["setup"] != now["setup"]:
            return "The mapping, the filter or a policy was changed"
        return ""


def terms(stream: "Stream") -> Terms:
    return Terms(stream.setup, tuple(account.account_id for account in stream.accounts))


def _terms_of(run: Run) -> Mapping[str, Any]:
    noted = run.progress or {}
    return {name: noted[name] for name in ("setup", "accounts") if name in noted}


def approve(
    environment: "Environment",
    pair: str,
    run_id: int | None = None,
    opened: "Stream | None" = None,
    by: str | None = None,
) -> Run:
    """Note a person's word on what they have looked at; the next cycle sends it.

    That is the held run of a pair, or its newest plan. The word covers what was wanted there.
    If the next plan wants more, by more than the limits themselves, it is held again.

    Args:
        opened: the pair as it is now; a plan that was made of another one is refused. The
            cycle looks once more.
        by: who gives it, for the journal.

    Returns:
        The run that goes on by it: the held one, if there is one, or else the plan itself.

    Raises:
        ConfigError: nothing of this pair is held, or it is another run, or another pair.
    """
    with environment.hearing() as db:
        seen = looked_at(db, pair, run_id)
        if not _is_releasable(seen):
            reasons = " ".join(seen.reasons)
            raise ConfigError(
                f"Run {seen.id} of pair '{pair}' cannot be released: {reasons} Nothing was"
                " released."
            )
        if opened is not None and (other := terms(opened).otherwise(seen)):
            raise ConfigError(
                f"{other} since run {seen.id} of pair '{pair}' was planned. Nothing was released.",
                hint=f"Look again with `syncd plan {pair}`.",
            )
        approved = {**seen.counts, **(seen.progress or {}).get("emptied", {})}
        run = _carrier(db, seen)
        progress = {**(run.progress or {}), **_terms_of(seen)}
        run = replace(run, state=RunState.HELD, approved=approved, progress=progress)
        runs.update(
            db, run.id, state=run.state, mode=run.mode, approved=approved, progress=progress
        )
        windows.start_anew(db, pair, environment.now())
        journal.released(db, run, environment.now(), by)
    return run


def looked_at(db: sa.Connection, pair: str, run_id: int | None = None) -> Run:
    """The run that a person means: of those held and the newest plan, the newer one.

    A plan that would not be held asks for nobody's word, and one after which something was
    done shows what is no more.

    Raises:
        ConfigError: there is none, or it is not the one that was named.
    """
    held, plan = runs.held(db, pair), runs.last(db, pair, mode=PLAN)
    why_not = _no_plan(db, plan) if plan is not None else None
    known = {run.id: run for run in (held, None if why_not else plan) if run is not None}
    if why_not is not None and (not known or (plan is not None and run_id == plan.id)):
        raise why_not
    if not known:
        raise ConfigError(
            f"No run of pair '{pair}' is held. Nothing was released.",
            hint=f"See with `syncd plan {pair}` what a sync would write.",
        )
    newest = max(known)
    if run_id is not None and run_id not in known:
        raise ConfigError(
            f"Run {run_id} of pair '{pair}' is not held any more; run {newest} is."
            " Nothing was released.",
            hint=f"Look with `syncd plan {pair}`, then type `syncd release {pair} --run {newest}`.",
        )
    return known[run_id or newest]


def _no_plan(db: sa.Connection, plan: Run) -> ConfigError | None:
    """Why the newest plan cannot be released; None if it can."""
    named = f"Run {plan.id} of pair '{plan.pair}'"
    if plan.state is not RunState.PLANNED:
        return ConfigError(
            f"{named} has not come to the end of its plan. Nothing was released.",
            hint=f"Plan again: `syncd plan {plan.pair}`.",
        )
    did = runs.latest(db, plan.pair, WORKING)
    ended = (did.ended_at or did.started_at) if did is not None else plan.started_at
    if did is not None and did.state is not RunState.HELD and ended > plan.started_at:
        return ConfigError(
            f"{named} shows what is no more: run {did.id} has been at work since. Nothing was"
            " released.",
            hint=f"Look again with `syncd plan {plan.pair}`.",
        )
    if not plan.reasons:
        return ConfigError(
            f"{named} would not be held, so that it needs nobody's word. Nothing was released.",
            hint=f"Type `syncd sync {plan.pair}` to carry it out.",
        )
    return None


def _carrier(db: sa.Connection, seen: Run) -> Run:
    """The run that carries out what a person has looked at."""
    if seen.mode != PLAN:
        return seen
    waiting = runs.unfinished(db, seen.pair)
    if waiting is not None and not (waiting.progress or {}).get("spent"):
        return waiting
    return replace(seen, mode=SYNC)


def heed(db: sa.Connection, stream: "Stream", run: Run) -> Run:
    """A run with the word that a person gave for it, if it was for the pair as it is now.

    Another mapping or another account is not what they looked at: their word is taken back.
    """
    if run.approved is None or terms(stream).hold_for(run):
        return run
    runs.update(db, run.id, approved=None)
    return replace(run, approved=None)


def held_message(pair: str, run: Run) -> str:
    """What happened, what was not done, and what to type next."""
    said = f"Pair '{pair}' is held: {' '.join(run.reasons)} {_sent(run)}"
    if not _is_releasable(run):
        return said
    return (
        f"{said}  Look with `syncd plan {pair}`; then type `syncd release {pair} --run {run.id}`,"
        " or repair the source and wait for the next cycle."
    )


def _is_releasable(run: Run) -> bool:
    return bool((run.progress or {}).get("releasable", True))


def _sent(run: Run) -> str:
    """What of a held run went out all the same."""
    if (run.progress or {}).get("spent"):
        return "All else that it wanted was sent."
    optouts, others = ((run.progress or {}).get(name, 0) for name in ("optouts", "others"))
    match (optouts, others):
        case (0, 0):
            return "Nothing was sent."
        case (_, 0):
            return f"Nothing was sent but {optouts:,} opt-{'out' if optouts == 1 else 'outs'}."
        case _:
            sent = optouts + others
            writes = "1 write of this run was" if sent == 1 else f"{sent:,} writes of this run were"
            return f"{writes} sent before or beside that."
