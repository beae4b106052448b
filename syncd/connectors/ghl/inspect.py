"""Who the account is, and what its token may do. Source: ghl.md 0.1, 1.6, 1.7, 3.6 and 5.3."""

from collections.abc import Callable, Mapping
from typing import Any

from syncd.connectors.ghl import search
from syncd.connectors.ghl.answers import LocationError, ScopeError, TokenRefusedError
from syncd.connectors.ghl.api import Api
from syncd.connectors.ghl.fields import LocationFields
from syncd.connectors.ghl.location import read_location
from syncd.connectors.ghl.reader import PATH as CONTACT_PATH
from syncd.errors import (
    AccountError,
    InDoubtError,
    RecordError,
    StaleError,
    StoppedError,
    TransientError,
)
from syncd.model.record import Identity, Right

NOBODY = "syncdCheckNoContact0"  # as long as an id of GHL, which draws them at random


def inspect(api: Api, fields: LocationFields) -> Identity:
    """Read the location, the custom fields and one contact; nothing is changed.

    A scope that is missing is a right that is not granted. Scopes are checked before the
    location (0.1), so a wrong location shows up only once a scope is there.

    Raises:
        AccountError: the token is refused, or opens another location.
    """
    remarks: list[str] = []
    location, locations = _try(lambda: read_location(api), "locations.readonly", {})
    custom, customs = _custom(fields, remarks)
    _, contacts = _try(lambda: search.search(api, 1), "contacts.readonly", None)
    write, told = _may_write(api)
    remarks.extend(told)
    if custom is not None and custom.doubled:
        names = ", ".join(f"'{name}'" for name in custom.doubled)
        remarks.append(
            f"Several custom fields share a name ({names}); rules call them by their keys,"
            " as in custom.contact.my_key"
        )
    if locations.granted:
        remarks.extend(_on_duplicates(location))
    else:
        remarks.append(
            "Country and time zone of the location are unknown without locations.readonly"
        )
    return Identity(
        account_id=api.location_id,
        title=_text(location, "name") or api.location_id,
        country=_text(location, "country"),
        time_zone=_text(location, "timezone"),
        rights=(contacts, write, locations, customs),
        remarks=tuple(remarks),
    )


def _try(read: Callable[[], Any], scope: str, otherwise: Any) -> tuple[Any, Right]:
    try:
        return read(), Right(scope, granted=True)
    except ScopeError as cause:
        return otherwise, Right(scope, granted=False, remark=cause.hint)


def _custom(fields: LocationFields, remarks: list[str]) -> tuple[Any, Right]:
    """The custom fields; who the account is does not depend on whether they can be read."""
    scope = "locations/customFields.readonly"
    try:
        return _try(fields.refresh, scope, None)
    except (AccountError, TransientError) as cause:
        if isinstance(cause, TokenRefusedError | LocationError | StoppedError):
            raise
        remarks.append(f"The custom fields cannot be read now ({cause.message})")
        return None, Right(scope, granted=True)


def _may_write(api: Api) -> tuple[Right, list[str]]:
    """Whether contacts may be written, by an update of nobody that holds nothing.

    GHL shows a private integration's scopes nowhere, but looks at the scope before anything
    else (0.1). What it says once the scope is there is that there is no such contact (3.5).
    An update leaves alone what it does not name (3.6), so it could not do harm to anybody.

    Returns:
        The right, and remarks if the answer proves nothing.
    """
    scope = "contacts.write"
    try:
        api.call("PUT", CONTACT_PATH, {"contact_id": NOBODY}, body={})
    except ScopeError as cause:
        return Right(scope, granted=False, remark=cause.hint), []
    except (RecordError, StaleError, LocationError):
        return Right(scope, granted=True), []
    except (AccountError, InDoubtError) as cause:
        unproved = f"{scope} is not provable before the first write ({cause.message})"
        return Right(scope, granted=True), [unproved]
    return Right(scope, granted=True), []


def _on_duplicates(location: Mapping[str, Any]) -> list[str]:
    settings = location.get("settings")
    allowed = settings.get("allowDuplicateContact") if isinstance(settings, Mapping) else None
    if allowed is True:
        return [
            "This location allows duplicate contacts (Settings > Business Profile), so GHL"
            " will not stop two contacts with one address"
        ]
    if allowed is False:
        return []
    return ["Whether this location allows duplicate contacts is not shown"]


def _text(shown: Mapping[str, Any], key: str) -> str | None:
    text = shown.get(key)
    return text if isinstance(text, str) and text else None
