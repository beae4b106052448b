"""The streams of a run beside contacts: what belongs to these, read and ready to be planned."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from syncd.core.child import TOO_FAR
from syncd.engine.arrivals import settle_arrivals
from syncd.engine.context import Cycle, Stream
from syncd.engine.fields import start_afresh
from syncd.engine.nested import pull_nested
from syncd.engine.observe import PullReport, look_again
from syncd.engine.pull import pull, read_lent
from syncd.engine.recover import recover
from syncd.errors import (
    AccountError,
    FieldsChangedError,
    PairHeldError,
    StoppedError,
    SyncdError,
    TransientError,
)
from syncd.model.policy import Deleted
from syncd.model.side import SIDES, Both, Side
from syncd.model.spec import Listing
from syncd.store import children, wake
from syncd.store.database import reading


@dataclass(frozen=True, slots=True)
class Children:
    """What belongs to contacts, as far as it could be read.

    Attributes:
        cycles: the streams that are read, ready to be planned.
        reasons: why what was read of others is not to be believed.
        refused: the first error of those that could not be read.
    """

    cycles: Sequence[Cycle] = ()
    reasons: tuple[str, ...] = ()
    refused: SyncdError | None = None


def read_children(
    contacts: Cycle, streams: Sequence[Stream], *, accept_emptied: bool = False
) -> Children:
    """Take in what belongs to contacts, once it is known which of these are linked.

    What cannot be read must not stop contacts, nor each other. What is read of one side alone
    is taken in, and there is nothing to be planned of it.

    Args:
        accept_emptied: as in `pull`.
    """
    read: list[Cycle] = []
    reasons: list[str] = []
    refused: SyncdError | None = None
    for stream in streams:
        cycle = replace(contacts, stream=stream, lifts={})
        try:
            if stream.only is not None:
                _pull(cycle, stream.only, accept_emptied=accept_emptied)
                continue
            _read(cycle, accept_emptied=accept_emptied)
            look_at_contacts_of_the_gone(contacts, cycle)
        except PairHeldError as held:
            reasons.append(held.message)
        except (FieldsChangedError, StoppedError):
            raise
        except (AccountError, TransientError) as error:
            refused = refused or error
        else:
            read.append(cycle)
    return Children(read, tuple(reasons), refused)


def make_ready(cycle: Cycle) -> None:
    """What is done before anything of a stream is read."""
    start_afresh(cycle)
    recover(cycle)
    if cycle.stream.policy.until is not None:
        with cycle.writing() as db:
            wake.left_out(db, cycle.stream.pair, cycle.stream.resource, TOO_FAR)


def _read(cycle: Cycle, *, accept_emptied: bool) -> None:
    make_ready(cycle)
    pulled: Both[PullReport] = Both(PullReport(), PullReport())
    for side in SIDES:
        pulled = pulled.having(side, _pull(cycle, side, accept_emptied=accept_emptied))
    settle_arrivals(cycle, read_lent(cycle, pulled, accept_emptied=accept_emptied))


def look_at_contacts_of_the_gone(contacts: Cycle, cycle: Cycle) -> None:
    """What is gone may have gone with its contact, of which a platform may tell only later.

    Then nobody has deleted it. So before a deletion is carried on its contact is looked at.
    """
    if cycle.stream.policy.deleted is not Deleted.DELETE:
        return
    for side in SIDES:
        with reading(cycle.environment.store) as db:
            asked = children.parents_of_the_gone(db, cycle.stream.pair, cycle.stream.resource, side)
        for parent_id in asked:
            look_again(contacts, side, parent_id)


def _pull(cycle: Cycle, side: Side, *, accept_emptied: bool) -> PullReport:
    if cycle.stream.specs[side].listing is Listing.BY_PARENT:
        return pull_nested(cycle, side)
    return pull(cycle, side, full=cycle.thorough, accept_emptied=accept_emptied)
