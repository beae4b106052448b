"""The GoHighLevel connector."""

from collections.abc import Mapping

from syncd.connectors.api import Connector, Plugin, Wire
from syncd.connectors.ghl.child_spec import in_turn
from syncd.connectors.ghl.config import SETTINGS_HELP, GhlSettings
from syncd.connectors.ghl.spec import SPEC
from syncd.model.record import Resource


def _open(settings: GhlSettings, wire: Wire) -> Connector:
    from syncd.connectors.ghl.connector import Ghl  # what talks to GHL is loaded to talk to it

    return Ghl(settings, wire)


def _in_turn(settings: GhlSettings, share: float) -> Mapping[Resource, float]:
    specs = in_turn(settings.children_share * share)
    return {resource: spec.sweep_rate or 0.0 for resource, spec in specs.items()}


CONNECTOR = Plugin(
    spec=SPEC,
    settings=GhlSettings,
    open=_open,
    settings_help=SETTINGS_HELP,
    allowance=("base_url", "location_id"),  # more tokens do not make it more (ghl.md 2)
    in_turn=_in_turn,
)
