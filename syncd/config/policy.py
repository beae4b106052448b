"""What a pair's file decides, as the engine takes it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from syncd.config.load import Pair
from syncd.config.problems import raise_any
from syncd.config.settings import Baseline
from syncd.mapping.problem import UNKEPT_HINT, Problem, did_you_mean, unkept_told
from syncd.mapping.where import Steps, Where, compile_where
from syncd.model.policy import NO_KEYS, Keys, PairPolicy
from syncd.model.record import Resource
from syncd.model.side import SIDES, Both, Side
from syncd.model.spec import Catalogue
from syncd.model.values import Fields


def pair_policy(
    pair: Pair, catalogues: Both[Catalogue], countries: Both[str | None]
) -> tuple[PairPolicy, Both[frozenset[str]]]:
    """The policy of a pair, and per side the fields that its filter and its keys look at.

    Args:
        catalogues: the fields of both accounts, after missing ones were created.
        countries: ISO alpha-2 per account, to read phones in filters.

    Raises:
        ConfigError: a filter or a key names a field that is not there; all at once.
    """
    settings = pair.settings
    left, left_wrong = _filter(pair, Side.LEFT, catalogues.left, countries.left)
    right, right_wrong = _filter(pair, Side.RIGHT, catalogues.right, countries.right)
    second = settings.identity.second
    keys = Keys(settings.identity.key.both, second.both if second else None)
    raise_any([*left_wrong, *right_wrong, *_unknown_keys(pair, keys, catalogues)])
    policy = replace(
        address_policy(pair, catalogues),
        create=settings.create.sides,
        deleted=settings.delete,
        filter=Both(left, right),
        on_leave=settings.filter.on_leave,
        untag=frozenset(settings.filter.untag),
    )
    reads = Both(left, right).map(lambda where: where.reads if where else frozenset())
    return policy, Both(
        reads.left | {key.left for key in _keys(keys)},
        reads.right | {key.right for key in _keys(keys)},
    )


def address_policy(pair: Pair, catalogues: Both[Catalogue]) -> PairPolicy:
    """As much of the policy as concerns addresses and opt-outs; nothing is made or deleted.

    A second key that is not there is left out: who is known by the first stays known.

    Raises:
        ConfigError: the key itself is not there.
    """
    settings = pair.settings
    second = settings.identity.second.both if settings.identity.second else None
    if second and any(second[side] not in catalogues[side] for side in SIDES):
        second = None
    keys = Keys(settings.identity.key.both, second)
    raise_any(_unknown_keys(pair, keys, catalogues))
    return PairPolicy(
        keys=keys,
        create=frozenset(),
        resubscribe=settings.consent.resubscribe == "newer",
        guards=settings.guards.guards,
        baseline_auto=settings.baseline is Baseline.AUTO,
    )


def child_policy(
    pair: Pair,
    resource: Resource,
    given: Both[Fields],
    span: tuple[datetime | None, datetime | None],
) -> PairPolicy:
    """The policy of what belongs to contacts; no field tells who or what one of them is.

    Args:
        given: as in `PairPolicy`; span: its `since` and `until`.
    """
    appointments = pair.settings.appointments
    notify = appointments is not None and appointments.notify
    settings = pair.settings.streams[resource]
    return PairPolicy(
        keys=NO_KEYS,
        create=settings.create.sides,
        deleted=settings.deleted,
        guards=settings.guards.guards,
        baseline_auto=pair.settings.baseline is Baseline.AUTO,
        given=given,
        since=span[0],
        until=span[1],
        notify=notify and resource is Resource.APPOINTMENT,
    )


def _filter(
    pair: Pair, side: Side, catalogue: Catalogue, country: str | None
) -> tuple[Where | None, list[Problem]]:
    settings = pair.settings.filter
    condition = settings.left if side is Side.LEFT else settings.right
    if condition is None:
        return None, []

    def locate(steps: Steps) -> str:
        return pair.place.where("filter", side.value, *steps)

    return compile_where(condition, catalogue, country=country, locate=locate)


def _keys(keys: Keys) -> Iterator[Both[str]]:
    yield keys.first
    if keys.second:
        yield keys.second


def _unknown_keys(pair: Pair, keys: Keys, catalogues: Both[Catalogue]) -> Iterator[Problem]:
    for setting, key in zip(("key", "second"), _keys(keys), strict=False):
        for side in SIDES:
            spec = catalogues[side].get(key[side])
            where = pair.place.where("identity", setting, side.value)
            account = pair.account(side)
            if spec is None:
                hint = did_you_mean(key[side], catalogues[side])
                yield Problem(where, f"`{account}` has no field `{key[side]}`.", hint)
            elif not spec.kept:
                yield Problem(where, f"`{account}` has {unkept_told(spec)}.", UNKEPT_HINT)
