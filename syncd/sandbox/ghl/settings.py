"""Switches of the emulator: what the sources contradict each other about, or what only some see.

Every default is the best-attested behaviour; where nothing is attested, the one that is
safest for a client to have met. Rows are those of the platform document, `ghl.md`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

CHOICES: Mapping[str, tuple[str, ...]] = {
    "contact_appointments_key": ("events", "appointments"),
    "block_python_agents": ("urllib", "all_but_sdk", "all", "off"),
    "dnd_settings_write": ("merge", "replace"),
    "gone_text": ("named", "bare"),
    "iso_dates_in_search": ("work", "refuse"),
    "missing_child": ("404", "400"),
    "unknown_custom_field": ("ignore", "refuse"),
}
NUMBERS_BELOW = 10**9  # seconds that every clock can add


@dataclass(frozen=True, slots=True)
class Settings:
    """All switches; `/_control/ghl/settings` shows and changes them.

    Attributes:
        index_lag_s: search and list, of tasks too, show a write this much later (section 9; 4.2,
            T39). Sandbox clock.
        tag_index_lag_s: the same for tag-only writes; None is `index_lag_s` (section 9, T48).
        delete_lag_s: how long deleted rows linger; None is `index_lag_s` (section 9).
        flicker: chance that one row is missing from one answer (section 9, T48).
        rows_without_dnd_settings: rows carry only `dnd` (3.2, T25).
        rows_without_custom_fields: rows carry `customFields: []` (3.2, T26).
        page_most: rows of one answer, however many are asked for (12, row 14).
        truncate_text, text_length: TEXT values are cut at 256 characters (3.8, T36).
        numerical_keeps_fractions: NUMERICAL is more than whole numbers (unverified).
        custom_empty_clears: `""` and `[]` empty a custom field (12, row 6).
        dnd_settings_write: whether channels that a write leaves out keep their value
            (3.10, unverified).
        dnd_flag_moves_channels: `dnd` true or false sets every channel (12, row 8).
        permanent_can_be_lifted: a write may change status `permanent` (3.10, unverified).
        rcs_in_writes: the channel RCS, seen but in no schema, may be written (issue #264).
        create_takes_dnd: a create heeds `dndSettings` (unverified).
        bump_on_tags, bump_on_dnd: tag-only and DND-only writes change `dateUpdated` (section 9).
        bump_on_children: a write to a note, a task or an appointment changes the `dateUpdated` of
            its contact (12, row 3).
        missing_child: the status for a note or task that is not there: 404 was seen (0.1, T4),
            the description names only 400.
        title_and_due_together: of a task's `title` and `dueDate` PUT takes none without the other
            (4.2, T38: one integrator saw it).
        contact_appointments_key: the appointments of a contact come as `events`, or as some have
            seen them as `appointments` (4.3, T27).
        contact_appointments_in_utc: their times, which name no zone, are in UTC instead of the
            location's (12, row 15).
        events_past_end_s: GET /calendars/events lists what starts so much after `endTime` (4.4,
            T40; how much is not known).
        free_slot_flag_is_enough: `ignoreFreeSlotValidation` alone lets in the past too, as the
            description says; else it takes `ignoreDateRange` as well, as T4 sends both (4.4).
        declared_versions_only: a path answers under the Version that its family declares, and
            under v3; else under every published one (section 0, T5).
        empty_string_clears: `""` clears a field other than email and phone, below contacts too
            (3.6, unverified).
        clear_not_nullable: null is taken for fields the schema does not mark nullable
            (`postalCode`, `country`, …; 3.6, unverified).
        create_422_still_creates: chance that a create answered 422 was carried out all the
            same, without the bad fields (issue #64).
        first_email_alone: a first e-mail added together with other fields is a 400 (3.6, T30).
        unknown_custom_field: what a value for a field that does not exist gets (3.8,
            contradictory reports): nothing, or a 422.
        company_in_updates: PUT takes `companyName` (12, row 7).
        duplicate_lags: the duplicate look-up asks the index that lags (3.4, T27).
        gone_text: the 400 for an unknown contact says so, or no more than "Bad Request"
            (3.5, unverified).
        phone_eq_bug: `phone eq` misses contacts that have additional e-mails (issue #289).
        iso_dates_in_search: ISO strings in ranges over dateAdded and dateUpdated (3.2).
        list_takes_sort: GET /contacts/ heeds `sortBy`, `order` and `page`, which n8n offers and
            no document names; else they are a 422 (3.3, unverified).
        block_python_agents: whom the proxy answers 403 "Error 1010" (section 0, T3): only the
            agent of `urllib`, which is what Cloudflare usually means by it, as others work with
            the agents of requests, httpx and aiohttp; or those too, with `all_but_sdk` but for
            the official SDK, which is recognisable by its GHL-SDK-Version header.
        allow_duplicates: the location's "Allow duplicate contact" (3.7).
        match_phone_first: the location's priority of phone over e-mail (3.7).
        restore_keeps_id: a restored contact has its old id (12, row 13).
        burst_max, burst_window_s, daily_max: the budget of one location (section 2).
    """

    index_lag_s: float = 2.0
    tag_index_lag_s: float | None = None
    delete_lag_s: float | None = None
    flicker: float = 0.0
    rows_without_dnd_settings: bool = False
    rows_without_custom_fields: bool = False
    page_most: int = 500
    truncate_text: bool = True
    text_length: int = 256
    numerical_keeps_fractions: bool = False
    custom_empty_clears: bool = True
    dnd_settings_write: str = "merge"
    dnd_flag_moves_channels: bool = False
    permanent_can_be_lifted: bool = False
    rcs_in_writes: bool = False
    create_takes_dnd: bool = True
    bump_on_tags: bool = True
    bump_on_dnd: bool = True
    bump_on_children: bool = False
    missing_child: str = "404"
    title_and_due_together: bool = False
    contact_appointments_key: str = "events"
    contact_appointments_in_utc: bool = False
    events_past_end_s: float = 86_400.0
    free_slot_flag_is_enough: bool = False
    declared_versions_only: bool = False
    empty_string_clears: bool = True
    clear_not_nullable: bool = False
    create_422_still_creates: float = 0.0
    first_email_alone: bool = False
    unknown_custom_field: str = "ignore"
    company_in_updates: bool = False
    duplicate_lags: bool = False
    gone_text: str = "named"
    phone_eq_bug: bool = False
    iso_dates_in_search: str = "work"
    list_takes_sort: bool = False
    block_python_agents: str = "urllib"
    allow_duplicates: bool = False
    match_phone_first: bool = False
    restore_keeps_id: bool = True
    burst_max: int = 100
    burst_window_s: float = 10.0
    daily_max: int = 200_000


def changed(settings: Settings, changes: Mapping[str, Any]) -> Settings:
    """`settings` with `changes`.

    Raises:
        ValueError: an unknown name, or a value of the wrong kind or out of range.
    """
    kinds = {one.name: str(one.type) for one in fields(Settings)}
    for name, value in changes.items():
        if name not in kinds:
            raise ValueError(f"unknown setting {name!r}; there are: {', '.join(kinds)}")
        _check(name, kinds[name], value)
    return replace(settings, **changes)


def _check(name: str, kind: str, value: object) -> None:
    if name in CHOICES:
        if value not in CHOICES[name]:
            raise ValueError(f"{name} must be one of {', '.join(CHOICES[name])}")
        return
    if value is None and "None" in kind:
        return
    if "bool" in kind:
        if not isinstance(value, bool):
            raise ValueError(f"{name} must be true or false")
        return
    whole = isinstance(value, int) and not isinstance(value, bool)
    if "int" in kind and not whole:
        raise ValueError(f"{name} must be a whole number")
    if not whole and not isinstance(value, float):
        raise ValueError(f"{name} must be a number")
    if isinstance(value, int | float) and not 0 <= value < NUMBERS_BELOW:
        raise ValueError(f"{name} must be 0 or more, and less than {NUMBERS_BELOW:,}")
