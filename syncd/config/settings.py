"""What may stand in `syncd.yaml` and in the files of the pairs."""

import re
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from syncd.config.docstrings import describe
from syncd.model.policy import Deleted, Guards, Limit, OnLeave
from syncd.model.rule import Direction, Policy
from syncd.model.side import SIDES, Both, Side

_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
LONGEST_WINDOW = timedelta(days=30)  # what was carried out is remembered for longer than that
_NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"


def parse_duration(text: Any) -> timedelta:
    """A duration such as `90s`, `10m`, `1h30m` or `7d`.

    >>> parse_duration("1h30m")
    datetime.timedelta(seconds=5400)

    Raises:
        ValueError: it is none.
    """
    if isinstance(text, timedelta):
        return text
    found = _DURATION.fullmatch(text.strip()) if isinstance(text, str) else None
    if not found or not any(found.groups()):
        raise ValueError("should be a duration: type a number and a unit, as in 90s, 10m, 24h, 7d")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    try:
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError as error:
        raise ValueError("should be a duration of at most 999999999 days") from error


def duration_text(duration: timedelta) -> str:
    """The inverse of `parse_duration`.

    >>> duration_text(timedelta(minutes=90)), duration_text(timedelta(0))
    ('1h30m', '0s')
    """
    minutes, seconds = divmod(int(duration.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = ((days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s"))
    return "".join(f"{count}{unit}" for count, unit in parts if count) or "0s"


def _several(given: Any) -> Any:
    """One name, a list of names or nothing, as a tuple."""
    if given is None:
        return ()
    return tuple(given) if isinstance(given, list) else (given,)


def _per_side(given: Any) -> Any:
    return {"left": given, "right": given} if isinstance(given, str) else given


_text_or_texts = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}

Name = Annotated[str, Field(pattern=_NAME)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_several), WithJsonSchema(_text_or_texts)]
Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(duration_text, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": r"^(?=\d)(\d+d)?(\d+h)?(\d+m)?(\d+s)?$"}),
]


class Part(BaseModel):
    """A part of the configuration: unknown keys are refused, and nothing changes later."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, json_schema_extra=describe
    )


class Baseline(StrEnum):
    """Whether the first run of a pair waits for a person."""

    HELD = "held"
    AUTO = "auto"


class Create(StrEnum):
    """Where missing records may be created."""

    BOTH = "both"
    LEFT = "left"
    RIGHT = "right"
    NONE = "none"

    @property
    def sides(self) -> frozenset[Side]:
        return frozenset(side for side in SIDES if self.value in ("both", side.value))


class KeyField(Part):
    """The field that holds a key, on each side."""

    left: str
    right: str

    @property
    def both(self) -> Both[str]:
        return Both(self.left, self.right)


Key = Annotated[
    KeyField,
    BeforeValidator(_per_side),
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


class LimitSettings(Part):
    """How much of one kind a run may do without asking."""

    count: int = Field(ge=0)
    """At most so many."""
    percent: float = Field(ge=0, le=100)
    """At most this share of the linked records."""

    @property
    def limit(self) -> Limit:
        return Limit(self.count, self.percent)


def _default_limit(kind: str) -> Any:
    limit: Limit = getattr(Guards(), kind)
    return Field(default=LimitSettings(count=limit.count, percent=limit.percent))


class GuardSettings(Part):
    """Limits of one run, per side, and of all runs of a window of time."""

    window: Duration = Guards().window
    """Over how much time the limits hold too, at most 30d; `0s`: each run by itself."""
    creates: LimitSettings = _default_limit("creates")
    updates: LimitSettings = _default_limit("updates")
    deletes: LimitSettings = _default_limit("deletes")
    optouts: LimitSettings = _default_limit("optouts")
    emptied: LimitSettings = _default_limit("emptied")
    """In how many records one field may be emptied; the share is of those that have a value."""

    @field_validator("window")
    @classmethod
    def _is_remembered(cls, window: timedelta) -> timedelta:
        if window > LONGEST_WINDOW:
            raise ValueError("must be 30d or shorter")
        return window

    @property
    def guards(self) -> Guards:
        return Guards(
            self.creates.limit,
            self.updates.limit,
            self.deletes.limit,
            self.optouts.limit,
            self.emptied.limit,
            self.window,
        )


class FieldSettings(Part):
    """One line of the mapping."""

    left: Texts = ()
    """One field of the left, or several."""
    right: Texts = ()
    """One field of the right, or several."""
    direction: Direction = Direction.BOTH
    """`right`: from left to right only; `left`: from right to left only."""
    policy: Policy | None = None
    """Who wins if both sides changed; default: the pair's policy."""
    transform: dict[str, Any] = {}
    """How values translate: the name of a transform and its argument."""
    create_missing: bool = False
    """Create a custom field that one side lacks."""


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
