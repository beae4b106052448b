"""Mailercloud as a connector."""

from syncd.connectors.api import Connector, Plugin, Wire
from syncd.connectors.mailercloud.config import SETTINGS_HELP, Settings
from syncd.connectors.mailercloud.fields import SPEC


def _open(settings: Settings, wire: Wire) -> Connector:
    # What talks to Mailercloud is loaded to talk to it.
    from syncd.connectors.mailercloud.connector import Mailercloud

    return Mailercloud(settings, wire)


CONNECTOR = Plugin(
    spec=SPEC,
    settings=Settings,
    open=_open,
    settings_help=SETTINGS_HELP,
    allowance=("base_url", "api_key"),  # whatever the list (mailercloud.md 15)
)

__all__ = ["CONNECTOR", "Settings"]
