"""Who opted out as a person is mailed at no address that the CRM shows for them."""

import json
from collections.abc import Callable

import httpx
import pytest

from syncd.engine.cycle import Mode
from syncd.model.side import Side
from tests.engine.pairs import GHL, MAILEON, MAILERCLOUD
from tests.engine.scenes import ADA, BOB, cause, opt_out
from tests.engine.test_three_platforms import mailable, settled
from tests.engine.world import Build, World, assert_quiet

OTHER = "ada.l@example.org"  # another address of Ada's


def by_hand(world: World) -> None:
    world.act(GHL, "add_email", email=ADA, address=OTHER.upper())


def by_a_merge(world: World) -> None:
    loser = world.act(GHL, "create", fields={"email": OTHER})["id"]
    world.act(GHL, "merge", email=ADA, loser=loser)


def _without_further_addresses(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    if not request.url.path.endswith("/contacts/search"):
        return response
    shown = json.loads(response.read())
    for row in shown["contacts"]:
        del row["additionalEmails"]
    return httpx.Response(response.status_code, headers=response.headers, json=shown)


WAYS = pytest.mark.parametrize("gets_another", [by_hand, by_a_merge])
Way = Callable[[World], None]


@pytest.fixture
def three(made: Build) -> World:
    """Ada in the CRM; Maileon and Mailercloud have her under both addresses."""
    world = made(news=True)
    world.act(GHL, "create", fields={"email": ADA})
    settled(world)
    by_hand(world)
    world.act(MAILEON, "create", email=OTHER, permission=5)
    world.act(MAILERCLOUD, "create", email=OTHER)
    settled(world)
    assert OTHER in mailable(world).left & mailable(world).right
    return world


@pytest.mark.parametrize("how", [{"channel": "Email"}, {"channel": "all"}])
def test_dnd_of_a_person_stops_mail_to_each_of_their_addresses(
    three: World, how: dict[str, str]
) -> None:
    three.act(GHL, "dnd", email=ADA, **how)
    settled(three)
    assert not {ADA, OTHER} & (mailable(three).left | mailable(three).right)
    assert OTHER in three.unsubscribed()
    writes = three.writes()
    settled(three)
    assert three.writes() == writes


@WAYS
@pytest.mark.parametrize("swapped", [False, True])
def test_an_address_that_comes_later_to_somebody_with_dnd_is_stopped_too(
    made: Build, gets_another: Way, swapped: bool
) -> None:
    world = made(swapped=swapped)
    world.act(GHL, "create", fields={"email": ADA})
    world.act(GHL, "dnd", email=ADA, channel="Email")
    world.cycles()
    world.act(MAILEON, "create", email=OTHER, permission=5)
    gets_another(world)
    world.cycles()
    assert OTHER not in world.by_email(Side.RIGHT)
    assert OTHER in world.unsubscribed()
    assert world.row(Side.LEFT, ADA).opted_out
    assert_quiet(world)


def test_an_opt_out_that_we_wrote_into_the_crm_counts_for_each_address(three: World) -> None:
    three.act(MAILEON, "unsubscribe", email=ADA)
    settled(three)
    assert three.row(Side.LEFT, ADA).opted_out
    assert not {ADA, OTHER} & (mailable(three).left | mailable(three).right)


def test_it_counts_from_the_moment_that_our_write_is_confirmed(three: World) -> None:
    """Not first when the contact is read again, which a search may delay."""
    three.act(MAILEON, "unsubscribe", email=ADA)
    three.settle()
    three.cycle()
    assert OTHER in three.unsubscribed()


def test_an_address_nobody_bears_yet_is_never_made_nor_kept(pair_of: Build) -> None:
    world = pair_of(ADA)
    by_hand(world)
    opt_out(world, Side.LEFT, ADA)
    world.cycles()
    world.act(MAILEON, "create", email=OTHER, permission=5)
    world.cycles()
    assert world.rows(Side.RIGHT) == {}
    assert OTHER not in world.by_email(Side.LEFT)


def test_the_address_before_and_the_one_after_are_both_stopped(made: Build) -> None:
    world = made()
    world.act(GHL, "create", fields={"email": ADA})
    opt_out(world, Side.LEFT, ADA)
    world.cycles()
    world.act(GHL, "edit", email=ADA, fields={"email": OTHER})
    for address in (ADA, OTHER):
        world.act(MAILEON, "create", email=address, permission=5)
    world.cycles()
    assert world.rows(Side.RIGHT) == {}
    assert world.unsubscribed() == {ADA, OTHER}


def test_a_contact_of_its_own_with_that_address_opts_out_as_well(made: Build) -> None:
    """The ledger is of addresses: mail to this one must stop, whoever bears it."""
    world = made()
    world.configure(GHL, allow_duplicates=True)
    for address in (ADA, OTHER, BOB):
        world.act(GHL, "create", fields={"email": address})
    by_hand(world)
    world.cycles()
    (her,) = [i for i, row in world.rows(Side.LEFT).items() if row.email == ADA]
    world.act(GHL, "dnd", id=her, channel="Email")
    world.cycles()
    assert {r.email for r in world.rows(Side.LEFT).values() if r.opted_out} == {ADA, OTHER}
    assert set(world.by_email(Side.RIGHT)) == {BOB}


def test_a_contact_outside_the_filter_opts_out_for_each_address(pair_of: Build) -> None:
    world = pair_of(ADA, filter={"left": {"tag": "vip"}})
    world.act(GHL, "untag", email=ADA, tags=["vip"])
    by_hand(world)
    world.act(MAILEON, "create", email=OTHER, permission=5)
    world.cycles()
    opt_out(world, Side.LEFT, ADA)
    world.cycles()
    assert world.rows(Side.RIGHT) == {}


def test_a_row_that_shows_no_further_addresses_is_completed_once_it_opted_out(
    pair_of: Build,
) -> None:
    """The search leaves out what it likes; a contact without DND costs nothing more."""
    world = pair_of(ADA)
    by_hand(world)
    world.act(MAILEON, "create", email=OTHER, permission=5)
    world.line.rewrite = _without_further_addresses
    world.cycles()
    opt_out(world, Side.LEFT, ADA)
    world.cycles()
    assert world.rows(Side.RIGHT) == {}


def test_the_ledger_keeps_them_when_the_contact_is_deleted(pair_of: Build) -> None:
    world = pair_of(ADA)
    by_hand(world)
    opt_out(world, Side.LEFT, ADA)
    world.cycles()
    world.act(GHL, "delete", email=ADA)
    world.cycle(Mode.FULL)
    world.act(MAILEON, "create", email=OTHER, permission=5)
    world.cycles()
    assert world.rows(Side.RIGHT) == {}


def test_an_opt_out_of_one_further_address_is_not_that_of_the_person(three: World) -> None:
    """A newsletter that comes twice is stopped once; the person goes on to be mailed."""
    three.act(MAILEON, "unsubscribe", email=OTHER)
    settled(three)
    assert OTHER not in mailable(three).left | mailable(three).right
    assert ADA in mailable(three).left & mailable(three).right
    assert cause(three, Side.LEFT, ADA) == ("linked", None)
