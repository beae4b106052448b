"""Who each account turned out to be, and what its records can hold."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from syncd.model.record import Identity, Resource
from syncd.model.spec import Catalogue, FieldSpec, Kind
from syncd.store import tables as t
from syncd.store.prepared import prepared
from syncd.store.upsert import upsert

LONGEST_TITLE = 200
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Checked:
    """An account as it was last checked.

    Attributes:
        settings: keyed hash of its configuration then; another one asks for a new check.
    """

    connector: str
    identity: Identity
    catalogues: Mapping[Resource, Catalogue]
    settings: str
    checked_at: datetime


@prepared
def _load(name: Any) -> sa.Executable:
    return sa.select(t.account).where(t.account.c.name == name)


def load(db: sa.Connection, name: str) -> Checked | None:
    """The account as it was last checked."""
    row = _load(db, name=name).first()
    if row is None:
        return None
    catalogues = {
        Resource(resource): {field["name"]: _field(field) for field in fields}
        for resource, fields in row.catalogues.items()
    }
    identity = Identity(row.account_id, row.title, row.country, row.time_zone)
    return Checked(row.connector, identity, catalogues, row.settings, row.checked_at)


def save(db: sa.Connection, name: str, checked: Checked) -> None:
    row: dict[str, Any] = {
        "name": name,
        "connector": checked.connector,
        "account_id": checked.identity.account_id,
        "title": "".join(c for c in checked.identity.title if c.isprintable())[:LONGEST_TITLE],
        "country": _fitting(checked.identity.country, 2),
        "time_zone": _fitting(checked.identity.time_zone, 64),
        "catalogues": {
            resource.value: [asdict(field) for field in catalogue.values()]
            for resource, catalogue in checked.catalogues.items()
        },
        "settings": checked.settings,
        "checked_at": checked.checked_at,
    }
    upsert(db, t.account, [row], [column for column in row if column != "name"])


def ask_anew(db: sa.Connection, name: str) -> None:
    """Let the next look at an account ask its platform, however lately that was done."""
    db.execute(t.account.update().where(t.account.c.name == name).values(checked_at=_LONG_AGO))


def _fitting(text: str | None, length: int) -> str | None:
    return text if text and len(text) <= length and text.isprintable() else None


def _field(stored: Mapping[str, Any]) -> FieldSpec:
    lists = {name: tuple(stored.get(name, ())) for name in ("choices", "reserved")}
    return FieldSpec(**{**stored, **lists, "kind": Kind(stored["kind"])})
