"""Maileon as a connector."""

from syncd.connectors.api import Connector, Plugin, Wire
from syncd.connectors.maileon.config import SETTINGS_HELP, Settings
from syncd.connectors.maileon.fields import SPEC


def _open(settings: Settings, wire: Wire) -> Connector:
    # What talks to Maileon is loaded to talk to it.
    from syncd.connectors.maileon.connector import Maileon

    return Maileon(settings, wire)


CONNECTOR = Plugin(
    spec=SPEC,
    settings=Settings,
    open=_open,
    settings_help=SETTINGS_HELP,
    allowance=("base_url", "api_key"),
)

__all__ = ["CONNECTOR", "Settings"]
