"""Campaigns and the rows of their reports, whose shape nobody has written down.

Source: mailercloud.md 10.3 (spellings), 12 (campaigns), 17.2 (times).
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from syncd.connectors.mailercloud.answers import words
from syncd.connectors.mailercloud.codec import id_of
from syncd.connectors.mailercloud.state import digest
from syncd.connectors.mailercloud.values import folded

_ADDRESS_KEYS = ("email", "recipient_email", "recipient", "contact_email", "email_address")
_TIME_KEYS = ("ts_event", "ts")
_UNSENT = frozenset({"draft", "scheduled"})
_ADDRESS = re.compile(r"[^\s@<>,;]{1,64}@[^\s@<>,;]{1,190}")


def campaign_of(row: Any) -> str | None:
    """The id of a campaign of which mail may have gone out."""
    if not isinstance(row, Mapping) or str(row.get("status", "")).lower() in _UNSENT:
        return None
    return id_of(row)


def mark_of(row: Mapping[str, Any], today: datetime) -> str:
    """What changes when somebody opts out; once a day where there is no summary to tell."""
    summary = row.get("report_summary")
    return digest([summary] if summary else [today.date().isoformat()])


def addresses_of(row: Any) -> Iterator[str]:
    if isinstance(row, str):
        yield from _ADDRESS.findall(folded(row[:300]))
        return
    if not isinstance(row, Mapping):
        return
    several = row.get("emails")
    named = [row.get(key) for key in _ADDRESS_KEYS]
    named += words(several, *_ADDRESS_KEYS) if isinstance(several, list) else []
    found = [a for text in named for a in _ADDRESS.findall(folded(text)[:300])]
    if found:
        yield from found
        return
    for key, value in row.items():
        if any(stem in str(key).lower() for stem in ("sender", "from", "reply")):
            continue
        if isinstance(value, str | Mapping):
            yield from addresses_of(value)


def moment_of(row: Any) -> datetime | None:
    """When it happened, if it says so as an epoch number; texts have no zone (17.2)."""
    if not isinstance(row, Mapping):
        return None
    for key in _TIME_KEYS:
        shown = row.get(key)
        if isinstance(shown, str) and re.fullmatch(r"[0-9]{9,14}", shown):
            shown = int(shown)
        if isinstance(shown, bool) or not isinstance(shown, int | float):
            continue
        seconds = shown / 1000 if shown > 1e11 else shown
        if 946_684_800 <= seconds < 4_102_444_800:  # 2000 to 2099; NaN is neither
            return datetime.fromtimestamp(seconds, UTC)
    return None
