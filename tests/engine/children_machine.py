"""Notes and tasks of GHL and ExampleMail in every order that somebody can think of.

People write, edit, tick off, delete and move them on both sides, and contacts come and go; answers
are lost and processes die. Whatever happens nothing multiplies, nothing that was deleted comes
back, what somebody wrote last is what both sides show, and in the end there is peace.
"""

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from syncd.connectors.registry import installed
from syncd.engine.cycle import Mode
from syncd.errors import SyncdError
from syncd.testing.example.connector import CONNECTOR
from tests.engine.line import CrashError
from tests.engine.machine import told
from tests.engine.office import Office, office
from tests.engine.replay import Replay
from tests.engine.walk import Step

PEOPLE = ("ada@example.org", "bob@example.org", "cy@example.org")
SIDES = ("crm", "app")
KINDS = ("notes", "tasks")
NAMES = {("notes", "crm"): "body", ("notes", "app"): "text", ("tasks", "crm"): "title"}
DUE = "2026-11-05T15:30:00.000Z"
MOST_CYCLES = 12  # until there has to be peace

KIND, SIDE = st.sampled_from(KINDS), st.sampled_from(SIDES)
WHO, WHICH, TEXT = st.integers(0, 2), st.integers(0, 5), st.integers(1, 9)


@dataclass(frozen=True, slots=True)
class Item:
    """A note or task as people see it.

    Attributes:
        token: what its text begins with, which nobody ever changes; text: the rest.
    """

    id: str
    token: str
    text: str
    of: str
    done: bool = False


@dataclass(slots=True)
class Known:
    """What people have done to all items of one token.

    Attributes:
        entered: how often it was entered; deleted: on which sides it was, by a person or with
            its contact.
        wrote: by side, what somebody wrote there since both sides were last alike; moved: that
            somebody gave it to another contact.
    """

    kind: str
    entered: int = 0
    deleted: set[str] = field(default_factory=set)
    wrote: dict[str, tuple[str, bool]] = field(default_factory=dict)
    moved: bool = False


class Children(RuleBasedStateMachine):
    """One history."""

    template: ClassVar[Path]
    place: ClassVar[Callable[[], dict[str, str]]]

    def __init__(self) -> None:
        super().__init__()
        self.story: list[Step] = []
        self.folder = Path(tempfile.mkdtemp())
        self.patch = pytest.MonkeyPatch()
        self.patch.setitem(installed(), "example_mail", CONNECTOR)  # type: ignore[arg-type]
        self.world: Office | None = None
        self.known: dict[str, Known] = {}
        self.entered: set[str] = set()  # ids of what people have entered
        self.delete = "keep"
        self.replay = Replay()

    # -- people --------------------------------------------------------------------------

    @initialize(delete=st.sampled_from(("keep", "delete")), lag_s=st.sampled_from((0, 30)))
    @told
    def begin(self, delete: str, lag_s: int) -> None:
        self.world = office(self.folder, delete=delete, index_lag_s=float(lag_s))
        self.delete = delete
        for email in PEOPLE[:2]:
            self.world.person(email)

    @property
    def office(self) -> Office:
        assert self.world is not None
        return self.world

    @rule(who=WHO, side=SIDE)
    @told
    def somebody_comes(self, who: int, side: str) -> None:
        if self._contact(PEOPLE[who], side) is not None:
            return
        if side == "crm":
            self.office.person(PEOPLE[who])
        else:
            self.office.app.create({"email": PEOPLE[who], "first_name": "Ada"})

    @rule(who=WHO, side=SIDE)
    @told
    def somebody_goes(self, who: int, side: str) -> None:
        """With all that belongs to them on this side."""
        contact = self._contact(PEOPLE[who], side)
        if contact is None:
            return
        for kind in KINDS:
            for item in self.items(kind, side):
                if item.of == PEOPLE[who]:
                    self.known[item.token].wrote.pop(side, None)
        if side == "crm":
            self.office.act("delete", email=PEOPLE[who])
        else:
            self.office.app.delete(contact)

    @rule(kind=KIND, side=SIDE, who=WHO, both=st.booleans())
    @told
    def somebody_enters(self, kind: str, side: str, who: int, both: bool) -> None:
        """On one side, or the same on both."""
        token = f"{kind[0]}{len(self.known)}"
        known = Known(kind)
        for where in SIDES if both else (side,):
            contact = self._contact(PEOPLE[who], where)
            if contact is not None:
                before = {item.id for item in self.items(kind, where)}
                self._enter(kind, where, PEOPLE[who], contact, f"{token} first")
                self.entered |= {item.id for item in self.items(kind, where)} - before
                known.entered += 1
                known.wrote[where] = ("first", False)
        if known.entered:
            self.known[token] = known

    @rule(kind=KIND, side=SIDE, which=WHICH, text=TEXT)
    @told
    def somebody_edits(self, kind: str, side: str, which: int, text: int) -> None:
        if (item := self._one(kind, side, which)) is None:
            return
        if self.office.has_not_learned_of(item.id) and item.id not in self.entered:
            # What we made without ever learning of it says something else: it is a stranger.
            self.known[item.token].entered += 1
        self._set(kind, side, item, f"{item.token} text {text}")
        self.known[item.token].wrote[side] = (f"text {text}", item.done)

    @rule(side=SIDE, which=WHICH, done=st.booleans())
    @told
    def somebody_ticks_off(self, side: str, which: int, done: bool) -> None:
        if (item := self._one("tasks", side, which)) is None or item.done is done:
            return
        if side == "crm":
            self.office.act("complete_task" if done else "reopen_task", task=item.id)
        else:
            self.office.app.change_child("tasks", item.id, {"done": done})
        self.known[item.token].wrote[side] = (item.text, done)

    @rule(kind=KIND, side=SIDE, which=WHICH)
    @told
    def somebody_deletes(self, kind: str, side: str, which: int) -> None:
        if (item := self._one(kind, side, which)) is None:
            return
        if side == "crm":
            self.office.act(f"delete_{kind[:-1]}", **{kind[:-1]: item.id})
        else:
            self.office.app.delete_child(kind, item.id)
        self.known[item.token].deleted.add(side)
        self.known[item.token].wrote.pop(side, None)

    @rule(which=WHICH, who=WHO)
    @told
    def somebody_moves(self, which: int, who: int) -> None:
        """A task of ExampleMail is given to another contact."""
        item, contact = self._one("tasks", "app", which), self._contact(PEOPLE[who], "app")
        if item is not None and contact is not None and item.of != PEOPLE[who]:
            self.office.app.change_child("tasks", item.id, {"contact_id": contact})
            self.known[item.token].moved = True

    # -- our side ------------------------------------------------------------------------

    @rule(seconds=st.sampled_from((1, 40, 400)))
    @told
    def time_passes(self, seconds: int) -> None:
        self.office.wait(seconds=seconds)

    @rule(mode=st.sampled_from((Mode.SYNC, Mode.SYNC, Mode.FULL, Mode.PLAN)))
    @told
    def cycle(self, mode: Mode) -> None:
        self._run(mode)

    @rule(number=st.integers(1, 25), carried_out=st.booleans())
    @told
    def cycle_that_dies_in_a_request(self, number: int, carried_out: bool) -> None:
        self.office.line.rest()
        self.office.line.crash_at, self.office.line.carried_out = number, carried_out
        with suppress(CrashError):
            self._run(Mode.SYNC)
        self.office.line.rest()
        self.office.opened = None

    @rule(number=st.integers(1, 12))
    @told
    def cycle_in_which_an_answer_is_lost(self, number: int) -> None:
        sent = 0

        def loses(request: httpx.Request) -> bool:
            nonlocal sent
            sent += request.method != "GET" and not request.url.path.endswith("search")
            return sent == number

        self.office.line.loses = loses
        with suppress(SyncdError):
            self.office.cycle()
        self.office.line.rest()
        self._nothing_multiplies()

    def _run(self, mode: Mode) -> None:
        self.office.cycle(mode)
        self._nothing_multiplies()
        self._note_agreement()

    def _note_agreement(self) -> None:
        """What both sides show alike now is no edit of anybody any more."""
        for kind in KINDS:
            shown = {
                side: {item.token: (item.text, item.done) for item in self.items(kind, side)}
                for side in SIDES
            }
            for token, said in shown["crm"].items():
                if shown["app"].get(token) == said:
                    self.known[token].wrote.clear()

    # -- what must hold ------------------------------------------------------------------

    def _nothing_multiplies(self) -> None:
        self.replay.check(self.office.running().store)
        for kind in KINDS:
            for side in SIDES:
                shown = Counter(item.token for item in self.items(kind, side))
                for token, number in shown.items():
                    assert number <= self.known[token].entered, f"{kind} multiply ({side})"

    def teardown(self) -> None:
        try:
            if self.world is not None and self.world.line.crash_at is None:
                self._come_to_rest()
        finally:
            self.patch.undo()
            shutil.rmtree(self.folder)

    def _come_to_rest(self) -> None:
        self.office.line.rest()
        quiet = 0
        for _ in range(MOST_CYCLES):
            self.office.wait(minutes=5)
            report = self.office.cycle(Mode.FULL)
            self._nothing_multiplies()
            quiet = quiet + 1 if not report.outcomes else 0
            if quiet == 2:
                break
        assert quiet == 2, "there is no peace"
        in_step = {
            email
            for email in PEOPLE
            if all(self._contact(email, side) is not None for side in SIDES)
        }
        for kind in KINDS:
            shown = {side: self.items(kind, side) for side in SIDES}
            for token, known in self.known.items():
                here = {s: [i for i in shown[s] if i.token == token] for s in SIDES}
                owners = {item.of for items in here.values() for item in items}
                if known.kind == kind and owners and owners <= in_step:
                    self._is_as_left(known, here)

    def _is_as_left(self, known: Known, here: dict[str, list[Item]]) -> None:
        """Of contacts that are on both sides: all of a token as people left it."""
        numbers = {side: len(items) for side, items in here.items()}
        if not known.deleted:
            assert numbers["crm"] == numbers["app"] > 0, f"one of the {known.kind} is missing"
        if known.entered > 1 or known.deleted:
            return  # of several, or of what somebody has deleted, nobody can say which is which
        (left,), (right,) = here["crm"], here["app"]
        assert left.of == right.of, "one belongs to somebody else"
        if (left.text, left.done) != (right.text, right.done):  # then a person is asked
            assert len(known.wrote) == len(SIDES), f"{known.kind} differ"
            assert self.office.conflicts() > 0, f"{known.kind} differ, and nobody is asked"
        elif len(known.wrote) == 1:
            (said,) = known.wrote.values()
            assert (left.text, left.done) == said, "an edit was lost"

    # -- a plain view --------------------------------------------------------------------

    def items(self, kind: str, side: str) -> list[Item]:
        """All of one kind that belong to somebody, in the order of their ids."""
        if side == "crm":
            rows = self.office.family(kind)
            found = [
                (one["id"], one[NAMES[kind, "crm"]], email, bool(one.get("completed")))
                for email, one in rows
                if email in PEOPLE
            ]
        else:
            found = [
                (
                    one["id"],
                    one[NAMES.get((kind, "app"), "title")],
                    str(self.office.app.contacts[one["contact_id"]].get("email")),
                    bool(one.get("done")),
                )
                for one in self.office.app.children[kind].values()
                if not one["deleted"]
            ]
        items = []
        for remote_id, said, email, done in sorted(found):
            token, _, text = str(said).partition(" ")
            items.append(Item(remote_id, token, text, email, done))
        return items

    def _one(self, kind: str, side: str, which: int) -> Item | None:
        items: Sequence[Item] = self.items(kind, side)
        return items[which % len(items)] if items else None

    def _contact(self, email: str, side: str) -> str | None:
        if side == "crm":
            found = [one["id"] for one in self.office.contacts() if one["email"] == email]
        else:
            contacts = self.office.app.contacts.values()
            found = [one["id"] for one in contacts if one.get("email") == email]
        return str(found[0]) if found else None

    def _enter(self, kind: str, side: str, email: str, contact: str, said: str) -> None:
        if side == "crm" and kind == "notes":
            self.office.note(email, said)
        elif side == "crm":
            self.office.task(email, said, dueDate=DUE)
        elif kind == "notes":
            self.office.app.create_child(kind, contact, {"text": said})
        else:
            self.office.app.create_child(kind, contact, {"title": said, "due": DUE})

    def _set(self, kind: str, side: str, item: Item, said: str) -> None:
        if side == "crm":
            name = "html" if kind == "notes" else "title"
            what: dict[str, Any] = {kind[:-1]: item.id, name: said}
            self.office.act(f"edit_{kind[:-1]}", **what)
        else:
            name = "text" if kind == "notes" else "title"
            self.office.app.change_child(kind, item.id, {name: said})
