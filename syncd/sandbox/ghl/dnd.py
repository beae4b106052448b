"""Do not disturb: the flag for all channels, and a setting per channel (3.10)."""

from collections.abc import Mapping
from typing import Any

from syncd.sandbox.ghl.contact import Channel
from syncd.sandbox.ghl.settings import Settings

CHANNELS = ("Call", "Email", "SMS", "WhatsApp", "GMB", "FB")
V3_NAMES = {"call": "Call", "email": "Email", "sms": "SMS", "whatsApp": "WhatsApp"} | {
    "gmb": "GMB",
    "fb": "FB",
}
STATUSES = ("active", "inactive", "permanent")


def violations(value: object, *, v3: bool, rcs: bool = False) -> list[str]:
    """What the validator says about `dndSettings`; v3 names pass only under v3 (section 8).

    Args:
        rcs: let the channel pass that is in no schema.
    """
    if not isinstance(value, dict):
        return ["dndSettings must be an object"]
    lines = []
    for name, channel in value.items():
        where = f"dndSettings.{name}"
        if name not in CHANNELS and not (v3 and name in V3_NAMES) and not (rcs and name == "RCS"):
            lines.append(f"dndSettings.property {name} should not exist")
        else:
            lines += _channel_violations(where, channel, STATUSES, ("status", "message", "code"))
    return lines


def inbound_violations(value: object) -> list[str]:
    """The same for `inboundDndSettings`, which has the one channel `all`."""
    if not isinstance(value, dict):
        return ["inboundDndSettings must be an object"]
    lines = []
    for name, channel in value.items():
        if name != "all":
            lines.append(f"inboundDndSettings.property {name} should not exist")
        else:
            lines += _channel_violations(
                "inboundDndSettings.all", channel, STATUSES[:2], ("status", "message")
            )
    return lines


def written(
    before: Mapping[str, Channel], wanted: Mapping[str, Any], settings: Settings
) -> dict[str, Channel]:
    """The settings after a write through the API."""
    named = {V3_NAMES.get(name, name): dict(channel) for name, channel in wanted.items()}
    kept = dict(before) if settings.dnd_settings_write == "merge" else {}
    after: dict[str, Channel] = {**kept, **named}
    if not settings.permanent_can_be_lifted:
        after |= {name: old for name, old in before.items() if old["status"] == "permanent"}
    return after


def all_channels(before: Mapping[str, Channel], status: str) -> dict[str, Channel]:
    """Every channel at `status`, except those that are permanently off."""
    return {
        name: before[name]
        if before.get(name, {}).get("status") == "permanent"
        else {"status": status}
        for name in dict.fromkeys((*CHANNELS, *before))
    }


def union(left: Mapping[str, Channel], right: Mapping[str, Channel]) -> dict[str, Channel]:
    """Of two merged contacts: whoever did not want to be disturbed still does not."""
    rank = {"inactive": 0, "active": 1, "permanent": 2}
    merged = dict(left)
    for name, channel in right.items():
        mine = merged.get(name)
        if mine is None or rank[mine["status"]] < rank[channel["status"]]:
            merged[name] = channel
    return merged


def _channel_violations(
    where: str, channel: object, statuses: tuple[str, ...], names: tuple[str, ...]
) -> list[str]:
    if not isinstance(channel, dict):
        return [f"{where} must be an object"]
    lines = [f"{where}.property {name} should not exist" for name in channel if name not in names]
    if channel.get("status") not in statuses:
        allowed = ", ".join(statuses)
        lines.append(f"{where}.status must be one of the following values: {allowed}")
    lines += [
        f"{where}.{name} must be a string"
        for name in ("message", "code")
        if name in channel and name in names and not isinstance(channel[name], str)
    ]
    return lines
