"""What people do on both platforms, as values that a test can draw."""

from collections.abc import Callable

from hypothesis import strategies as st

from syncd.model.side import Side
from tests.engine.deed import (
    ADDRESSES,
    ASIDE,
    PHONES,
    SOURCES,
    TAGS,
    TEXTS,
    Deed,
    meant,
    numbered,
    two,
)
from tests.engine.news import NEWS_DEEDS
from tests.engine.pairs import GHL, MAILEON
from tests.engine.rows import CUSTOM, PLAIN, STANDARD
from tests.engine.world import World


def perform(world: World, deed: Deed) -> None:
    """Do it.

    Raises:
        ValueError: the platform does not let people do it, or nobody is there.
    """
    if deed.kind in NEWS_DEEDS:
        NEWS_DEEDS[deed.kind](world.news, deed)
    else:
        DEEDS[deed.kind](world, deed)


def _create_left(world: World, deed: Deed) -> None:
    fields = {"email": deed.address}
    if deed.name != "colour" and deed.value:
        fields[deed.name] = deed.value
    world.act(GHL, "create", fields=fields, tags=[deed.tag])


def _create_right(world: World, deed: Deed) -> None:
    standard, custom = _maileon_fields(deed)
    world.act(
        MAILEON,
        "create",
        email=deed.address,
        permission=deed.who % 6 + 1,
        standard_fields=standard,
        custom_fields=custom,
    )


def _edit_left(world: World, deed: Deed) -> None:
    who = meant(world, Side.LEFT, deed)
    if deed.name == "colour":
        world.act(GHL, "edit", id=who, custom={"Colour": deed.value})
    else:
        world.act(GHL, "edit", id=who, fields={deed.name: deed.value or None})


def _edit_right(world: World, deed: Deed) -> None:
    standard, custom = _maileon_fields(deed)
    who = meant(world, Side.RIGHT, deed)
    world.act(MAILEON, "edit", id=who, standard_fields=standard, custom_fields=custom)


def _maileon_fields(deed: Deed) -> tuple[dict[str, str | None], dict[str, str | None]]:
    value = deed.value or None
    if deed.name in STANDARD:
        return {STANDARD[deed.name]: value}, {}
    return {}, {CUSTOM[deed.name]: value}


def _tag_left(world: World, deed: Deed) -> None:
    world.act(GHL, "tag", id=meant(world, Side.LEFT, deed), tags=[deed.tag])


def _untag_left(world: World, deed: Deed) -> None:
    world.act(GHL, "untag", id=meant(world, Side.LEFT, deed), tags=[deed.tag])


def _retag_right(world: World, deed: Deed) -> None:
    who = meant(world, Side.RIGHT, deed)
    tags = world.rows(Side.RIGHT)[who].tags ^ {deed.tag}
    text = ", ".join(sorted(tags)) or None
    world.act(MAILEON, "edit", id=who, custom_fields={"tags": text})


def _move_left(world: World, deed: Deed) -> None:
    world.act(GHL, "edit", id=meant(world, Side.LEFT, deed), fields={"email": deed.address})


def _move_right(world: World, deed: Deed) -> None:
    world.act(MAILEON, "edit", id=meant(world, Side.RIGHT, deed), new_email=deed.address)


def _take_over_left(world: World, deed: Deed) -> None:
    """One person moves to a new address, and another takes the one that is free now."""
    mover, heir = meant(world, Side.LEFT, deed), numbered(world, Side.LEFT, deed.other)
    free = world.rows(Side.LEFT)[mover].email
    world.act(GHL, "edit", id=mover, fields={"email": deed.address})
    if heir != mover and free:
        world.act(GHL, "edit", id=heir, fields={"email": free})


def _swap_left(world: World, deed: Deed) -> None:
    """Two contacts exchange an address, or the value of a field that is unique to each."""
    one, other = two(world, Side.LEFT, deed)
    name = "phone" if deed.name == "phone" else "email"
    values = [str(world.rows(Side.LEFT)[i].shows(name)) or None for i in (one, other)]
    world.act(GHL, "edit", id=one, fields={name: ASIDE[name]})
    world.act(GHL, "edit", id=other, fields={name: values[0]})
    world.act(GHL, "edit", id=one, fields={name: values[1]})


def _swap_right(world: World, deed: Deed) -> None:
    one, other = two(world, Side.RIGHT, deed)
    addresses = [world.rows(Side.RIGHT)[i].email for i in (one, other)]
    world.act(MAILEON, "edit", id=one, new_email=ASIDE["email"])
    world.act(MAILEON, "edit", id=other, new_email=addresses[0])
    world.act(MAILEON, "edit", id=one, new_email=addresses[1])


def _take_over_right(world: World, deed: Deed) -> None:
    mover, heir = two(world, Side.RIGHT, deed)
    free = world.rows(Side.RIGHT)[mover].email
    world.act(MAILEON, "edit", id=mover, new_email=deed.address)
    world.act(MAILEON, "edit", id=heir, new_email=free)


def _take_phone_left(world: World, deed: Deed) -> None:
    """Somebody gets the phone that another one gives up."""
    giver, heir = two(world, Side.LEFT, deed)
    phone = world.rows(Side.LEFT)[giver].fields["phone"]
    if not phone:
        raise ValueError("nobody gives up a phone")
    new = PHONES[deed.text % len(PHONES)] or None
    world.act(GHL, "edit", id=giver, fields={"phone": new if new != phone else None})
    world.act(GHL, "edit", id=heir, fields={"phone": phone})


def _add_address_left(world: World, deed: Deed) -> None:
    world.act(GHL, "add_email", id=meant(world, Side.LEFT, deed), address=deed.address)


def _remove_address_left(world: World, deed: Deed) -> None:
    """One of the further addresses of somebody who has some."""
    having = {row.id: row.further for row in world.rows(Side.LEFT).values() if row.further}
    if not having:
        raise ValueError("nobody has a further address")
    who = sorted(having)[deed.who % len(having)]
    address = sorted(having[who])[deed.other % len(having[who])]
    world.act(GHL, "remove_email", id=who, address=address)


def _adopt_address_left(world: World, deed: Deed) -> None:
    """Somebody gets the address of another contact as a further one."""
    who, whose = meant(world, Side.LEFT, deed), numbered(world, Side.LEFT, deed.other)
    address = world.rows(Side.LEFT)[whose].email
    if who == whose or not address:
        raise ValueError("nobody has an address to give")
    world.act(GHL, "add_email", id=who, address=address)


def _delete_left(world: World, deed: Deed) -> None:
    world.act(GHL, "delete", id=meant(world, Side.LEFT, deed))


def _delete_right(world: World, deed: Deed) -> None:
    world.act(MAILEON, "delete", id=meant(world, Side.RIGHT, deed))


def _opt_out_left(world: World, deed: Deed) -> None:
    channel = "all" if deed.other % 2 else "Email"
    status = "permanent" if deed.other > 3 else "active"
    who = meant(world, Side.LEFT, deed)
    world.act(GHL, "dnd", id=who, channel=channel, status=status)


def _sms_only_left(world: World, deed: Deed) -> None:
    world.act(GHL, "dnd", id=meant(world, Side.LEFT, deed), channel="SMS")


def _back_left(world: World, deed: Deed) -> None:
    world.act(GHL, "undnd", id=meant(world, Side.LEFT, deed), channel="all")


def _opt_out_right(world: World, deed: Deed) -> None:
    world.act(MAILEON, "unsubscribe", id=meant(world, Side.RIGHT, deed), source=deed.source)


def _bounce_right(world: World, deed: Deed) -> None:
    who = meant(world, Side.RIGHT, deed)
    world.act(MAILEON, "bounce", id=who, type="permanent", blocks=bool(deed.other % 2))


def _back_right(world: World, deed: Deed) -> None:
    world.act(MAILEON, "resubscribe", email=deed.address, remove_marker=bool(deed.other % 2))


def _confirm_right(world: World, deed: Deed) -> None:
    """Somebody who opted out signs up again, and confirms it."""
    there = {row.email for row in world.rows(Side.RIGHT).values()}
    out = sorted(world.unsubscribed() - there)
    if not out:
        raise ValueError("nobody is out")
    address, plus = out[deed.who % len(out)], bool(deed.other % 2)
    world.act(MAILEON, "resubscribe", email=address, plus=plus)


def _lift_left(world: World, deed: Deed) -> None:
    """A person lifts the DND of somebody who has it."""
    out = sorted(row.id for row in world.rows(Side.LEFT).values() if row.opted_out)
    if not out:
        raise ValueError("nobody is out")
    world.act(GHL, "undnd", id=out[deed.who % len(out)], channel="all")


def _merge_left(world: World, deed: Deed) -> None:
    winner, loser = meant(world, Side.LEFT, deed), numbered(world, Side.LEFT, deed.other)
    world.act(GHL, "merge", id=winner, loser=loser)


DEEDS: dict[str, Callable[[World, Deed], None]] = {
    "create left": _create_left,
    "create right": _create_right,
    "edit left": _edit_left,
    "edit right": _edit_right,
    "tag left": _tag_left,
    "untag left": _untag_left,
    "retag right": _retag_right,
    "move left": _move_left,
    "move right": _move_right,
    "take over left": _take_over_left,
    "swap left": _swap_left,
    "swap right": _swap_right,
    "take over right": _take_over_right,
    "take phone left": _take_phone_left,
    "add address left": _add_address_left,
    "remove address left": _remove_address_left,
    "adopt address left": _adopt_address_left,
    "delete left": _delete_left,
    "delete right": _delete_right,
    "opt out left": _opt_out_left,
    "sms only left": _sms_only_left,
    "back left": _back_left,
    "opt out right": _opt_out_right,
    "bounce right": _bounce_right,
    "back right": _back_right,
    "confirm right": _confirm_right,
    "lift left": _lift_left,
    "merge left": _merge_left,
}
OFTEN_NEWS = ("create news", "edit news", "opt out news")
OFTEN = (
    "create left",
    "create right",
    "edit left",
    "edit right",
    "tag left",
    "retag right",
    "add address left",
)


EVERYWHERE = (*OFTEN, *OFTEN, *OFTEN_NEWS, *DEEDS, *NEWS_DEEDS)


def deeds(*kinds: str) -> st.SearchStrategy[Deed]:
    """Deeds of some kinds; without Mailercloud, the ordinary ones more often, if none is named."""
    return st.builds(
        Deed,
        kind=st.sampled_from(kinds or (*OFTEN, *OFTEN, *DEEDS)),
        who=st.integers(0, 5),
        name=st.sampled_from(PLAIN),
        text=st.integers(0, len(TEXTS) - 1),
        tag=st.sampled_from(TAGS),
        address=st.sampled_from(ADDRESSES),
        source=st.sampled_from(SOURCES),
        other=st.integers(0, 5),
    )
