"""The GoHighLevel connector."""

from syncd.connectors.api import Connector, Plugin, Wire
from syncd.connectors.ghl.config import SETTINGS_HELP, GhlSettings
from syncd.connectors.ghl.spec import SPEC


def _open(settings: GhlSettings, wire: Wire) -> Connector:
    from syncd.connectors.ghl.connector import Ghl  # what talks to GHL is loaded to talk to it

    return Ghl(settings, wire)


CONNECTOR = Plugin(
    spec=SPEC,
    settings=GhlSettings,
    open=_open,
    settings_help=SETTINGS_HELP,
    allowance=("base_url", "location_id"),  # more tokens do not make it more (ghl.md 2)
)
