"""What people do in Mailercloud, by way of the second pair's view of the world."""

from collections.abc import Callable

from syncd.model.side import Side
from tests.engine.deed import ASIDE, Deed, meant, two
from tests.engine.pairs import MAILERCLOUD
from tests.engine.world import World

MAILERCLOUD_FIELDS = {
    "firstName": "name",
    "lastName": "last_name",
    "city": "city",
    "phone": "phone",
}


def _create_news(world: World, deed: Deed) -> None:
    fields, custom = _mailercloud_fields(deed)
    world.act(
        MAILERCLOUD,
        "create",
        email=deed.address,
        fields=fields,
        custom=custom,
        tags=[deed.tag],
    )


def _edit_news(world: World, deed: Deed) -> None:
    fields, custom = _mailercloud_fields(deed)
    who = meant(world, Side.RIGHT, deed)
    world.act(MAILERCLOUD, "edit", id=who, fields=fields, custom=custom)


def _mailercloud_fields(deed: Deed) -> tuple[dict[str, str | None], dict[str, str | None]]:
    value = deed.value[:25] or None
    if deed.name == "colour":
        return {}, {"Colour": value}
    return {MAILERCLOUD_FIELDS[deed.name]: value}, {}


def _retag_news(world: World, deed: Deed) -> None:
    who = meant(world, Side.RIGHT, deed)
    shown = world.box.platform(MAILERCLOUD).dump()
    (tags,) = (set(one["tags"]) for one in shown if one["id"] == who)
    world.act(MAILERCLOUD, "edit", id=who, tags=sorted(tags ^ {deed.tag}))


def _move_news(world: World, deed: Deed) -> None:
    who = meant(world, Side.RIGHT, deed)
    world.act(MAILERCLOUD, "rename", id=who, new_email=deed.address)


def _swap_news(world: World, deed: Deed) -> None:
    one, other = two(world, Side.RIGHT, deed)
    addresses = [world.rows(Side.RIGHT)[i].email for i in (one, other)]
    world.act(MAILERCLOUD, "rename", id=one, new_email=ASIDE["email"])
    world.act(MAILERCLOUD, "rename", id=other, new_email=addresses[0])
    world.act(MAILERCLOUD, "rename", id=one, new_email=addresses[1])


def _delete_news(world: World, deed: Deed) -> None:
    world.act(MAILERCLOUD, "delete", id=meant(world, Side.RIGHT, deed))


def _opt_out_news(world: World, deed: Deed) -> None:
    world.act(MAILERCLOUD, "unsubscribe", id=meant(world, Side.RIGHT, deed))


def _bounce_news(world: World, deed: Deed) -> None:
    kind = "hard" if deed.other % 2 else "soft"
    world.act(MAILERCLOUD, "bounce", id=meant(world, Side.RIGHT, deed), kind=kind)


def _back_news(world: World, deed: Deed) -> None:
    world.act(MAILERCLOUD, "resubscribe", id=meant(world, Side.RIGHT, deed))


NEWS_DEEDS: dict[str, Callable[[World, Deed], None]] = {
    "create news": _create_news,
    "edit news": _edit_news,
    "retag news": _retag_news,
    "move news": _move_news,
    "swap news": _swap_news,
    "delete news": _delete_news,
    "opt out news": _opt_out_news,
    "bounce news": _bounce_news,
    "back news": _back_news,
}
