"""The composition root: from a configuration to pairs that can be run."""

import os
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from threading import Event, Lock

import sqlalchemy as sa

from syncd.config.load import Account as ConfiguredAccount
from syncd.config.load import Configuration, load, read_options
from syncd.config.load import Pair as ConfiguredPair
from syncd.config.policy import pair_policy
from syncd.config.problems import raise_any
from syncd.config.settings import Baseline
from syncd.connectors.api import Connector, Wire
from syncd.connectors.named import Named
from syncd.connectors.registry import connector
from syncd.core.consent import CONSENT
from syncd.core.digest import digest_json
from syncd.core.translate import Mapping as CompiledMapping
from syncd.engine.context import Account, Bench, Pair
from syncd.engine.release import may_create_fields
from syncd.errors import ConfigError
from syncd.mapping.compile import Compiled, MissingField, compile_rules
from syncd.mapping.problem import Problem, did_you_mean
from syncd.model.record import Resource
from syncd.model.rule import Rule
from syncd.model.side import SIDES, Both, Side
from syncd.model.spec import Catalogue, ResourceSpec
from syncd.store import accounts, database
from syncd.store.accounts import Checked
from syncd.store.inquiries import Place
from syncd.store.suppressions import Ledger, open_ledger

CHECK_EVERY = timedelta(hours=1)


@dataclass(slots=True)
class App:
    """A configuration with its store opened; accounts are opened when first needed.

    Attributes:
        requests: how many were sent, by account.
    """

    configuration: Configuration
    store: sa.Engine
    ledger: Ledger
    wire: Wire = field(default_factory=Wire)
    requests: Counter[str] = field(default_factory=Counter)
    _open: dict[str, Connector] = field(default_factory=dict)
    _wrote: Event = field(default_factory=Event)
    _lock: Lock = field(default_factory=Lock)

    @property
    def bench(self) -> Bench:
        return Bench(self.store, self.ledger, now=self.wire.now)

    def close(self) -> None:
        """Give back connections to platforms and to the store."""
        self.disconnect()
        self.store.dispose()

    def disconnect(self) -> None:
        """Give back connections to platforms only: other apps may use the store."""
        for opened in self._open.values():
            opened.close()
        self._open.clear()

    # -- accounts ------------------------------------------------------------------------

    def configured(self, name: str) -> ConfiguredAccount:
        """An account's configuration.

        Raises:
            ConfigError: there is no account of this name.
        """
        known = self.configuration.accounts
        if name not in known:
            hint = did_you_mean(name, known) or f"Configured are: {', '.join(known)}."
            raise ConfigError(f"There is no account '{name}'.", hint=hint)
        return known[name]

    def connect(self, name: str) -> Connector:
        """The connector of an account, opened once; touches no network."""
        if name not in self._open:
            account = self.configured(name)
            plugin = connector(account.connector, account.place.where("connector"))
            options = read_options(account, plugin.settings)
            share = self.wire.rate_share * account.rate_share
            wire = replace(self.wire, rate_share=share, on_request=self._counting(name))
            where = account.place.where()
            self._open[name] = Named(plugin.open(options, wire), name, where, self._wrote)
        return self._open[name]

    def _counting(self, name: str) -> Callable[[], None]:
        def count() -> None:
            with self._lock:
                self.requests[name] += 1

        return count

    def checked(self, name: str, *, anew: bool = False) -> Checked:
        """Who an account is and what it can hold, asked again when that is an hour old.

        Raises:
            AccountError: the credentials are not valid, or the account cannot be read.
        """
        account = self.configured(name)
        settings = self._settings_hash(account)
        with database.reading(self.store) as db:
            known = accounts.load(db, name)
        now = self.wire.now()
        fresh_enough = known is not None and now - known.checked_at < CHECK_EVERY
        if known and known.settings == settings and fresh_enough and not anew:
            return known
        opened = self.connect(name)
        resources = opened.spec.resources
        fresh = Checked(
            connector=account.connector,
            identity=opened.check(),
            catalogues={resource: opened.catalogue(resource) for resource in resources},
            settings=settings,
            checked_at=now,
        )
        with self.store.begin() as db:
            accounts.save(db, name, fresh)
        return fresh

    def _settings_hash(self, account: ConfiguredAccount) -> str:
        content = [account.connector, {k: str(v) for k, v in account.options.items()}]
        return self.ledger.hashed(digest_json(content))

    # -- pairs ---------------------------------------------------------------------------

    def pair_named(self, name: str) -> ConfiguredPair:
        """A pair's configuration.

        Raises:
            ConfigError: there is no pair of this name.
        """
        known = self.configuration.pairs
        if name not in known:
            hint = did_you_mean(name, known) or f"Configured are: {', '.join(known)}."
            raise ConfigError(f"There is no pair '{name}'.", hint=hint)
        return known[name]

    def open_pair(self, name: str, *, create_fields: bool, anew: bool = False) -> Pair:
        """A pair, compiled against what both accounts hold today; see `_open_pair`.

        If it does not fit what was known of the accounts, they are asked once more: a person
        may just have made the field that was missing.
        """
        try:
            return self._open_pair(name, create_fields=create_fields, anew=anew)
        except ConfigError:
            if anew:
                raise
            return self._open_pair(name, create_fields=create_fields, anew=True)

    def _open_pair(self, name: str, *, create_fields: bool, anew: bool) -> Pair:
        """A pair, compiled against what both accounts hold today.

        Args:
            create_fields: make the custom fields that rules with `create_missing` lack, if
                the pair is approved as it is set up now; else they are taken as if they
                were there and empty.
            anew: ask the accounts even if they were checked a moment ago.

        Raises:
            ConfigError: the mapping does not fit; every problem, with its line.
            AccountError: an account cannot be read.
        """
        configured = self.pair_named(name)
        names: Both[str] = Both(*(configured.account(side) for side in SIDES))
        checked = names.map(lambda account: self.checked(account, anew=anew))
        resource = Resource.CONTACT
        specs = names.map(lambda account: self._spec(account, resource))
        catalogues = checked.map(lambda c: c.catalogues[resource])
        compiled = self._compile(configured, catalogues, specs)
        setup = _setup(configured)
        if compiled.missing and create_fields and self._is_approved(configured, setup):
            for one in compiled.missing:
                self.connect(names[one.side]).create_field(resource, one.spec)
            checked = names.map(lambda account: self.checked(account, anew=True))
            catalogues = checked.map(lambda c: c.catalogues[resource])
            compiled = self._compile(configured, catalogues, specs)
        missing = compiled.missing
        imagined = _with_missing(catalogues, missing)
        if missing:
            compiled = self._compile(configured, imagined, specs)
        countries = checked.map(lambda c: c.identity.country)
        policy, looked_at = pair_policy(configured, imagined, countries)
        fields: Both[frozenset[str]] = Both(
            *(
                _fields_to_read(side, compiled.rules, specs[side], catalogues[side])
                | looked_at[side]
                for side in SIDES
            )
        )
        return Pair(
            name=name,
            accounts=Both(
                *(
                    Account(
                        names[side], self.connect(names[side]), checked[side].identity.account_id
                    )
                    for side in SIDES
                )
            ),
            mapping=CompiledMapping(compiled.rules, imagined, countries),
            policy=policy,
            specs=specs,
            fields=fields,
            relatives=relatives(self.configuration, names.left),
            setup=setup,
            resource=resource,
            hiding=self._hiding(names.left, resource),
            sharing=names.map(lambda account: self._sharing(account, but=name)),
            sweep_every=configured.settings.sweep_every,
            imagined=Both(
                *(frozenset(one.spec.name for one in missing if one.side is side) for side in SIDES)
            ),
        )

    def _hiding(self, account: str, resource: Resource) -> tuple[Place, ...]:
        """Pairs and sides, connected with an account, that may hide who opted out."""
        connected = relatives(self.configuration, account)
        return tuple(
            (name, side)
            for name, pair in self.configuration.pairs.items()
            for side in SIDES
            if pair.account(side) in connected and self._hides(pair.account(side), resource)
        )

    def _sharing(self, account: str, *, but: str) -> tuple[Place, ...]:
        """The other pairs that an account takes part in, with its side of each."""
        return tuple(
            (name, side)
            for name, pair in self.configuration.pairs.items()
            for side in SIDES
            if pair.account(side) == account and name != but
        )

    def _hides(self, account: str, resource: Resource) -> bool:
        configured = self.configured(account)
        plugin = connector(configured.connector, configured.place.where("connector"))
        spec = plugin.spec.resources.get(resource)
        consent = spec.consent if spec else None
        return consent is not None and consent.hides and consent.by_address

    def _is_approved(self, pair: ConfiguredPair, setup: str) -> bool:
        auto = pair.settings.baseline is Baseline.AUTO
        with database.reading(self.store) as db:
            return may_create_fields(db, pair.name, setup, baseline_auto=auto)

    def _spec(self, account: str, resource: Resource) -> ResourceSpec:
        opened = self.connect(account)
        if resource not in opened.spec.resources:
            raise ConfigError(f"'{opened.spec.name}' has no resource '{resource.value}'.")
        return opened.spec.resources[resource]

    def _compile(
        self, pair: ConfiguredPair, catalogues: Both[Catalogue], specs: Both[ResourceSpec]
    ) -> Compiled:
        names: Both[str] = Both(*(pair.account(side) for side in SIDES))
        compiled = compile_rules(pair.lines, catalogues, specs, names)
        raise_any(compiled.problems)
        return compiled

    def warnings(self, name: str) -> tuple[Problem, ...]:
        """What in a pair's mapping may surprise, but does not stop it."""
        configured = self.pair_named(name)
        names: Both[str] = Both(*(configured.account(side) for side in SIDES))
        resource = Resource.CONTACT
        catalogues = names.map(lambda account: self.checked(account).catalogues[resource])
        specs = names.map(lambda account: self._spec(account, resource))
        return self._compile(configured, catalogues, specs).warnings


def open_app(path: Path, *, env: Mapping[str, str] | None = None, wire: Wire | None = None) -> App:
    """Read the configuration, open the store and bring its schema up to date.

    Raises:
        ConfigError: a file is wrong; all problems at once.
        StoreError: the store cannot be used.
    """
    configuration = load(path, os.environ if env is None else env)
    store = database.open_store(configuration.store)
    database.upgrade(store)
    with database.explained(store):
        ledger = open_ledger(store)
    return App(configuration, store, ledger, wire or Wire())


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


def _setup(pair: ConfiguredPair) -> str:
    """Digest of all that decides what a pair writes; how often it does so is left out."""
    timing = {"every", "jitter", "sweep_every"}
    return digest_json(pair.settings.model_dump(mode="json", exclude=timing))


def _with_missing(
    catalogues: Both[Catalogue], missing: tuple[MissingField, ...]
) -> Both[Catalogue]:
    return Both(
        *(
            {**catalogues[side], **{m.spec.name: m.spec for m in missing if m.side is side}}
            for side in SIDES
        )
    )


def _fields_to_read(
    side: Side, rules: tuple[Rule, ...], spec: ResourceSpec, catalogue: Catalogue
) -> frozenset[str]:
    named = {name for rule in rules for name in rule.fields(side)}
    if spec.reference is not None:
        named.add(spec.reference)
    return frozenset(name for name in named if name in catalogue) | {CONSENT}
