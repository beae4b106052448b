"""The check that may hold a run before anything is sent."""

from collections.abc import Mapping
from dataclasses import dataclass

from syncd.model.policy import Guards, Limit

HANDFUL = 20  # below this many, a percentage says nothing


@dataclass(frozen=True, slots=True)
class Loss:
    """One field that a run would empty.

    Attributes:
        emptied: in how many linked records; had: how many have a value in it now.
        source: what it follows from, e.g. "`custom.tags` of 'mail'"; empty if not known.
    """

    field: str
    emptied: int
    had: int
    source: str = ""


@dataclass(frozen=True, slots=True)
class Doing:
    """What a run wants to do on one side.

    Attributes:
        account: the name of the account, for the message.
        linked: how many linked records there are.
    """

    account: str
    linked: int
    creates: int = 0
    updates: int = 0
    deletes: int = 0
    optouts: int = 0
    losses: tuple[Loss, ...] = ()


KINDS = ("creates", "updates", "deletes", "optouts")
_VERBS = {
    "creates": "contacts would be created",
    "updates": "linked contacts would be changed",
    "deletes": "linked contacts would be deleted",
    "optouts": "contacts would be opted out",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a run is held, and whether its opt-outs may go out all the same.

    Attributes:
        reasons: one sentence each; none lets the run go on.
    """

    reasons: tuple[str, ...]
    optouts_free: bool


def judge(doings: tuple[Doing, ...], guards: Guards, approved: Mapping[str, int] | None) -> Verdict:
    """Hold a run that wants more than its limits, or than a person has released.

    Args:
        approved: the counts that a person saw and released, by `account.kind`; what
            would have needed no release may come on top.
    """
    reasons: list[str] = []
    optouts_free = True
    for doing in doings:
        for kind in KINDS:
            limit: Limit = getattr(guards, kind)
            wanted: int = getattr(doing, kind)
            released = (approved or {}).get(f"{doing.account}.{kind}", 0)
            reason = _over(wanted - released, wanted, limit, doing, kind)
            if reason:
                reasons.append(reason)
                optouts_free = optouts_free and kind != "optouts"
        lost = (_lost(loss, doing.account, guards.emptied, approved or {}) for loss in doing.losses)
        reasons.extend(reason for reason in lost if reason)
    return Verdict(tuple(reasons), optouts_free)


def _over(excess: int, wanted: int, limit: Limit, doing: Doing, kind: str) -> str | None:
    if excess > limit.count:
        return f"{wanted:,} {_VERBS[kind]} on '{doing.account}'; the limit is {limit.count:,}."
    share = 100 * excess / doing.linked if doing.linked else 0.0
    if excess > HANDFUL and share > limit.percent:
        return (
            f"{wanted:,} of {doing.linked:,} {_VERBS[kind]} on '{doing.account}'"
            f" ({100 * wanted / doing.linked:.0f}%); the limit is {limit.percent:g}%."
        )
    return None


def loss_name(account: str, field: str) -> str:
    """Under which name a person's word on a loss is kept."""
    return f"{account}.emptied {field}"


def _lost(loss: Loss, account: str, limit: Limit, released: Mapping[str, int]) -> str | None:
    """Why one field may not be emptied for so many at once.

    Hardly anybody empties one field of everybody by hand. It is what it looks like when a
    field was deleted and made again.
    """
    excess = loss.emptied - released.get(loss_name(account, loss.field), 0)
    share = 100 * excess / max(loss.had, 1)
    if excess <= limit.count and (excess <= HANDFUL or share <= limit.percent):
        return None
    cause = f", as {loss.source} is empty for them now" if loss.source else ""
    return (
        f"{loss.emptied:,} of {loss.had:,} linked contacts that have a value in `{loss.field}` on"
        f" '{account}' would lose it{cause}; the limit is {limit.count:,} and"
        f" {limit.percent:g}%. Perhaps that field was deleted and made again: then delete it once"
        " more, type `syncd check`, and make it again; it is then filled from this side."
    )
