"""The whole engine against all platforms, in every order that somebody can think of.

People edit, opt out, come back, move, merge and delete on all sides; answers are lost and
processes die; and whatever happens, nobody who opted out becomes mailable, nobody is
doubled, no edit is lost, and in the end there is peace.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from datetime import timedelta
from functools import partial, wraps
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from syncd.engine.cycle import Mode
from syncd.errors import LeaseLostError, SyncdError
from syncd.store.runs import RunState
from tests.engine.deeds import EVERYWHERE, Deed, deeds, perform
from tests.engine.history import History
from tests.engine.line import CrashError
from tests.engine.world import GHL, MAILEON, World, build

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

Step = tuple[str, dict[str, Any]]  # the name of a rule, and what it was given


def told(of_machine: Callable[..., None]) -> Callable[..., None]:
    """A rule that writes itself into the story of its machine."""

    @wraps(of_machine)
    def tell(machine: "Machine", **given: Any) -> None:
        machine.story.append((of_machine.__name__, given))
        of_machine(machine, **given)

    return tell


def _of_its_platforms(machine: "Machine") -> st.SearchStrategy[Deed]:
    return deeds(*EVERYWHERE) if machine.news else deeds()


ANY_DEED = st.runner().flatmap(_of_its_platforms)


class Machine(RuleBasedStateMachine):
    """One history; each subclass has its platforms and its store.

    Attributes:
        news: whether Mailercloud takes part, by a second pair.
        place: makes the settings of a world's store.
        story: what was done so far, to be done again by `retell`.
    """

    template: ClassVar[Path]
    place: ClassVar[Callable[[], dict[str, str]]]
    news: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__()
        self.story: list[Step] = []
        self.folder = Path(tempfile.mkdtemp())
        self.world: World | None = None
        self.histories: list[History] = []
        self.sound = True
        self.overtaken = False  # another process works on the same pair meanwhile
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
    @told
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

    @rule(deed=ANY_DEED)
    @told
    def somebody(self, deed: Deed) -> None:
        """A person does something, and takes a few seconds."""
        self.do(deed)
        assert self.world
        self.world.wait(3)

    @rule(one=ANY_DEED, other=ANY_DEED)
    @told
    def both_at_once(self, one: Deed, other: Deed) -> None:
        """Two people at the same moment."""
        self.do(one)
        self.do(other)

    @rule(seconds=st.sampled_from((1, 40, 200, 4000, 90_000)))
    @told
    def time_passes(self, seconds: int) -> None:
        assert self.world
        self.world.wait(seconds)

    @rule(fault=st.sampled_from(FAULTS), after=st.integers(0, 4))
    @told
    def something_goes_wrong(self, fault: tuple[str, dict[str, Any]], after: int) -> None:
        assert self.world
        kind, how = fault
        self.world.fault(kind, **{"times": 1, "after": after, **how})

    @rule(mode=st.sampled_from((Mode.SYNC, Mode.SYNC, Mode.SYNC, Mode.FULL, Mode.PLAN)))
    @told
    def cycle(self, mode: Mode) -> None:
        self.run(mode)

    @rule(number=st.integers(1, 12), those=st.lists(ANY_DEED, min_size=1, max_size=2))
    @told
    def cycle_with_somebody_in_it(self, number: int, those: list[Deed]) -> None:
        """People do not wait until we are done."""
        assert self.world
        self.world.line.rest()
        for n, deed in enumerate(those, number):
            self.world.line.errands[n] = partial(self.do, deed)
        self.run(Mode.SYNC)

    @rule(
        point=st.sampled_from((*POINTS, *POINTS_OF_WRITES, *POINTS_OF_WRITES)),
        times=st.integers(1, 2),
    )
    @told
    def cycle_that_dies_between_two_steps(self, point: str, times: int) -> None:
        assert self.world
        self.dying = (point, times)
        self.run(Mode.FULL if point in ("sweep", "gone") else Mode.SYNC)

    @rule(number=st.integers(1, 20))
    @told
    def cycle_that_dies_in_a_request(self, number: int) -> None:
        """By turns before the request is carried out, and after it."""
        assert self.world
        self.world.line.rest()
        self.world.line.crash_at = number
        self.world.line.carried_out = bool(number % 2)
        self.run(Mode.SYNC)

    @rule()
    @told
    def the_store_is_copied(self) -> None:
        assert self.world
        if self.world.store.startswith("sqlite"):
            self.world.keep_copy()
            for history in self.histories:
                history.copied = history.number

    @rule()
    @told
    def the_store_is_put_back(self) -> None:
        """Somebody restores a backup, and all that was learned since is forgotten.

        It takes them longer than an index may lag: see what is not promised.
        """
        assert self.world
        self.world.settle()
        if self.world.put_back():
            for history in self.histories:
                history.forget()

    @rule(seconds=st.sampled_from((-7200, -90, 0, 0, 90, 7200, 200_000)))
    @told
    def our_clock_jumps(self, seconds: int) -> None:
        assert self.world
        self.world.process.ahead = timedelta(seconds=seconds)

    @rule(number=st.integers(1, 20), pair=st.integers(0, 1))
    @told
    def cycle_that_is_taken_over(self, number: int, pair: int) -> None:
        """Two processes believe that they hold the lease; the first goes on afterwards."""
        assert self.world
        self.world.line.rest()
        history = self.histories[pair % len(self.histories)]
        self.world.line.errands[number] = partial(self._take_over, history)
        self.overtaken = True
        try:
            self._run(history, Mode.SYNC)
        finally:
            self.overtaken = False

    def _take_over(self, history: History) -> None:
        other = history.world.twin()
        try:
            other.cycle(Mode.SYNC)
        except SyncdError:
            assert self.world
            assert self.world.box.world.faults, "nothing went wrong, but the other cycle failed"
        finally:
            other.end_process()

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
            except LeaseLostError:
                assert self.overtaken, "nobody took the pair over, but the lease was lost"
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
        world.process.ahead = timedelta()
        for history in self.histories:  # as a daemon asks again for fields it could not read
            history.world.pair(anew=True)
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
        # A full one tells a list that hides people once more who opted out: nothing changes.
        shown = [history.show() for history in self.histories]
        calls = {name: world.writes(name) for name in (GHL, MAILEON)}
        world.settle()
        self.run(Mode.FULL)
        assert calls == {name: world.writes(name) for name in calls} and shown == [  # noqa: PT018
            history.show() for history in self.histories
        ], "a cycle with nothing to do wrote something"
        for history in self.histories:
            history.check_end()


class TwoPlatforms(Machine):
    pass


class ThreePlatforms(Machine):
    news = True


def retell(kind: type[Machine], story: Iterable[Step]) -> None:
    """Walk a history again, to the letter; raises what it raised."""
    machine = kind()
    try:
        for name, given in story:
            getattr(machine, name)(**given)
    finally:
        machine.teardown()
