"""A contact as XML, and as a record; each direction the inverse of the other.

Source: maileon.md 2.1. What an answer does not show is left out of the record (unknown);
what it shows as empty is None. A standard field that was asked for and has no value comes
as nil, a custom one does not come at all, so "missing" means empty only if it was asked for.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from lxml import etree

from syncd.connectors.maileon.clock import ServerClock
from syncd.connectors.maileon.fields import CUSTOM, FIELDS, STANDARD
from syncd.connectors.maileon.values import OddValueError, reader, to_text
from syncd.errors import RecordError
from syncd.http import xml
from syncd.model.record import Record, is_usable_id
from syncd.model.spec import Catalogue, FieldSpec
from syncd.model.values import Consent, Level, Patch, SetDelta, Value

SOURCE = "maileon"
STATUS = "PERMISSION_STATUS"
CONFIRMED = frozenset({4, 5})  # by the link of a double-opt-in mail

_NO_GROUND = Consent(Level.UNKNOWN, None, SOURCE)
_UNDATED_GROUND = Consent(Level.GRANTED, None, SOURCE)
_TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d{1,9})?", re.ASCII)

Element = etree._Element
Texts = Mapping[str, str | None]


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


class Shown:
    """What one `<contact>` shows, its children gone through once.

    Attributes:
        id: None if it has none by which to refer to it.
        updated: in the server's zone; None if it is not shown, or not as a time.
        texts: of children without children of their own; groups: the others. Of several with
            one name the first counts.
    """

    __slots__ = ("groups", "id", "texts", "updated")

    def __init__(self, contact: Element) -> None:
        self.texts: dict[str, str | None] = {}
        self.groups: dict[str, Element] = {}
        for child in contact:
            name = child.tag
            if name in self.texts or name in self.groups:
                continue
            if len(child):
                self.groups[name] = child
            else:
                self.texts[name] = _text(child)
        self.id = self.text("id")
        self.updated = self.time("updated")

    def text(self, name: str) -> str | None:
        """As `text_of`."""
        text = self.texts.get(name)
        if text is None:
            return trimmed(self.groups[name]) if name in self.groups else None
        return text.strip() or None

    def time(self, name: str) -> datetime | None:
        return shown_time(self.text(name))

    def fields(self, group: str) -> Texts | None:
        """Texts by field name; None if nothing can be told from the group.

        A custom field without a value is not listed, so a list that names one field in a way
        that cannot be read does not say of any field that it is empty. Elements besides the
        fields are new, and none of ours.
        """
        if group in self.texts:
            return {}
        listed = self.groups.get(group)
        if listed is None:
            return None
        texts: dict[str, str | None] = {}
        is_empty = True
        for entry in listed:
            if entry.tag != "field":
                continue
            is_empty = False
            name = value = None
            for part in entry:
                match part.tag:
                    case "name" if name is None:
                        name = part
                    case "value" if value is None:
                        value = part
            key = None if name is None else trimmed(name)
            if key is None or value is None or len(value):
                return None
            texts[key] = _text(value)
        return None if is_empty else texts


def to_record(contact: Element, wanted: Selection, clock: ServerClock) -> Record | None:
    """What one `<contact>` shows; None if it has no id by which to refer to it."""
    return Decoder(wanted, clock).record(Shown(contact))


class Decoder:
    """Reads many contacts; what depends on the selection alone is settled once."""

    def __init__(self, wanted: Selection, clock: ServerClock) -> None:
        self._clock = clock
        self._standard = [(name, reader(STANDARD[name])) for name in wanted.standard]
        self._custom = [(name, spec.name, reader(spec)) for name, spec in wanted.custom.items()]

    def record(self, shown: Shown) -> Record | None:
        """As `to_record`."""
        if not shown.id or not is_usable_id(shown.id):
            return None
        fields: dict[str, Value] = {}
        if email := shown.text("email"):  # hidden, not empty, if it is not there
            fields["email"] = email
        if "external_id" in shown.texts:
            fields["external_id"] = shown.texts["external_id"]
        standard = shown.fields("standard_fields")
        permission = _permission(shown.text("permission"))
        if permission is not None:
            fields["permission"] = permission
        if standard is not None and standard.get(STATUS) == "unsubscribed":
            at = self._clock.latest(shown.updated)
            fields["consent"] = Consent(Level.REVOKED, at, SOURCE)
        elif permission is not None:
            fields["consent"] = self._consent(permission, shown)
        odd = self._add_values(fields, standard, shown.fields("custom_fields"))
        return Record(
            shown.id,
            fields,
            version=shown.text("updated") if shown.updated else None,
            modified=self._clock.aware(shown.updated),
            odd=odd,
        )

    def _consent(self, permission: int, shown: Shown) -> Consent:
        """1 is none; 2 to 6 are grounds on which mail may be sent (maileon.md 2.11).

        Only 4 and 5 are a confirmation by the person, at no time before the contact was made.
        The others may stand for a list that somebody imported, so nothing tells when the person
        said it.
        """
        if permission == 1:
            return _NO_GROUND
        if permission not in CONFIRMED:
            return _UNDATED_GROUND
        return Consent(Level.GRANTED, self._clock.earliest(shown.time("created")), SOURCE)

    def _add_values(
        self, fields: dict[str, Value], standard: Texts | None, custom: Texts | None
    ) -> frozenset[str]:
        """Add the values that are shown; the names of those that cannot be read."""
        texts = []
        if standard is not None:
            texts = [(n, standard[n], read) for n, read in self._standard if n in standard]
        if custom is not None:
            texts += [(name, custom.get(own), read) for own, name, read in self._custom]
        odd = []
        for name, text, read in texts:
            try:
                fields[name] = read(text)
            except OddValueError:
                odd.append(name)
        return frozenset(odd)


def _permission(text: str | None) -> int | None:
    return int(text) if text in {"1", "2", "3", "4", "5", "6"} else None


def shown_time(text: str | None) -> datetime | None:
    """`YYYY-MM-DD HH:MM:SS[.f]` without zone, as naive; None if it is something else.

    No time before 1970 and none in 9999, which a zone could move out of the calendar.
    """
    if not text or not _TIME.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text)  # which leaves out what is less than 1 us
    except ValueError:
        return None
    return moment if 1970 <= moment.year < 9999 else None


def text_of(parent: Element, name: str) -> str | None:
    """The trimmed text of a child; None if it is missing, nil or empty."""
    child = parent.find(name)
    return None if child is None else trimmed(child)


def trimmed(element: Element) -> str | None:
    """The text of an element without white space around it; None if it is nil or empty."""
    text = _text(element)
    return None if text is None else text.strip() or None


def _text(element: Element) -> str | None:
    text = element.text
    return None if not text or element.get("nil") == "true" else text


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
