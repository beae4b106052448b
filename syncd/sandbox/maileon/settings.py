"""The switches of the emulator, one per thing that no document settles.

Defaults are what maileon.md states or, where it is silent, the behaviour that is
harder on a client. `docs/sandbox-maileon.md` explains every one.
"""

from dataclasses import asdict, dataclass, fields, replace
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_CHOICES: dict[str, frozenset[Any]] = {
    "account_type": frozenset({"production", "demo"}),
    "bulk_absent": frozenset({"keeps", "clears"}),
    "email_case": frozenset({"insensitive", "sensitive"}),
    "email_in_use_status": frozenset({400, 409}),
    "empty_value": frozenset({"clears", "keeps", "strings_only"}),
    "failed_bulk_answer": frozenset({"400_report", "200_report", "400_error"}),
    "identity": frozenset({"email", "external_id"}),
    "ip_refused_status": frozenset({401, 403}),
    "list_order": frozenset({"id", "newest", "updated", "shuffled"}),
    "long_values": frozenset({"cut", "refuse"}),
    "put_missing_status": frozenset({404, 400}),
    "put_permission_default": frozenset({"neutral", "none"}),
    "recreated_permission": frozenset({None, 1, 2, 3, 4, 5, 6}),
    "update_only_missing": frozenset({"silent", "invalid"}),
}
_OPTIONAL: dict[str, type] = {
    "updated_after_zone": str,
    "requests_per_second": int,
    "default_doi_mailing": str,
    "anonymise_unsubscribers_after_s": int,
}
_ZONES = ("server_zone", "updated_after_zone")


@dataclass(frozen=True, slots=True)
class Settings:
    account_id: int = 7301
    account_type: str = "demo"
    anonymise_unsubscribers_after_s: int | None = None
    bulk_absent: str = "keeps"
    bulk_changes_email: bool = False
    bulk_checks_external_id: bool = True
    bulk_max_bytes: int = 9_000_000
    bulk_max_contacts: int = 10_000
    bump_on_block: bool = False
    bump_on_bounce: bool = False
    bump_on_external_id: bool = True
    bump_on_identical_write: bool = False
    bump_on_permission: bool = True
    bump_on_preference: bool = True
    contacts_without_email: bool = True
    default_doi_mailing: str | None = "standard"
    delete_removes_marker: bool = False
    email_case: str = "insensitive"
    email_in_use_status: int = 400
    empty_value: str = "clears"
    failed_bulk_answer: str = "400_report"
    hide_untracked_opt_outs: bool = False
    identity: str = "email"
    ip_refused_status: int = 401
    list_order: str = "id"
    long_values: str = "cut"
    marker_skips_existing: bool = False
    put_by_id_changes_email: bool = False
    put_missing_status: int = 404
    put_permission_default: str = "neutral"
    put_reads_body_permission: bool = True
    quirk_share: float = 0.2
    recreated_permission: int | None = None
    report_lag_s: int = 0
    requests_per_second: int | None = None
    resubscribing_removes_marker: bool = False
    server_zone: str = "Europe/Berlin"
    single_post_recreates: bool = True
    unsubscribe_delay_s: int = 5
    update_only_missing: str = "silent"
    updated_after_zone: str | None = None

    def changed(self, wanted: dict[str, Any]) -> "Settings":
        """These settings with some replaced.

        Raises:
            ValueError: a setting that does not exist, or a value it cannot have.
        """
        known = {each.name: getattr(self, each.name) for each in fields(self)}
        for name, value in wanted.items():
            if name not in known:
                raise ValueError(f"Maileon has no setting {name!r}; it has {', '.join(known)}")
            if not _fits(name, known[name], value):
                raise ValueError(f"setting {name!r} cannot be {value!r}")
        return replace(self, **wanted)

    def shown(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.server_zone)

    @property
    def feed_zone(self) -> ZoneInfo:
        """The zone in which `updated_after` is read (maileon.md U1)."""
        return ZoneInfo(self.updated_after_zone or self.server_zone)


def _fits(name: str, present: object, value: object) -> bool:
    if name in _CHOICES:
        return not isinstance(value, bool) and any(value == each for each in _CHOICES[name])
    if name in _OPTIONAL and value is None:
        return True
    if name in _ZONES:
        return isinstance(value, str) and _is_zone(value)
    wanted = _OPTIONAL.get(name, type(present))
    if wanted is bool:
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    if wanted is float:
        return isinstance(value, int | float) and 0 <= value <= 1
    if wanted is int:
        return isinstance(value, int) and value >= 0
    return isinstance(value, wanted)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return False
    return True
