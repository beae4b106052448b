"""Maileon as a connector."""

from syncd.connectors.api import Plugin
from syncd.connectors.maileon.config import SETTINGS_HELP, Settings
from syncd.connectors.maileon.connector import Maileon, open_connector
from syncd.connectors.maileon.fields import SPEC

CONNECTOR = Plugin(spec=SPEC, settings=Settings, open=open_connector, settings_help=SETTINGS_HELP)

__all__ = ["CONNECTOR", "Maileon", "Settings"]
