"""What people did, kept apart from everything of ours.

Every deed is seen as the difference of the sandbox's dumps before and after it, so nothing
here depends on what a deed was meant to do.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from syncd.model.side import SIDES, Both, Side
from syncd.model.values import Consent, Level
from syncd.store.conflicts import Conflict
from tests.engine.edit import Edit, Place
from tests.engine.pairs import MAILEON, MAILERCLOUD
from tests.engine.rows import PLAIN, Row
from tests.engine.words import CONFIRMED, SECOND, Words
from tests.engine.world import World

MAILABLE = 1  # permissions above this one were given by a person
Shown = Both[dict[str, Row]]


@dataclass(slots=True)
class Watch:
    """What stood when a cycle of ours began.

    Attributes:
        opted_out: addresses that every write of this cycle has to spare.
        touched: contacts with which people dealt meanwhile; made: those that they made, as they
            left them.
        other_fields: a field became another one meanwhile.
    """

    began: datetime
    shown: Shown
    opted_out: frozenset[str]
    struck: int
    touched: set[tuple[Side, str]] = field(default_factory=set)
    made: dict[tuple[Side, str], Row] = field(default_factory=dict)
    other_fields: bool = False


@dataclass(slots=True)
class People:
    """The deeds of people, and what our side is known to have seen of them.

    Attributes:
        lag: how long GHL's search may hide a change.
        edits: by place (`tag x` for a member of the tags).
        lost: values that were in a field which is gone, or is another one, keyed as edits.
        people, ours: ids of the contacts that people, or we, made.
        back: addresses that people made active again on the right, where nothing tells.
        unseen: addresses to which people moved a row that no listing shows, as it opted out.
        copied: the number of deeds when the last backup was taken.
        restored: it was put back, and no cycle has ended well since.
        agreed: by both ids and field, the number of the deed before which a clean cycle
            left both sides equal.
        since: by address, when it opted out.
        left_at: by address, when somebody opted it out last as these two platforms tell.
        unsubscribes: whether the pair says `delete: unsubscribe`; deletes: `delete: delete`.
        words: what people said about mail, shared by the pairs of one ledger.
        kin: the histories of all these pairs.
    """

    world: World
    lag: timedelta
    number: int = 0
    edits: dict[Place, Edit] = field(default_factory=dict)
    lost: set[Place] = field(default_factory=set)
    people: Both[set[str]] = field(default_factory=lambda: Both(set(), set()))
    ours: Both[set[str]] = field(default_factory=lambda: Both(set(), set()))
    back: set[str] = field(default_factory=set)
    unseen: set[str] = field(default_factory=set)
    copied: int = 0
    restored: bool = False
    agreed: dict[tuple[str, str, str], int] = field(default_factory=dict)
    since: dict[str, datetime] = field(default_factory=dict)
    left_at: dict[str, datetime] = field(default_factory=dict)
    unsubscribes: bool = False
    deletes: bool = False
    words: Words = field(default_factory=Words)
    kin: Sequence["People"] = field(default=(), repr=False)
    watch: Watch | None = None

    def show(self) -> Shown:
        return Both(*(self.world.rows(side) for side in SIDES))

    @contextmanager
    def watching(self, *, ours: bool = False) -> Iterator[None]:
        """Whatever changes meanwhile is the doing of others: of people, or of another pair."""
        before, left = self.show(), self.world.opt_out_entries()
        try:
            yield
        finally:
            after = self.show()
            if not ours:
                entries = self.world.opt_out_entries()
                new = {(entries[id_, by], by) for id_, by in entries.keys() - left.keys()}
                self._note_words(before, after, {who for who, _ in new - self.words.told})
            self._note_changes(before, after)

    def _note_words(self, before: Shown, after: Shown, left: set[str]) -> None:
        """Opt-outs and opt-ins of people; `left`: by the reports of the mailing side."""
        now, out = self.world.now, set(left)
        dnd_of: dict[str, str] = {}
        unsure: set[str] = set()
        given: list[set[str]] = []  # addresses of whom people gave one of them
        for side in SIDES:
            for row in after[side].values():
                old = before[side].get(row.id)
                was_out = old is not None and old.opted_out
                if row.opted_out:
                    self.words.lifted_at.pop(row.id, None)
                if (
                    row.opted_out
                    and side is Side.LEFT
                    and not was_out
                    and row.id in self.words.seen_out
                ):
                    self.words.unnoticed.add(row.id)
                    unsure |= row.addresses  # it may not be seen that it was lifted meanwhile
                elif row.opted_out:
                    if not was_out:
                        self.words.unnoticed.discard(row.id)
                        self.words.ours.discard(row.id)
                    if old is None or not _is_unseen(old, row):  # else nothing tells of it
                        new = row.addresses - (old.addresses if old and was_out else frozenset())
                        out |= new
                        dnd_of |= dict.fromkeys(new, row.id) if side is Side.LEFT else {}
                elif was_out:
                    self.words.lifts(row.id, now)
                if old is None and row.permission in CONFIRMED:
                    self.words.confirms(row.email, row.id, now)
                had = old.addresses if old else frozenset()
                if old is not None and old.email != row.email:
                    self.words.moves(old.email, row.email, row.id, now)
                if row.addresses - had and row.addresses | had != {row.email}:
                    given.append({*row.addresses, *had})
        self.left_at |= dict.fromkeys(out, now)
        for address in out:
            if self.words.opts_out(address, now, dnd_of.get(address)):
                self.since[address] = now
        removed = [row for row in before.right.values() if row.id not in after.right]
        ended = {a for row in removed for a in row.addresses} if self.deletes else set()
        persons = self._persons(before, after) if out or unsure or given or ended else []
        if MAILERCLOUD in self.world.platform:
            self.words.undated |= _all_of(persons, left)
        for address in _all_of(persons, out | unsure) - out:
            self.words.forget_fresh(address)
        for address in _all_of(persons, ended):  # deleted in the CRM, and so on every other side
            self.words.forget_fresh(address)
        for row in before.left.values():
            if not _is_at(row, after.left):
                self.words.forget_fresh(row.email)  # what becomes of its counterpart is `delete`
            if row.id not in after.left:
                self.words.vanishes(row.id)
        for addresses in given:
            theirs = _all_of(persons, addresses)
            if theirs & self.words.out.keys():  # who left has left under what they are given
                for address in theirs:
                    self.words.forget_fresh(address)

    def _persons(self, before: Shown, after: Shown) -> list[set[str]]:
        """The addresses of each contact of the CRM, and of each link on both of its sides.

        Those of a row that is gone still count for its counterpart.
        """
        persons = [{*row.addresses} for row in after.left.values()]
        for history in self.kin:
            looks = (before, after) if history is self else (history.show(),)
            for (left_id, right_id), keys in history.world.keys_of_links().items():
                rows = [look.left.get(left_id or "") for look in looks]
                rows += [look.right.get(right_id or "") for look in looks]
                persons.append(keys.union(*(row.addresses for row in rows if row)))
        return persons

    def _note_changes(self, before: Shown, after: Shown) -> None:
        self.number += 1
        for side in SIDES:
            for remote_id, row in after[side].items():
                self._note(side, before[side].get(remote_id), row)
            gone = before[side].keys() - after[side].keys()
            for remote_id in gone:
                self._leave_behind(side, before[side][remote_id], after[side.other])
            if self.watch:
                self.watch.touched.update((side, remote_id) for remote_id in gone)
            # What we made without ever learning of it, and is gone or says something else
            # since, may be made again: nothing tells it from a stranger.
            edited = {i for i in before[side].keys() - gone if before[side][i] != after[side][i]}
            if self.world.platform[side] == MAILEON:  # there it bears our reference
                edited = set()
            strays = (gone | edited) - self.world.standing(side).keys()
            self.ours[side].difference_update(strays)
            self.people[side].update(strays)
        self._note_opt_outs()

    def _leave_behind(self, side: Side, gone: Row, there: Mapping[str, Row]) -> None:
        """What somebody wrote of a contact that is gone may stand in its counterpart."""
        joined = {ids[side is Side.LEFT] for ids in self.world.linked() if gone.id in ids}
        for row in there.values():
            if row.email != gone.email and row.id not in joined:
                continue
            for (_, _, name), edit in self.edits_of(side, gone.id):
                place = (side.other, row.id, name)
                if (known := self.edits.get(place)) is not None:
                    or_else = (*known.or_else, edit.value, *edit.or_else)
                    self.edits[place] = replace(known, or_else=or_else)
                elif row.says(name) in (edit.value, *edit.or_else):
                    self.edits[place] = edit  # we carried it there, and it may meet another one

    def edits_of(self, side: Side, remote_id: str) -> list[tuple[Place, Edit]]:
        return [(p, edit) for p, edit in self.edits.items() if p[:2] == (side, remote_id)]

    def _note(self, side: Side, old: Row | None, new: Row) -> None:
        if old == new:
            return
        if old is None:
            self.people[side].add(new.id)
        if self.watch:
            self.watch.touched.add((side, new.id))
            if old is None or (side, new.id) in self.watch.made:
                self.watch.made[side, new.id] = new
        if old is not None and old.opted_out != new.opted_out and side is Side.RIGHT:
            (self.back.discard if new.opted_out else self.back.add)(new.email)
        if old is not None and _is_unseen(old, new):
            self.unseen.add(new.email)
        for name in (*PLAIN, "email"):
            value = str(new.shows(name))
            if value != (old.shows(name) if old else ""):
                self._edited(side, new.id, name, value)
        for tag in new.tags ^ (old.tags if old else frozenset()):
            self._edited(side, new.id, f"tag {tag}", tag in new.tags)

    def _edited(self, side: Side, remote_id: str, name: str, value: str | bool) -> None:
        self.edits[side, remote_id, name] = self.edit(value)

    def edit(self, value: str | bool, or_else: tuple[str | bool, ...] = ()) -> Edit:
        """What somebody writes now."""
        racy, now = self.watch is not None, self.world.now
        return Edit(self.number, now, value, racy, forgotten=self.restored, or_else=or_else)

    def _note_opt_outs(self) -> None:
        now = self.opted_out()
        for address in now:
            self.since.setdefault(address, self.world.now)
            if self.unsubscribes and address not in self.words.inherited | self.words.out.keys():
                cause = self._cause_of(address)
                self.words.out[address] = self.world.now - SECOND if cause is None else cause
        for address in self.since.keys() - now:
            del self.since[address]  # it came back before anybody had to know

    def _cause_of(self, address: str) -> datetime | None:
        """When its person opted out under another address; None: it is out as one side is gone.

        Ours bears that date, be it older than what was said of this address.
        """
        shown = self.show()
        theirs = _all_of(self._persons(shown, shown), {address})
        return max((self.words.out[a] for a in theirs & self.words.out.keys()), default=None)

    def opted_out(self) -> set[str]:
        """Addresses that show an opt-out on either side, unless they came back there."""
        shown = self.show()
        left = {a for row in shown.left.values() if row.opted_out for a in row.addresses}
        back = {
            row.email
            for row in shown.right.values()
            if row.id in self.people.right and (row.permission or 0) > MAILABLE
        }
        listed = self.world.left_the_list() - self.unseen
        return (left | listed | (self.world.unsubscribed() - back)) - {""}

    def answer(self, conflict: Conflict, take: Side) -> None:
        """A person says whether somebody is let in who is so on one side alone."""
        ids, shown = self.world.choose(conflict, take), self.show()
        (said,) = conflict.values[take]
        assert isinstance(said, Consent)
        for side in SIDES:
            row = shown[side].get(ids[side] or "")
            if row is not None and said.level is Level.REVOKED:
                self.words.forget_fresh(row.email)
            elif row is not None:
                self.words.answered[row.email] = self.world.now

    def forget(self) -> None:
        """Our store is an earlier one: what it learned since is unknown to it again."""
        self.words.put_back({row.id for row in self.show().left.values() if row.opted_out})
        self.agreed.clear()
        self.restored = True
        for edit in self.edits.values():
            edit.forgotten = edit.forgotten or edit.number > self.copied
        for side in SIDES:
            strangers = self.ours[side] - self.world.standing(side).keys()
            self.ours[side].difference_update(strangers)
            self.people[side].update(strangers)


def _all_of(persons: Sequence[set[str]], addresses: set[str]) -> set[str]:
    """All the addresses of whoever has one of these, and of whoever has one of those, and so on."""
    found = set(addresses)
    while more := {a for person in persons if person & found for a in person} - found:
        found |= more
    return found


def _is_at(row: Row, now: Mapping[str, Row]) -> bool:
    return row.id in now and now[row.id].email == row.email


def _is_unseen(old: Row, new: Row) -> bool:
    """Whether a row was moved to another address that no listing shows before or after."""
    return old.hidden and new.hidden and old.email != new.email


def moved_away(old: Row, now: Mapping[str, Row]) -> bool:
    """Whether a contact that is still there has another address."""
    return now[old.id].email != old.email
