"""Every connector that is installed: built-in and third-party ones enter by the same door."""

from collections.abc import Iterator, Mapping, MutableMapping
from difflib import get_close_matches
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from syncd.connectors.api import Plugin
from syncd.errors import ConfigError

GROUP = "syncd.connectors"


class _Plugins(MutableMapping[str, Plugin]):
    """Plugins by name, in the order of their names; each is loaded when it is asked for."""

    def __init__(self, points: Mapping[str, EntryPoint]) -> None:
        self._known: dict[str, Plugin | EntryPoint] = dict(points)

    def __getitem__(self, name: str) -> Plugin:
        found = self._known[name]
        if isinstance(found, EntryPoint):
            found = self._known[name] = _checked(name, found.load())
        return found

    def __setitem__(self, name: str, plugin: Plugin) -> None:
        self._known[name] = plugin

    def __delitem__(self, name: str) -> None:
        del self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._known))

    def __len__(self) -> int:
        return len(self._known)


@cache
def installed() -> Mapping[str, Plugin]:
    """Connectors by name, in the order of their names; those nobody asks for are not loaded."""
    return _Plugins({point.name: point for point in entry_points(group=GROUP)})


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


def _checked(name: str, plugin: object) -> Plugin:
    if not isinstance(plugin, Plugin):
        raise ConfigError(
            f"The connector '{name}' does not offer a Plugin.",
            hint="Its entry point has to name a `syncd.connectors.api.Plugin`.",
        )
    return plugin
