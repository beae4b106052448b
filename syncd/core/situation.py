"""What the decision about one link rests on: the pair's terms, and what is known of the link."""

from collections.abc import Mapping as MappingType
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from syncd.core.consent import NEITHER, OptedOut
from syncd.core.flapping import Parked
from syncd.core.translate import Mapping
from syncd.model.link import Link
from syncd.model.op import Move
from syncd.model.plan import Refused
from syncd.model.policy import PairPolicy
from syncd.model.rule import Values
from syncd.model.side import SIDES, Both, Side
from syncd.model.spec import ResourceSpec
from syncd.model.values import Fields, Patch

OPTED_OUT = "opted_out"
DELETED = "counterpart_deleted"
ASKED = "consent"  # an opt-in of one side stands against an opt-out


@dataclass(frozen=True, slots=True)
class Showing:
    """One side of a link, as it was last seen.

    Attributes:
        gone: evidence says that it no longer exists.
        modified: when its platform says that it last changed.
    """

    remote_id: str
    fields: Fields
    gone: bool = False
    modified: datetime | None = None


@dataclass(frozen=True, slots=True)
class Parent:
    """A contact that is in step, and to which records belong.

    Attributes:
        link_id: of the contact on both sides; ids: what it is called there.
    """

    link_id: int
    ids: Both[str]


NO_PARENTS: Both[Parent | None] = Both(None, None)


@dataclass(frozen=True, slots=True)
class Answer:
    """A person's word on a consent: which side is right, of what was asked, and whose word."""

    take: Side
    asked: Both[Values]
    by: str


@dataclass(frozen=True, slots=True)
class Situation:
    """All that the decision about one link rests on.

    Attributes:
        sides: what each side shows; None where the record was never created.
        ledger: what the suppression ledger holds of either side's address.
        choices: by rule name, the side that a person chose for a conflict.
        refused: by side and field, a value that the platform would not take.
        rivalled: by side, a living record of the other side, not of this link, that has the key
            of this side's record; looked for where the link's own two do not share it.
        flipping: by rule name, what is parked because the sides re-spell each other's value.
        history: the link's last updates, newest first; empty where too few were carried out
            for one of them to be another's echo.
        retired: ids by side that records of ended links of ours had: a reference to one of
            them leads nowhere, and is ours to replace.
        let_in: by side, up to when the opt-outs of its own address were lifted, where none is
            known that is later.
        addresses: identity keys that `ledger` and `let_in` are about; opted_out: those of them
            that `ledger` holds.
        answer: what a person chose who was asked whether somebody is opted out.
        parked: names of rules of which both sides show what a person is being asked about.
        parents: per side, the contact to which its record belongs; None if that is not in step,
            or there is no such record.
        belonged: per side, what the contact was called there to which the record belonged when it
            was last seen.
    """

    link: Link
    sides: Both[Showing | None]
    ledger: OptedOut | None = None
    choices: MappingType[str, Side] = field(default_factory=dict)
    refused: MappingType[tuple[Side, str], Refused] = field(default_factory=dict)
    rivalled: MappingType[Side, str] = field(default_factory=dict)
    retired: frozenset[tuple[Side, str]] = frozenset()
    flipping: MappingType[str, Parked] = field(default_factory=dict)
    history: Sequence[Move] = ()
    let_in: Both[datetime | None] = NEITHER
    addresses: frozenset[str] = frozenset()
    opted_out: frozenset[str] = frozenset()
    answer: Answer | None = None
    parked: frozenset[str] = frozenset()
    parents: Both[Parent | None] = NO_PARENTS
    belonged: Both[str | None] = field(default_factory=lambda: Both(None, None))

    def refusal(self, side: Side, patch: Patch) -> str | None:
        """Why a patch would be refused again; None if nothing of it was."""
        if not self.refused:
            return None
        for name, value in patch.items():
            refused = self.refused.get((side, name))
            if refused is not None and refused.value == value:
                return refused.code
        return None


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms one pair keeps a resource in step; the same for all its links.

    Attributes:
        references: per side, the field that is ours to keep the other's id in, if there is one.
    """

    mapping: Mapping
    policy: PairPolicy
    specs: Both[ResourceSpec]
    references: Both[str | None] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "references", Both(*map(self._reference, SIDES)))

    def _reference(self, side: Side) -> str | None:
        name = self.specs[side].reference
        if name is None or any(name in rule.fields(side) for rule in self.mapping.rules):
            return None
        return name
