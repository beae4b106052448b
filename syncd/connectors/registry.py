"""Every connector that is installed: built-in and third-party ones enter by the same door."""

from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from importlib.metadata import entry_points

from syncd.connectors.api import Plugin
from syncd.errors import ConfigError

GROUP = "syncd.connectors"


@cache
def installed() -> Mapping[str, Plugin]:
    """Connectors by name, in the order of their names."""
    found = {point.name: point for point in entry_points(group=GROUP)}
    return {name: _load(name, found[name].load()) for name in sorted(found)}


def connector(name: str, where: str = "") -> Plugin:
    """The connector with this name.

    Raises:
        ConfigError: there is none.
    """
    plugins = installed()
    if name in plugins:
        return plugins[name]
    close = get_close_matches(name, plugins, n=1)
    hint = f"Did you mean '{close[0]}'?" if close else f"Installed are: {', '.join(plugins)}."
    raise ConfigError(f"There is no connector '{name}'.", where=where, hint=hint)


def _load(name: str, plugin: object) -> Plugin:
    if not isinstance(plugin, Plugin):
        raise ConfigError(
            f"The connector '{name}' does not offer a Plugin.",
            hint="Its entry point has to name a `syncd.connectors.api.Plugin`.",
        )
    return plugin
