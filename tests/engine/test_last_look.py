"""The last look before every write knows an address however it is spelt."""

from dataclasses import replace

import pytest

from syncd.engine.apply import apply
from syncd.engine.context import Cycle, leased
from syncd.engine.cycle import Mode
from syncd.model.op import OpKind, OpState
from syncd.model.plan import Draft
from syncd.model.record import Resource
from syncd.model.side import SIDES, Both, Side
from syncd.model.values import Consent, Level
from syncd.store import links, ops, runs, tallies
from syncd.store.suppressions import OptOut
from tests.engine.pairs import GHL, MAILEON
from tests.engine.scenes import ADA, BOB
from tests.engine.world import Build, World

SPELLINGS = {
    "Ada@Example.org": "ada@example.org",
    "ADA@EXAMPLE.ORG": "ada@example.org",
    " ada@example.org ": "ada@example.org",
    "ada\u200b@example.org": "ada@example.org",
    "zoë@bücher.example": "zoë@xn--bcher-kva.example",
    "Zoë@xn--bcher-kva.example": "zoë@xn--bcher-kva.example",
    "Zoe\u0308@BÜCHER.example": "zoë@xn--bcher-kva.example",
}


def sent(world: World, side: Side, *drafts: Draft, known: str) -> set[OpState]:
    """What becomes of ops whose address opts out just before they are sent."""
    stream, environment = world.stream(), world.environment
    with leased(stream.pair, environment) as lease:
        with environment.writing(lease) as db:
            run = runs.start(db, stream.pair, Mode.SYNC.value, environment.now())
            cycle = Cycle(stream, environment, lease, run.id)
            (link_id,) = links.open_new(db, stream.pair, stream.resource, [Both("l9", "r9")])
            staged = [replace(draft, link_id=link_id, side=side) for draft in drafts]
            ops.stage(db, stream.pair, run.id, stream.resource, staged)
            ops.release(db, run.id, Resource.CONTACT)
            environment.ledger.record(
                db, [OptOut("mail", known, None, "a person")], environment.now()
            )
        apply(cycle)
        with environment.writing(lease) as db:
            return {alike.state for alike in tallies.tally(db, run.id)}


def draft(kind: OpKind, email: str | None, *, consent: Level | None = None) -> Draft:
    patch = {} if email is None else {"email": email}
    more = {} if consent is None else {"consent": Consent(consent)}
    ids = {OpKind.UPDATE: "4711", OpKind.DELETE: "4711"}
    return Draft(
        link_id=0, side=Side.LEFT, kind=kind, remote_id=ids.get(kind), patch={**patch, **more}
    )


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("kind", [OpKind.CREATE, OpKind.UPDATE])
@pytest.mark.parametrize("typed", SPELLINGS)
def test_no_spelling_of_an_address_that_opted_out_is_sent(
    made: Build, kind: OpKind, typed: str, side: Side
) -> None:
    world = made()
    world.pair()
    writes = world.writes()
    outcome = sent(world, side, draft(kind, typed), known=SPELLINGS[typed])
    assert outcome == {OpState.DROPPED}
    assert world.writes() == writes


@pytest.mark.parametrize("kind", [OpKind.CREATE, OpKind.UPDATE])
def test_another_address_is_sent(made: Build, kind: OpKind) -> None:
    """Somebody who is not on the ledger, and somebody whose address is not touched."""
    world = made()
    remote_id = world.act(GHL, "create", fields={"email": BOB})["id"]
    one = replace(
        draft(kind, "Ada@Example.org"), remote_id=remote_id if kind is OpKind.UPDATE else None
    )
    outcome = sent(world, Side.LEFT, one, known=BOB)
    assert outcome == {OpState.DONE}
    assert ADA in world.by_email(Side.LEFT)


@pytest.mark.parametrize("typed", list(SPELLINGS)[:3])
def test_an_opt_out_of_the_very_address_is_sent(made: Build, typed: str) -> None:
    """A suppression passes in every spelling: it makes nobody mailable."""
    world = made()
    outcome = sent(world, Side.RIGHT, draft(OpKind.SUPPRESS, typed), known=SPELLINGS[typed])
    assert outcome == {OpState.DONE}
    assert [m["email"].lower() for m in world.act(MAILEON, "opt_outs")["markers"]] == [ADA]


def test_what_lifts_an_opt_out_is_refused_by_the_pair_and_not_by_the_address(
    made: Build,
) -> None:
    world = made()
    contact = world.act(GHL, "create", fields={"email": BOB})["id"]
    world.act(GHL, "dnd", email=BOB, channel="Email")
    one = replace(draft(OpKind.UPDATE, None, consent=Level.GRANTED), remote_id=contact)
    outcome = sent(world, Side.LEFT, one, known=ADA)
    assert outcome == {OpState.DROPPED}
    assert world.row(Side.LEFT, BOB).opted_out


def test_of_several_only_those_that_opted_out_are_held_back(made: Build) -> None:
    world = made()
    drafts = [draft(OpKind.CREATE, email) for email in ("ADA@example.org", BOB, "cy@Example.org")]
    outcome = sent(world, Side.RIGHT, *drafts, known=ADA)
    assert outcome == {OpState.DROPPED, OpState.DONE}
    assert set(world.by_email(Side.RIGHT)) == {BOB, "cy@example.org"}
