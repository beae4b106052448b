"""Writes of a probe, each followed by a look: do they do what the connector takes for granted?

Source: ghl.md 3.6 to 3.10, and 12. Every function answers whether it is so, or None if that
cannot be told, and what was seen, which never holds a value of a contact.
"""

from collections.abc import Callable
from typing import Any

from syncd.connectors.ghl import dnd
from syncd.connectors.ghl.api import Api
from syncd.connectors.ghl.subject import NAMES, OFF, ON, PLAIN, WRITABLE, Subject
from syncd.connectors.ghl.writer import CREATE_PATH, TAGS_PATH
from syncd.errors import RecordError

Seen = tuple[bool | None, str]
TAG = "Syncd-Probe"
NO_FIELD = "syncdProbeNoField000"  # as long as an id of GHL, which draws them at random
PAUSE_S = 1.1  # so that a time of change can differ, should it have whole seconds only
LONG = 300
SORTED = {"sortBy": "date_updated", "order": "asc", "page": "1"}

# Fields


def get_whole(subject: Subject) -> Seen:
    shown, custom = subject.look(), subject.custom()
    hidden = [name for name, value in PLAIN.items() if shown.get(name) != value]
    hidden += [f"a field of type {kind}" for i, kind in subject.types.items() if i not in custom]
    return not hidden, f"hidden: {', '.join(hidden)}" if hidden else "all that was set is shown"


def absent_kept(subject: Subject) -> Seen:
    subject.put(city="Probeville")
    shown = subject.look()
    kept = all(shown.get(name) == value for name, value in NAMES.items())
    return kept and shown.get("city") == "Probeville", "one field was changed"


def null_clears(subject: Subject) -> Seen:
    subject.put(state=None)
    return not subject.look().get("state"), "`state` was tried"


def not_clearable(subject: Subject) -> Seen:
    try:
        subject.put(postalCode=None)
    except RecordError:
        return True, "refused; `postalCode` was tried"
    return bool(subject.look().get("postalCode")), "accepted; `postalCode` was tried"


def company(subject: Subject) -> Seen:
    try:
        subject.put(companyName="Probe & Co")
    except RecordError:
        return True, "refused"
    written = subject.look().get("companyName") == "Probe & Co"
    return False, "accepted, and written" if written else "accepted, and not written"


def email_alone(subject: Subject) -> Seen:
    subject.put(email=None)
    if subject.look().get("email"):
        return None, "the e-mail cannot be taken away"
    try:
        subject.put(email=subject.address, city="Probetown")
    except RecordError:
        subject.put(email=subject.address)
        return False, "refused with another field, taken alone"
    return bool(subject.look().get("email")), "one other field was sent with it"


# Custom fields


def answer_custom(subject: Subject) -> Seen:
    if not subject.types:
        return None, _lacks(*WRITABLE)
    answered = subject.custom(subject.put(city="Probetown"))
    direct = subject.custom()
    return answered == direct, f"{len(answered)} of {len(direct)} with a value are in the answer"


def custom_merged(subject: Subject) -> Seen:
    if len(subject.types) < 2:
        return None, "cannot be told: needs custom fields of two types"
    first, *others = subject.types
    before = subject.custom()
    subject.put_custom({first: WRITABLE[subject.types[first]]})
    after = subject.custom()
    lost = [subject.types[i] for i in others if i in before and i not in after]
    return not lost, f"lost: {', '.join(lost)}" if lost else "one of them was written"


def custom_clears(subject: Subject) -> Seen:
    filled = [i for i in subject.types if i in subject.custom()]
    if not filled:
        return None, _lacks(*WRITABLE)
    subject.put_custom(dict.fromkeys(filled, ""))
    left = subject.custom()
    kept = [subject.types[i] for i in filled if left.get(i) not in (None, "", [])]
    tried = ", ".join(subject.types[i] for i in filled)
    return not kept, f"tried: {tried}" + (f"; kept: {', '.join(kept)}" if kept else "")


def custom_unknown(subject: Subject) -> Seen:
    try:
        subject.put_custom({NO_FIELD: "x"}, city="Probeham")
    except RecordError:
        return False, "the whole change is refused"
    return subject.look().get("city") == "Probeham", "dropped"


def text_256(subject: Subject) -> Seen:
    fields = subject.of_type("TEXT")
    if not fields:
        return None, _lacks("TEXT")
    subject.put_custom({fields[0]: "x" * LONG})
    kept = len(str(subject.custom().get(fields[0], "")))
    return kept >= 256, f"{kept} of {LONG} characters were kept"


def fractions(subject: Subject) -> Seen:
    fields = subject.of_type("NUMERICAL")
    if not fields:
        return None, _lacks("NUMERICAL")
    subject.put_custom({fields[0]: 2.5})
    return str(subject.custom().get(fields[0])) == "2.5", "a number with one decimal was sent"


def _lacks(*kinds: str) -> str:
    return f"cannot be told: the location has no custom field of type {' or '.join(kinds)}"


# The list


def list_sort(subject: Subject, api: Api) -> Seen:
    """Asks for one row of the list, sorted and paged in the ways that n8n and others offer."""
    refused = [name for name, value in SORTED.items() if _is_unknown(subject, api, name, value)]
    taken = [name for name in SORTED if name not in refused]
    return not taken, f"taken: {', '.join(taken)}" if taken else "refused, each by itself"


def _is_unknown(subject: Subject, api: Api, name: str, value: str) -> bool:
    query = {"locationId": api.location_id, "limit": "1", "query": subject.address, name: value}
    try:
        api.call("GET", CREATE_PATH, query=query)
    except RecordError as error:
        if error.code != "property":
            raise
        return True
    return False


# Tags


def tagged(subject: Subject, api: Api) -> tuple[bool | None, list[str]]:
    """Put the probe's tag on: whether `dateUpdated` moved, and the tags there are then."""
    path = {"contact_id": subject.id}
    moved = _moves(
        subject,
        api,
        lambda: api.call("POST", TAGS_PATH, path, body={"tags": [TAG]}, repeatable=True),
    )
    tags = subject.look().get("tags")
    return moved, [str(tag) for tag in tags] if isinstance(tags, list) else []


def _moves(subject: Subject, api: Api, write: Callable[[], object]) -> bool | None:
    """Whether a write moves `dateUpdated`; None if that is not shown."""
    before = subject.look().get("dateUpdated")
    api.pause(PAUSE_S)
    write()
    after = subject.look().get("dateUpdated")
    return None if not before or not after else before != after


# Do not disturb


def create_opted_out(subject: Subject) -> Seen:
    if dnd.is_off(subject.known_channels()):
        return True, "DND for e-mail is on from the start"
    subject.put(dndSettings=subject.channels())
    return False, "DND for e-mail was off after the create, and was then switched on"


def dnd_names(subject: Subject) -> Seen:
    settings = subject.look().get("dndSettings")
    names = [str(name) for name in settings] if isinstance(settings, dict) else []
    return dnd.EMAIL in {name.lower() for name in names}, f"shown: {', '.join(names) or 'none'}"


def bump_dnd(subject: Subject, api: Api) -> Seen:
    moved = _moves(subject, api, lambda: subject.put(dndSettings=subject.channels(gmb=ON)))
    if not dnd.is_off(subject.known_channels(), "gmb"):
        return None, "a change of DND was not taken"
    return moved, "DND of another channel was switched on"


def dnd_partial(subject: Subject) -> Seen:
    whole = subject.channels()
    name = next(name for name in whole if name.lower() == dnd.EMAIL)
    try:
        subject.put(dndSettings={name: whole[name]})
        kept = dnd.is_off(subject.known_channels(), "sms")
    finally:
        subject.put(dndSettings=whole)
    return kept, "e-mail alone was written"


def dnd_rcs(subject: Subject) -> Seen:
    try:
        subject.put(dndSettings=subject.channels(rcs=ON))
    except RecordError:
        return False, "refused"
    shown = "and shown" if dnd.is_off(subject.known_channels(), "rcs") else "and not shown"
    return True, f"accepted, {shown}"


def dnd_permanent(subject: Subject) -> Seen:
    def status() -> Any:
        return subject.known_channels().get("fb", {}).get("status")

    subject.put(dndSettings=subject.channels(fb={"status": "permanent"}))
    if status() != "permanent":
        return None, "`permanent` is not taken from the API"
    subject.put(dndSettings=subject.channels(fb=OFF))
    return status() == "permanent", "tried with the channel for Facebook"


def dnd_flag(subject: Subject) -> Seen:
    subject.put(dndSettings=subject.channels())
    subject.put(dnd=True)
    shown = subject.look()
    if shown.get("dnd") is not True:
        return None, "DND for all is not taken from the API"
    moved = dnd.is_off(dnd.channels(shown.get("dndSettings")) or {}, "gmb")
    return not moved, "DND for all was switched on"
