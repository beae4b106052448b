"""The GoHighLevel connector."""

from syncd.connectors.api import Plugin
from syncd.connectors.ghl.config import SETTINGS_HELP, GhlSettings
from syncd.connectors.ghl.connector import Ghl
from syncd.connectors.ghl.spec import SPEC

CONNECTOR = Plugin(spec=SPEC, settings=GhlSettings, open=Ghl, settings_help=SETTINGS_HELP)
