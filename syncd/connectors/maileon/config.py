"""Settings of one Maileon account, as they stand in `syncd.yaml`."""

import base64
import binascii
from datetime import tzinfo
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

REASON_TYPES = (  # maileon.md 2.6
    "too_many_messages",
    "no_demand",
    "change_of_channel",
    "change_of_interest",
    "technical_reasons",
    "other",
)

SETTINGS_HELP = {
    "api_key": "Settings > API keys in Maileon; rights GET, POST, PUT and DELETE.",
    "api_key_form": "plain (as Maileon shows it), encoded (already base64), or detect.",
    "base_url": "Only for dedicated hosting; without a slash at the end.",
    "requests_per_second": "Maileon documents no limit; 2 to 5 is known to be well received.",
    "time_zone": "IANA name of the zone in which Maileon shows times, or auto to measure it.",
    "batch_size": "Contacts per bulk call, at most 1000.",
    "page_size": "Contacts per page of a list, at most 1000; fewer if answers are slow.",
    "bulk_updates": "Send ten or more updates in one call; off: one call per contact.",
    "timeout_s": "How long to wait for an ordinary answer.",
    "bulk_timeout_s": "How long to wait for the answer to a bulk call.",
    "new_contact_permission": "1 (none, not mailable) unless you hold proof of consent.",
    "permission_evidence": "Why a permission above 1 is lawful; needed for any but 1.",
    "unsubscribe_reason": "type|text that Maileon keeps with an opt-out from the other side.",
}


class Settings(BaseModel):
    """One newsletter account.

    Attributes:
        new_contact_permission: 1 none, 2 soi, 3 coi, 4 doi, 5 doi+, 6 other (maileon.md
            2.11). It is given to contacts that this daemon creates and to no other.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    api_key: SecretStr
    api_key_form: Literal["detect", "plain", "encoded"] = "detect"
    base_url: str = "https://api.maileon.com/1.0"
    requests_per_second: Annotated[float, Field(gt=0, le=100)] = 5.0
    time_zone: str = "auto"
    batch_size: Annotated[int, Field(ge=1, le=1000)] = 500
    page_size: Annotated[int, Field(ge=1, le=1000)] = 1000
    bulk_updates: bool = True
    timeout_s: Annotated[float, Field(gt=0)] = 60.0
    bulk_timeout_s: Annotated[float, Field(gt=0)] = 180.0
    new_contact_permission: Annotated[int, Field(ge=1, le=6)] = 1
    permission_evidence: Annotated[str, Field(validate_default=True)] = ""
    unsubscribe_reason: str = "other|opted out in the connected system"

    @field_validator("api_key")
    @classmethod
    def _has_the_length_of_a_key(cls, key: SecretStr) -> SecretStr:
        stripped = key.get_secret_value().strip()
        # Keys have 12 to 265 characters (maileon.md 1.2); base64 adds a third.
        if not 12 <= len(stripped) <= 360 or not stripped.isascii():
            raise ValueError("an API key has 12 to 265 ASCII characters")
        return SecretStr(stripped)

    @field_validator("base_url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        if not url.startswith(("https://", "http://")):
            raise ValueError("must start with https://")
        return url.rstrip("/")

    @field_validator("time_zone")
    @classmethod
    def _is_a_known_zone(cls, name: str) -> str:
        zone_named(name)
        return name

    @field_validator("permission_evidence")
    @classmethod
    def _is_given_where_needed(cls, evidence: str, known: object) -> str:
        values = getattr(known, "data", {})
        if values.get("new_contact_permission", 1) > 1 and not evidence.strip():
            raise ValueError(
                "new_contact_permission above 1 makes new contacts mailable: say here, in a"
                " sentence, which recorded consent makes that lawful"
            )
        return evidence

    @field_validator("unsubscribe_reason")
    @classmethod
    def _has_a_known_type(cls, reason: str) -> str:
        if reason.split("|")[0] not in REASON_TYPES:
            raise ValueError(f"must be `type|text` with a type of {', '.join(REASON_TYPES)}")
        return reason

    @property
    def key_is_encoded(self) -> bool:
        if self.api_key_form == "detect":
            return looks_encoded(self.api_key.get_secret_value())
        return self.api_key_form == "encoded"

    @property
    def authorization(self) -> str:
        """The bare key in base64, without user and colon (maileon.md 1.2)."""
        key = self.api_key.get_secret_value()
        if self.key_is_encoded:
            return f"Basic {key}"
        return "Basic " + base64.b64encode(key.encode("ascii")).decode("ascii")


def zone_named(name: str) -> tzinfo | None:
    """The zone of an IANA name; None for `auto`.

    Raises:
        ValueError: there is no such zone.
    """
    if name == "auto":
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as cause:
        raise ValueError("is no IANA time zone, such as Europe/Berlin, and not auto") from cause


def looks_encoded(key: str) -> bool:
    """Whether a key is base64 of something that could be a key itself.

    A random key of 12 letters and digits passes by chance once in some ten thousand.

    >>> looks_encoded("0f3c9f1e-plain-key"), looks_encoded("MGYzYzlmMWUtcGxhaW4ta2V5")
    (False, True)
    """
    try:
        inner = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(inner) >= 12 and all(32 < byte < 127 for byte in inner)
