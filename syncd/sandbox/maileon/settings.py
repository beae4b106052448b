"""The switches of the emulator, one per thing that no document settles.

Defaults are what maileon.md states or, where it is silent, the behaviour that is
harder on a client. `docs/sandbox-maileon.md` explains every one.
"""

from dataclasses import dataclass
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from syncd.sandbox.switches import Rules, Switches

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
    "old_paths": frozenset({"not_emulated", "missing", "work"}),
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


@dataclass(frozen=True, slots=True)
class Settings(Switches):
    rules: ClassVar[Rules] = Rules(
        platform="Maileon",
        choices=_CHOICES,
        optional=_OPTIONAL,
        zones=("server_zone", "updated_after_zone"),
        fractions_most=1,
        numbers_below=1e9,
    )

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
    charset_everywhere: bool = False
    checksum_needed: bool = True
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
    old_paths: str = "not_emulated"
    plain_json: bool = False
    put_by_id_changes_email: bool = False
    put_missing_status: int = 404
    put_needs_id: bool = True
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

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.server_zone)

    @property
    def feed_zone(self) -> ZoneInfo:
        """The zone in which `updated_after` is read (maileon.md U1)."""
        return ZoneInfo(self.updated_after_zone or self.server_zone)
