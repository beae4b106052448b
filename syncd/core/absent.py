"""What is decided about a link of which only one side's record exists."""

from dataclasses import replace

from syncd.core import consent
from syncd.core.match import AMBIGUOUS
from syncd.core.merge import is_edited
from syncd.core.merged import add_to_patch
from syncd.core.normalise import identity_key
from syncd.core.odd import UNREADABLE, is_odd
from syncd.core.optout import judge, readmit, revoke, with_verdict
from syncd.core.reference import reference_rule
from syncd.core.sets import fitting, members_of
from syncd.core.shadow import in_shadow, shadow_name
from syncd.core.situation import ASKED, DELETED, OPTED_OUT, Showing, Situation, Terms
from syncd.core.translate import Translated
from syncd.model.link import State
from syncd.model.op import OpKind
from syncd.model.plan import Draft, LinkPlan, Standing
from syncd.model.policy import Deleted
from syncd.model.rule import Direction, Rule, Values
from syncd.model.side import SIDES, Both, Side
from syncd.model.values import Consent, Fields, Level, SetDelta, Value

_WAITS = Standing(State.PARKED, ASKED)

# -- the counterpart was never created, or waits to be ------------------------------------


def plan_missing(terms: Terms, at: Situation, here: Side, present: Showing) -> LinkPlan:
    """Create the counterpart, unless something speaks against it."""
    said = consent.shown(present.fields)
    nobody: Both[Consent] = Both(Consent(Level.UNKNOWN), Consent(Level.UNKNOWN))
    verdict = judge(terms, at, nobody.having(here, said), alone=True)
    if verdict.asks is not None:
        return with_verdict(alone(at, (), here, _WAITS, at.link.ended), verdict)
    if verdict.level is Level.REVOKED:
        return _suppress(terms, at, here, present)
    if said.level is Level.REVOKED:  # a remnant, which goes before anybody is made
        drafts = readmit(terms, at, here, present)
        waits = Standing(State.WAITING) if drafts else Standing(State.PARKED, OPTED_OUT)
        return alone(at, drafts, here, waits, at.link.ended)
    return with_verdict(_missing(terms, at, here, present), verdict)


def _missing(terms: Terms, at: Situation, here: Side, present: Showing) -> LinkPlan:
    """Create it, unless the pair or the record itself stands in the way."""
    predicate = terms.policy.filter[here]
    if predicate is not None and not predicate(present.fields):
        return alone(at, (), here, Standing(State.FILTERED, "filter"), at.link.ended)
    if here.other not in terms.policy.create or not terms.specs[here.other].creates:
        return alone(at, (), here, Standing(State.FILTERED, "create_off"), at.link.ended)
    key = present.fields.get(terms.policy.keys.first[here])
    if not isinstance(key, str) or identity_key(key) is None:
        return alone(at, (), here, Standing(State.PARKED, "no_key"), at.link.ended)
    if here in at.rivalled:
        return alone(at, (), here, Standing(State.PARKED, AMBIGUOUS), at.link.ended)
    draft, problems = create_draft(terms, at, here, present)
    if draft.patch.get(terms.policy.keys.first[here.other]) is None:
        # Nobody could recognise the new record, and every further look would double it.
        cause = Standing(State.PARKED, "no_key")
        return replace(alone(at, (), here, cause, at.link.ended), problems=problems)
    standing = Both(Standing(State.WAITING), Standing(State.WAITING))
    return LinkPlan((draft,), at.link.shadow, standing, problems=problems)


def _suppress(terms: Terms, at: Situation, here: Side, present: Showing) -> LinkPlan:
    """Carry an opt-out on: to the record that does not show it, and to the address.

    Nobody is created who opted out; a newer opt-in lifts that only on both sides.
    """
    drafts = revoke(terms, at, here, present)
    there = here.other
    spec = terms.specs[there].consent
    address = present.fields.get(terms.policy.keys.first[here])
    if spec and spec.suppresses_absent and isinstance(address, str) and not at.link.ended:
        suppress = Draft(
            link_id=at.link.id,
            side=there,
            kind=OpKind.SUPPRESS,
            remote_id=None,
            patch={terms.policy.keys.first[there]: address},
            ends=OPTED_OUT,
            urgent=True,
        )
        return alone(at, (*drafts, suppress), here, Standing(State.WAITING), None)
    return alone(at, drafts, here, Standing(State.PARKED, OPTED_OUT), OPTED_OUT)


def create_draft(
    terms: Terms, at: Situation, here: Side, present: Showing
) -> tuple[Draft, dict[str, str]]:
    """The write that makes the counterpart, and what of it cannot travel, by rule name."""
    there = here.other
    patch: dict[str, Value | SetDelta] = {}
    advance: Both[dict[str, Value | SetDelta]] = Both({}, {})
    problems: dict[str, str] = {}
    for rule in terms.mapping.rules:
        if not rule.direction.reaches(there):
            continue
        names = rule.fields(here)
        if is_odd(rule, here, present.fields):
            problems[rule.name] = UNREADABLE
            continue
        if any(n not in present.fields for n in names):
            continue
        if unreadable := terms.mapping.unreadable(rule, here, present.fields):
            problems[rule.name] = unreadable
        shown = tuple(present.fields[n] for n in names)
        image = _image(terms, rule, here, shown)
        if image is None:
            continue
        cut_for_good = image.problem == "too_long" and rule.direction is not Direction.BOTH
        if image.problem:
            problems[rule.name] = image.problem
            if not image.values or not (cut_for_good or _is_set(terms, rule, there)):
                continue
        wanted = dict(zip(rule.fields(there), image.values, strict=True))
        if why := at.refusal(there, wanted) or _unwritable(terms, there, wanted):
            problems[rule.name] = why
            continue
        add_to_patch(patch, {n: value for n, value in wanted.items() if value is not None})
        known = _agreed(terms, rule, here, shown, image.values)
        for side in SIDES:
            advance[side].update(known[side])
    reference = terms.references[there]
    if reference and not at.refusal(there, {reference: present.remote_id}):
        patch[reference] = present.remote_id
        one = (present.remote_id,)
        known = in_shadow(reference_rule(there, reference), Both(one, one))
        for side in SIDES:
            advance[side].update(known[side])
    draft = Draft(
        link_id=at.link.id,
        side=there,
        kind=OpKind.CREATE,
        remote_id=None,
        patch=patch,
        advance=Both(advance.left, advance.right),
    )
    return draft, problems


def _is_set(terms: Terms, rule: Rule, side: Side) -> bool:
    return rule.as_set and terms.mapping.holds_set(rule, side)


def _image(terms: Terms, rule: Rule, here: Side, shown: Values) -> Translated | None:
    """What a new record would show for one rule; of a set, the members that it can hold."""
    there, mapping = here.other, terms.mapping
    if _is_set(terms, rule, there):
        members = members_of(rule, here, shown[0], mapping)
        if isinstance(members, str):
            return Translated((), members)
        fit, why = fitting(rule, there, members, mapping)
        return Translated((fit or None,), why)
    if _is_set(terms, rule, here) and isinstance(shown[0], frozenset):
        shown = (mapping.free(here, rule.fields(here)[0], shown[0]) or None,)
    return mapping.across(rule, there, shown)


def _unwritable(terms: Terms, there: Side, wanted: Fields) -> str | None:
    """Why values cannot be given to a new record."""
    for name, value in wanted.items():
        if value is not None and terms.mapping.spec(there, name).read_only:
            return "read_only"
    return None


def _agreed(terms: Terms, rule: Rule, here: Side, shown: Values, image: Values) -> Both[Fields]:
    """What both shadows hold of a rule once the new record shows its image."""
    if not rule.as_set:
        return in_shadow(rule, Both(shown, image) if here is Side.LEFT else Both(image, shown))
    known = members_of(rule, here, shown[0], terms.mapping)
    if isinstance(known, frozenset) and _is_set(terms, rule, here.other):
        known, _ = fitting(rule, here.other, known, terms.mapping)
    agreed: Values = (known if isinstance(known, frozenset) else frozenset(),)
    return in_shadow(rule, Both(agreed, agreed))


# -- the counterpart existed and is gone for certain ---------------------------------------


def plan_gone(
    terms: Terms, at: Situation, here: Side, present: Showing, missing: Showing
) -> LinkPlan:
    """Carry a deletion on as far as the pair says, unless it was an opt-out."""
    said, last = consent.shown(present.fields), consent.shown(missing.fields)
    if last.level is not Level.REVOKED:
        last = Consent(Level.UNKNOWN)  # a permission ends with its record
    consents = Both(said, last) if here is Side.LEFT else Both(last, said)
    verdict = judge(terms, at, consents, alone=True)
    if verdict.asks is not None:
        return with_verdict(alone(at, (), here, _WAITS, at.link.ended), verdict)
    if verdict.level is Level.REVOKED and (at.ledger or last.level is Level.REVOKED):
        drafts = revoke(terms, at, here, present, last.at)
        return alone(at, drafts, here, Standing(State.PARKED, OPTED_OUT), OPTED_OUT)
    if verdict.level is Level.GRANTED:  # who left there has to come back there
        drafts = readmit(terms, at, here, present)
        parked = alone(at, drafts, here, Standing(State.PARKED, DELETED), DELETED)
        return with_verdict(parked, verdict)
    if (
        at.link.ended is None
        and here not in at.rivalled
        and not was_edited(terms, at, here, present)
    ):
        drafts = after_delete(terms, at, here, present)
    else:
        # An edit beats a delete, a link ends once, and who has the address of this record now
        # is another one than who was deleted.
        drafts = ()
    ended = None if drafts else DELETED  # with a write on its way, it ends when that is done
    return alone(at, drafts, here, Standing(State.PARKED, DELETED), ended)


def after_delete(terms: Terms, at: Situation, here: Side, present: Showing) -> tuple[Draft, ...]:
    """What a pair wants of a record whose counterpart was deleted."""
    match terms.policy.deleted:
        case Deleted.KEEP:
            return ()
        case Deleted.UNSUBSCRIBE:
            return revoke(terms, at, here, present)
        case Deleted.DELETE:
            if not terms.specs[here].deletes:
                return ()
            return (replace(delete_draft(at, here, present), ends="deleted"),)


def delete_draft(at: Situation, side: Side, showing: Showing) -> Draft:
    """The write that deletes a record."""
    return Draft(
        link_id=at.link.id,
        side=side,
        kind=OpKind.DELETE,
        remote_id=showing.remote_id,
        patch={},
        current=showing.fields,
    )


def was_edited(terms: Terms, at: Situation, here: Side, present: Showing) -> bool:
    """Whether a record shows something else than when both sides last agreed."""
    return any(_rule_was_edited(terms, at, here, present, rule) for rule in terms.mapping.rules)


def _rule_was_edited(terms: Terms, at: Situation, here: Side, present: Showing, rule: Rule) -> bool:
    shadow, names = at.link.shadow[here], rule.fields(here)
    if is_odd(rule, here, present.fields):  # it could be read when it was agreed on
        return any(name in shadow for name in rule.shadows[here])
    if any(name not in present.fields for name in names):
        return False
    shown = tuple(present.fields[name] for name in names)
    if rule.as_set:
        members = members_of(rule, here, shown[0], terms.mapping)
        return shadow.get(shadow_name(rule, here), members) != members
    if any(name not in shadow for name in rule.shadows[here]):
        return False  # it was never agreed on
    return is_edited(rule, here, shown, shadow, terms.mapping)


def alone(
    at: Situation, drafts: tuple[Draft, ...], here: Side, standing: Standing, ended: str | None
) -> LinkPlan:
    """A plan in which only one side's record exists."""
    gone = Standing(State.GONE)
    return LinkPlan(drafts, at.link.shadow, Both(gone, gone).having(here, standing), ended=ended)
