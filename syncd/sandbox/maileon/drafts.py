"""What comes in: contacts in XML or JSON bodies, read without judging their values.

Source: maileon.md §2.1 (writing rules), §2.3 to §2.5 (example bodies).
XML is parsed with no DTD, no entities and no network.
"""

from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from syncd.sandbox.incoming import parse
from syncd.sandbox.maileon.answers import ILLEGAL, RefusalError

_SCALARS = frozenset({"id", "email", "permission", "external_id"})
_IGNORED = frozenset({"anonymous", "created", "updated"})  # read-only (§2.1)


@dataclass(slots=True)
class PreferenceDraft:
    category: str
    name: str
    value: str | None
    source: str | None
    has_source: bool


@dataclass(slots=True)
class Draft:
    """What a body says about one contact.

    A key that is absent was not mentioned; None is `nil="true"`; "" an empty element.
    """

    scalars: dict[str, str | None] = field(default_factory=dict)
    standard: dict[str, str | None] = field(default_factory=dict)
    custom: dict[str, str | None] = field(default_factory=dict)
    preferences: list[PreferenceDraft] = field(default_factory=list)


def parse_xml(body: bytes) -> etree._Element:
    """The root element.

    Raises:
        RefusalError: 400, with line and column where the XML is broken.
    """
    try:
        root = etree.fromstring(body, _parser())
    except etree.XMLSyntaxError as exc:
        raise RefusalError(400, exc.msg or "malformed XML", exc.position) from exc
    document: Any = root.getroottree().docinfo
    if document.doctype:
        raise RefusalError(400, "a document type declaration is not allowed", (1, 1))
    return root


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        remove_comments=True,
        remove_pis=True,
        huge_tree=False,
    )


def one_contact(body: bytes, *, is_json: bool) -> Draft:
    """A single contact; `<contact/>` and `{}` are the smallest bodies."""
    if is_json:
        return _from_json(body)
    root = parse_xml(body)
    if root.tag != "contact":
        raise _misplaced(root)
    return from_element(root)


def many_contacts(body: bytes) -> list[Draft]:
    root = parse_xml(body)
    if root.tag != "contacts":
        raise _misplaced(root)
    return [from_element(each) for each in root]


def from_element(contact: etree._Element) -> Draft:
    if contact.tag != "contact":
        raise _misplaced(contact)
    draft = Draft()
    for child in contact:
        tag = child.tag
        if tag == "standard_fields":
            _read_fields(child, draft.standard)
        elif tag == "custom_fields":
            _read_fields(child, draft.custom)
        elif tag == "preferences":
            draft.preferences = [_read_preference(each) for each in child]
        elif tag in _SCALARS:
            draft.scalars[str(tag)] = _text(child)
        elif tag not in _IGNORED:
            raise _misplaced(child)
    return draft


def texts_of(parent: etree._Element, allowed: frozenset[str]) -> dict[str, str | None]:
    """The children of a flat element as names and texts."""
    for child in parent:
        if child.tag not in allowed:
            raise _misplaced(child)
    return {str(child.tag): _text(child) for child in parent}


def _read_fields(parent: etree._Element, into: dict[str, str | None]) -> None:
    for each in parent:
        if each.tag != "field":
            raise _misplaced(each)
        name: str | None = None
        value: str | None = ""
        for part in each:
            if part.tag == "name":
                name = part.text
            elif part.tag == "value":
                value = None if part.get("nil") == "true" else part.text or ""
            else:
                raise _misplaced(part)
        if not name:
            raise RefusalError(400, "a field needs a name", _place(each))
        into[name] = value


def _read_preference(each: etree._Element) -> PreferenceDraft:
    if each.tag != "preference":
        raise _misplaced(each)
    names = frozenset({"name", "category", "value", "source", "last_modified"})
    return _preference(dict(texts_of(each, names)))


def _preference(found: dict[str, str | None]) -> PreferenceDraft:
    category, name = found.get("category"), found.get("name")
    if not category or not name:
        raise RefusalError(400, "a preference needs a name and a category")
    has_source = "source" in found
    return PreferenceDraft(category, name, found.get("value"), found.get("source"), has_source)


def _text(element: etree._Element) -> str | None:
    return None if element.get("nil") == "true" else element.text or ""


def _misplaced(element: etree._Element) -> RefusalError:
    return RefusalError(400, f"element '{element.tag}' is not expected here", _place(element))


def _place(element: etree._Element) -> tuple[int, int]:
    line: Any = element.sourceline
    return line or 1, 1


def json_object(body: bytes, what: str) -> dict[str, Any]:
    """A JSON body.

    Raises:
        RefusalError: 400, it is no JSON or no object.
    """
    try:
        document = parse(body)
    except ValueError as exc:
        raise RefusalError(400, f"malformed JSON: {exc}") from exc
    if not isinstance(document, dict):
        raise RefusalError(400, f"{what} must be a JSON object")
    return document


def _from_json(body: bytes) -> Draft:
    """The vnd JSON variant; custom values must not be null (maileon.md §2.1)."""
    document = json_object(body, "a contact")
    draft = Draft()
    for key, value in document.items():
        if key == "standard_fields":
            draft.standard = _json_texts(value, key)
        elif key == "custom_fields":
            draft.custom = _json_texts(value, key)
        elif key == "preferences":
            draft.preferences = [_preference(_json_texts(each, key)) for each in _list(value)]
        elif key in _SCALARS:
            draft.scalars[key] = _json_text(value)
        elif key not in _IGNORED:
            raise RefusalError(400, f"unknown key {key}")
    if None in draft.custom.values():
        raise RefusalError(400, "values of custom fields must not be null")
    return draft


def _json_texts(value: Any, key: str) -> dict[str, str | None]:
    if not isinstance(value, dict):
        raise RefusalError(400, f"{key} must be a JSON object")
    return {name: _json_text(each) for name, each in value.items()}


def _json_text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if not isinstance(value, str) or ILLEGAL.search(value):
        raise RefusalError(400, "a value must be text that XML 1.0 can hold")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise RefusalError(400, "preferences must be a JSON list")
    return value
