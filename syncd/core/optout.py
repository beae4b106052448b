"""The writes that carry an opt-out, or its lifting, to the records of a link."""

from syncd.core import consent
from syncd.core.consent import CONSENT
from syncd.core.situation import OPTED_OUT, Showing, Situation, Terms
from syncd.model.op import OpKind
from syncd.model.plan import Draft
from syncd.model.side import Both, Side
from syncd.model.values import Consent, Level


def consent_drafts(
    terms: Terms, at: Situation, sides: Both[Showing], level: Level
) -> tuple[Draft, ...]:
    """The writes that make both sides show a level, where they can."""
    if level is Level.UNKNOWN:
        return ()
    shown = sides.map(lambda s: consent.shown(s.fields))
    writes = consent.wanted_writes(level, shown, terms.specs.map(lambda s: s.consent))
    return tuple(
        _consent_draft(terms, at, side, sides[side], value) for side, value in writes.items()
    )


def revoke(terms: Terms, at: Situation, here: Side, present: Showing) -> tuple[Draft, ...]:
    """The opt-out of one record, unless it shows it already or cannot hold it."""
    spec = terms.specs[here].consent
    if spec is None or not spec.revocable:
        return ()
    if consent.shown(present.fields).level is Level.REVOKED:
        return ()
    return (_consent_draft(terms, at, here, present, Consent(Level.REVOKED, None, "syncd")),)


def ends_record(terms: Terms, side: Side) -> bool:
    """Whether a record of this side disappears when it opts out."""
    spec = terms.specs[side].consent
    return spec is not None and spec.ends_record


def _consent_draft(
    terms: Terms, at: Situation, side: Side, showing: Showing, value: Consent
) -> Draft:
    revoked = value.level is Level.REVOKED
    return Draft(
        link_id=at.link.id,
        side=side,
        kind=OpKind.UPDATE,
        remote_id=showing.remote_id,
        patch={CONSENT: value},
        current=showing.fields,
        ends=OPTED_OUT if revoked and ends_record(terms, side) else None,
        urgent=revoked,
    )
