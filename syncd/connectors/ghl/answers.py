"""What an answer of GoHighLevel means. Source: ghl.md 0.1, 3.5, 3.7, 4.4, 10 and 11.

The texts of GHL may hold names and addresses of contacts, so nothing of them is ever
copied into an error: only the status, GHL's own trace id, and field names that we know.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from syncd.connectors.ghl.child_spec import APPOINTMENT_FIELDS, NOTE_FIELDS, TASK_FIELDS
from syncd.connectors.ghl.spec import FIELDS
from syncd.errors import (
    AccountError,
    DuplicateError,
    InDoubtError,
    RecordError,
    StaleError,
    SyncdError,
    TransientError,
)
from syncd.http.answer import Answer

CHILD_FIELDS = tuple({**NOTE_FIELDS, **TASK_FIELDS, **APPOINTMENT_FIELDS})
LONGEST_MESSAGE = 2_000  # characters of GHL's own text that are looked at


class TokenRefusedError(AccountError):
    """The token was refused; once in a while a valid one is too, under load (0.1)."""


class ScopeError(AccountError):
    """The token is valid, but a scope was not ticked when it was made."""


class LocationError(AccountError):
    """The token has the scope, but belongs to another location."""


class GoneError(StaleError):
    """GHL says that there is no record with this id."""


_REPLACE = (
    "Check the token in GHL under Settings > Private Integrations of the sub-account, or make a"
    " new token there; put it into the account's `token`, then type `syncd check`."
)
_TICK_SCOPES = (
    "Open Settings > Private Integrations in the sub-account, edit this integration and tick"
    " contacts.readonly, contacts.write, locations.readonly and"
    " locations/customFields.readonly; the token stays the same. Then type `syncd check`."
)
_TICK_ONE = (
    "Open Settings > Private Integrations in the sub-account, edit this integration and tick"
    " {scope}; the token stays the same. Then type `syncd check`."
)
_USE_SUB_ACCOUNT = (
    "An agency token cannot read contacts. Switch to the sub-account, open Settings >"
    " Private Integrations there, and make a token in it."
)
_CHECK_LOCATION = (
    "Compare `location_id` with the id under Settings > Business Profile of the sub-account"
    " in which the token was made; then type `syncd check`."
)
_CHECK_VERSION = "Take `versions` out of the account's configuration to use the versions we know."
_CHECK_NETWORK = (
    "The block comes from the network edge and not from GHL, so the token may well be"
    " right. Try from another network or IP address, and let a proxy keep our User-Agent."
)

_TOKEN = re.compile(
    r"invalid (token|jwt|private integration)|jwt|token (is |has )?(expired|revoked)"
)
_GONE = re.compile(r"\bcontacts?\b.*(not found|not exist|doesn.t exist|is deleted|been deleted)")
_GONE_CHILD = re.compile(
    r"\b(note|task|event|appointment)s?\b.*(not found|not exist|doesn.t exist|been deleted)"
    r"|event id is invalid"  # gotcha of 4.4
)
_OF_A_CHILD = re.compile(r"/(notes|tasks|appointments|events)\b")
_ROUTE = re.compile(r"\bcannot (get|post|put|delete)\b|no route")
_DUPLICATE = re.compile(r"duplicated? contact|already exists|duplicate")
_UNEXPECTED_PROPERTY = re.compile(r"property ([A-Za-z0-9_.]{1,40}) should not exist")


def message_of(answer: Answer) -> str:
    """GHL's own text in lower case, for telling answers apart; never for a log."""
    match _object(answer).get("message"):
        case str() as text:
            return text[:LONGEST_MESSAGE].lower()
        case list() as lines:
            texts = (line for line in lines[:LONGEST_MESSAGE] if isinstance(line, str))
            return "\n".join(texts)[:LONGEST_MESSAGE].lower()
        case _:
            return ""


def server_time(answer: Answer) -> datetime | None:
    """When GHL answered, by GHL's own clock, in whole seconds."""
    try:
        moment = parsedate_to_datetime(answer.headers.get("date", ""))
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)


def judge(answer: Answer) -> None:
    """Raise what an answer means for the caller; return if it is a success.

    Raises:
        TokenRefusedError: worth one more try; then the account stops.
        ScopeError, LocationError: stop. GHL looks at the scope first (0.1).
        AccountError: stop: class of token, version, network edge.
        GoneError: no such contact. DuplicateError: it exists already.
        RecordError: refused for what it holds; `fields` names what GHL named.
        TransientError: try again.
    """
    if answer.ok:
        return
    where = f"{answer.label} was answered {answer.status}{_trace(answer)}"
    message = message_of(answer)
    match answer.status:
        case 401:
            raise _unauthorised(where, message, answer)
        case 403:
            raise _forbidden(where, message, answer)
        case 400 | 404 | 409 | 422:
            raise _refused(where, message, answer)
        case status if status >= 500 or status in (408, 425):
            raise (TransientError if answer.label.startswith("GET ") else InDoubtError)(where)
        case status if 300 <= status < 400:
            raise AccountError(
                f"GHL's address points elsewhere, and nothing was sent there ({where})",
                hint="Check the account's `base_url`.",
            )
        case _:
            raise RecordError(where, code="refused", fields=named_fields(message))


def _unauthorised(where: str, message: str, answer: Answer) -> AccountError:
    """A 401 has at least five causes with five different repairs (0.1)."""
    if "version" in message:
        return _wrong_version(where)
    if "scope" in message and "authclass" not in message:
        return _no_scope(where, answer)
    if "authclass" in message or "user type" in message:
        return AccountError(
            f"GHL refuses the token: it is of the wrong class, probably an agency's ({where})",
            hint=_USE_SUB_ACCOUNT,
        )
    if "location" in message:
        return _wrong_location(where)
    if "private integration" in message:
        why = ": it is mistyped, revoked or rotated away"
    else:
        why = ": it is expired or revoked" if _TOKEN.search(message) else ""
    return TokenRefusedError(f"GHL does not accept this token{why} ({where})", hint=_REPLACE)


def _forbidden(where: str, message: str, answer: Answer) -> AccountError:
    if "location" in message:
        return _wrong_location(where)
    if answer.looks_like_html() or "1010" in answer.text() or not message:
        return AccountError(f"Something on the way to GHL blocks ({where})", hint=_CHECK_NETWORK)
    if "scope" in message:
        return _no_scope(where, answer)
    return AccountError(
        f"GHL refuses this call: the token may not do it ({where})",
        hint=f"{_CHECK_LOCATION} {_TICK_SCOPES}",
    )


def _no_scope(where: str, answer: Answer) -> ScopeError:
    scope = scope_of(answer.label)
    return ScopeError(
        f"GHL refuses this call: the token lacks the scope {scope} ({where})",
        hint=_TICK_SCOPES if scope in _TICK_SCOPES else _TICK_ONE.format(scope=scope),
    )


def _wrong_location(where: str) -> LocationError:
    return LocationError(
        f"GHL refuses the token: it belongs to another location ({where})", hint=_CHECK_LOCATION
    )


def _wrong_version(where: str) -> AccountError:
    return AccountError(f"GHL does not accept our Version header ({where})", hint=_CHECK_VERSION)


def scope_of(label: str) -> str:
    """The scope that a call of ours needs (1.7, 3.1).

    >>> scope_of("POST /contacts/search"), scope_of("PUT /contacts/{id}")
    ('contacts.readonly', 'contacts.write')
    """
    method, _, path = label.partition(" ")
    reads = method == "GET" or path.endswith("/search")
    if path.startswith("/contacts"):
        family = "contacts"
    elif path.startswith("/calendars"):
        family = "calendars/events" if path.startswith("/calendars/events") else "calendars"
    elif path.startswith("/users"):
        family = "users"
    elif path.endswith("/tasks/search"):
        family = "locations/tasks"
    else:
        family = "locations/customFields" if path.endswith("/customFields") else "locations"
    return f"{family}.{'readonly' if reads else 'write'}"


def _refused(where: str, message: str, answer: Answer) -> SyncdError:
    if _OF_A_CHILD.search(answer.label):
        return _refused_child(where, message, answer)
    meta = _object(answer).get("meta")
    duplicate = meta.get("contactId") if isinstance(meta, Mapping) else None
    named = isinstance(duplicate, str) and bool(duplicate)
    if named or _DUPLICATE.search(message):
        matching = meta.get("matchingField") if isinstance(meta, Mapping) else None
        return DuplicateError(
            f"{where}: a contact with this key exists",
            remote_id=duplicate if named else None,
            fields=(matching,) if matching in ("email", "phone") else (),
        )
    if "version" in message and ("segment" in message or "header" in message):
        return _wrong_version(where)
    if answer.status in (400, 404) and _GONE.search(message):
        return GoneError(f"{where}: there is no such contact")
    if answer.status == 404 and (not message or _ROUTE.search(message) or message == "not found"):
        return AccountError(f"GHL does not know this call ({where})", hint=_CHECK_VERSION)
    fields = named_fields(message)
    if "phone" in fields:
        return RecordError(
            f"{where}: the phone is not accepted", code="bad_phone", fields=("phone",)
        )
    unexpected = _UNEXPECTED_PROPERTY.search(message)
    if unexpected:
        return RecordError(f"{where}: a property is not accepted", code="property", fields=fields)
    code = "invalid" if answer.status == 422 else "refused"
    return RecordError(f"{where}: a value is not accepted", code=code, fields=fields)


def _refused_child(where: str, message: str, answer: Answer) -> SyncdError:
    """The same for a note, a task or an appointment, of which GHL refuses no duplicates.

    What a 404 of one of them says is not documented, only that it was seen (0.1): what
    does not speak of a route is taken for "gone", which whoever asked has to confirm.
    """
    if "version" in message and ("segment" in message or "header" in message):
        return _wrong_version(where)
    if answer.status in (400, 404) and _GONE.search(message):
        return GoneError(f"{where}: there is no such contact")
    one = answer.label.endswith(("{child_id}", "{child_id}/completed"))
    missing = answer.status == 404 and not _ROUTE.search(message)
    if one and (missing or (answer.status == 400 and _GONE_CHILD.search(message))):
        return GoneError(f"{where}: there is no such record")
    if answer.status == 404:
        return AccountError(f"GHL does not know this call ({where})", hint=_CHECK_VERSION)
    code = "invalid" if answer.status == 422 else "refused"
    fields = named_fields(message, CHILD_FIELDS)
    return RecordError(f"{where}: a value is not accepted", code=code, fields=fields)


def named_fields(message: str, known: Iterable[str] = tuple(FIELDS)) -> tuple[str, ...]:
    """Those of our own field names that a text of GHL mentions, in a fixed order.

    >>> named_fields("email must be an email\\nproperty gender should not exist")
    ('email',)
    """
    words = set(re.findall(r"[a-z0-9_]+", message))
    return tuple(name for name in known if name.lower() in words)


def _trace(answer: Answer) -> str:
    trace = _object(answer).get("traceId")
    safe = isinstance(trace, str) and re.fullmatch(r"[A-Za-z0-9-]{4,64}", trace)
    return f", trace {trace}" if safe else ""


def _object(answer: Answer) -> Mapping[str, Any]:
    try:
        return answer.json_object()
    except TransientError:
        return {}
