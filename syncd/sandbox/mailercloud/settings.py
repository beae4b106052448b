"""The switches of the emulator, one per thing that no source settles.

Defaults are the branch that is worse for a client (mailercloud.md §16), but for those
that docs/sandbox-mailercloud.md names, with the reason and the row of every switch.
"""

from dataclasses import dataclass
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from syncd.sandbox.switches import Rules, Switches

_CHOICES: dict[str, frozenset[Any]] = {
    "bad_list_status": frozenset({401, 400}),
    "batch_bad_row": frozenset({"saves_before", "saves_none", "saves_others", "skips"}),
    "batch_blocked": frozenset({"reactivates", "skips", "keeps"}),
    "batch_duplicate": frozenset({"skips", "updates"}),
    "block_python_agents": frozenset({"urllib", "all", "off"}),
    "campaign_rows": frozenset({"email", "recipient_email", "nested", "text"}),
    "create_clash": frozenset({"email_exists", "contact_exists", "conflict"}),
    "create_clash_scope": frozenset({"account", "list"}),
    "custom_field_key": frozenset({"id", "any"}),
    "custom_fields_in_rows": frozenset({"by_id", "by_key", "list", "absent"}),
    "data_shape": frozenset({"list", "object"}),
    "email_case": frozenset({"keeps", "folds", "sensitive"}),
    "empty_data": frozenset({"absent", "null", "list"}),
    "empty_in_rows": frozenset({"empty", "absent", "null"}),
    "empty_string": frozenset({"refuse", "clears", "keeps"}),
    "get_vocabulary": frozenset({"modern", "classic"}),
    "limit_outside": frozenset({"refuse", "clamp"}),
    "long_values": frozenset({"refuse", "cut"}),
    "null_value": frozenset({"refuse", "clears", "keeps"}),
    "opt_out_scope": frozenset({"account", "list"}),
    "put_absent": frozenset({"keeps", "clears"}),
    "put_email": frozenset({"ignored", "refused", "renames"}),
    "remove_from_list": frozenset({"refused", "works", "deletes"}),
    "search_matches": frozenset({"contains", "prefix", "exact", "ignored"}),
    "search_order": frozenset({"newest", "oldest", "updated"}),
    "tag_case": frozenset({"sensitive", "insensitive"}),
    "tags_in_rows": frozenset({"names", "objects", "absent"}),
    "tags_write": frozenset({"union", "replace"}),
    "unknown_contact_status": frozenset({404, 400}),
    "unknown_custom_field": frozenset({"refuse", "ignore"}),
    "unknown_field": frozenset({"ignore", "refuse"}),
    "upsert_absent": frozenset({"keeps", "clears"}),
    "validation_status": frozenset({400, 422, 200}),
    "vocabulary": frozenset({"classic", "modern", "both"}),
    "webhook_create_path": frozenset({"/webhooks", "/webhook", "none"}),
    "webhook_event_names": frozenset({"short", "display", "mixed"}),
    "webhook_failures_count": frozenset({"attempts", "events"}),
    "webhook_keys": frozenset({"first", "second", "third", "mixed"}),
    "webhook_list_id": frozenset({"string", "number", "array", "mixed"}),
    "webhook_validation": frozenset({"all", "get", "post_empty", "post_event"}),
}
_OPTIONAL: dict[str, type] = {
    "lists_most": int,
    "properties_most": int,
    "retry_after_s": int,
}


@dataclass(frozen=True, slots=True)
class Settings(Switches):
    rules: ClassVar[Rules] = Rules(
        platform="Mailercloud",
        choices=_CHOICES,
        optional=_OPTIONAL,
        zones=("account_zone",),
        numbers_below=1e9,
    )

    account_zone: str = "Asia/Kolkata"
    bad_key_has_errors: bool = True
    bad_list_status: int = 401
    batch_bad_row: str = "saves_before"
    batch_blocked: str = "reactivates"
    batch_duplicate: str = "skips"
    batch_rows_most: int = 50
    batch_skips_unchanged: bool = False
    block_python_agents: str = "urllib"
    campaign_rows: str = "email"
    contact_id_per_list: bool = True
    count_includes_blocked: bool = False
    create_clash: str = "email_exists"
    create_clash_scope: str = "account"
    create_takes_contact_type: bool = True
    custom_field_key: str = "id"
    custom_fields_in_rows: str = "by_id"
    data_shape: str = "list"
    delete_min_age_days: int = 14
    email_case: str = "keeps"
    empty_data: str = "absent"
    empty_in_rows: str = "empty"
    empty_string: str = "refuse"
    get_by_email: bool = False
    get_shows_tags: bool = False
    get_vocabulary: str = "modern"
    limit_block_s: float = 60.0
    limit_outside: str = "refuse"
    lists_most: int | None = None
    long_values: str = "refuse"
    null_value: str = "refuse"
    opt_out_scope: str = "account"
    properties_most: int | None = None
    put_absent: str = "keeps"
    put_email: str = "ignored"
    put_reactivates: bool = False
    put_takes_contact_type: bool = True
    refused_domains: tuple[str, ...] = ("refused.example.com",)
    rejected_upsert_uses_quota: bool = True
    remove_from_list: str = "refused"
    requests_per_second: int = 50
    retry_after_s: int | None = None
    rows_only_known_fields: bool = False
    search_lag_s: float = 300.0
    search_lists_blocked: bool = False
    search_matches: str = "contains"
    search_order: str = "newest"
    status_in_rows: bool = False
    tag_case: str = "sensitive"
    tag_chars_most: int = 100
    tags_in_rows: str = "names"
    tags_write: str = "union"
    unknown_contact_status: int = 404
    unknown_custom_field: str = "refuse"
    unknown_field: str = "ignore"
    upsert_absent: str = "keeps"
    upsert_reactivates: bool = True
    upsert_takes_contact_type: bool = False
    validation_status: int = 400
    vocabulary: str = "classic"
    webhook_create_path: str = "/webhooks"
    webhook_event_names: str = "mixed"
    webhook_failures_count: str = "attempts"
    webhook_https_only: bool = False
    webhook_keys: str = "mixed"
    webhook_limit: int = 50
    webhook_list_id: str = "mixed"
    webhook_validation: str = "all"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.account_zone)
