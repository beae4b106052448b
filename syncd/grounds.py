"""The grounds of a configuration: what its pairs are compiled against, as it stands today."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from syncd.accounts import Accounts
from syncd.booking import EVERYWHERE, Booking, Place, Resolver
from syncd.config.load import Pair as ConfiguredPair
from syncd.config.settings import NESTED
from syncd.core.digest import digest_json
from syncd.core.generation import Generation
from syncd.errors import AccountError, ConfigError, StoppedError, SyncdError, TransientError
from syncd.kin import Kin, kin_of
from syncd.mapping.problem import Problem
from syncd.model.record import Extent, Resource
from syncd.model.side import SIDES, Both, Side
from syncd.model.spec import ResourceSpec
from syncd.opening import Ground
from syncd.store import database, fields, readers


@dataclass(slots=True)
class Grounds(Accounts):
    """The accounts of a configuration, and what its pairs find there."""

    _kin: dict[tuple[str, Resource], Kin] = field(default_factory=dict)

    def warnings(self, name: str) -> tuple[Problem, ...]:
        """What in a pair's mapping may surprise, but does not stop it."""
        pair = self.pair_named(name)
        grounds = [
            self._ground(pair, resource, anew=False)[0]
            for resource in (Resource.CONTACT, *pair.settings.streams)
        ]
        return tuple(warning for ground in grounds for warning in ground.compiled().warnings)

    def _ground(
        self,
        configured: ConfiguredPair,
        resource: Resource,
        *,
        anew: bool,
        patience: timedelta = timedelta(),
    ) -> tuple[Ground, dict[Side, SyncdError]]:
        """What the pair is compiled against; and why the fields of a side cannot be read."""
        names: Both[str] = Both(*(configured.account(side) for side in SIDES))
        looks = names.map(lambda account: self.look(account, anew=anew, patience=patience))
        with database.reading(self.store) as db:
            generations: Both[Mapping[str, Generation]] = Both(
                *(fields.load(db, account, resource) for account in names)
            )
            known = readers.load(db, [*names], resource)
        unread = {s: error for s in SIDES if (error := looks[s].unread) is not None}
        specs = Both(*(self._spec(configured, side, resource) for side in SIDES))
        booking = None
        if resource is Resource.APPOINTMENT and not unread:
            booking, unread = self._booked(configured, specs, anew=anew)
        ground = Ground(
            configured=configured,
            names=names,
            connectors=names.map(self.connect),
            checked=looks.map(lambda look: look.checked),
            specs=specs,
            generations=generations,
            kin=self._kin_of(configured, resource),
            setup=_setup(configured),
            now=self.wire.now(),
            resource=resource,
            booking=booking,
            readers=known,
        )
        return ground, unread

    def _booked(
        self, configured: ConfiguredPair, specs: Both[ResourceSpec], *, anew: bool
    ) -> tuple[Booking | None, dict[Side, SyncdError]]:
        """Where a pair's appointments are; and why that of a side cannot be told."""
        settings = configured.settings.appointments
        if settings is None:
            return None, {}
        places: Both[Place] = Both(Place(), Place())
        unread: dict[Side, SyncdError] = {}
        for side in SIDES:
            account, spec = configured.account(side), specs[side]
            title = f"`{account}` ({self.connect(account).spec.title})"
            names = partial(self.names, account, Resource.APPOINTMENT, anew=anew)
            try:
                place = Resolver(configured, settings, side, spec, title, names).place()
            except StoppedError:
                raise
            except (ConfigError, AccountError, TransientError) as error:
                unread[side] = error
            else:
                places = places.having(side, place)
        return None if unread else Booking(settings, specs, places), unread

    def booking(self, name: str) -> Booking | None:
        """Where a pair's appointments are; None where it keeps none in step."""
        configured = self.pair_named(name)
        if configured.settings.appointments is None:
            return None
        return self._ground(configured, Resource.APPOINTMENT, anew=False)[0].booking

    def _kin_of(self, pair: ConfiguredPair, resource: Resource) -> Kin:
        """Worked out once: it walks all pairs, and a configuration does not change."""
        key = (pair.name, resource)
        if key not in self._kin:
            self._kin[key] = kin_of(self.configuration, pair, resource)
        return self._kin[key]

    def _part_of(self, account: str, spec: ResourceSpec) -> Extent:
        """The appointments that an account lists: as a pair says that keeps them in step."""
        for pair in self.configuration.pairs.values():
            for side in SIDES:
                settings = pair.settings.appointments
                if settings is not None and pair.account(side) == account:
                    title = f"`{account}` ({self.connect(account).spec.title})"
                    names = partial(self.names, account, Resource.APPOINTMENT, anew=False)
                    place = Resolver(pair, settings, side, spec, title, names).place()
                    return Booking(settings, Both(spec, spec), Both(place, place)).extents[side]
        return EVERYWHERE

    def _spec(self, pair: ConfiguredPair, side: Side, resource: Resource) -> ResourceSpec:
        account = pair.account(side)
        opened = self.connect(account)
        if resource not in opened.spec.resources:
            raise ConfigError(
                f"`{account}` ({opened.spec.title}) has no {resource.value}s, so that none can be"
                " kept in step. Nothing was done.",
                hint=f"Remove `{resource.value}s:` from this pair.",
                where=pair.place.where(*pair.steps(resource)),
            )
        return opened.spec.resources[resource]


def _setup(pair: ConfiguredPair) -> str:
    """Digest of all that decides what a pair writes; how often it does so is left out.

    So is what the pair says nothing about, as new versions have more to say.
    """
    said = pair.settings.model_dump(mode="json", exclude={"every", "jitter", "sweep_every"})
    unsaid = {name for name in NESTED if said[name] is None}
    return digest_json({name: value for name, value in said.items() if name not in unsaid})
