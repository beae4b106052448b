"""What reconciling one link decides, before anything is stored or sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from syncd.model.link import State
from syncd.model.op import OpKind
from syncd.model.side import Both, Side
from syncd.model.values import Fields, Patch, SetDelta, Value


@dataclass(frozen=True, slots=True)
class Draft:
    """An op that is planned but not yet stored.

    Attributes:
        advance: how both shadows move once it is confirmed.
        ends: why the link ends once it is confirmed; None if it goes on.
        urgent: an opt-out; goes before everything else.
        chosen: names of the rules whose value a person has chosen.
        routine: it only writes down the other side's id, which is ours to keep; no limit
            of a run counts it.
        parent_id: the contact to which the record is to belong; None for contacts.
        moves: it belongs to another one so far.
    """

    link_id: int
    side: Side
    kind: OpKind
    remote_id: str | None
    patch: Patch
    current: Fields = field(default_factory=dict)
    advance: Both[Patch] = field(default_factory=lambda: Both({}, {}))
    ends: str | None = None
    urgent: bool = False
    routine: bool = False
    chosen: frozenset[str] = frozenset()
    parent_id: str | None = None
    moves: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """A value that a platform would not take, and why; sent again only when it changes."""

    value: Value | SetDelta
    code: str


def naming(code: str, remote_id: str | None) -> str:
    """The code of a problem that another record causes, with that record if it is known.

    >>> naming("duplicate_key", "c1"), naming("duplicate_key", None)
    ('duplicate_key: c1', 'duplicate_key')
    """
    return code if remote_id is None else f"{code}: {remote_id}"


def word_of(code: str) -> str:
    """The code of a problem without the record that causes it, as problems are counted.

    >>> word_of("duplicate_key: c1")
    'duplicate_key'
    """
    return code.partition(": ")[0]


@dataclass(frozen=True, slots=True)
class Standing:
    """The state that a plan gives to the record of one side."""

    state: State
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Lift:
    """That opt-outs up to a moment count no more, and who says so."""

    upto: datetime
    by: str


@dataclass(frozen=True, slots=True)
class LinkPlan:
    """What reconciling one link decides.

    Attributes:
        drafts: the writes that are wanted.
        shadow: both shadows after what the sides agree on already.
        conflicts: by rule name, what each side shows; parked for a person.
        problems: by rule name, why a value cannot travel.
        lifts: opt-outs of its addresses up to this moment count no more, and who says so.
        standing: per side, the state of its record.
        ended: why nothing flows any more, from now on; None while it does.
        parent: the contacts' link to which both records belong now, if it is another one.
        flipping: those of the conflicts whose sides re-spell each other's value; stilled: rules
            that were parked for that, and are decided about again.
    """

    drafts: tuple[Draft, ...]
    shadow: Both[Fields]
    standing: Both[Standing]
    conflicts: Mapping[str, Both[tuple[Value, ...]]] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    ended: str | None = None
    flipping: frozenset[str] = frozenset()
    stilled: frozenset[str] = frozenset()
    lifts: Lift | None = None
    parent: int | None = None
