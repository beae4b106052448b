"""The custom fields of the account's location, read once and kept until asked anew."""

import threading
from collections.abc import Collection

from syncd.connectors.ghl import catalogue
from syncd.connectors.ghl.answers import GoneError
from syncd.connectors.ghl.api import Api, Family
from syncd.connectors.ghl.catalogue import CustomFields
from syncd.connectors.ghl.spec import CUSTOM
from syncd.errors import (
    AccountError,
    ConfigError,
    DuplicateError,
    FieldsChangedError,
    RecordError,
    StaleError,
)
from syncd.model.spec import FieldSpec

PATH = "/locations/{location_id}/customFields"


class LocationFields:
    """Ids, names and types of custom fields; safe to use from several threads."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._lock = threading.Lock()
        self._known: CustomFields | None = None

    def known(self) -> CustomFields:
        """As last read; read now if never."""
        with self._lock:
            if self._known is None:
                self._known = self._read()
            return self._known

    def at_hand(self) -> CustomFields:
        """As last read; none if never, which is enough where no custom field is wanted."""
        with self._lock:
            return self._known or CustomFields({}, {})

    def holding(self, wanted: Collection[str]) -> CustomFields:
        """As last read, once they are sure to hold the custom fields that are to be read.

        Raises:
            FieldsChangedError: one is no longer there; read as empty, it would be emptied on
                the other side too.
        """
        own = {name for name in wanted if name.startswith(CUSTOM)}
        if not own:
            return self.at_hand()
        known = self.known()
        if own - known.by_name.keys():
            known = self.refresh()
        if missing := sorted(own - known.by_name.keys()):
            raise FieldsChangedError(
                f"GHL has no custom field {', '.join(missing)}; nothing was read",
                fields=tuple(missing),
                missing=True,
                hint="Create or rename it under Settings > Custom Fields, or correct the mapping;"
                " see `syncd check`.",
            )
        return known

    def refresh(self) -> CustomFields:
        """As they are now.

        Raises:
            AccountError: they cannot be read; without them custom values would be lost.
        """
        with self._lock:
            self._known = self._read()
            return self._known

    def _read(self) -> CustomFields:
        try:
            answer = self._api.call(
                "GET",
                PATH,
                {"location_id": self._api.location_id},
                family=Family.LOCATIONS,
                query={"model": "contact"},
            )
        except (RecordError, StaleError) as cause:
            raise AccountError(
                f"{cause.message}: the custom fields cannot be read, and nothing was synced",
                hint="Check `location_id` with `syncd check`.",
            ) from cause
        listed = answer.json_object().get("customFields")
        if not isinstance(listed, list):
            raise AccountError(
                f"{answer.label} was answered without a list of custom fields;"
                " nothing was synced, since custom values would be lost"
            )
        return catalogue.read(listed)

    def create(self, wanted: FieldSpec) -> None:
        """Make a custom field, unless one of the name and a fitting type is there.

        Raises:
            ConfigError: it is there with another type, which GHL cannot change (5.1),
                several share the name, or GHL has no such type.
        """
        body = catalogue.creation(wanted)
        if self._is_there(wanted, self.refresh()):
            return
        try:
            self._api.call(
                "POST",
                PATH,
                {"location_id": self._api.location_id},
                family=Family.LOCATIONS,
                body=body,
            )
        except (DuplicateError, RecordError, GoneError) as cause:
            if self._is_there(wanted, self.refresh()):
                return
            raise ConfigError(
                f"{cause.message}: the custom field '{wanted.name}' was not made",
                hint="Make it in GHL under Settings > Custom Fields.",
            ) from cause
        self.refresh()

    def _is_there(self, wanted: FieldSpec, present: CustomFields) -> bool:
        short = wanted.name.removeprefix(CUSTOM)
        if short in present.doubled:
            raise ConfigError(
                f"Several custom fields in GHL are called '{short}'",
                hint="Rename one, or use the key instead: custom.contact.<key>.",
            )
        field = present.by_name.get(CUSTOM + short)
        if field is None:
            return False
        if not catalogue.fits(wanted, field.spec):
            raise ConfigError(
                f"'{field.spec.name}' exists in GHL as {field.spec.kind.value}, which cannot take"
                f" {wanted.kind.value}; GHL cannot change the type of a field",
                hint="Rename or delete the field in GHL, or map to another name.",
            )
        return True
