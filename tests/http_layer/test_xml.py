"""XML from people we do not trust."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from syncd.http import xml

BOMB = b"""<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>
<contacts>&b;</contacts>"""
OUTSIDE = b"""<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>"""
PARAMETER = b"""<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><x/>"""


@pytest.mark.parametrize("hostile", [BOMB, OUTSIDE, PARAMETER])
def test_a_document_type_is_refused(hostile: bytes) -> None:
    with pytest.raises(xml.MalformedXmlError):
        xml.parse(hostile)


@pytest.mark.parametrize(
    "broken", [b"", b"   ", b"<a>", b"<a></b>", b"{}", b"<a>\xff</a>", b"\x00"]
)
def test_what_is_not_well_formed_is_refused(broken: bytes) -> None:
    with pytest.raises(xml.MalformedXmlError):
        xml.parse(broken)


def test_the_words_of_a_document_type_inside_a_value_are_just_text() -> None:
    assert xml.parse(b"<v><![CDATA[<!DOCTYPE html>]]></v>").text == "<!DOCTYPE html>"


def test_leading_white_space_is_dropped() -> None:
    assert xml.parse(b'\n  <?xml version="1.0"?><a/>').tag == "a"


@given(st.text())
def test_any_text_made_legal_survives_a_round_trip(text: str) -> None:
    root = etree.Element("v")
    root.text = xml.legal(text)
    back = xml.parse(xml.serialise(root)).text or ""
    assert back == xml.legal(text).replace("\r\n", "\n").replace("\r", "\n") or back == xml.legal(
        text
    )
