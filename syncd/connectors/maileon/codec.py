"""A contact as XML, and as a record; each direction the inverse of the other.

Source: maileon.md 2.1. What an answer does not show is left out of the record (unknown);
what it shows as empty is None. A standard field that was asked for and has no value comes
as nil, a custom one does not come at all, so "missing" means empty only if it was asked for.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from lxml import etree

from syncd.connectors.maileon.clock import ServerClock
from syncd.connectors.maileon.fields import CUSTOM, FIELDS, STANDARD
from syncd.connectors.maileon.values import OddValueError, from_text, to_text
from syncd.errors import RecordError
from syncd.http import xml
from syncd.model.record import Record, is_usable_id
from syncd.model.spec import Catalogue, FieldSpec
from syncd.model.values import Consent, Level, Patch, SetDelta, Value

SOURCE = "maileon"
STATUS = "PERMISSION_STATUS"
CONFIRMED = frozenset({4, 5})  # by the link of a double-opt-in mail

Element = etree._Element


@dataclass(frozen=True, slots=True)
class Selection:
    """The fields to ask for.

    Attributes:
        standard: names of standard fields.
        custom: specs by the platform's own name.
        consent: whether the permission is wanted in words as well.
    """

    standard: tuple[str, ...] = ()
    custom: Mapping[str, FieldSpec] = field(default_factory=dict)
    consent: bool = False

    @property
    def query(self) -> dict[str, list[str]]:
        """Repeated selectors; without any, an answer holds the fixed elements only."""
        standard = [*self.standard, *([STATUS] if self.consent else [])]
        chosen = {"standard_field": standard, "custom_field": sorted(self.custom)}
        return {key: names for key, names in chosen.items() if names}


def select(fields: frozenset[str], custom: Catalogue) -> Selection:
    """What to ask for, so that an answer shows at least the named fields.

    Args:
        custom: specs of the custom fields that there are, by rule name.

    Raises:
        KeyError: a named field does not exist.
    """
    own = sorted(name for name in fields if name not in FIELDS)
    return Selection(
        standard=tuple(sorted(fields & STANDARD.keys())),
        custom={name.removeprefix(CUSTOM): custom[name] for name in own},
        consent="consent" in fields,
    )


def to_record(contact: Element, wanted: Selection, clock: ServerClock) -> Record | None:
    """What one `<contact>` shows; None if it has no id by which to refer to it."""
    remote_id = text_of(contact, "id")
    if not remote_id or not is_usable_id(remote_id):
        return None
    created, updated = (shown_time(text_of(contact, name)) for name in ("created", "updated"))
    odd: set[str] = set()
    return Record(
        remote_id,
        fields=dict(_fields(contact, wanted, clock, created, updated, odd)),
        version=text_of(contact, "updated") if updated else None,
        modified=clock.aware(updated),
        odd=frozenset(odd),
    )


def _fields(
    contact: Element,
    wanted: Selection,
    clock: ServerClock,
    created: datetime | None,
    updated: datetime | None,
    odd: set[str],
) -> Iterator[tuple[str, Value]]:
    """The fields that are shown; names of those that cannot be read are added to `odd`."""
    if email := text_of(contact, "email"):  # hidden, not empty, if it is not there
        yield "email", email
    if (reference := contact.find("external_id")) is not None and not len(reference):
        yield "external_id", _text(reference)
    permission = permission_of(contact)
    if permission is not None:
        yield "permission", permission
    standard = _shown(contact, "standard_fields")
    if standard is not None and standard.get(STATUS) == "unsubscribed":
        yield "consent", Consent(Level.REVOKED, clock.latest(updated), SOURCE)
    elif permission is not None:
        yield "consent", consent_of(permission, clock.earliest(created))
    for name in wanted.standard:
        if standard is not None and name in standard:
            yield from _decoded(standard[name], STANDARD[name], odd)
    custom = _shown(contact, "custom_fields")
    if custom is not None:
        for name, spec in wanted.custom.items():
            yield from _decoded(custom.get(name), spec, odd)


def _decoded(text: str | None, spec: FieldSpec, odd: set[str]) -> Iterator[tuple[str, Value]]:
    try:
        yield spec.name, from_text(text, spec)
    except OddValueError:
        odd.add(spec.name)


def _shown(contact: Element, group: str) -> dict[str, str | None] | None:
    """Texts by field name; None if nothing can be told from the group.

    A custom field without a value is not listed, so a list that names one field in a way
    that cannot be read does not say of any field that it is empty. Elements besides the
    fields are new, and none of ours.
    """
    found = contact.find(group)
    if found is None:
        return None
    entries = found.findall("field")
    if len(found) and not entries:
        return None
    texts: dict[str, str | None] = {}
    for entry in entries:
        name, value = text_of(entry, "name"), entry.find("value")
        if name is None or value is None or len(value):
            return None
        texts[name] = _text(value)
    return texts


def consent_of(permission: int, since: datetime | None) -> Consent:
    """1 is none; 2 to 6 are grounds on which mail may be sent (maileon.md 2.11).

    Only 4 and 5 are a confirmation by the person, at no time before `since`. The others may
    stand for a list that somebody imported, so nothing tells when the person said it.
    """
    if permission == 1:
        return Consent(Level.UNKNOWN, None, SOURCE)
    return Consent(Level.GRANTED, since if permission in CONFIRMED else None, SOURCE)


def permission_of(contact: Element) -> int | None:
    text = text_of(contact, "permission")
    return int(text) if text in {"1", "2", "3", "4", "5", "6"} else None


def shown_time(text: str | None) -> datetime | None:
    """`YYYY-MM-DD HH:MM:SS[.f]` without zone, as naive; None if it is something else.

    No time before 1970 and none in 9999, which a zone could move out of the calendar.
    """
    if not text or not re.fullmatch(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d{1,9})?", text):
        return None
    whole, _, fraction = text.partition(".")
    try:
        moment = datetime.fromisoformat(whole)
    except ValueError:
        return None
    if not 1970 <= moment.year < 9999:
        return None
    return moment.replace(microsecond=int(fraction[:6].ljust(6, "0")))


def text_of(parent: Element, name: str) -> str | None:
    """The trimmed text of a child; None if it is missing, nil or empty."""
    child = parent.find(name)
    return None if child is None else (_text(child) or "").strip() or None


def _text(element: Element) -> str | None:
    return None if element.get("nil") == "true" else element.text or None


def to_element(patch: Patch, specs: Catalogue, *, remote_id: str | None = None) -> Element:
    """The `<contact>` that writes a patch; a field that is not in it stays as it is.

    Args:
        specs: every writable field by rule name.
        remote_id: only for bulk rows; in a single update an `<id>` is an error.

    Raises:
        RecordError: a field cannot be written, or its value could not be stored.
    """
    texts = {name: _writable_text(name, value, specs) for name, value in patch.items()}
    contact = etree.Element("contact")
    if remote_id is not None:
        etree.SubElement(contact, "id").text = remote_id
    if "email" in texts:
        etree.SubElement(contact, "email").text = texts["email"]
    if "external_id" in texts:
        _append(contact, "external_id", texts["external_id"])
    for group, names in (
        ("standard_fields", [name for name in texts if name in STANDARD]),
        ("custom_fields", [name for name in texts if name.startswith(CUSTOM)]),
    ):
        listed = etree.SubElement(contact, group) if names else contact
        for name in names:
            entry = etree.SubElement(listed, "field")
            etree.SubElement(entry, "name").text = name.removeprefix(CUSTOM)
            if name in STANDARD:
                _append(entry, "value", texts[name])
            else:
                _append_custom(entry, texts[name])
    return contact


def _writable_text(name: str, value: Value | SetDelta, specs: Catalogue) -> str | None:
    spec = specs.get(name)
    if spec is None or spec.read_only or name == "consent":
        raise RecordError(
            f"The field {name} cannot be written", code="not_writable", fields=(name,)
        )
    text = to_text(value, spec)
    if name == "email":
        text = wire_email(text)
    return text


def wire_email(email: object) -> str:
    """An address as it is sent: trimmed and in lower case (U9).

    Raises:
        RecordError: it is missing, or cannot be an address.
    """
    if email is None or email == "":
        raise RecordError("The contact has no e-mail", code="missing", fields=("email",))
    text = xml.legal(email).strip().lower() if isinstance(email, str) else ""
    if not re.fullmatch(r"[^\s@]+@[^\s@]+", text):
        raise RecordError("The e-mail is no address", code="invalid", fields=("email",))
    return text


def _append(parent: Element, name: str, text: str | None) -> None:
    """A child with a text, or nil to empty it (as the Java client does, maileon.md 2.1)."""
    child = etree.SubElement(parent, name)
    if text is None:
        child.set("nil", "true")
    else:
        child.text = text


def _append_custom(entry: Element, text: str | None) -> None:
    """A custom value, or an empty element to empty it.

    Assumption U12: an empty element empties a field of every type. PHP sends an empty
    text; nobody is known to send nil for a custom field.
    """
    etree.SubElement(entry, "value").text = text
