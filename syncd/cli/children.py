"""What belongs to a contact, as `syncd explain` lists it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from syncd.cli import advice
from syncd.cli.reasons import Subject
from syncd.cli.values import moment, shown
from syncd.model.link import Member, State
from syncd.model.record import Resource
from syncd.model.side import SIDES, Both

NEWEST = 20  # so many are listed
LONGEST = 40  # characters of what one is known by


@dataclass(frozen=True, slots=True)
class Children:
    """The records of one resource that belong to a contact.

    Attributes:
        newest: those that were changed last, or where no platform says when, were found last.
        count: how many there are; None while this part of the pair rests.
    """

    resource: Resource
    accounts: Both[str]
    newest: Sequence[Subject]
    count: int | None

    @property
    def noun(self) -> str:
        return f"{self.resource.value}s"

    def table(self) -> Table:
        """For people: one line per record."""
        table = Table(title=f"{self.noun.capitalize()}, the newest first", title_justify="left")
        table.add_column(self.resource.value, overflow="fold", max_width=LONGEST)
        for account in self.accounts:
            table.add_column(account, overflow="fold", no_wrap=True)  # people copy it
        for heading in ("state", "last write"):
            table.add_column(heading, overflow="fold")
        for child in self.newest:
            ids = (member.remote_id if member else "·" for member in child.members)
            last = _written(child, child.ops[0]) if child.ops else "none"
            known_as = shown(child.known_as or None, LONGEST)
            table.add_row(known_as, *ids, "\n".join(_state(child)), last)
        return table

    def lines(self) -> Sequence[str]:
        """What the table leaves out."""
        if self.count is None:
            rests = f"`{self.noun}:` of the pair rest; `syncd check` says why"
            return [f"{self.noun.capitalize()}: not known, as {rests}"]
        if not self.count:
            return [f"{self.noun.capitalize()}: none"]
        more = self.count - len(self.newest)
        return [f"and {more:,} more"] if more else []

    def content(self) -> dict[str, Any]:
        """For `--json`."""
        return {"count": self.count, "newest": [_content(child) for child in self.newest]}


def _state(child: Subject) -> Sequence[str]:
    """Where a record stands on either side, why, and what can be done."""
    said = {side: _standing(one) for side in SIDES if (one := child.members[side]) is not None}
    alike = len(set(said.values())) == 1
    lines = [text if alike else f"{child.accounts[side]}: {text}" for side, text in said.items()]
    if child.link is not None and child.link.ended:
        lines.append(f"nothing flows any more: {advice.told(child.link.ended)}")
    lines += [
        f"conflict {conflict.id}: {rule}" for rule, conflict in sorted(child.conflicts.items())
    ]
    lines += [
        f"{rule} cannot travel: {advice.problem_told(code)}"
        for rule, code in sorted(child.problems.items())
    ]
    return list(dict.fromkeys(lines))


def _standing(member: Member) -> str:
    told = f": {advice.told(member.cause)}" if member.cause else ""
    to_do = advice.what_to_do(member.cause) if member.state is State.PARKED else ""
    return f"{member.state.value}{told}" + (f". {to_do}" if to_do else "")


def _written(child: Subject, op: Mapping[str, Any]) -> str:
    account = child.accounts.left if op["side"] == "left" else child.accounts.right
    fields = ", ".join(op["patch"])
    what = f"{op['kind']} on {account}" + (f": {fields}" if fields else "")
    error = f": {op['error']}" if op["error"] else ""
    when = f"tried {moment(op['sent_at'])}" if op["sent_at"] else "not tried yet"
    return f"{what}\n{when}, {op['state']}{error}"


def _content(child: Subject) -> dict[str, Any]:
    return {
        "known_as": child.known_as,
        "link": child.link.id if child.link else None,
        "ended": child.link.ended if child.link else None,
        "sides": {
            side.value: {
                "account": child.accounts[side],
                "remote_id": member.remote_id if member else None,
                "state": member.state.value if member else None,
                "cause": member.cause if member else None,
                "modified": seen.modified if seen else None,
            }
            for side in SIDES
            for member, seen in [(child.members[side], child.seen[side])]
        },
        "conflicts": {rule: conflict.id for rule, conflict in child.conflicts.items()},
        "cannot_travel": dict(child.problems),
        "last_write": write_of(child.ops[0]) if child.ops else None,
    }


def write_of(op: Mapping[str, Any]) -> dict[str, Any]:
    """One write, for `--json`."""
    return {name: op[name] for name in ("run_id", "side", "kind", "state", "sent_at", "error")}
