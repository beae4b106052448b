"""One random history while it is walked: what people do, our cycles, and the rest in the end."""

import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis.stateful import RuleBasedStateMachine

from syncd.engine.cycle import Mode
from syncd.errors import LeaseLostError, SyncdError
from syncd.store.runs import RunState
from tests.engine import accidents, automations, outcome
from tests.engine.accidents import Accident, befall
from tests.engine.deed import Deed
from tests.engine.deeds import perform
from tests.engine.history import History
from tests.engine.line import CrashError
from tests.engine.pairs import GHL, MAILEON, MAILERCLOUD
from tests.engine.replay import Replay
from tests.engine.world import World

Step = tuple[str, dict[str, Any]]  # the name of a rule, and what it was given


class Walk(RuleBasedStateMachine):
    """One history; each subclass has its platforms and its store.

    Attributes:
        news: whether Mailercloud takes part, by a second pair.
        place: makes the settings of a world's store.
        story: what was done so far, to be done again by `retell`.
        overtaken: another process works on the same pair meanwhile.
        automations: of the platforms, by name: each answers after every cycle; answered: how
            many contacts they changed after the last one.
        replay: the journal, held against what is known.
        dying: at which point we die, when it is come to for the n-th time.
    """

    template: ClassVar[Path]
    place: ClassVar[Callable[[], dict[str, str]]]
    news: ClassVar[bool] = False

    @property
    def platforms(self) -> tuple[str, ...]:
        return (GHL, MAILEON, MAILERCLOUD) if self.news else (GHL, MAILEON)

    def __init__(self) -> None:
        super().__init__()
        self.story: list[Step] = []
        self.folder = Path(tempfile.mkdtemp())
        self.world: World | None = None
        self.histories: list[History] = []
        self.sound = True
        self.overtaken = False
        self.automations: Sequence[str] = ()
        self.answered = 0
        self.dying: tuple[str, int] | None = None
        self.replay = Replay()

    def do(self, deed: Deed) -> None:
        """A person does something, and every pair will have to do with it."""
        world = self.world
        assert world is not None
        with ExitStack() as watching:
            for history in self.histories:
                watching.enter_context(history.watching())
            with suppress(ValueError):  # the platform does not let them
                perform(world, deed)

    def befall(self, accident: Accident) -> None:
        """A person does something to a field, which every pair of its platform feels."""
        world = self.world
        assert world is not None
        with ExitStack() as watching:
            for history in self.histories:
                watching.enter_context(accidents.noted(history, accident))
            with suppress(ValueError):  # there is no such field
                befall(world, accident)

    def automate(self) -> int:
        """Let the platforms answer what we wrote; how many contacts that changed."""
        changed = 0
        for name in self.automations:
            with ExitStack() as watching:
                for history in self.histories:
                    watching.enter_context(history.watching())
                for history in self.histories:
                    with suppress(ValueError):  # a field is not there
                        changed += automations.answer(history.world, name)
        return changed

    def run(self, mode: Mode) -> None:
        """One cycle of every pair."""
        try:
            for history in self.histories:
                if self.dying:
                    history.world.dies_at(*self.dying)
                self._run(history, mode)
        finally:
            self.dying = None
        self.answered = self.automate()

    def _run(self, history: History, mode: Mode) -> None:
        """One cycle of ours, however it ends; nothing but an error of ours is allowed."""
        world = history.world
        faults = bool(world.box.world.faults)
        self.sound = False
        history.words.cannot_hear({a for one in self.histories for a in one.since})
        history.begin()
        state: RunState | None = None
        with ExitStack() as watching:
            for other in self.histories:
                if other is not history:
                    watching.enter_context(other.watching(ours=True))
            try:
                state = world.cycle(mode).state
            except CrashError:
                world.end_process()
            except LeaseLostError:
                assert self.overtaken, "nobody took the pair over, but the lease was lost"
            except SyncdError as error:
                excused = faults or history.excuses(error)
                assert excused, "nothing went wrong, but the cycle failed"
            finally:
                world.lives()
                world.line.rest()
                history.end(state)
        self.replay.check(world.engine)
        self.sound = True

    def teardown(self) -> None:
        try:
            if self.world is not None and self.sound:
                self.come_to_rest(self.world)
        finally:
            if self.world is not None:
                self.world.end_process()
            shutil.rmtree(self.folder)

    def come_to_rest(self, world: World) -> None:
        """Nobody does anything any more, and nothing goes wrong."""
        world.box.world.faults.clear()
        world.configure(GHL, create_422_still_creates=0.0)
        world.process.ahead = timedelta()
        for accident in accidents.lacking(world, *self.platforms):
            self.befall(accident)
        for history in self.histories:  # as a daemon asks again for fields it could not read
            history.world.pair(anew=True)
        for mode in (Mode.SYNC, Mode.SYNC, Mode.FULL):
            world.settle()
            self.run(mode)
        # What an automation did may be hidden by an index for two more cycles.
        rounds, enough = (60, 3) if self.automations else (6, 1)
        still = 0
        for _ in range(rounds):
            before = self._standing(world)
            self.run(Mode.FULL if self.automations else Mode.SYNC)
            still = still + 1 if self._standing(world) == before and not self.answered else 0
            if still == enough:
                break
        else:
            pytest.fail("it never becomes quiet")
        before = self._standing(world)
        for history in self.histories:  # what was not planned again after a write, least of all
            history.world.wake_the_linked()
        self.run(Mode.FULL)
        assert self._standing(world) == before, "a cycle with nothing to do wrote something"
        for history in self.histories:
            outcome.check(history)

    def _standing(self, world: World) -> object:
        """What there is to see, once every lag has passed, and how often we wrote so far.

        A full cycle tells a list that hides people once more who opted out: that changes nothing.
        """
        world.settle()
        writes = [world.writes(name) for name in (GHL, MAILEON)]
        return writes, [history.show() for history in self.histories]
