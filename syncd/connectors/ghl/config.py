"""What a user writes to connect one GoHighLevel location."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

BASE_URL = "https://services.leadconnectorhq.com"


class GhlVersions(BaseModel):
    """The `Version` header per family of calls (ghl.md 0 and 8)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    contacts: Annotated[str, Field(min_length=1)] = "2021-07-28"
    locations: Annotated[str, Field(min_length=1)] = "2021-07-28"
    calendars: Annotated[str, Field(min_length=1)] = "2021-04-15"
    users: Annotated[str, Field(min_length=1)] = "2021-07-28"


class GhlSettings(BaseModel):
    """One location and the token that opens it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token: SecretStr = Field(description="Private integration token of the sub-account (pit-…)")
    second_token: SecretStr | None = Field(
        None, description="The other token while you rotate; used when the first is refused"
    )
    location_id: Annotated[str, Field(min_length=1, description="Id of the sub-account")]
    base_url: str = Field(BASE_URL, description="Where the API is; change it only to rehearse")
    versions: GhlVersions = Field(
        GhlVersions(), description="The Version header, per family of calls"
    )
    page_size: Annotated[int, Field(ge=1, le=500, description="Contacts per search")] = 500
    index_lag_s: Annotated[
        int, Field(ge=0, le=86_400, description="How long GHL's search may lag behind, seconds")
    ] = 120
    children_share: Annotated[
        float,
        Field(gt=0, le=1, description="Part of a day's calls to look for notes and tasks in turn"),
    ] = 0.2
    daily_reserve: Annotated[
        int, Field(ge=0, description="Calls of the day kept back for opt-outs; 0 keeps none")
    ] = 0

    @field_validator("token", "second_token")
    @classmethod
    def _usable_in_a_header(cls, token: SecretStr | None) -> SecretStr | None:
        if token is None:
            return None
        text = token.get_secret_value().strip()
        if not text:
            raise ValueError("the token is empty")
        if not text.isascii() or not text.isprintable() or " " in text:
            raise ValueError("the token holds characters that no token has")
        return SecretStr(text)

    @field_validator("base_url")
    @classmethod
    def _an_address(cls, base_url: str) -> str:
        if not base_url.startswith(("https://", "http://")):
            raise ValueError("must start with https://")
        return base_url.rstrip("/")


SETTINGS_HELP = {name: field.description or "" for name, field in GhlSettings.model_fields.items()}
