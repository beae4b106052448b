"""The whole engine against both platforms, in every order that Hypothesis can think of.

People edit, opt out, come back, move, merge and delete on both sides; answers are lost and
processes die; and whatever happens, nobody who opted out becomes mailable, nobody is
doubled, no edit is lost, and in the end there is peace.

`SYNCD_HYPOTHESIS=thorough` runs thousands of longer histories.
"""

import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from syncd.engine.cycle import Mode
from syncd.errors import SyncdError
from syncd.store.runs import RunState
from tests.engine.deeds import EVERYWHERE, Deed, deeds, perform
from tests.engine.history import History
from tests.engine.line import CrashError
from tests.engine.world import GHL, LAG, MAILEON, World, build

THOROUGH = os.environ.get("SYNCD_HYPOTHESIS") == "thorough"
ORDINARY = settings(
    max_examples=240,
    stateful_step_count=18,
    deadline=None,
    database=None,
    derandomize=True,
    print_blob=True,
    phases=(Phase.generate,),  # to shrink a history takes minutes: that is for `thorough`
    suppress_health_check=list(HealthCheck),
)
PROFILE = (
    settings(
        ORDINARY,
        max_examples=3000,
        stateful_step_count=40,
        derandomize=False,
        phases=(Phase.generate, Phase.shrink),
    )
    if THOROUGH
    else ORDINARY
)
POINTS = ("recover", "pull", "sweep", "gone", "match", "reconcile")
POINTS_OF_WRITES = ("claimed", "answered", "confirmed")

FAULTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("lost_answer", {"method": "POST", "path": "contacts"}),
    ("lost_answer", {"method": "PUT"}),
    ("lost_answer", {"method": "DELETE"}),
    ("lost_answer", {}),
    ("lost_answer", {"times": 6, "path": "contacts"}),
    ("status", {"status": 500, "times": 2}),
    ("status", {"status": 503, "times": 6, "method": "PUT"}),
    ("status", {"status": 429, "headers": {"Retry-After": "3"}}),
    ("status", {"status": 401, "platform": "ghl"}),
    ("status_after", {"status": 502, "method": "POST", "path": "contacts"}),
    ("status_after", {"status": 502, "method": "PUT"}),
    ("status_after", {"status": 400, "method": "PUT", "platform": "ghl"}),
    ("html", {"status": 200}),
    ("html", {"status": 200, "method": "POST", "path": "contacts"}),
    ("html", {"status": 502}),
    ("truncated", {}),
    ("truncated", {"method": "PUT"}),
    ("refused", {"times": 2}),
)


class Machine(RuleBasedStateMachine):
    """One history; each subclass has its platforms and its store.

    Attributes:
        news: whether Mailercloud takes part, by a second pair.
        place: makes the settings of a world's store.
    """

    template: ClassVar[Path]
    place: ClassVar[Callable[[], dict[str, str]]]
    news: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.world: World | None = None
        self.histories: list[History] = []
        self.sound = True
        self.dying: tuple[str, int] | None = None  # at which point, when it is come to

    @initialize(
        delete=st.sampled_from(("keep", "unsubscribe", "delete")),
        duplicates=st.booleans(),
        short_rows=st.booleans(),
        lag_s=st.sampled_from((0, 2, 30)),
        also_422=st.booleans(),
        bumps=st.booleans(),
        settled=st.booleans(),
        first=st.lists(deeds("create left", "create right"), min_size=1, max_size=4),
    )
    def begin(
        self,
        delete: str,
        duplicates: bool,
        short_rows: bool,
        lag_s: int,
        also_422: bool,
        bumps: bool,
        settled: bool,
        first: list[Deed],
    ) -> None:
        cls = type(self)
        world = build(self.folder, cls.template, delete=delete, news=cls.news, **cls.place())
        self.world = world
        world.configure(
            GHL,
            allow_duplicates=duplicates,
            rows_without_dnd_settings=short_rows,
            rows_without_custom_fields=short_rows,
            index_lag_s=float(lag_s),
            create_422_still_creates=0.5 if also_422 else 0.0,
            bump_on_tags=bumps,
        )
        world.configure(MAILEON, bump_on_identical_write=bumps)
        lag, known = timedelta(seconds=lag_s + 1), set[str]()
        for view in (world, world.news) if cls.news else (world,):
            view.pair()
            self.histories.append(History(view, lag, known=known))
        for deed in first:
            self.do(deed)
        if settled:
            world.settle()
            self.run(Mode.SYNC)

    def do(self, deed: Deed) -> None:
        """A person does something, and every pair will have to do with it."""
        world = self.world
        assert world is not None
        with ExitStack() as watching:
            for history in self.histories:
                watching.enter_context(history.watching())
            with suppress(ValueError):  # the platform does not let them
                perform(world, deed)

    @rule(data=st.data())
    def somebody(self, data: st.DataObject) -> None:
        """A person does something, and takes a few seconds."""
        self.do(data.draw(self.deeds()))
        assert self.world
        self.world.wait(3)

    @rule(data=st.data())
    def both_at_once(self, data: st.DataObject) -> None:
        """Two people at the same moment."""
        self.do(data.draw(self.deeds()))
        self.do(data.draw(self.deeds()))

    @rule(seconds=st.sampled_from((1, 40, 200, 4000, 90_000)))
    def time_passes(self, seconds: int) -> None:
        assert self.world
        self.world.wait(seconds)

    @rule(fault=st.sampled_from(FAULTS), after=st.integers(0, 4))
    def something_goes_wrong(self, fault: tuple[str, dict[str, Any]], after: int) -> None:
        assert self.world
        kind, how = fault
        self.world.fault(kind, **{"times": 1, "after": after, **how})

    @rule(mode=st.sampled_from((Mode.SYNC, Mode.SYNC, Mode.SYNC, Mode.FULL, Mode.PLAN)))
    def cycle(self, mode: Mode) -> None:
        self.run(mode)

    @rule(number=st.integers(1, 12), data=st.data(), twice=st.booleans())
    def cycle_with_somebody_in_it(self, number: int, data: st.DataObject, twice: bool) -> None:
        """People do not wait until we are done."""
        assert self.world
        self.world.line.rest()
        for n in range(number, number + 1 + twice):
            deed = data.draw(self.deeds())
            self.world.line.errands[n] = partial(self.do, deed)
        self.run(Mode.SYNC)

    @rule(
        point=st.sampled_from((*POINTS, *POINTS_OF_WRITES, *POINTS_OF_WRITES)),
        times=st.integers(1, 2),
    )
    def cycle_that_dies_between_two_steps(self, point: str, times: int) -> None:
        assert self.world
        self.dying = (point, times)
        self.run(Mode.FULL if point in ("sweep", "gone") else Mode.SYNC)

    @rule(number=st.integers(1, 20))
    def cycle_that_dies_in_a_request(self, number: int) -> None:
        """By turns before the request is carried out, and after it."""
        assert self.world
        self.world.line.rest()
        self.world.line.crash_at = number
        self.world.line.carried_out = bool(number % 2)
        self.run(Mode.SYNC)

    def deeds(self) -> st.SearchStrategy[Deed]:
        return deeds(*EVERYWHERE) if self.news else deeds()

    def run(self, mode: Mode) -> None:
        """One cycle of every pair."""
        try:
            for history in self.histories:
                if self.dying:
                    history.world.dies_at(*self.dying)
                self._run(history, mode)
        finally:
            self.dying = None

    def _run(self, history: History, mode: Mode) -> None:
        """One cycle of ours, however it ends; nothing but an error of ours is allowed."""
        world = history.world
        faults = bool(world.box.world.faults)
        self.sound = False
        history.begin()
        state: RunState | None = None
        with ExitStack() as watching:
            for other in self.histories:
                if other is not history:
                    watching.enter_context(other.watching())
            try:
                state = world.cycle(mode).state
            except CrashError:
                world.end_process()
            except SyncdError:
                assert faults, "nothing went wrong, but the cycle failed"
            finally:
                world.lives()
                world.line.rest()
                history.end(state)
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
        for mode in (Mode.SYNC, Mode.SYNC, Mode.FULL):
            world.settle()
            self.run(mode)
        for _ in range(6):
            world.settle()
            writes = world.writes()
            self.run(Mode.SYNC)
            if world.writes() == writes:
                break
        else:
            pytest.fail("it never becomes quiet")
        world.settle()
        self.run(Mode.FULL)
        assert world.writes() == writes, "a cycle with nothing to do wrote something"
        for history in self.histories:
            history.check_end()


class TwoPlatforms(Machine):
    pass


class ThreePlatforms(Machine):
    news = True


def test_whatever_happens_both_sides_come_to_rest_and_nobody_is_harmed(
    migrated_sqlite: Path, new_store: Callable[[], dict[str, str]], kind_of_store: str
) -> None:
    assert timedelta(minutes=2) < LAG
    TwoPlatforms.template, TwoPlatforms.place = migrated_sqlite, staticmethod(new_store)
    few = settings(PROFILE, max_examples=PROFILE.max_examples // 8)
    run_state_machine_as_test(TwoPlatforms, settings=few if kind_of_store != "sqlite" else PROFILE)


def test_whatever_happens_all_three_platforms_come_to_rest_and_nobody_is_harmed(
    migrated_sqlite: Path,
) -> None:
    ThreePlatforms.template, ThreePlatforms.place = migrated_sqlite, staticmethod(dict)
    half = settings(PROFILE, max_examples=PROFILE.max_examples // 2)
    run_state_machine_as_test(ThreePlatforms, settings=half)
