"""Do-not-disturb, GHL's only form of consent. Source: ghl.md 3.10.

`active` means that DND is ON: do not contact. GHL knows no opt-in, so everything that is
no opt-out is unknown. The time inside a message ("Updated by … at …") has no documented
form and could make an old opt-out look new, so an opt-out of GHL is undated.
"""

from collections.abc import Mapping
from typing import Any

from syncd.model.values import Consent, Level

SOURCE = "ghl"
OPTED_OUT_TEXT = "Opted out of e-mail (syncd)"
EMAIL = "email"
BLOCKING = frozenset({"active", "permanent"})

# As the date-based versions spell them; v3 begins them in lower case (ghl.md 8).
_DATE_BASED = {
    "call": "Call",
    "email": "Email",
    "sms": "SMS",
    "whatsapp": "WhatsApp",
    "gmb": "GMB",
    "fb": "FB",
}
_V3 = {
    "call": "call",
    "email": "email",
    "sms": "sms",
    "whatsapp": "whatsApp",
    "gmb": "gmb",
    "fb": "fb",
}
DOCUMENTED = frozenset(_DATE_BASED)

_OPTED_OUT = Consent(Level.REVOKED, None, SOURCE)
_SAYS_NOTHING = Consent(Level.UNKNOWN, None, SOURCE)

Channel = Mapping[str, str]  # status, and maybe message and code
Channels = Mapping[str, Channel]  # by the channel's name in lower case


def channels(settings: Any) -> Channels | None:
    """The channels with a readable status; None if `dndSettings` is no object at all."""
    if not isinstance(settings, Mapping):
        return None
    return {
        str(name).lower(): {
            part: setting[part]
            for part in ("status", "message", "code")
            if isinstance(setting.get(part), str)
        }
        for name, setting in settings.items()
        if isinstance(setting, Mapping) and isinstance(setting.get("status"), str)
    }


def is_off(known: Channels, channel: str = EMAIL) -> bool:
    """Whether DND is on for a channel."""
    return known.get(channel, {}).get("status", "").lower() in BLOCKING


def consent(contact: Mapping[str, Any]) -> Consent | None:
    """What a contact says of e-mail; None if it says nothing that can be read.

    >>> consent({"dnd": False, "dndSettings": {"email": {"status": "permanent"}}}).level.value
    'revoked'
    """
    if contact.get("dnd") is True:
        return _OPTED_OUT
    known = channels(contact.get("dndSettings"))
    if known is None:
        return None
    return _OPTED_OUT if is_off(known) else _SAYS_NOTHING


def written(known: Channels, *, opt_out: bool, v3: bool, documented_only: bool = False) -> Any:
    """The complete `dndSettings` to send: e-mail changed, every other channel as it is.

    Whether a channel that is left out keeps its value is unverified, so none is left out.

    Args:
        documented_only: leave out channels that the schema does not name, such as RCS.
    """
    email = {"status": "active", "message": OPTED_OUT_TEXT} if opt_out else {"status": "inactive"}
    names = _V3 if v3 else _DATE_BASED
    return {
        names.get(channel, channel.upper()): dict(setting)
        for channel, setting in {**known, EMAIL: email}.items()
        if channel in DOCUMENTED or not documented_only
    }


def others_changed(before: Channels, after: Channels) -> bool:
    """Whether a write of ours switched DND of another channel on or off."""
    return any(
        is_off(before, channel) != is_off(after, channel) for channel in {*before, *after} - {EMAIL}
    )
