"""The accounts of a configuration: connected when needed, and who each turned out to be."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Event, Lock

import sqlalchemy as sa

from syncd.budgets import Budgets
from syncd.config.load import Account as ConfiguredAccount
from syncd.config.load import read_options
from syncd.connectors.api import Connector, Names, Naming, Wire
from syncd.connectors.named import Named
from syncd.connectors.registry import connector
from syncd.connectors.spending import Spend, spent_for
from syncd.core.digest import digest_json
from syncd.errors import AccountError, StoppedError, SyncdError, TransientError
from syncd.http.budget import SharedBudget
from syncd.model.record import Resource
from syncd.model.spec import Catalogue, ResourceSpec
from syncd.store import accounts, database, fields, spent
from syncd.store.accounts import Checked
from syncd.store.clocks import within
from syncd.store.suppressions import Ledger
from syncd.stored import Stored

CHECK_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Look:
    """What an account said of itself; and why its fields cannot be read, if that is so."""

    checked: Checked
    unread: SyncdError | None = None


@dataclass(slots=True)
class Accounts(Stored):
    """The accounts of a configuration, with the store opened; each is opened when first needed.

    Attributes:
        budgets: what may be sent to whom, shared with all other apps of the process.
        requests: how many were sent, by account.
    """

    ledger: Ledger
    wire: Wire = field(default_factory=Wire)
    budgets: Budgets = field(default_factory=Budgets)
    requests: Counter[str] = field(default_factory=Counter)
    _open: dict[str, Connector] = field(default_factory=dict)
    _unnoted: Counter[tuple[str, Spend]] = field(default_factory=Counter)
    _budgets: dict[str, SharedBudget] = field(default_factory=dict)
    _wrote: Event = field(default_factory=Event)
    _lock: Lock = field(default_factory=Lock)
    _unread: dict[str, Look] = field(default_factory=dict)
    _names: dict[tuple[str, Resource, str], tuple[datetime, Names]] = field(default_factory=dict)

    def close(self) -> None:
        """Give back connections to platforms and to the store."""
        self.disconnect()
        self.store.dispose()

    def disconnect(self) -> None:
        """Give back connections to platforms only: other apps may use the store."""
        for opened in self._open.values():
            opened.close()
        self._open.clear()

    def connect(self, name: str) -> Connector:
        """The connector of an account, opened once; touches no network."""
        if name not in self._open:
            account = self.configured(name)
            plugin = connector(account.connector, account.place.where("connector"))
            options = read_options(account, plugin.settings)
            budget = self.budgets.of(account, plugin, options, self.wire)
            self._budgets[name] = budget
            with database.reading(self.store) as db:
                budget.recall(spent.of(db, name, self.wire.now()).told)
            # What is read in turn is a part of the day, which pairs of one account divide.
            share = self.wire.rate_share * account.rate_share / max(self.budgets.pairs[name], 1)
            counted = self._counting(name)
            wire = replace(self.wire, rate_share=share, on_request=counted, budget=budget)
            where = account.place.where()
            self._open[name] = Named(plugin.open(options, wire), name, where, self._wrote)
        return self._open[name]

    def note_spent(self, db: sa.Connection) -> None:
        """Write down what was sent since the last time; the caller commits."""
        with self._lock:
            used, self._unnoted = self._unnoted, Counter()
        told = {name: self._budgets[name].told for name, _ in used}
        spent.note(db, self.wire.now(), used, told)

    def budget_of(self, name: str) -> SharedBudget:
        """The budget of an account that is connected."""
        return self._budgets[name]

    def rests(self, name: str, spend: Spend) -> bool:
        """Whether an account's day holds nothing more for a class of work, as far as is known."""
        return name in self._budgets and self._budgets[name].rests(spend)

    def _counting(self, name: str) -> Callable[[], None]:
        def count() -> None:
            with self._lock:
                self.requests[name] += 1
                self._unnoted[name, spent_for()] += 1

        return count

    def checked(self, name: str, *, anew: bool = False) -> Checked:
        """Who an account is and what it can hold, asked again when that is an hour old.

        Raises:
            AccountError: the credentials are not valid, or the account cannot be read.
        """
        look = self.look(name, anew=anew)
        if look.unread is not None:
            raise look.unread
        return look.checked

    def look(self, name: str, *, anew: bool, patience: timedelta = timedelta()) -> Look:
        """As `checked`; where only the fields cannot be read, those that every account has."""
        account = self.configured(name)
        settings = self._settings_hash(account)
        with database.reading(self.store) as db:
            known = accounts.load(db, name)
        now = self.wire.now()
        fresh_enough = known is not None and within(now, known.checked_at, CHECK_EVERY)
        if known and known.settings == settings and fresh_enough and not anew:
            return Look(known)
        failed = self._unread.get(name)
        if failed and not anew and within(now, failed.checked.checked_at, patience):
            return failed
        opened = self.connect(name)
        specs = opened.spec.resources
        try:
            identity = opened.check()
        except StoppedError:
            raise
        except (AccountError, TransientError) as error:
            if known is None or known.settings != settings:
                raise
            # These credentials led to this account before: enough to carry opt-outs.
            self._unread[name] = Look(replace(known, checked_at=now), error)
            return self._unread[name]
        try:
            catalogues = {resource: opened.catalogue(resource) for resource in specs}
        except StoppedError:
            raise
        except (AccountError, TransientError) as error:
            bare = {resource: spec.fields for resource, spec in specs.items()}
            checked = Checked(account.connector, identity, bare, settings, now)
            self._unread[name] = Look(checked, error)
            return self._unread[name]
        self._unread.pop(name, None)
        fresh = Checked(account.connector, identity, catalogues, settings, now)
        with database.begin(self.store) as db:
            accounts.save(db, name, fresh)
            same = known is None or known.identity.account_id == identity.account_id
            for resource, spec in specs.items() if same else ():
                before = known.catalogues.get(resource, {}) if known else {}
                own = _custom(catalogues[resource], spec)
                fields.take_in(db, name, resource, own, _custom(before, spec))
        return Look(fresh)

    def names(self, account: str, resource: Resource, name: str, *, anew: bool) -> Names:
        """What the ids in a field stand for, asked again when that is an hour old.

        Raises:
            AccountError, TransientError: the platform does not tell.
        """
        key, now = (account, resource, name), self.wire.now()
        if key not in self._names or anew or not within(now, self._names[key][0], CHECK_EVERY):
            opened = self.connect(account)
            assert isinstance(opened, Naming)  # noqa: S101 - its Spec says that it has such fields
            self._names[key] = now, opened.named(resource, name)
        return self._names[key][1]

    def _settings_hash(self, account: ConfiguredAccount) -> str:
        content = [account.connector, {k: str(v) for k, v in account.options.items()}]
        return self.ledger.hashed(digest_json(content))


def _custom(catalogue: Catalogue, spec: ResourceSpec) -> Catalogue:
    """The fields that a person can delete or make."""
    return {n: one for n, one in catalogue.items() if n not in spec.fields and one.kept}
