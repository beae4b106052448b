"""The check that may hold a run before anything is sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from syncd.model.policy import Guards, Limit

CONTACTS = "contacts"
HANDFUL = 20  # below this many, a percentage says nothing
# A young pair grows by a large share on an ordinary day, one contact at a time.
HANDFUL_OF_A_WINDOW = {"creates": 100, "updates": HANDFUL, "deletes": HANDFUL, "optouts": HANDFUL}
# Of these, ordinary days of a large list see more than one run ever should; a share tells both.
ONLY_PER_RUN = ("creates", "updates", "optouts")


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
class Recent:
    """What has been done on one side within the window of time, in contacts.

    Attributes:
        linked: how many linked records there were when the window began, as of `Doing`.
        earlier: by kind, what was carried out; total: that and what the run wants on top,
            where a contact that is in both counts once.
    """

    linked: int
    earlier: Mapping[str, int]
    total: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Doing:
    """What a run wants to do on one side.

    Attributes:
        account: the name of the account, for the message; noun: what these records are.
        linked: how many linked records there are; 0 where nothing is wanted of more than a handful.
        recent: what was done before; None where nothing counts that was.
    """

    account: str
    linked: int
    creates: int = 0
    updates: int = 0
    deletes: int = 0
    optouts: int = 0
    losses: tuple[Loss, ...] = ()
    recent: Recent | None = None
    noun: str = CONTACTS

    @property
    def name(self) -> str:
        """Under which a person's word on it is kept."""
        return self.account if self.noun == CONTACTS else f"{self.account} {self.noun}"

    def told(self, kind: str) -> str:
        """What would be done."""
        return _VERBS[kind].format(self.noun)


KINDS = ("creates", "updates", "deletes", "optouts")
_VERBS = {
    "creates": "{} would be created",
    "updates": "linked {} would be changed",
    "deletes": "linked {} would be deleted",
    "optouts": "{} would be opted out",
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

    A mistake may come in portions, each of which is small. So what was carried out within the
    window of time is added to what the run wants, and both together are judged once more.

    Args:
        approved: the counts that a person saw and released, by `name.kind` of what is done;
            what would have needed no release may come on top.
    """
    reasons: list[str] = []
    optouts_free = True
    for doing in doings:
        for kind in KINDS:
            limit: Limit = getattr(guards, kind)
            wanted: int = getattr(doing, kind)
            released = (approved or {}).get(f"{doing.name}.{kind}", 0)
            reason = _over(wanted - released, wanted, limit, doing, kind)
            if reason is None and wanted and doing.recent is not None:
                reason = _over_time(released, doing, doing.recent, guards, kind)
            if reason:
                reasons.append(reason)
                optouts_free = optouts_free and kind != "optouts"
        lost = (_lost(loss, doing, guards.emptied, approved or {}) for loss in doing.losses)
        reasons.extend(reason for reason in lost if reason)
    return Verdict(tuple(reasons), optouts_free)


def _over(excess: int, wanted: int, limit: Limit, doing: Doing, kind: str) -> str | None:
    if excess > limit.count:
        return f"{wanted:,} {doing.told(kind)} on '{doing.account}'; the limit is {limit.count:,}."
    share = 100 * excess / doing.linked if doing.linked else 0.0
    if excess > HANDFUL and share > limit.percent:
        return (
            f"{wanted:,} of {doing.linked:,} {doing.told(kind)} on '{doing.account}'"
            f" ({100 * wanted / doing.linked:.0f}%); the limit is {limit.percent:g}%."
        )
    return None


def _over_time(
    released: int, doing: Doing, recent: Recent, guards: Guards, kind: str
) -> str | None:
    """Why a run is held for what was done before it."""
    earlier, total = recent.earlier.get(kind, 0), recent.total.get(kind, 0)
    if not earlier:
        return None
    limit: Limit = getattr(guards, kind)
    excess = total - released
    verb = doing.told(kind).replace("would be", "would have been")
    within = f"on '{doing.account}' within {_spoken(guards.window)}"
    before = f"{earlier:,} of them in earlier runs"
    if kind not in ONLY_PER_RUN and excess > limit.count:
        return f"{total:,} {verb} {within}, {before}; the limit is {limit.count:,}."
    share = 100 * excess / recent.linked if recent.linked > 0 else 0.0
    if excess > HANDFUL_OF_A_WINDOW[kind] and share > limit.percent:
        return (
            f"{total:,} of {recent.linked:,} {verb} {within} ({100 * total / recent.linked:.0f}%),"
            f" {before}; the limit is {limit.percent:g}%."
        )
    return None


def _spoken(window: timedelta) -> str:
    """A duration in the largest unit that it is whole in, but for one day.

    >>> _spoken(timedelta(days=1)), _spoken(timedelta(days=7)), _spoken(timedelta(hours=1))
    ('24 hours', '7 days', '1 hour')
    """
    for unit, name in ((timedelta(days=1), "day"), (timedelta(hours=1), "hour")):
        number, rest = divmod(window, unit)
        if number > (name == "day") and not rest:
            return f"{number} {name}{'s' if number > 1 else ''}"
    return f"{window / timedelta(minutes=1):g} minutes"


def loss_name(name: str, field: str) -> str:
    """Under which name a person's word on a loss is kept, of what is done."""
    return f"{name}.emptied {field}"


def _lost(loss: Loss, doing: Doing, limit: Limit, released: Mapping[str, int]) -> str | None:
    """Why one field may not be emptied for so many at once.

    Hardly anybody empties one field of everybody by hand. It is what it looks like when a
    field was deleted and made again.
    """
    excess = loss.emptied - released.get(loss_name(doing.name, loss.field), 0)
    share = 100 * excess / max(loss.had, 1)
    if excess <= limit.count and (excess <= HANDFUL or share <= limit.percent):
        return None
    cause = f", as {loss.source} is empty for them now" if loss.source else ""
    return (
        f"{loss.emptied:,} of {loss.had:,} linked {doing.noun} that have a value in"
        f" `{loss.field}` on '{doing.account}' would lose it{cause}; the limit is"
        f" {limit.count:,} and {limit.percent:g}%. Perhaps that field was deleted and made again:"
        " then delete it once more, type `syncd check`, and make it again; it is then filled from"
        " this side."
    )
