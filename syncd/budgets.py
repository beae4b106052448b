"""The budgets of all accounts: one for all who use the same allowance of a platform."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from pydantic import BaseModel, SecretStr

from syncd.config.load import Account, Pair
from syncd.connectors.api import Plugin, Wire
from syncd.core.digest import digest_json
from syncd.http.budget import SharedBudget
from syncd.model.side import SIDES

Key = tuple[str, ...]


@dataclass(slots=True)
class Budgets:
    """The budgets of one process, shared by every pair that it works on.

    Attributes:
        pairs: how many pairs use an account, by its name.
    """

    pairs: Counter[str] = field(default_factory=Counter)
    _shared: dict[Key, SharedBudget] = field(default_factory=dict)
    _shares: dict[Key, dict[str, float]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def count(self, pairs: Iterable[Pair]) -> None:
        """Note which pairs there are from now on."""
        self.pairs = Counter(pair.account(side) for pair in pairs for side in SIDES)

    def of(self, account: Account, plugin: Plugin, options: BaseModel, wire: Wire) -> SharedBudget:
        """The budget of an account, of which the smallest part is used that anybody said."""
        key = (account.connector, *_allowance(account, plugin, options))
        with self._lock:
            shares = self._shares.setdefault(key, {})
            shares[account.name] = account.rate_share * wire.rate_share
            if key not in self._shared:
                self._shared[key] = SharedBudget(monotonic=wire.monotonic, now=wire.now)
            budget = self._shared[key]
            budget.share = min(shares.values())
            return budget


def _allowance(account: Account, plugin: Plugin, options: BaseModel) -> Key:
    """What says whose allowance it is; a digest, as there may be a secret in it."""
    if not plugin.allowance:
        return (digest_json(_plain(account.options)),)
    said = options.model_dump(include=set(plugin.allowance))
    return (digest_json(_plain(said)),)


def _plain(options: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        for name, value in options.items()
    }
