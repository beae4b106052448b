"""What the accounts of a pair are connected with, through all the pairs there are."""

from dataclasses import dataclass, field

from syncd.config.derived import derived_of
from syncd.config.load import Configuration
from syncd.config.load import Pair as ConfiguredPair
from syncd.connectors.registry import connector
from syncd.model.record import Resource
from syncd.model.side import SIDES, Both, Side
from syncd.store.inquiries import Place


@dataclass(frozen=True, slots=True)
class Kin:
    """The surroundings of one pair.

    Attributes:
        relatives: names of all accounts whose opt-outs count for it.
        hiding: pairs and sides among those whose listings may hide who opted out.
        sharing: per side, the other pairs of its account, with their sides of it.
        resubscribe: every pair among those lets a newer opt-in lift an opt-out.
        derived: per side, the derived fields that any pair of its account names.
    """

    relatives: tuple[str, ...] = ()
    hiding: tuple[Place, ...] = ()
    sharing: Both[tuple[Place, ...]] = field(default_factory=lambda: Both((), ()))
    resubscribe: bool = True
    derived: Both[frozenset[str]] = field(default_factory=lambda: Both(frozenset(), frozenset()))


def kin_of(configuration: Configuration, pair: ConfiguredPair, resource: Resource) -> Kin:
    """What a pair is connected with."""
    connected = relatives(configuration, pair.account(Side.LEFT))
    places = [
        (one.account(side), (one.name, side))
        for one in configuration.pairs.values()
        for side in SIDES
    ]
    return Kin(
        relatives=connected,
        hiding=tuple(
            place
            for account, place in places
            if account in connected and _hides(configuration, account, resource)
        ),
        sharing=Both(
            *(
                tuple(
                    place
                    for account, place in places
                    if account == pair.account(side) and place[0] != pair.name
                )
                for side in SIDES
            )
        ),
        resubscribe=all(
            one.settings.consent.resubscribe == "newer"
            for one in configuration.pairs.values()
            if one.account(Side.LEFT) in connected
        ),
        derived=Both(*(_derived(configuration, pair.account(side)) for side in SIDES)),
    )


def _derived(configuration: Configuration, account: str) -> frozenset[str]:
    return frozenset(
        name
        for one in configuration.pairs.values()
        for side in SIDES
        if one.account(side) == account
        for name in derived_of(one, side)
    )


def relatives(configuration: Configuration, account: str) -> tuple[str, ...]:
    """Every account that is connected with this one through pairs, itself included."""
    found = {account}
    while True:
        more = {
            pair.account(side.other)
            for pair in configuration.pairs.values()
            for side in SIDES
            if pair.account(side) in found
        }
        if more <= found:
            return tuple(sorted(found))
        found |= more


def _hides(configuration: Configuration, account: str, resource: Resource) -> bool:
    configured = configuration.accounts[account]
    plugin = connector(configured.connector, configured.place.where("connector"))
    spec = plugin.spec.resources.get(resource)
    consent = spec.consent if spec else None
    return consent is not None and consent.hides and consent.by_address
