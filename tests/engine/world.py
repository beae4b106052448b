"""Both platforms in process, our side as a process that can die, and a plain view of both sides.

What a test compares is read from the sandbox's dumps, never from our store, and brought
into one form here, without any code of the engine or of the connectors.
"""

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from syncd.accounts import CHECK_EVERY
from syncd.app import App
from syncd.config.load import load
from syncd.connectors.api import Wire
from syncd.engine.context import Environment, Pair, Stream
from syncd.engine.cycle import Mode, Report, run_cycle
from syncd.errors import FieldsChangedError
from syncd.model.link import State
from syncd.model.record import Resource
from syncd.model.side import SIDES, Both, Side
from syncd.sandbox.core import Fault
from syncd.sandbox.ghl.platform import Ghl
from syncd.store import conflicts, database, links, members, runs, wake
from syncd.store import tables as t
from syncd.store.conflicts import Conflict
from syncd.store.prepared import prepared
from syncd.store.suppressions import open_ledger
from syncd.testing.inprocess import Sandbox, sandbox
from tests.engine.line import CrashError, Line
from tests.engine.pairs import (
    FIELDS,
    GHL,
    MAILEON,
    MAILERCLOUD,
    NEWS,
    NEWS_RULES,
    PAIR,
    PLATFORM,
    RULES,
    configure,
    environment,
)
from tests.engine.rows import (
    Row,
    differing,
    ghl_row,
    maileon_row,
    mailercloud_row,
    plain,
)

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
FAR = datetime(2999, 1, 1, tzinfo=UTC)
LAG = timedelta(minutes=5)  # longer than any index may lag


@dataclass(slots=True)
class Process:
    """What a process of ours holds, and loses when it dies.

    Attributes:
        opened: pairs, by name; opened_at: when they were.
        ahead: by how much the clock of its machine is wrong.
    """

    app: App | None = None
    opened: dict[str, Stream] = field(default_factory=dict)
    opened_at: dict[str, datetime] = field(default_factory=dict)
    ahead: timedelta = timedelta()


@prepared
def _standing(pair: Any, side: Any) -> sa.Executable:
    m = t.member.c
    return sa.select(m.remote_id, m.state, m.cause).where(m.pair == pair, m.side == side)


@dataclass(slots=True)
class World:
    """One sandbox and one store, seen from one pair; processes of ours come and go.

    Attributes:
        name, platform, rules: of the pair.
        fresh_for: as in `Stream`: what another pair has read a moment ago is not read again.
    """

    folder: Path
    box: Sandbox
    line: Line
    path: Path
    env: Mapping[str, str]
    store: str = "sqlite:///syncd.db"
    name: str = PAIR
    platform: Both[str] = PLATFORM
    rules: Mapping[str, str] = field(default_factory=lambda: RULES)
    crash: Callable[[str], None] = field(default=lambda _: None)
    stopping: Callable[[], bool] = field(default=lambda: False)
    chunk: int = 500
    fresh_for: timedelta = timedelta()
    process: Process = field(default_factory=Process)
    engines: dict[str, sa.Engine] = field(default_factory=dict)

    @property
    def news(self) -> "World":
        """The same world seen from the second pair: sandbox, store and process are shared."""
        return replace(self, name=NEWS, platform=Both(GHL, MAILERCLOUD), rules=NEWS_RULES)

    # -- the sandbox ---------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        return self.box.world.clock.now()

    def wait(self, seconds: float) -> None:
        self.box.world.clock.advance(timedelta(seconds=seconds))

    def settle(self) -> None:
        """Let every lag pass."""
        self.wait(LAG.total_seconds())

    def act(self, platform: str, action: str, /, **arguments: Any) -> dict[str, Any]:
        """What a person does; raises ValueError if the platform does not let them."""
        return self.box.platform(platform).act(action, arguments)

    def configure(self, platform: str, **settings: Any) -> None:
        self.box.platform(platform).configure(settings)

    def fault(self, kind: str, **how: Any) -> Fault:
        fault = Fault(kind=kind, **how)
        self.box.world.faults.append(fault)
        return fault

    def writes(self, *platforms: str) -> int:
        """Requests so far that changed something, on some platforms or on all."""
        counted = self.box.world.writes
        return sum(counted[name] for name in platforms or counted)

    # -- a plain view of both sides ------------------------------------------------------

    @property
    def colour(self) -> str:
        """The id of the field that is called Colour in GHL now; empty if there is none."""
        ghl = self.box.platform(GHL)
        assert isinstance(ghl, Ghl)
        found = ghl.agency.main.fields.named("Colour")
        return found.id if found else ""

    def rows(self, side: Side) -> dict[str, Row]:
        """Every contact that is there for people to see, by id."""
        platform = self.platform[side]
        dump = self.box.platform(platform).dump()
        if platform == GHL:
            colour = self.colour
            return {d["id"]: ghl_row(d, colour) for d in dump}
        if platform == MAILEON:
            return {str(d["id"]): maileon_row(d) for d in dump if d["state"] == "active"}
        return {d["id"]: mailercloud_row(d) for d in dump}

    def by_email(self, side: Side) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for row in self.rows(side).values():
            found.setdefault(row.email, []).append(row)
        return found

    def row(self, side: Side, email: str) -> Row:
        """The only contact with an address."""
        (only,) = self.by_email(side)[email]
        return only

    def unsubscribed(self) -> set[str]:
        """Addresses that have left Maileon by opting out; their contacts are there no more."""
        return {*self._left_maileon().values()}

    def left_the_list(self) -> set[str]:
        """Addresses that have opted out of Mailercloud by a link, as their reports tell."""
        return {*self._left_mailercloud().values()}

    def opt_out_entries(self) -> dict[tuple[str, str], str]:
        """Both of them, by who left and when (Maileon) or by which campaign (Mailercloud)."""
        return self._left_maileon() | self._left_mailercloud()

    def _left_maileon(self) -> dict[tuple[str, str], str]:
        if MAILEON not in self.platform:
            return {}
        shown = self.act(MAILEON, "opt_outs")["unsubscribed"]
        return {(one["email"], one["at"]): plain(one["email"]).lower() for one in shown}

    def _left_mailercloud(self) -> dict[tuple[str, str], str]:
        if MAILERCLOUD not in self.platform:
            return {}
        return {
            (one["id"], one["cause"]): plain(one["email"]).lower()
            for one in self.act(MAILERCLOUD, "opt_outs")["opt_outs"]
            if one["contact_type"] == "unsubscribe" and "campaign" in one["cause"]
        }

    def mails_sent_for_us(self) -> list[Any]:
        """Double-opt-in mails that no person caused."""
        shown = self.act(MAILEON, "doi_mails")["doi_mails"]
        return [mail for mail in shown if mail["cause"] != "person"]

    # -- our side ------------------------------------------------------------------------

    def wire(self) -> Wire:
        clock, began = self.box.world.clock, NOON
        return Wire(
            transport=self.line,
            now=lambda: clock.now() + self.process.ahead,
            monotonic=lambda: (clock.now() - began).total_seconds(),
            sleep=lambda seconds: clock.advance(timedelta(seconds=seconds)),
        )

    def start_process(self) -> App:
        """A process of ours with an empty memory; the one before is no more."""
        self.end_process()
        configuration = load(self.path, self.env)
        store = self._store(configuration.store)
        self.process.app = App(configuration, store, open_ledger(store), self.wire())
        return self.process.app

    def _store(self, url: str) -> sa.Engine:
        """The store; an engine remembers compiled statements, and nothing of a process."""
        if url not in self.engines:
            self.engines[url] = database.open_store(url)
            if self.engines[url].dialect.name == "sqlite":
                sa.event.listen(self.engines[url], "connect", _careless)
        return self.engines[url]

    @property
    def engine(self) -> sa.Engine:
        """The store, whether or not a process of ours is there."""
        (store,) = self.engines.values()
        return store

    def end_process(self) -> None:
        if self.process.app is not None:
            self.process.app.close()
        self.process.app = None
        self.process.opened.clear()

    def keep_copy(self) -> None:
        """Set the store aside, as a backup does."""
        assert self.store.startswith("sqlite"), "only a file is copied"
        now, copy = (sqlite3.connect(self.folder / name) for name in ("syncd.db", "copy.db"))
        with closing(now), closing(copy):
            copy.execute("PRAGMA synchronous=OFF")  # as no power is cut here
            now.backup(copy)

    def put_back(self) -> bool:
        """Go on with the store as it was set aside, if it was; the process is a new one."""
        if not (self.folder / "copy.db").exists():
            return False
        self.end_process()
        for engine in self.engines.values():
            engine.dispose()
        for old in self.folder.glob("syncd.db-*"):
            old.unlink()
        shutil.copy(self.folder / "copy.db", self.folder / "syncd.db")
        return True

    def twin(self) -> "World":
        """Another process of ours on the same machine and store, on a wire of its own."""
        line = Line(self.box, timedelta(milliseconds=20))
        return replace(self, line=line, process=Process(ahead=self.process.ahead), crash=_live_on)

    def running(self) -> App:
        return self.process.app or self.start_process()

    def pair(self, *, anew: bool = False) -> Pair:
        return Pair(self.name, (self.stream(anew=anew),))

    def stream(self, *, anew: bool = False) -> Stream:
        """The contacts as a process has them; one request at a time, so that tests repeat.

        The pair is opened again when that can show anything else than before.
        """
        app, opened = self.running(), self.process.opened
        if anew or not self._still_open():
            self.process.opened_at[self.name] = self.now
            stream = app.open_pair(self.name, create_fields=True, anew=anew).contacts
            for side in SIDES:
                reader = getattr(stream.connector(side), "_reader", None)
                if reader is not None:
                    reader._concurrency = 1  # requests of several threads have no order
            specs = stream.specs.map(lambda spec: replace(spec, concurrency=1))
            opened[self.name] = replace(
                stream, specs=specs, chunk=self.chunk, fresh_for=self.fresh_for
            )
        return opened[self.name]

    def set_up(self, stream: Stream) -> None:
        """Go on with contacts that are not as their file says, until they are opened anew."""
        self.process.opened[self.name] = stream
        self.process.opened_at[self.name] = FAR

    def _still_open(self) -> bool:
        stream = self.process.opened.get(self.name)
        if stream is None or any(stream.imagined) or stream.resting:
            return False
        opened_at = self.process.opened_at[self.name]
        if opened_at < FAR and not self._knows_its_readers(stream):
            return False
        return self.now - opened_at < CHECK_EVERY

    def _knows_its_readers(self, stream: Stream) -> bool:
        """Or else another pair may have begun to read an account of this one."""
        registered = all(stream.registered[s] for s in SIDES if stream.sharing[s])
        return registered and stream.told == stream.sharing

    @property
    def environment(self) -> Environment:
        environment = self.running().environment
        return replace(environment, crash=self.crash, stopping=lambda: self.stopping())

    def cycle(self, mode: Mode = Mode.SYNC) -> Report:
        """One cycle; once more if fields changed on the way, as `App.run_pair` has it."""
        try:
            return run_cycle(self.pair(), self.environment, mode)
        except FieldsChangedError:
            return run_cycle(self.pair(anew=True), self.environment, mode)

    def cycles(self, most: int = 8) -> list[Report]:
        """Cycles with time between them until one has nothing to write."""
        reports = []
        for _ in range(most):
            self.settle()
            writes = self.writes()
            reports.append(self.cycle())
            if self.writes() == writes:
                return reports
        raise AssertionError(f"{most} cycles did not become quiet")

    def dies_at(self, point: str, times: int = 1) -> None:
        """Let the process die when it comes to a named place for the n-th time."""
        left = times

        def crash(name: str) -> None:
            nonlocal left
            if name == point:
                left -= 1
                if left == 0:
                    self.lives()
                    raise CrashError

        self.crash = crash

    def lives(self) -> None:
        self.crash = _live_on

    # -- what our store says, to be held against the platforms ---------------------------

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        with database.reading(self.running().store) as db:
            yield db

    def listed(self) -> dict[tuple[str | None, str | None], set[str]]:
        """Rules with a conflict or a problem, by the ids of both sides."""
        found: dict[tuple[str | None, str | None], set[str]] = {}
        with self.reading() as db:
            for table in (t.conflict, t.problem):
                rows = db.execute(
                    sa.select(t.link.c.left_id, t.link.c.right_id, table.c.rule)
                    .join_from(table, t.link, t.link.c.id == table.c.link_id)
                    .where(t.link.c.pair == self.name)
                )
                for left, right, rule in rows:
                    found.setdefault((left, right), set()).add(rule)
        return found

    def lists_field(self, account: str, name: str) -> bool:
        """Whether a custom field was there when its account was last looked at."""
        f = t.field.c
        with self.reading() as db:
            found = db.execute(sa.select(f.present).where(f.account == account, f.name == name))
            return bool(found.scalar())

    def conflicts(self) -> list[Conflict]:
        """What waits for a person."""
        with self.reading() as db:
            return conflicts.of_pair(db, self.name)

    def choose(self, conflict: Conflict, take: Side) -> Both[str | None]:
        """What `syncd conflicts resolve` does; the ids of the contacts that it is about."""
        with self.running().store.begin() as db:
            conflicts.choose(db, conflict.id, take, "ada@desk")
            wake.by_links(db, [conflict.link_id])
            return links.load(db, [conflict.link_id])[0].ids

    def was_approved(self) -> bool:
        with self.reading() as db:
            return runs.facts(db, self.name).approved_at is not None

    def standing(self, side: Side) -> dict[str, tuple[str, str | None]]:
        """State and cause of every record that our store knows of a side."""
        with self.reading() as db:
            rows = _standing(db, pair=self.name, side=side.value).all()
        return {remote_id: (state, cause) for remote_id, state, cause in rows}

    def wake_the_linked(self) -> None:
        """Have everybody planned again with whom all is well."""
        m = t.member.c
        linked = t.member.update().where(m.pair == self.name, m.state == State.LINKED.value)
        with self.running().store.begin() as db:
            db.execute(linked.values(todo=True))

    def linked(self) -> set[tuple[str | None, str | None]]:
        with self.reading() as db:
            ids = sa.select(t.link.c.left_id, t.link.c.right_id)
            rows = db.execute(ids.where(t.link.c.pair == self.name)).all()
        return {(left, right) for left, right in rows}

    def keys_of_links(self) -> dict[tuple[str | None, str | None], set[str]]:
        """The addresses under which our side knows what is linked, or last knew it."""
        m, k = t.member.c, t.link.c
        asked = sa.select(k.left_id, k.right_id, m.key).where(k.pair == self.name)
        found: dict[tuple[str | None, str | None], set[str]] = {}
        with self.reading() as db:
            for left_id, right_id, key in db.execute(asked.where(m.link_id == k.id)):
                found.setdefault((left_id, right_id), set()).update({key} - {None})
        return found

    def census(self) -> dict[tuple[str, str | None], int]:
        """How many records stand where, over both sides."""
        counted: dict[tuple[str, str | None], int] = {}
        with self.reading() as db:
            for _, _, state, cause, n in members.census(db, self.name):
                counted[state, cause] = counted.get((state, cause), 0) + n
        return counted

    def count_linked(self) -> int:
        with self.reading() as db:
            return links.count_complete(db, self.name, Resource.CONTACT)


Build = Callable[..., World]


def build(
    folder: Path,
    template: Path,
    *,
    store: str = "sqlite:///syncd.db",
    contacts: int = 0,
    seed: int = 7,
    fields: Sequence[Mapping[str, Any]] = FIELDS,
    moment: timedelta = timedelta(milliseconds=20),
    swapped: bool = False,
    news: bool = False,
    **settings: Any,
) -> World:
    """A world of its own in a folder.

    Args:
        template: a migrated store to begin with.
        store: the URL of another migrated store, to use instead.
        settings: of the pair.
        swapped: Maileon on the left. The plain view still has GHL on the left.
        news: a second pair, of GHL and Mailercloud; see `World.news`.
    """
    box = sandbox(contacts=contacts, seed=seed, frozen_at=NOON)
    colour = {"name": "Colour", "data_type": "TEXT"}
    box.platform(GHL).act("create_custom_field", colour)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(template, folder / "syncd.db")
    info = box.info
    configure(folder, store=store, fields=fields, swapped=swapped, news=news, **settings)
    env = environment(info)
    line = Line(box, moment)
    return World(folder, box, line, folder / "syncd.yaml", env, store=store)


def _careless(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA synchronous=OFF")  # no power cuts in a test


def _live_on(_: str) -> None:
    return None


def assert_alike(world: World) -> None:
    """Every person is on both sides once, with equal values; the opted-out are not compared."""
    left, right = world.by_email(Side.LEFT), world.by_email(Side.RIGHT)
    gone = {row.email for row in world.rows(Side.LEFT).values() if row.opted_out}
    gone |= world.unsubscribed()
    assert left.keys() - gone == right.keys() - gone
    listed = world.listed()
    for email in left.keys() - gone:
        assert (len(left[email]), len(right[email])) == (1, 1), "a person twice on one side"
        here, there = left[email][0], right[email][0]
        excused = listed.get((here.id, there.id), set())
        wrong = {n for n in differing(here, there) if world.rules[n] not in excused}
        assert not wrong, f"{wrong} differ"


def assert_quiet(world: World) -> None:
    """Another cycle, and a full one, write nothing."""
    writes = world.writes()
    for mode in (Mode.SYNC, Mode.FULL):
        world.settle()
        world.cycle(mode)
    assert world.writes() == writes, "a cycle with nothing to do wrote something"
