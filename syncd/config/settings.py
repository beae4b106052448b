"""What may stand in `syncd.yaml` and in the files of the pairs."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

from syncd.config.appointments import AppointmentSettings
from syncd.config.docstrings import describe
from syncd.config.parts import Duration, Name, Part, Texts, per_side
from syncd.config.streams import Create, FieldSettings, GuardSettings, StreamSettings
from syncd.model.policy import Deleted, OnLeave
from syncd.model.record import Resource
from syncd.model.rule import Policy
from syncd.model.side import Both


class Baseline(StrEnum):
    """Whether the first run of a pair waits for a person."""

    HELD = "held"
    AUTO = "auto"


class KeyField(Part):
    """The field that holds a key, on each side."""

    left: str
    right: str

    @property
    def both(self) -> Both[str]:
        return Both(self.left, self.right)


Key = Annotated[
    KeyField,
    BeforeValidator(per_side),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "properties": {"left": {"type": "string"}, "right": {"type": "string"}},
                    "required": ["left", "right"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]


class IdentitySettings(Part):
    """By which fields records are recognised as one."""

    key: Key = KeyField(left="email", right="email")
    """The field that tells who somebody is; one name, or one per side."""
    second: Key | None = None
    """Another field to recognise people by where the first is missing or has changed."""


class FilterSettings(Part):
    """Which records take part; see `syncd.mapping.where` for the conditions."""

    left: dict[str, Any] | None = None
    """Which records of the left take part; null: all."""
    right: dict[str, Any] | None = None
    """Which records of the right take part; null: all."""
    on_leave: OnLeave = OnLeave.KEEP
    """What happens to the counterpart of a record that left the filter."""
    untag: Texts = ()
    """The tags that `on_leave: untag` takes off the counterpart."""

    @model_validator(mode="after")
    def _says_what_to_untag(self) -> "FilterSettings":
        if self.on_leave is OnLeave.UNTAG and not self.untag:
            raise ValueError("needs `untag: [tag, …]`, as `on_leave` is `untag`")
        return self


class ConsentSettings(Part):
    """Whether a newer, dated opt-in may lift an opt-out."""

    resubscribe: Literal["never", "newer"] = "never"
    """`newer`: an opt-in with a later date and a source lifts an opt-out."""


# What belongs to contacts, by the key that says how it is kept in step.
NESTED = {
    "tasks": Resource.TASK,
    "notes": Resource.NOTE,
    "appointments": Resource.APPOINTMENT,
}


class PairSettings(Part):
    """Two accounts kept in step, with mapping and policy."""

    pair: Name
    """The pair's name, in commands, messages and the store; a new name is a new pair."""
    left: str
    """The account on the left."""
    right: str
    """The account on the right."""
    every: Duration = timedelta(seconds=60)
    """How long from the begin of one cycle of the daemon to the begin of the next."""
    jitter: Duration = timedelta(seconds=10)
    """Up to this much is added to each wait, so that pairs do not start together."""
    sweep_every: Duration = timedelta(hours=24)
    """How often everything is read again, to find what no list of changes shows."""
    baseline: Baseline = Baseline.HELD
    """`held`: the first run waits for `syncd release`; `auto`: it does not."""
    create: Create = Create.BOTH
    """Where missing records may be created."""
    delete: Deleted = Deleted.KEEP
    """What happens to the counterpart of a record that was deleted."""
    policy: Policy = Policy.NEWEST
    """Who wins if both sides changed a field, where its line does not say."""
    identity: IdentitySettings = IdentitySettings()
    """By which fields records are recognised."""
    filter: FilterSettings = FilterSettings()
    """Which records take part."""
    consent: ConsentSettings = ConsentSettings()
    """Whether an opt-out can ever be lifted."""
    guards: GuardSettings = GuardSettings()
    """How much a run may do without asking, per side."""
    fields: tuple[FieldSettings, ...] = ()
    """The mapping, line by line; the e-mail address is always part of it."""
    notes: StreamSettings | None = None
    """The notes of the contacts, if they are to be kept in step too."""
    tasks: StreamSettings | None = None
    """The tasks of the contacts, if they are to be kept in step too."""
    appointments: AppointmentSettings | None = None
    """The appointments of the contacts, if they are to be kept in step too."""

    @property
    def streams(self) -> Mapping[Resource, StreamSettings]:
        """What is kept in step besides the contacts, and belongs to them."""
        said = {resource: getattr(self, name) for name, resource in NESTED.items()}
        return {resource: settings for resource, settings in said.items() if settings}

    @model_validator(mode="after")
    def _is_possible(self) -> "PairSettings":
        if self.left == self.right:
            raise ValueError("A pair needs two accounts; `left` and `right` name the same one")
        if self.every < timedelta(seconds=1) or self.sweep_every < timedelta(seconds=1):
            raise ValueError("`every` and `sweep_every` must be 1s or longer")
        return self


class LogSettings(Part):
    """What is written to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least important message that is written."""
    format: Literal["auto", "text", "json"] = "auto"
    """`auto`: text on a terminal, JSON elsewhere."""


class JournalSettings(Part):
    """The history of what was seen and written."""

    keep: Duration = timedelta(days=90)
    """How long an entry is kept; at least a day."""

    @model_validator(mode="after")
    def _is_kept_for_a_day(self) -> "JournalSettings":
        if self.keep < timedelta(days=1):
            raise ValueError("`keep` must be 1d or longer")
        return self


class AccountSettings(BaseModel):
    """One configured connector; the other keys belong to the connector."""

    model_config = ConfigDict(
        extra="allow", frozen=True, hide_input_in_errors=True, json_schema_extra=describe
    )

    connector: Name
    """Which connector talks to the platform, e.g. `ghl` or `maileon`."""
    rate_share: float = Field(default=1.0, gt=0, le=1)
    """The part of the platform's permitted rate to use; the rest is left to others."""

    @property
    def options(self) -> Mapping[str, Any]:
        """What the connector's own model has to check."""
        return self.model_extra or {}


MOST_THREADS = 1_000


class RootSettings(Part):
    """`syncd.yaml`; `pairs` is read one by one, as it may be globs or pairs."""

    store: str = "sqlite:///var/syncd.db"
    """Where the state is kept; a SQLite path starts at this file's folder."""
    accounts: dict[Name, AccountSettings] = Field(min_length=1)
    """The accounts, by a name of your choice."""
    pairs: Any = "pairs/*.yaml"
    """A pattern of files, or a list of patterns and pairs."""
    threads: int = Field(default=256, ge=1, le=MOST_THREADS)
    """On how many pairs the daemon works at the same time, at most."""
    log: LogSettings = LogSettings()
    """What is written to standard error."""
    journal: JournalSettings = JournalSettings()
    """The history of what was seen and written."""
