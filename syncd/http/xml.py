"""Reading and writing XML that comes from, or goes to, people we do not trust."""

import re
from typing import Any

from lxml import etree

# XML 1.0, production 2: no control characters but tab, line feed, carriage return;
# no surrogates; not U+FFFE and U+FFFF.
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class MalformedXmlError(ValueError):
    """The bytes are not well-formed XML, or they carry a document type."""


def parse(body: bytes) -> "etree._Element":
    """The root element.

    Leading white space is dropped, since Maileon sometimes sends it (maileon.md 2.1).
    A document type is refused outright, so no entity can be defined or expanded.

    Raises:
        MalformedXmlError: as its docstring says.
    """
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(body.strip(), parser)
    except (etree.XMLSyntaxError, ValueError) as cause:
        raise MalformedXmlError("not well-formed") from cause
    document: Any = root.getroottree().docinfo  # the stubs do not know `doctype`
    if document.doctype:
        raise MalformedXmlError("a document type is not accepted")
    return root


def legal(text: str) -> str:
    """The text without the characters that XML 1.0 cannot carry."""
    return _ILLEGAL.sub("", text)


def serialise(root: "etree._Element") -> bytes:
    """UTF-8 with a declaration."""
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")
