"""The lattice of consent, and the one guard that every write passes.

Sending mail after an opt-out breaks the law in most countries (GDPR Art. 7(3), CAN-SPAM
15 U.S.C. 7704(a)(4)), so nothing but a newer, dated opt-in may lift one, and only where
the pair allows it at all.
"""

from dataclasses import dataclass
from datetime import datetime

from syncd.core.normalise import identity_key
from syncd.model.op import OpKind
from syncd.model.side import Both, Side
from syncd.model.spec import ConsentSpec
from syncd.model.values import Consent, Fields, Level, Patch

CONSENT = "consent"


@dataclass(frozen=True, slots=True)
class OptedOut:
    """The ledger's word on an address: when it opted out, or when we first heard of it."""

    at: datetime


def shown(fields: Fields) -> Consent:
    """What a record says of its consent; unknown if it says nothing."""
    consent = fields.get(CONSENT)
    return consent if isinstance(consent, Consent) else Consent(Level.UNKNOWN)


def decide(consents: Both[Consent], ledger: OptedOut | None, *, resubscribe: bool) -> Level:
    """What both sides should hold.

    Args:
        ledger: what the suppression ledger holds of either side's address.
        resubscribe: whether the pair lets a newer, dated opt-in lift an opt-out.

    Returns:
        REVOKED: everywhere. GRANTED: a newer opt-in lifts the opt-out. UNKNOWN: nobody
        opted out, and nothing is to be done: a sync never raises a permission by itself.
    """
    revoked = [c for c in consents if c.level is Level.REVOKED]
    if not revoked and ledger is None:
        return Level.UNKNOWN
    granted = [c.at for c in consents if c.level is Level.GRANTED and c.at is not None]
    ended = [c.at for c in revoked] + ([ledger.at] if ledger else [])
    if resubscribe and granted and all(at is not None and at < max(granted) for at in ended):
        return Level.GRANTED
    return Level.REVOKED


def wanted_writes(
    level: Level, consents: Both[Consent], specs: Both[ConsentSpec | None]
) -> dict[Side, Consent]:
    """The consent to write per side, where a side does not show it and can hold it."""
    writes: dict[Side, Consent] = {}
    for side in Side:
        spec, present = specs[side], consents[side].level
        if spec is None or present is level:
            continue
        if level is Level.REVOKED and spec.revocable:
            writes[side] = Consent(Level.REVOKED, consents[side.other].at, "syncd")
        if level is Level.GRANTED and spec.grantable and present is Level.REVOKED:
            writes[side] = Consent(Level.GRANTED, consents[side.other].at, "syncd")
    return writes


def forbids(
    kind: OpKind,
    patch: Patch,
    current: Fields,
    *,
    address: str,
    suppressed: frozenset[str],
    resubscribe: bool,
) -> str | None:
    """Why a write must not be sent, or None: the last look before every single one.

    Args:
        address: name of the field that holds the address.
        suppressed: identity keys that the ledger holds, among those of this write.
        resubscribe: whether the pair allows an opt-out to be lifted.
    """
    if CONSENT in patch:
        wanted = patch[CONSENT]
        level = wanted.level if isinstance(wanted, Consent) else Level.UNKNOWN
        if level is Level.REVOKED or (level is Level.GRANTED and resubscribe):
            return None
        return "lifting an opt-out is not allowed for this pair"
    if kind in (OpKind.DELETE, OpKind.SUPPRESS):
        return None
    wanted = patch.get(address)
    key = identity_key(wanted) if isinstance(wanted, str) else None
    if key in suppressed and shown(current).level is not Level.REVOKED:
        return "the address is on the suppression ledger"
    return None
