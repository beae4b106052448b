"""The lattice of consent, and the one guard that every write passes.

Sending mail after an opt-out breaks the law in most countries (GDPR Art. 7(3), CAN-SPAM
15 U.S.C. 7704(a)(4)), so nothing but a newer, dated opt-in may lift one, and only where
the pair allows it at all; where one side alone says so, a person is asked.
"""

from dataclasses import dataclass
from datetime import datetime

from syncd.core.normalise import identity_key
from syncd.model.op import OpKind
from syncd.model.side import Both, Side
from syncd.model.spec import ConsentSpec
from syncd.model.values import Consent, Fields, Level, Patch

CONSENT = "consent"
LIFTED = "lifted"  # source of an unknown consent: when its platform was seen to end an opt-out
LEDGER = "ledger"  # source of an opt-out that the ledger alone tells
OURS = "syncd"  # source of a consent that we wrote; an opt-out has the date of its cause
NEITHER: Both[datetime | None] = Both(None, None)


@dataclass(frozen=True, slots=True)
class OptedOut:
    """The ledger's word on an address: when it opted out, or when we first heard of it."""

    at: datetime


def shown(fields: Fields) -> Consent:
    """What a record says of its consent; unknown if it says nothing."""
    consent = fields.get(CONSENT)
    return consent if isinstance(consent, Consent) else Consent(Level.UNKNOWN)


def told_again(before: Fields, after: Fields) -> Fields:
    """What is known of a record that has ended: an opt-out of our own keeps the date of its cause.

    A platform reports it as of when we wrote it, which is later than what a person may have
    said since.
    """
    old = shown(before)
    ours = old.source == OURS and old.level is shown(after).level is Level.REVOKED
    return {**after, CONSENT: old} if ours else after


def carried(before: Fields, after: Fields, when: datetime) -> Fields:
    """What a record says, knowing what it said before: that an opt-out ended there is kept.

    A platform without opt-ins shows somebody who was let in again as it shows a stranger.

    Args:
        when: the change was made, as far as can be told.
    """
    old = shown(before)
    if CONSENT not in after or shown(after).level is not Level.UNKNOWN:
        return after
    if old.level is Level.REVOKED:
        return {**after, CONSENT: Consent(Level.UNKNOWN, when, LIFTED)}
    return {**after, CONSENT: old} if old.source == LIFTED else after


def decide(
    consents: Both[Consent],
    ledger: OptedOut | None,
    *,
    resubscribe: bool,
    let_in: Both[datetime | None] = NEITHER,
) -> Level:
    """What both sides should hold.

    Args:
        ledger: what the suppression ledger holds of either side's address.
        resubscribe: whether the pair lets a newer, dated opt-in lift an opt-out.
        let_in: by side, up to when the opt-outs of its own address were lifted for good. What
            it still shows of them is a remnant, unless the ledger knows of a later one.

    Returns:
        REVOKED: everywhere. GRANTED: a newer opt-in lifts the opt-out. UNKNOWN: nobody
        opted out, and nothing is to be done: a sync never raises a permission by itself.
    """
    revoked = [c for c in consents if c.level is Level.REVOKED]
    standing = [
        said
        for said, upto in zip(consents, let_in, strict=True)
        if said.level is Level.REVOKED and (ledger is not None or not is_remnant(said, upto))
    ]
    if not standing and ledger is None:
        return Level.GRANTED if revoked else Level.UNKNOWN
    granted = [c.at for c in consents if c.level is Level.GRANTED and c.at is not None]
    ended = [c.at for c in standing] + ([ledger.at] if ledger else [])
    if resubscribe and granted and all(at is not None and at < max(granted) for at in ended):
        return Level.GRANTED
    return Level.REVOKED


def is_remnant(said: Consent, upto: datetime | None) -> bool:
    """Whether what a side shows is an opt-out that was lifted since."""
    return upto is not None and (said.at is None or said.at <= upto)


def questioned(
    consents: Both[Consent], ledger: OptedOut | None, *, resubscribe: bool
) -> Both[Consent] | None:
    """What a person has to choose between; None if nothing stands against an opt-out.

    One side was opted in, or let in again, after the opt-out: neither may be destroyed
    without a person's word. Where the pair lifts no opt-out, there is no question.
    """
    if not resubscribe or ledger is None:
        return None
    back = consents.map(lambda c: _is_back(c, ledger))
    if not (back.left or back.right):
        return None
    out = Consent(Level.REVOKED, ledger.at, LEDGER)
    return Both(
        consents.left if back.left else out,
        consents.right if back.right else out,
    )


def _is_back(said: Consent, ledger: OptedOut) -> bool:
    lets_in = said.level is Level.GRANTED or said.source == LIFTED
    return lets_in and said.at is not None and said.at > ledger.at


def wanted_writes(
    level: Level,
    consents: Both[Consent],
    specs: Both[ConsentSpec | None],
    ledger: OptedOut | None = None,
) -> dict[Side, Consent]:
    """The consent to write per side, where a side does not show it and can hold it.

    An opt-out is written with the date of its cause.
    """
    writes: dict[Side, Consent] = {}
    for side in Side:
        spec, present, other = specs[side], consents[side].level, consents[side.other]
        if spec is None or present is level:
            continue
        if level is Level.REVOKED and spec.revocable:
            cause = other.at if other.level is Level.REVOKED else None
            writes[side] = Consent(Level.REVOKED, ledger.at if ledger else cause, OURS)
        if level is Level.GRANTED and spec.grantable and present is Level.REVOKED:
            writes[side] = Consent(Level.GRANTED, other.at, OURS)
    return writes


def forbids(
    kind: OpKind,
    patch: Patch,
    current: Fields,
    *,
    address: str,
    suppressed: frozenset[str],
    resubscribe: bool,
    lifted: frozenset[str] = frozenset(),
) -> str | None:
    """Why a write must not be sent, or None: the last look before every single one.

    Args:
        address: name of the field that holds the address.
        suppressed: identity keys that the ledger holds, among those of this write.
        resubscribe: whether the pair allows an opt-out to be lifted.
        lifted: identity keys of this write whose opt-out was lifted.
    """
    if CONSENT in patch:
        wanted = patch[CONSENT]
        level = wanted.level if isinstance(wanted, Consent) else Level.UNKNOWN
        key = _key(current.get(address))
        allowed = (resubscribe or key in lifted) and key not in suppressed
        if level is Level.REVOKED or (level is Level.GRANTED and allowed):
            return None
        return "lifting an opt-out is not allowed for this pair"
    if kind in (OpKind.DELETE, OpKind.SUPPRESS):
        return None
    key = _key(patch.get(address))
    if key in suppressed and shown(current).level is not Level.REVOKED:
        return "the address is on the suppression ledger"
    return None


def _key(value: object) -> str | None:
    return identity_key(value) if isinstance(value, str) else None
