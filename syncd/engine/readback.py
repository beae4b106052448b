"""Read-back: what a chunk of a backfill wrote is looked at on the platforms."""

from collections.abc import Mapping, Sequence

from syncd.engine.arrivals import settle_arrivals
from syncd.engine.context import Cycle
from syncd.engine.effect import is_in_effect
from syncd.engine.observe import PullReport, look_again
from syncd.engine.pull import pull, pull_changes
from syncd.model.link import Observation
from syncd.model.op import OpKind
from syncd.model.side import SIDES, Both, Side
from syncd.store import cursors, links, observations, readback
from syncd.store.database import reading
from syncd.store.ops import Sent


def read_back(cycle: Cycle, link_ids: Sequence[int]) -> set[str]:
    """See on the platforms what was written: in the change feed, or else record by record.

    An answer that showed the record needs no second look. Where there is no change feed,
    `read_back_all` looks at everything in the end.

    Returns:
        Identity keys of addresses whose opt-out turned up on the way.
    """
    opted_out: set[str] = set()
    for side in SIDES:
        if not cycle.stream.specs[side].incremental:
            continue
        unseen = _unseen(cycle, side, link_ids)
        before = _versions(cycle, side, unseen)
        opted_out |= _pull_again(cycle, side).opted_out
        after = _versions(cycle, side, unseen)
        for remote_id in sorted(before):
            if after.get(remote_id) == before[remote_id]:  # the feed has not shown it
                look_again(cycle, side, remote_id)
        _note_verified(cycle, side, unseen)
    return opted_out


def read_back_all(cycle: Cycle) -> None:
    """See on the platforms that have no change feed what the whole run wrote there.

    Contacts are listed once more, which also shows those whose ids were not told. Of what
    belongs to them, which has no such, only what no answer showed is looked at.
    """
    unfed = [side for side in SIDES if not cycle.stream.specs[side].incremental]
    pulled: Both[PullReport] = Both(PullReport(), PullReport())
    for side in unfed if cycle.stream.parent is None else ():
        pulled = pulled.having(side, pull(cycle, side, full=True))
    settle_arrivals(cycle, pulled)
    cycle.environment.crash("arrived")
    after = 0
    while unfed:
        with reading(cycle.environment.store) as db:
            link_ids = readback.unverified_links(
                db, cycle.run_id, cycle.stream.resource, cycle.stream.chunk, after
            )
        if not link_ids:
            return
        for side in unfed:
            unseen = _unseen(cycle, side, link_ids)
            for sent, remote_id in unseen.values() if cycle.stream.parent is not None else ():
                look_again(cycle, side, remote_id, sent.op.parent_id)
            _note_verified(cycle, side, unseen)
        after = link_ids[-1]
        cycle.environment.crash("read back")


def _unseen(cycle: Cycle, side: Side, link_ids: Sequence[int]) -> dict[int, tuple[Sent, str]]:
    """Done ops of one side whose answer did not show the record, with the record's id."""
    with reading(cycle.environment.store) as db:
        sent = {s.link_id: s for s in readback.unverified(db, cycle.run_id, link_ids) if not s.ends}
        ids = {link.id: link.ids[side] for link in links.load(db, sent)}
    return {
        s.op.id: (s, remote_id)
        for s in sent.values()
        if s.side is side
        and s.op.kind in (OpKind.CREATE, OpKind.UPDATE)
        and (remote_id := ids.get(s.link_id)) is not None
    }


def _versions(
    cycle: Cycle, side: Side, unseen: Mapping[int, tuple[Sent, str]]
) -> dict[str, str | None]:
    seen = _observed(cycle, side, unseen)
    return {remote_id: observation.version for remote_id, observation in seen.items()}


def _observed(
    cycle: Cycle, side: Side, unseen: Mapping[int, tuple[Sent, str]]
) -> dict[str, Observation]:
    account, resource = cycle.stream.accounts[side].name, cycle.stream.resource
    with reading(cycle.environment.store) as db:
        return observations.load(db, account, resource, [i for _, i in unseen.values()])


def _pull_again(cycle: Cycle, side: Side) -> PullReport:
    with reading(cycle.environment.store) as db:
        cursor = cursors.load(db, cycle.stream.pair, side, cycle.stream.resource)
    return pull_changes(cycle, side, cursor)


def _note_verified(cycle: Cycle, side: Side, unseen: Mapping[int, tuple[Sent, str]]) -> None:
    seen = _observed(cycle, side, unseen)
    results = {
        op_id: remote_id in seen and is_in_effect(cycle, sent, seen[remote_id].fields)
        for op_id, (sent, remote_id) in unseen.items()
    }
    with cycle.writing() as db:
        readback.note_verified(db, results)
