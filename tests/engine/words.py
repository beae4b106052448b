"""What people said about mail to an address, and when: the last opt-out, the last opt-in.

One for all pairs of a history, as they share a ledger.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

CONFIRMED = (4, 5)  # permissions of Maileon that stand for a confirmed opt-in

NEVER = datetime.min.replace(tzinfo=UTC)
SECOND = timedelta(seconds=1)  # Maileon's times are no finer


@dataclass(slots=True)
class Words:
    """The words of people, apart from everything of ours.

    Attributes:
        newer: pairs say `resubscribe: newer`, so that an opt-in may lift an opt-out.
        known: addresses whose opt-out our side must know; copied: those in the last backup;
            unheard: others, since it was put back; heard_at: when a cycle last ended.
        undated: all addresses of who opted out by a link and was not heard yet: that happens
            when it is heard.
        told: address, and moment or campaign, of opt-outs that a cycle may have read in a
            report; it hears of each once.
        unseen: by address, whose DND in GHL opted it out since our side looked last, and when it
            had opted out before.
        since_copy: the same since the last backup, seen or not: who puts that back forgets when a
            contact that was out in it was let in and out again.
        out: by address, when a person opted out last; confirmed: when one opted in last, with a
            date; answered: when a person said last that they are let in.
        left_again: by address, when it opted out last after it had been let in again.
        inherited: addresses whose confirmation came with a contact that had another one.
        fresh: confirmations that nothing but a later opt-out may destroy, by Maileon's id.
        ours: ids in GHL whose opt-out we wrote, as their address had opted out.
        was_at: by id, the address that a contact had until somebody gave it another one, and when.
        seen_out: ids in GHL that showed an opt-out when our side last looked, as far as is
            certain; copied_out: those in the last backup; lifted_at: when a person lifted
            theirs; unnoticed: those whose opt-out was lifted and set again between two looks.
        ahead, behind: by how much our clock was wrong at most, in any cycle: an opt-out without
            a date has that of the cycle that saw it.
    """

    newer: bool = False
    known: set[str] = field(default_factory=set)
    copied: frozenset[str] = frozenset()
    copied_out: frozenset[str] = frozenset()
    unheard: set[str] = field(default_factory=set)
    undated: set[str] = field(default_factory=set)
    told: set[tuple[str, str]] = field(default_factory=set)
    unseen: dict[str, tuple[str, datetime | None]] = field(default_factory=dict)
    since_copy: dict[str, tuple[str, datetime | None]] = field(default_factory=dict)
    out: dict[str, datetime] = field(default_factory=dict)
    confirmed: dict[str, datetime] = field(default_factory=dict)
    answered: dict[str, datetime] = field(default_factory=dict)
    left_again: dict[str, datetime] = field(default_factory=dict)
    inherited: set[str] = field(default_factory=set)
    fresh: dict[str, str] = field(default_factory=dict)
    ours: set[str] = field(default_factory=set)
    was_at: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    seen_out: set[str] = field(default_factory=set)
    lifted_at: dict[str, datetime] = field(default_factory=dict)
    unnoticed: set[str] = field(default_factory=set)
    heard_at: datetime | None = None
    ahead: timedelta = timedelta()
    behind: timedelta = timedelta()

    def cycle_begins(self, ahead: timedelta) -> None:
        self.ahead, self.behind = max(self.ahead, ahead), max(self.behind, -ahead)

    def sees_out(self, ids: set[str]) -> None:
        """A cycle has ended, and these contacts of GHL show an opt-out."""
        self.seen_out |= ids
        for remote_id in ids:
            self.lifted_at.pop(remote_id, None)

    def sees_lifted(self, upto: datetime) -> None:
        """A cycle has shown all that was lifted up to a moment."""
        self.seen_out -= {i for i, at in self.lifted_at.items() if at <= upto}

    def opts_out(self, address: str, now: datetime, dnd_of: str | None) -> bool:
        """Somebody opts out, by the DND of a contact or otherwise; True if they had been let in
        again."""
        was_back = self.is_back(address)
        whose, before = self.unseen.pop(address, (None, None))
        of, earlier = self.since_copy.pop(address, (None, None))
        if dnd_of is not None:  # told by each pair of a history
            before = before if whose == dnd_of else self.out.get(address)
            self.unseen[address] = (dnd_of, before)
            self.since_copy[address] = (dnd_of, earlier if of is not None else before)
        if was_back:
            self.known.discard(address)
            self.left_again[address] = now
        self.out[address] = now
        self.forget_fresh(address)
        return was_back

    def lifts(self, remote_id: str, now: datetime) -> None:
        """A person lifts DND in GHL; nothing tells of what it was for since our side looked."""
        self.lifted_at[remote_id] = now
        self.vanishes(remote_id)

    def vanishes(self, remote_id: str) -> None:
        """Nothing tells any more of what the DND of a contact was for since our side looked."""
        for address, (of, before) in list(self.unseen.items()):
            if of != remote_id:
                continue
            del self.unseen[address]
            if self.since_copy.get(address) == (of, before):
                del self.since_copy[address]
            self._was_out(address, before)

    def _was_out(self, address: str, before: datetime | None) -> None:
        """Of an address nothing tells any more but that it had opted out before, if it had."""
        self.out.pop(address, None)
        if before is not None:
            self.out[address] = before

    def copy(self) -> None:
        """A backup of what our side knows is taken."""
        self.copied, self.copied_out = (
            frozenset(self.known - self.unheard),
            frozenset(self.seen_out),
        )
        self.since_copy = dict(self.unseen)

    def put_back(self, shown_out: set[str]) -> None:
        """Our side knows what it knew at the last backup, and hears the rest anew.

        Who has confirmed an opt-in after an opt-out of which it never heard has not opted out.

        Args:
            shown_out: ids in GHL that show an opt-out now.
        """
        self.fresh.clear()
        for address, (of, before) in list(self.since_copy.items()):
            if of in self.copied_out or of not in shown_out:
                del self.since_copy[address]
                self._was_out(address, before)
        self.seen_out = set(self.copied_out)
        self.unheard |= self.known - self.copied
        for address in self.known - self.copied:
            confirmed = self.confirmed.get(address)
            if confirmed is not None and confirmed > self.out.get(address, NEVER):
                self.known.discard(address)

    def cannot_hear(self, shown: set[str]) -> None:
        """Of the opt-outs that are to be heard anew, nothing is left that tells of some.

        Args:
            shown: addresses whose opt-out some platform shows.
        """
        lost = self.unheard - shown
        self.known -= lost
        self.unheard -= lost

    def confirms(self, address: str, remote_id: str, now: datetime) -> None:
        """Somebody confirms an opt-in, after an opt-out that our side knows or not."""
        self.confirmed[address] = now
        self.inherited.discard(address)
        heard = self.known - self.unheard - self.undated - self.unseen.keys()
        if not self.newer or address not in heard or self.ahead:
            return
        if self.heard_at is None or now - self.heard_at >= SECOND:
            self.fresh[remote_id] = address

    def moves(self, old: str, new: str, remote_id: str, now: datetime) -> None:
        """Somebody gives a contact another address: its permission goes with it."""
        self.was_at[remote_id] = (old, now)
        self.fresh.pop(remote_id, None)
        if old in self.confirmed:
            self.confirmed[new] = max(self.confirmed[old], self.confirmed.get(new, NEVER))
            self.inherited.add(new)

    def forget_fresh(self, address: str) -> None:
        """From now on nothing is promised to the confirmations of an address."""
        for remote_id in [i for i, a in self.fresh.items() if a == address]:
            del self.fresh[remote_id]

    def is_back(self, address: str) -> bool:
        """Whether a person has opted in after all opt-outs, where that counts.

        Out is also who opted out under another address only; then nothing of this one is later.
        """
        return self.is_let_in(address) or self._is_later(self.confirmed.get(address), address)

    def is_let_in(self, address: str) -> bool:
        """Whether a person has answered, after all opt-outs, that they come back."""
        return self._is_later(self.answered.get(address), address)

    def _is_later(self, moment: datetime | None, address: str) -> bool:
        if not self.newer or moment is None:
            return False
        return moment > (self.out[address] - self.behind if address in self.out else NEVER)

    def known_as(self, remote_id: str, email: str, since: datetime) -> set[str]:
        """The addresses under which our side may know a contact of an index that lags.

        Args:
            since: what was changed later may not be shown yet.
        """
        old, moved = self.was_at.get(remote_id, (email, NEVER))
        return {email, old} if moved > since else {email}

    def still_out(self, addresses: Iterable[str]) -> set[str]:
        return {address for address in addresses if not self.is_back(address)}
