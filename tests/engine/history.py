"""What our side did, held against what people did."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from syncd.errors import ConfigError, FieldsChangedError, SyncdError
from syncd.model.side import SIDES, Side
from syncd.store.runs import RunState
from tests.engine.pairs import MAILERCLOUD
from tests.engine.people import MAILABLE, People, Shown, Watch, moved_away
from tests.engine.rows import PLAIN, Row, differing
from tests.engine.words import NEVER


@dataclass(slots=True)
class History(People):
    """The deeds of people, and what must follow from them in every cycle of ours."""

    def begin(self) -> None:
        """A cycle of ours begins."""
        began, lag = self.world.now, self.lag
        seen = {a for a, at in self.since.items() if at <= began - lag and self._tells_anew(a)}
        for (side, _, _), edit in self.edits.items():
            if side is Side.LEFT and edit.at > began - lag:
                edit.racy = True
        struck = sum(self.world.box.world.struck.values())
        self.words.cycle_begins(self.world.process.ahead)
        self._note_told()
        out = self.words.still_out(seen | self.words.known)
        self.watch = Watch(began, self.show(), frozenset(out), struck)

    def _tells_anew(self, address: str) -> bool:
        """Whether what these two platforms show of an opt-out is more than was lifted before.

        Who was let in, and has left by another platform since, is still in the reports of old.
        """
        left_at = self.left_at.get(address, NEVER)
        return left_at >= self.words.left_again.get(address, NEVER)

    def _note_told(self) -> None:
        entries = self.world.opt_out_entries()
        self.words.told |= {(address, by) for (_, by), address in entries.items()}

    def excuses(self, error: SyncdError) -> bool:
        """Whether a cycle may end so although no answer was wrong: fields are others now.

        They became so once more while it began anew; or none of two sides has a field
        before there was anything to go on with.
        """
        if isinstance(error, FieldsChangedError):
            return self.watch is not None and self.watch.other_fields
        return isinstance(error, ConfigError) and not self.world.was_approved()

    def end(self, state: RunState | None) -> None:
        """It ended, or died; nothing of what it did may have done harm."""
        assert self.watch is not None
        watch, self.watch = self.watch, None
        shown = self.show()
        # An opt-out of which nobody knew yet, and that was lifted meanwhile, may not be heard of.
        heard = watch.opted_out & (self.words.known | self.opted_out())
        watch = replace(watch, opted_out=heard)
        out = {row.id for row in shown.left.values() if row.opted_out}
        self.words.sees_out(out)
        self.words.unseen.clear()
        for side in SIDES:
            for remote_id in watch.shown[side].keys() - shown[side].keys():
                self._leave_behind(side, watch.shown[side][remote_id], shown[side.other])
            for (there, remote_id), row in watch.made.items():
                if there is side and remote_id not in shown[side]:
                    self._leave_behind(side, row, shown[side.other])
            new = shown[side].keys() - watch.shown[side].keys() - self.people[side]
            self.ours[side].update(new)
            self._check_new(side, [shown[side][i] for i in sorted(new)], watch)
            self._check_kept(side, shown[side], watch)
            made = len(self.ours[side])
            assert made <= len(self.people[side.other]), "somebody was made twice"
        self._check_never()
        if state is RunState.DONE and MAILERCLOUD in self.world.platform:
            self.words.undated.clear()
        self._note_told()
        if state is None and watch.shown.right.keys() - shown.right.keys():
            self.words.fresh.clear()  # an opt-out of ours in doubt bears the date of our write
        self.words.heard_at = self.world.now
        self._note_opt_outs()
        struck = sum(self.world.box.world.struck.values())
        if state is RunState.DONE and struck == watch.struck:
            self.restored = False
            self.words.known |= watch.opted_out
            self.words.unheard -= watch.opted_out
            self.words.sees_lifted(watch.began - self.lag)
            self._note_agreement(shown)

    def _check_new(self, side: Side, made: list[Row], watch: Watch) -> None:
        # The address to which a person has moved a new one meanwhile is not our doing.
        new = [row for row in made if (side, row.id, "email") not in self.edits]
        addresses = [row.email for row in new]
        assert len(set(addresses)) == len(addresses), "two with one address were made"
        out = self.words.still_out(watch.opted_out)  # who confirmed meanwhile is let in
        for row in new:
            assert row.email not in out, f"an opted-out address was made ({side})"
            if side is Side.RIGHT:
                assert row.permission in (MAILABLE, None), "a contact was made with a permission"
            now = self.world.rows(side)
            for old in watch.shown[side].values():
                if old.email == row.email and old.id in now and not moved_away(old, now):
                    edit = self.edits.get((side, old.id, "email"))
                    fresh = side is Side.LEFT and edit and edit.at > watch.began - self.lag
                    assert fresh, f"a second contact with one address was made ({side})"

    def _check_kept(self, side: Side, now: Mapping[str, Row], watch: Watch) -> None:
        out = self.words.still_out(watch.opted_out)
        for old in watch.shown[side].values():
            row = now.get(old.id)
            if (side, old.id) in watch.touched:
                continue
            if row is None:
                assert old.id not in self.words.fresh, "a fresh confirmation was destroyed"
                continue
            assert row.permission == old.permission, "a permission was changed"
            if old.opted_out and not row.opted_out:
                ours = old.id in self.words.ours or bool(self.words.behind)
                known = self.words.known_as(old.id, old.email, watch.began - self.lag)
                lifted = ours and any(map(self.words.is_back, known))
                lifted |= old.email in self.words.answered or old.id in self.words.unnoticed
                assert lifted, "an opt-out was lifted"
            elif row.opted_out and not old.opted_out and side is Side.LEFT:
                self.words.ours.add(row.id)
            if row.email != old.email and not row.opted_out:
                assert row.email not in out, "an opted-out address was moved in"

    def _check_never(self) -> None:
        assert self.world.box.world.forbidden == []
        assert self.world.mails_sent_for_us() == []

    def _note_agreement(self, shown: Shown) -> None:
        for here, there in self.matched(shown):
            for name in {*PLAIN, "tags", "email"} - differing(here, there):
                self.agreed[here.id, there.id, name] = self.number

    def matched(self, shown: Shown) -> list[tuple[Row, Row]]:
        """Contacts of both sides that have the same address, and have it alone."""
        once = shown.map(
            lambda rows: {
                row.email: row
                for row in rows.values()
                if row.email and sum(other.email == row.email for other in rows.values()) == 1
            }
        )
        return [(row, once.right[email]) for email, row in once.left.items() if email in once.right]
