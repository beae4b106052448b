"""Settings of one Mailercloud list, as they stand in `syncd.yaml`."""

from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

LIMIT = 100  # rows per page: what everybody sends; more is clamped or refused (mailercloud.md 13)
MAX_ROWS = 49  # per batch call: what the vendor's own plugin sends (mailercloud.md 5.5)

SETTINGS_HELP = {
    "api_key": "Account > Integrations > API in Mailercloud; one key for this daemon alone.",
    "list_id": "Id of the one list to sync; capital and small letters count.",
    "base_url": "Only to rehearse on the sandbox; without a slash at the end.",
    "requests_per_second": "No limit is published, and exceeding it may block the account.",
    "scan_share": "Part of these requests that reading the list in the background may use.",
    "quota_reserve": "Contacts of the plan that are left free; no more are created then.",
    "field_style": "Names of standard fields: auto (as the account lists them), classic, modern.",
    "batch_size": "New contacts per batch call, at most 49; 1: one at a time, insert only.",
    "campaign_days": "Age of the campaigns whose opt-outs are read in every cycle; 0: none.",
    "time_zone": "IANA name of the account's zone, for times of opens and clicks; empty: unknown.",
    "optout_tag": "Tag of contacts that opted out on the other side; empty: no tag.",
    "timeout_s": "How long to wait for an ordinary answer.",
    "batch_timeout_s": "How long to wait for the answer to a batch call.",
}


class Settings(BaseModel):
    """One list of one account."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    api_key: SecretStr
    list_id: str
    base_url: str = "https://cloudapi.mailercloud.com/v1"
    requests_per_second: Annotated[float, Field(gt=0, le=10)] = 2.0
    scan_share: Annotated[float, Field(gt=0, le=1)] = 0.25
    quota_reserve: Annotated[int, Field(ge=0)] = 0
    field_style: Literal["auto", "classic", "modern"] = "auto"
    batch_size: Annotated[int, Field(ge=1, le=MAX_ROWS)] = MAX_ROWS
    campaign_days: Annotated[int, Field(ge=0, le=730)] = 90
    time_zone: str = ""
    optout_tag: str = "crm-optout"
    timeout_s: Annotated[float, Field(gt=0)] = 30.0
    batch_timeout_s: Annotated[float, Field(gt=0)] = 90.0

    @field_validator("api_key")
    @classmethod
    def _can_be_a_header(cls, key: SecretStr) -> SecretStr:
        stripped = key.get_secret_value().strip()
        if stripped.lower().startswith(("bearer ", "basic ")):
            raise ValueError("is the key alone, without Bearer or Basic before it")
        if not stripped or not stripped.isascii() or not stripped.isprintable() or " " in stripped:
            raise ValueError("an API key is one word of ASCII characters")
        return SecretStr(stripped)

    @field_validator("list_id")
    @classmethod
    def _can_be_an_id(cls, list_id: str) -> str:
        """A number as id makes every write fail with 401 (mailercloud.md 4.3)."""
        stripped = list_id.strip()
        if not stripped.isascii() or not stripped.isprintable() or " " in stripped:
            raise ValueError("a list id is one word of ASCII letters, e.g. AbCdEf")
        if not stripped.strip("0123456789./"):
            raise ValueError("is no list id: one is made of letters, e.g. AbCdEf, and no number")
        return stripped

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        try:
            return ZoneInfo(name).key if name else ""
        except (ZoneInfoNotFoundError, ValueError, OSError) as cause:
            raise ValueError("is an IANA name, e.g. Europe/Berlin") from cause

    @field_validator("base_url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        if not url.startswith(("https://", "http://")):
            raise ValueError("must start with https://")
        return url.rstrip("/")

    @field_validator("optout_tag")
    @classmethod
    def _is_a_tag(cls, tag: str) -> str:
        if len(tag.strip()) > 50 or "," in tag:
            raise ValueError("has at most 50 characters and no comma")
        return tag.strip()
