"""The whole engine against all platforms, in every order that somebody can think of.

People edit, opt out, come back, move, merge and delete on all sides; answers are lost and
processes die; and whatever happens, nobody who opted out becomes mailable, nobody is
doubled, no edit is lost, and in the end there is peace.
"""

from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial, wraps
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from syncd.core.consent import CONSENT
from syncd.engine.cycle import Mode
from syncd.errors import SyncdError
from syncd.model.side import SIDES, Side
from tests.engine import accidents, automations
from tests.engine.accidents import Accident
from tests.engine.deed import Deed
from tests.engine.deeds import EVERYWHERE, deeds
from tests.engine.faults import FAULTS, POINTS, POINTS_OF_WRITES
from tests.engine.history import History
from tests.engine.pairs import COPY, FIELDS, GHL, MAILEON
from tests.engine.walk import Step, Walk
from tests.engine.words import Words
from tests.engine.world import build


def told(of_machine: Callable[..., None]) -> Callable[..., None]:
    """A rule that writes itself into the story of its machine."""

    @wraps(of_machine)
    def tell(machine: "Machine", **given: Any) -> None:
        machine.story.append((of_machine.__name__, given))
        of_machine(machine, **given)

    return tell


def _of_its_platforms(machine: "Machine") -> st.SearchStrategy[Deed]:
    return deeds(*EVERYWHERE) if machine.news else deeds()


def _of_its_fields(machine: "Machine") -> st.SearchStrategy[Accident]:
    return accidents.accidents(*machine.platforms)


def _of_its_automations(machine: "Machine") -> st.SearchStrategy[list[str]]:
    return automations.some(*machine.platforms)


ITS_AUTOMATIONS = st.runner().flatmap(_of_its_automations)
PATIENCE = timedelta(minutes=10)  # of the daemon with an account that another pair has read
ANY_DEED = st.runner().flatmap(_of_its_platforms)
ANY_ACCIDENT = st.runner().flatmap(_of_its_fields)


class Machine(Walk):
    """What may happen in a history, in whatever order."""

    @initialize(
        delete=st.sampled_from(("keep", "unsubscribe", "delete")),
        duplicates=st.booleans(),
        short_rows=st.booleans(),
        lag_s=st.sampled_from((0, 2, 30)),
        also_422=st.booleans(),
        bumps=st.booleans(),
        resubscribe=st.sampled_from(("never", "newer")),
        automated=ITS_AUTOMATIONS,
        settled=st.booleans(),
        patient=st.booleans(),
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
        resubscribe: str,
        automated: list[str],
        settled: bool,
        first: list[Deed],
        patient: bool = False,
    ) -> None:
        cls = type(self)
        policy: dict[str, Any] = {"delete": delete, "consent": {"resubscribe": resubscribe}}
        if resubscribe == "newer":  # only an opt-in whose date can be told lifts anything
            policy["accounts"] = {"mail": {"time_zone": "Europe/Berlin"}}
        world = build(
            self.folder,
            cls.template,
            fields=(*FIELDS, COPY),
            news=cls.news,
            **policy,
            **cls.place(),
        )
        world.fresh_for = PATIENCE if patient else timedelta()
        self.world = world
        self.automations = automated
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
        lag, words = timedelta(seconds=lag_s + 1), Words(newer=resubscribe == "newer")
        for view in (world, world.news) if cls.news else (world,):
            view.pair()
            history = History(view, lag, words=words, kin=self.histories)
            history.unsubscribes, history.deletes = delete == "unsubscribe", delete == "delete"
            self.histories.append(history)
        for deed in first:
            self.do(deed)
        if settled:
            world.settle()
            self.run(Mode.SYNC)

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

    @rule(
        accident=ANY_ACCIDENT,
        at_once=st.sampled_from((None, Mode.SYNC, Mode.FULL, Mode.FULL)),
    )
    @told
    def a_field_is_another(self, accident: Accident, at_once: Mode | None) -> None:
        """And a cycle comes before the account is asked for its fields again, or not."""
        self.befall(accident)
        if at_once:
            self.run(at_once)

    @rule(number=st.integers(1, 12), accident=ANY_ACCIDENT)
    @told
    def cycle_in_which_a_field_becomes_another(self, number: int, accident: Accident) -> None:
        assert self.world
        self.world.line.rest()
        self.world.line.errands[number] = partial(self.befall, accident)
        self.run(Mode.SYNC)

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

    @rule(
        leaves=deeds("opt out left", "opt out right"),
        returns=st.lists(deeds("confirm right", "lift left"), min_size=1, max_size=3),
        seconds=st.sampled_from((0, 40, 90_000)),
    )
    @told
    def somebody_leaves_and_returns(self, leaves: Deed, returns: list[Deed], seconds: int) -> None:
        """And we have heard of the one before the other."""
        assert self.world
        self.do(leaves)
        self.world.settle()
        self.run(Mode.SYNC)
        self.world.wait(seconds)
        for deed in returns:
            self.do(deed)

    @rule(number=st.integers(0, 3), take=st.sampled_from(SIDES))
    @told
    def a_person_answers(self, number: int, take: Side) -> None:
        """Of those who were let in on one side alone, a person says what is right."""
        asked = [(h, c) for h in self.histories for c in h.world.conflicts() if c.rule == CONSENT]
        if asked:
            history, conflict = asked[number % len(asked)]
            history.answer(conflict, take)

    @rule()
    @told
    def the_store_is_copied(self) -> None:
        assert self.world
        if self.world.store.startswith("sqlite"):
            self.world.keep_copy()
            for history in self.histories:
                history.copied = history.number
                history.words.copy()

    @rule()
    @told
    def the_store_is_put_back(self) -> None:
        """Somebody restores a backup, and all that was learned since is forgotten.

        It takes them longer than an index may lag: see what is not promised.
        """
        assert self.world
        self.world.settle()
        if self.world.put_back():
            self.replay.begin_anew(self.world.engine)
            for history in self.histories:
                history.forget()

    @rule(seconds=st.sampled_from((-7200, -90, 0, 0, 90, 7200, 200_000)))
    @told
    def our_clock_jumps(self, seconds: int) -> None:
        """Forwards only when no index lags any more: see what is not promised."""
        assert self.world
        if timedelta(seconds=seconds) > self.world.process.ahead:
            self.world.settle()
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
        except SyncdError as error:
            excused = other.box.world.faults or history.excuses(error)
            assert excused, "nothing went wrong, but the other cycle failed"
        finally:
            other.end_process()


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
