"""Mailercloud as a connector."""

from syncd.connectors.api import Plugin
from syncd.connectors.mailercloud.config import SETTINGS_HELP, Settings
from syncd.connectors.mailercloud.connector import Mailercloud, open_connector
from syncd.connectors.mailercloud.fields import SPEC

CONNECTOR = Plugin(spec=SPEC, settings=Settings, open=open_connector, settings_help=SETTINGS_HELP)

__all__ = ["CONNECTOR", "Mailercloud", "Settings"]
