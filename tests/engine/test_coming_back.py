"""Who opted out and comes back: one side alone lifts nothing, and no fresh word is destroyed."""

import httpx
import pytest
import sqlalchemy as sa
import structlog

from syncd.core.consent import CONSENT
from syncd.engine.backfill import BackfillRequest, carry_out, start
from syncd.engine.cycle import Mode
from syncd.engine.recover import recover
from syncd.model.record import Window
from syncd.model.side import Side
from syncd.store import conflicts, wake
from syncd.store import tables as t
from syncd.store.runs import RunState
from tests.engine.line import CrashError
from tests.engine.pairs import GHL, MAILEON
from tests.engine.scenes import ADA, BOB, CY, opt_out
from tests.engine.test_index_lag import working
from tests.engine.world import Build, World, assert_quiet

NEWER = {"consent": {"resubscribe": "newer"}}
DAY = 86_400
PARKED = ("parked", "consent")


@pytest.fixture(params=[False, True], ids=["", "swapped"])
def out(request: pytest.FixtureRequest, pair_of: Build) -> World:
    """Ada has unsubscribed in Maileon, which set DND in GHL; a day has passed."""
    world = pair_of(ADA, BOB, swapped=request.param, **NEWER)
    opt_out(world, Side.RIGHT, ADA)
    world.cycles()
    assert world.row(Side.LEFT, ADA).opted_out
    world.wait(DAY)
    return world


def confirms(world: World, *, plus: bool = True) -> None:
    world.act(MAILEON, "resubscribe", email=ADA, plus=plus)


def asked(world: World) -> list[conflicts.Conflict]:
    with world.reading() as db:
        return [c for c in conflicts.of_pair(db, world.name) if c.rule == CONSENT]


def stands(world: World, side: Side) -> tuple[str, str | None]:
    """The state of Ada's contact in GHL (left), or in Maileon, whichever way the pair looks."""
    swapped = world.running().pair_named(world.name).account(Side.LEFT) == "mail"
    return world.standing(side.other if swapped else side)[world.row(side, ADA).id]


def answer(world: World, platform: str) -> None:
    """What `syncd conflicts resolve` does for the side of a platform."""
    (one,) = asked(world)
    pair = world.running().pair_named(world.name)
    account = {GHL: "crm", MAILEON: "mail"}[platform]
    (side,) = [side for side in Side if pair.account(side) == account]
    with world.running().store.begin() as db:
        conflicts.choose(db, one.id, side, "ada@desk")
        wake.by_links(db, [one.link_id])


def lifted_by(world: World) -> set[str | None]:
    with world.reading() as db:
        return set(db.execute(sa.select(t.suppression.c.lifted_by)).scalars())


@pytest.mark.parametrize("plus", [True, False])
def test_a_fresh_confirmation_is_kept_and_waits_for_a_person(out: World, plus: bool) -> None:
    confirms(out, plus=plus)
    out.cycles()
    assert out.row(Side.RIGHT, ADA).permission == (5 if plus else 4)
    assert out.row(Side.LEFT, ADA).opted_out
    assert len(asked(out)) == 1
    assert {stands(out, side) for side in Side} == {PARKED}
    assert_quiet(out)


def test_fields_keep_flowing_while_somebody_is_asked(out: World) -> None:
    confirms(out)
    out.cycles()
    out.act(GHL, "edit", email=ADA, fields={"city": "Thun"})
    out.cycles()
    assert out.row(Side.RIGHT, ADA).fields["city"] == "Thun"
    assert len(asked(out)) == 1


def test_an_address_that_we_carry_to_a_contact_with_dnd_has_not_opted_out_by_that(
    out: World,
) -> None:
    """It has the date of the opt-out that the contact shows, which is older than the opt-in."""
    confirms(out)
    out.cycles()
    out.act(MAILEON, "edit", email=ADA, new_email=CY)
    out.cycles()
    assert out.row(Side.LEFT, CY).opted_out
    assert out.row(Side.RIGHT, CY).permission == 5
    assert len(asked(out)) == 1


def test_dnd_that_a_person_lifts_alone_is_not_set_again_and_waits(out: World) -> None:
    out.act(GHL, "undnd", email=ADA)
    out.cycles()
    assert not out.row(Side.LEFT, ADA).opted_out
    assert ADA not in out.by_email(Side.RIGHT)
    assert len(asked(out)) == 1
    assert stands(out, Side.LEFT) == PARKED
    assert_quiet(out)


def test_while_a_person_is_asked_the_opt_out_holds_where_nobody_came_back(out: World) -> None:
    """Maileon reports our own opt-out as of later than the lifting, and lists it for ever."""
    out.act(GHL, "undnd", email=ADA)
    out.cycles()
    out.act(MAILEON, "create", email=ADA, permission=2)
    out.cycles()
    assert ADA not in out.by_email(Side.RIGHT)
    out.cycle(Mode.FULL)
    out.cycles()
    assert not out.row(Side.LEFT, ADA).opted_out, "what a person lifted is not set again"
    assert len(asked(out)) == 1
    assert stands(out, Side.LEFT) == PARKED
    assert_quiet(out)
    answer(out, GHL)
    out.cycles()
    assert not out.row(Side.LEFT, ADA).opted_out
    assert asked(out) == []


def test_an_opt_out_of_their_own_that_came_before_ours_beats_the_lifting(out: World) -> None:
    out.act(GHL, "undnd", email=ADA)
    out.cycles()
    out.wait(60)
    out.act(MAILEON, "create", email=ADA, permission=2)
    out.settle()

    def unsubscribes_first(request: httpx.Request) -> bool:
        if request.method == "DELETE" and request.url.path.endswith("/unsubscribe"):
            opt_out(out, Side.RIGHT, ADA)
        return False

    out.line.crash_in = unsubscribes_first
    out.cycle()
    out.line.rest()
    out.cycles()
    assert out.row(Side.LEFT, ADA).opted_out
    assert ADA not in out.by_email(Side.RIGHT)
    assert asked(out) == []


@pytest.mark.parametrize("first", ["lifts", "confirms"])
def test_who_is_let_in_on_both_sides_is_in_again(out: World, first: str) -> None:
    deeds = [lambda: out.act(GHL, "undnd", email=ADA), lambda: confirms(out)]
    for deed in deeds if first == "lifts" else reversed(deeds):
        deed()
        out.cycles()
    assert not out.row(Side.LEFT, ADA).opted_out
    assert out.row(Side.RIGHT, ADA).permission == 5
    assert asked(out) == []
    assert {stands(out, side) for side in Side} == {("linked", None)}
    assert lifted_by(out) == {"rule:newer"}
    assert_quiet(out)


def test_both_at_once_need_no_word(out: World) -> None:
    out.act(GHL, "undnd", email=ADA)
    confirms(out)
    out.cycles()
    assert not out.row(Side.LEFT, ADA).opted_out
    assert out.row(Side.RIGHT, ADA).permission == 5


def test_a_person_may_say_that_the_confirmation_is_right(out: World) -> None:
    confirms(out)
    out.cycles()
    answer(out, MAILEON)
    out.cycles()
    assert not out.row(Side.LEFT, ADA).opted_out
    assert out.row(Side.RIGHT, ADA).permission == 5
    assert asked(out) == []
    assert lifted_by(out) == {"person:ada@desk"}
    assert_quiet(out)


def test_the_log_says_on_whose_word_an_opt_out_was_lifted(out: World) -> None:
    confirms(out)
    out.cycles()
    (one,) = asked(out)
    answer(out, MAILEON)
    with structlog.testing.capture_logs() as logged:
        out.cycles()
    told = {"pair": out.name, "link": one.link_id, "by": "person:ada@desk", "log_level": "info"}
    assert [said for said in logged if said["event"] == "opt-out lifted"] == [
        {"event": "opt-out lifted", **told}
    ]


def test_an_opt_out_of_another_address_than_a_lifting_in_doubt_was_for_is_heard(
    out: World,
) -> None:
    """Ada's contact got another address before her DND was taken off, and shows it still."""
    confirms(out)
    out.cycles()
    answer(out, MAILEON)
    out.line.carried_out = False
    out.line.crash_in = lambda request: (
        request.method == "PUT" and b"dndSettings" in request.content
    )
    with pytest.raises(CrashError):
        out.cycle()
    out.line.rest()
    out.start_process()
    out.act(GHL, "edit", email=ADA, fields={"email": CY})
    with working(out) as cycle:
        assert recover(cycle) == 1
        with out.reading() as db:
            heard = cycle.environment.ledger.suppressed(db, [ADA, CY], cycle.stream.relatives)
    assert heard.keys() == {CY}


def test_a_person_may_say_that_the_opt_out_is_right(out: World) -> None:
    confirms(out)
    out.cycles()
    answer(out, GHL)
    out.cycles()
    assert out.row(Side.LEFT, ADA).opted_out
    assert ADA not in out.by_email(Side.RIGHT)
    assert asked(out) == []
    assert lifted_by(out) == {None}
    assert_quiet(out)


@pytest.mark.parametrize("right", [GHL, MAILEON])
def test_a_person_settles_dnd_that_was_lifted_alone(out: World, right: str) -> None:
    out.act(GHL, "undnd", email=ADA)
    out.cycles()
    answer(out, right)
    out.cycles()
    assert out.row(Side.LEFT, ADA).opted_out == (right == MAILEON)
    assert ADA not in out.by_email(Side.RIGHT), "who left Maileon comes back there, by a new word"
    assert asked(out) == []
    assert_quiet(out)


def test_who_was_let_in_by_a_person_signs_up_again_and_is_linked(out: World) -> None:
    out.act(GHL, "undnd", email=ADA)
    out.cycles()
    answer(out, GHL)
    out.cycles()
    confirms(out)
    out.cycles()
    assert {stands(out, side) for side in Side} == {("linked", None)}
    assert out.row(Side.RIGHT, ADA).permission == 5


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("by_a_person", [True, False])
def test_who_opts_out_once_more_is_out_everywhere(
    out: World, side: Side, by_a_person: bool
) -> None:
    confirms(out)
    out.cycles()
    if by_a_person:
        answer(out, MAILEON)
    else:
        out.act(GHL, "undnd", email=ADA)
    out.cycles()
    out.wait(DAY)
    opt_out(out, side, ADA)
    out.cycles()
    assert out.row(Side.LEFT, ADA).opted_out
    assert ADA not in out.by_email(Side.RIGHT)
    assert asked(out) == []
    assert_quiet(out)


def test_a_word_counts_only_for_what_was_asked(out: World) -> None:
    """Whoever opts out again before the word is carried out has the last one."""
    confirms(out)
    out.cycles()
    answer(out, MAILEON)
    opt_out(out, Side.RIGHT, ADA)
    out.cycles()
    assert out.row(Side.LEFT, ADA).opted_out
    assert ADA not in out.by_email(Side.RIGHT)
    assert lifted_by(out) == {None}


def test_a_contact_whose_counterpart_is_gone_waits_too(out: World) -> None:
    out.act(GHL, "delete", email=ADA)
    out.settle()
    out.cycle(Mode.FULL)
    confirms(out)
    out.cycles()
    assert out.row(Side.RIGHT, ADA).permission == 5
    assert ADA not in out.by_email(Side.LEFT)
    assert stands(out, Side.RIGHT) == PARKED
    answer(out, MAILEON)
    out.cycles()
    assert ADA in out.by_email(Side.LEFT)
    assert not out.row(Side.LEFT, ADA).opted_out
    assert_quiet(out)


@pytest.mark.parametrize("permission", [2, 3, 6])
def test_a_permission_that_nobody_confirmed_lifts_nothing(out: World, permission: int) -> None:
    """An import may have set it, and says nothing of when the person did."""
    out.act(MAILEON, "create", email=ADA, permission=permission)
    out.cycles()
    assert ADA not in out.by_email(Side.RIGHT)
    assert out.row(Side.LEFT, ADA).opted_out
    assert asked(out) == []


def test_a_confirmation_older_than_the_opt_out_lifts_nothing(pair_of: Build) -> None:
    world = pair_of(BOB, **NEWER)
    world.act(MAILEON, "resubscribe", email=ADA)
    world.cycles()
    opt_out(world, Side.LEFT, ADA)
    world.cycles()
    assert ADA not in world.by_email(Side.RIGHT)
    assert asked(world) == []


def test_a_confirmation_after_dnd_that_a_person_set_waits_as_well(pair_of: Build) -> None:
    world = pair_of(ADA, **NEWER)
    opt_out(world, Side.LEFT, ADA)
    world.cycles()
    world.wait(DAY)
    confirms(world)
    world.cycles()
    assert world.row(Side.LEFT, ADA).opted_out
    assert world.row(Side.RIGHT, ADA).permission == 5
    assert len(asked(world)) == 1


def test_dnd_found_at_the_first_meeting_beats_an_earlier_confirmation(made: Build) -> None:
    world = made(**NEWER)
    world.act(GHL, "create", fields={"email": ADA})
    opt_out(world, Side.LEFT, ADA)
    confirms(world)
    world.cycles()
    assert ADA not in world.by_email(Side.RIGHT)
    assert world.row(Side.LEFT, ADA).opted_out


def test_a_confirmation_between_the_opt_out_and_our_write_of_it_is_newer(pair_of: Build) -> None:
    """What we write has the date of its cause, though GHL shows it without one."""
    world = pair_of(ADA, **NEWER)
    opt_out(world, Side.RIGHT, ADA)
    world.settle()
    world.line.carried_out = True
    world.line.crash_in = lambda request: (
        request.method == "PUT" and b"dndSettings" in request.content
    )
    with pytest.raises(CrashError):
        world.cycle()
    world.line.rest()
    world.start_process()
    confirms(world)
    world.wait(DAY)
    world.cycles()
    assert world.row(Side.LEFT, ADA).opted_out
    assert world.row(Side.RIGHT, ADA).permission == 5
    assert len(asked(world)) == 1


def test_by_default_who_comes_back_is_opted_out_again(pair_of: Build) -> None:
    world = pair_of(ADA)
    opt_out(world, Side.RIGHT, ADA)
    world.cycles()
    world.wait(DAY)
    confirms(world)
    world.cycles()
    assert ADA not in world.by_email(Side.RIGHT)
    assert asked(world) == []


@pytest.mark.parametrize("deed", ["confirms and lifts", "word"])
def test_a_plan_lifts_nothing(out: World, deed: str) -> None:
    confirms(out)
    if deed == "word":
        out.cycles()
        answer(out, MAILEON)
    else:
        out.act(GHL, "undnd", email=ADA)
    out.settle()
    out.cycle(Mode.PLAN)
    assert lifted_by(out) == {None}
    out.cycles()
    assert lifted_by(out) != {None}
    assert not out.row(Side.LEFT, ADA).opted_out


def test_a_run_that_is_held_lifts_nothing_and_forgets_no_word(out: World) -> None:
    out.act(GHL, "undnd", email=ADA)
    out.cycles()
    answer(out, GHL)
    path = out.path.parent / "pair.yaml"
    as_it_was = path.read_text()
    path.write_text(as_it_was.replace('"pair": "shop"', '"pair": "shop", "delete": "unsubscribe"'))
    out.start_process()
    out.settle()
    assert out.cycle().state is RunState.HELD
    assert lifted_by(out) == {None}
    path.write_text(as_it_was)
    out.start_process()
    out.cycles()
    assert lifted_by(out) == {"person:ada@desk"}
    assert not out.row(Side.LEFT, ADA).opted_out


def test_what_nobody_but_ghl_may_lift_is_tried_once(out: World) -> None:
    out.act(GHL, "dnd", email=ADA, channel="Email", status="permanent")
    out.cycles()
    out.wait(DAY)
    confirms(out)
    out.cycles()
    answer(out, MAILEON)
    out.cycles()
    assert out.row(Side.LEFT, ADA).opted_out
    assert out.row(Side.RIGHT, ADA).permission == 5
    assert_quiet(out)
    assert out.row(Side.RIGHT, ADA).permission == 5


def test_a_backfill_destroys_no_fresh_confirmation(out: World) -> None:
    since = out.now
    out.wait(60)
    confirms(out)
    out.wait(60)
    window = Window(since, out.now)
    out.settle()
    request = BackfillRequest(window)
    carry_out(out.pair(), out.environment, start(out.environment, out.pair(), request))
    assert out.row(Side.RIGHT, ADA).permission == 5
    assert out.row(Side.LEFT, ADA).opted_out
    assert len(asked(out)) == 1


@pytest.mark.parametrize("seconds", [0, 120])
def test_who_opts_out_in_maileon_just_before_the_lifting_is_seen_is_out(
    pair_of: Build, seconds: int
) -> None:
    """GHL says when the contact changed, and the opt-out is later."""
    world = pair_of(ADA, **NEWER)
    opt_out(world, Side.LEFT, ADA)
    world.cycles()
    world.act(GHL, "undnd", email=ADA)
    world.act(MAILEON, "resubscribe", email=ADA)
    world.wait(seconds + 1)
    opt_out(world, Side.RIGHT, ADA)
    world.cycles()
    assert world.row(Side.LEFT, ADA).opted_out
    assert ADA not in world.by_email(Side.RIGHT)
