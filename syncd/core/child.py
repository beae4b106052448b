"""What reconciling a link of two records decides that belong to contacts.

Consent does not apply to them, and nothing of them is unique: only their link tells that they
are one, and their contacts' link tells where they belong.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from syncd.core.absent import after_delete, alone, create_draft, delete_draft, was_edited
from syncd.core.fields import FieldPlanner
from syncd.core.situation import DELETED, Parent, Showing, Situation
from syncd.model.link import State
from syncd.model.op import OpKind
from syncd.model.plan import Draft, LinkPlan, Standing
from syncd.model.rule import Rule
from syncd.model.side import SIDES, Both, Side
from syncd.model.values import Patch

PARENT = "parent"  # its contact is not in step
TOO_OLD, TOO_FAR = "too_old", "too_far"
_LINKED = Standing(State.LINKED)


@dataclass(frozen=True, slots=True)
class ChildPlanner(FieldPlanner):
    """Decides about links of notes, tasks or appointments of one pair."""

    def plan(self, at: Situation) -> LinkPlan:
        """What is to be done about one link.

        Nothing is written while one of its records belongs to a contact that is not in step, nor
        is anything deleted for that.
        """
        alive = tuple(s for s in SIDES if (one := at.sides[s]) is not None and not one.gone)
        gone = Standing(State.GONE)
        if not alive:
            return LinkPlan((), at.link.shadow, Both(gone, gone), ended="both_gone")
        homes = [parent for side in alive if (parent := at.parents[side]) is not None]
        if len(homes) < len(alive):
            left_out = Standing(State.FILTERED, PARENT)
            standing = Both(*(left_out if side in alive else gone for side in SIDES))
            return LinkPlan((), at.link.shadow, standing, ended=at.link.ended)
        left, right = at.sides.left, at.sides.right
        if len(alive) == len(SIDES) and left is not None and right is not None:
            return self._both_alive(at, Both(left, right), Both(*homes))
        (here,) = alive
        present, missing = at.sides[here], at.sides[here.other]
        assert present is not None  # noqa: S101 - it is alive; for the type checker
        if missing is None:
            return self._missing(at, here, present, homes[0])
        return self._gone(at, here, present, homes[0])

    @property
    def telling(self) -> tuple[Rule, ...]:
        """The rules by which people tell the records of one contact from one another."""
        return tuple(rule for rule in self.mapping.rules if self._tells(rule))

    def _tells(self, rule: Rule) -> bool:
        return any(not set(rule.fields(s)).isdisjoint(self.specs[s].recognised_by) for s in SIDES)

    # -- both records exist ------------------------------------------------------------------

    def _both_alive(self, at: Situation, sides: Both[Showing], homes: Both[Parent]) -> LinkPlan:
        moved = self._moved(at, homes)
        if moved is not None and not self.specs[moved.other].moves:
            return self._remade(at, moved.other, sides[moved.other], homes[moved.other])
        home = homes[moved or Side.LEFT]

        def hindrance(_: Rule, side: Side, patch: Patch) -> str | None:
            return self.unfit(at, side, patch)

        plan = self.merge_fields(at, sides, (), Both(_LINKED, _LINKED), hindrance)
        drafts = [
            replace(d, parent_id=home.ids[d.side], moves=moved is not None and d.side is not moved)
            for d in plan.drafts
        ]
        if moved is not None and all(draft.side is moved for draft in drafts):
            there = moved.other
            move = Draft(
                link_id=at.link.id,
                side=there,
                kind=OpKind.UPDATE,
                remote_id=sides[there].remote_id,
                patch={},
                current=sides[there].fields,
                parent_id=home.ids[there],
                moves=True,
            )
            drafts.append(move)
        agreed = None if moved is not None or home.link_id == at.link.parent else home.link_id
        return replace(plan, drafts=tuple(drafts), parent=agreed)

    def _moved(self, at: Situation, homes: Both[Parent]) -> Side | None:
        """The side on which somebody has given the record to another contact; None: neither.

        If both have, to different ones, it is where the left is.
        """
        if homes.left.link_id == homes.right.link_id:
            return None
        return Side.RIGHT if homes.left.link_id == at.link.parent else Side.LEFT

    def _remade(self, at: Situation, there: Side, showing: Showing, home: Parent) -> LinkPlan:
        """Where a record cannot be given to another contact, it ends, and is made there anew."""
        if not self.specs[there].deletes:
            stays = Standing(State.PARKED, "cannot_move")
            return LinkPlan((), at.link.shadow, Both(stays, stays))
        ended = replace(delete_draft(at, there, showing), parent_id=home.ids[there])
        return LinkPlan((ended,), at.link.shadow, Both(_LINKED, _LINKED))

    # -- one record exists -------------------------------------------------------------------

    def _missing(self, at: Situation, here: Side, present: Showing, home: Parent) -> LinkPlan:
        """Create the counterpart, unless something speaks against it."""
        there = here.other
        if there not in self.policy.create or not self.specs[there].creates:
            return alone(at, (), here, Standing(State.FILTERED, "create_off"), at.link.ended)
        if outside := self._outside(here, present):
            return alone(at, (), here, Standing(State.FILTERED, outside), at.link.ended)
        draft, problems = create_draft(self, at, here, present)
        if not draft.patch or any(rule.name in problems for rule in self.telling):
            nothing = Standing(State.PARKED, "nothing_to_say")
            return replace(alone(at, (), here, nothing, at.link.ended), problems=problems)
        patch = {**self._given(at, there), **draft.patch}
        draft = replace(draft, parent_id=home.ids[there], patch=patch)
        plan = alone(at, (draft,), here, Standing(State.WAITING), None)
        agreed = None if home.link_id == at.link.parent else home.link_id
        return replace(plan, problems=problems, parent=agreed)

    def _outside(self, here: Side, present: Showing) -> str | None:
        """Why it starts too early or too late to take part; None if it does not.

        Those listed go a little further both ways. So no side shows what the other has only just
        ceased to show, or does not yet, and a look for what may have been made finds it.
        """
        name = self.specs[here].starts
        start = present.fields.get(name) if name else None
        since, until = self.policy.since, self.policy.until
        if isinstance(start, datetime) and since is not None and start < since:
            return TOO_OLD
        if isinstance(start, datetime) and until is not None and start > until:
            return TOO_FAR
        return None

    def _given(self, at: Situation, there: Side) -> Patch:
        """What the pair gives each new record, but for what the platform would not take."""
        given = self.policy.given[there].items()
        return {name: value for name, value in given if not at.refusal(there, {name: value})}

    def _gone(self, at: Situation, here: Side, present: Showing, home: Parent) -> LinkPlan:
        """Carry a deletion on as far as the pair says.

        One that went with its contact, or that was under another one, is made anew where it
        belongs now: nobody has deleted it. But one that was given to a contact which is still
        there was deleted under that.
        """
        there = at.parents[here.other]
        stayed = home.link_id == at.link.parent
        given_away = stayed and there is not None and there.link_id != home.link_id
        elsewhere = at.belonged[here.other] != home.ids[here.other]
        if at.link.ended is None and elsewhere and not given_away:
            plan = self._missing(at, here, present, home)
            return replace(plan, parent=None)  # until it is there
        drafts: tuple[Draft, ...] = ()
        if at.link.ended is None and not was_edited(self, at, here, present):
            parent_id = home.ids[here]
            wanted = after_delete(self, at, here, present)
            drafts = tuple(replace(draft, parent_id=parent_id) for draft in wanted)
        ended = None if drafts else DELETED
        return alone(at, drafts, here, Standing(State.PARKED, DELETED), ended)
