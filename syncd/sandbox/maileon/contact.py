"""One contact as Maileon keeps it (maileon.md §2.1, §2.11)."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

PERMISSION_WORDS = {1: "none", 2: "soi", 3: "coi", 4: "doi", 5: "doi+", 6: "other"}
TRACKED = 5  # the only permission that names a person in reports and filter lists (§2.11)


@dataclass(slots=True)
class Preference:
    """The value of one preference of one contact (maileon.md §2.10)."""

    value: str
    source: str | None
    last_modified: datetime


@dataclass(frozen=True, slots=True)
class Blocking:
    """Why nothing is sent although the permission would allow it (maileon.md §7.5)."""

    reason: str  # "blacklist" or "bounce_policy"
    at: datetime


@dataclass(slots=True)
class Contact:
    """A contact; values are held as text in the form they are shown.

    Attributes:
        email: None only for one created by external id without an address (§2.12).
        standard, custom: names to values; a field without value is not in here.
        preferences: (category, name) to value.
        leaves_at: the moment an accepted unsubscription takes effect (§2.6).
        awaits: permission that a click on the pending DOI mail would give.
        source: `src` of the call that created it, shown as CUSTOM_SOURCE.
    """

    id: int
    email: str | None
    permission: int
    external_id: str | None
    created: datetime
    updated: datetime
    standard: dict[str, str] = field(default_factory=dict)
    custom: dict[str, str] = field(default_factory=dict)
    preferences: dict[tuple[str, str], Preference] = field(default_factory=dict)
    blocking: Blocking | None = None
    leaves_at: datetime | None = None
    awaits: int | None = None
    source: str | None = None

    @property
    def tracked(self) -> bool:
        return self.permission == TRACKED

    @property
    def permission_status(self) -> str:
        """`available`, `none` or, between acceptance and effect, `unsubscribed` (§2.9, §7.1)."""
        if self.leaves_at is not None:
            return "unsubscribed"
        return "none" if self.permission == 1 else "available"

    @property
    def checksum(self) -> str:
        """What profile-update links carry beside the id (§2.2)."""
        return hashlib.sha256(f"checksum of {self.id}".encode()).hexdigest()[:10]
