"""A configuration with its store opened: what can be told, and noted, without any platform."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa

from syncd.config.load import Account as ConfiguredAccount
from syncd.config.load import Configuration, load
from syncd.config.load import Pair as ConfiguredPair
from syncd.errors import ConfigError
from syncd.mapping.problem import did_you_mean
from syncd.store import database

T = TypeVar("T")


@dataclass(slots=True)
class Stored:
    """A configuration and its store.

    Attributes:
        is_empty: the store has no tables, and so nothing to tell.
    """

    configuration: Configuration
    store: sa.Engine
    is_empty: bool = field(default=False, kw_only=True)

    def close(self) -> None:
        """Give back the connections to the store."""
        self.store.dispose()

    def configured(self, name: str) -> ConfiguredAccount:
        """An account's configuration.

        Raises:
            ConfigError: there is no account of this name.
        """
        return _named(self.configuration.accounts, "account", name)

    def pair_named(self, name: str) -> ConfiguredPair:
        """A pair's configuration.

        Raises:
            ConfigError: there is no pair of this name.
        """
        return _named(self.configuration.pairs, "pair", name)


def _named(known: Mapping[str, T], what: str, name: str) -> T:
    if name not in known:
        hint = did_you_mean(name, known) or f"Configured are: {', '.join(known)}."
        raise ConfigError(f"There is no {what} '{name}'.", hint=hint)
    return known[name]


def open_stored(path: Path, *, env: Mapping[str, str] | None = None, make: bool = True) -> Stored:
    """Read the configuration, open the store and bring its schema up to date.

    Args:
        make: an empty store gets the schema too.

    Raises:
        ConfigError: a file is wrong; all problems at once.
        StoreError: the store cannot be used.
    """
    configuration = load(path, os.environ if env is None else env)
    store = database.open_store(configuration.store)
    schema = database.upgrade(store, make=make)
    return Stored(configuration, store, is_empty=schema is None)
