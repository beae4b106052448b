"""Answers as they are read: what is well, what is a page, what is broken, and where text ends."""

import json
import re

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from syncd.errors import TransientError
from syncd.http import xml
from syncd.http.answer import Answer, may_hold_surrogates


def answered(status: int = 200, body: bytes = b"", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer("GET /x", status, httpx.Headers(named), body)


@pytest.mark.parametrize(
    ("status", "ok"), [(199, False), (200, True), (201, True), (299, True), (300, False)]
)
def test_only_statuses_from_200_to_299_are_well(status: int, ok: bool) -> None:
    assert answered(status).ok is ok


def test_the_media_type_comes_without_its_parameters() -> None:
    assert answered(content_type=" Application/JSON ; charset=utf-8").media_type == (
        "application/json"
    )
    assert answered().media_type == ""


@pytest.mark.parametrize("start", [b"", b" \n\t", b" " * 241])
@pytest.mark.parametrize("page", [b"<!DOCTYPE HTML><p>", b"<HTML><body>"])
def test_a_page_is_recognised_by_its_first_256_bytes(start: bytes, page: bytes) -> None:
    read = answered(body=start + page)
    assert read.looks_like_html()
    for parse in (read.json, read.xml):
        with pytest.raises(TransientError, match="HTML page") as caught:
            parse()
        assert "GET /x was answered 200" in caught.value.message


def test_what_only_holds_a_page_further_on_is_none() -> None:
    assert not answered(body=b" " * 256 + b"<html>").looks_like_html()
    assert not answered(body=b'{"page": "<html>"}').looks_like_html()


def test_the_text_of_an_answer_is_cut_by_characters_and_never_fails() -> None:
    assert answered(body="😀".encode() * 400).text() == "😀" * 300
    assert answered(body=b"abcdef").text(limit=2) == "ab"
    assert answered(body=b"a\xff").text() == "a\ufffd"


def test_what_is_not_whole_says_how_much_came() -> None:
    with pytest.raises(TransientError, match=r"200 with 2 bytes that are not complete JSON"):
        answered(body=b'{"').json()
    with pytest.raises(TransientError, match=r"200 with 3 bytes that are not complete XML"):
        answered(body=b"<a>").xml()


def test_lone_surrogates_are_replaced_wherever_they_are() -> None:
    nested = rb'{"k\ud800": ["\uD801", {"a": "\udfff"}, 1, null, true]}'
    assert answered(body=nested).json() == {"k\ufffd": ["\ufffd", {"a": "\ufffd"}, 1, None, True]}
    assert answered(body=b'["\xed\xa0\x80"]').json() != ["\ud800"]


pieces = st.sampled_from(
    [
        *(
            r"\ud83d",
            r"\uDE00",
            r"\uD83D\ude00",
            r"\uDBff\udFFF",
            r"\ud7ff",
            r"\ue000",
            r"\u0075d83d",
        ),
        *(
            r"\\",
            r"\n",
            r"\/",
            r"\"",
            r"\u00fc",
            "ud83d",
            "a",
            "\ud83d",
            "\ude00",
            "😀",
            "한",
            "\ud7ff",
        ),
    ]
)


@given(st.lists(pieces, max_size=12).map("".join), st.sampled_from(["utf-8", "utf-16", "utf-32"]))
def test_surrogates_are_replaced_if_they_are_lone_however_they_are_written(
    text: str, encoding: str
) -> None:
    body = f'{{"k": "{text}"}}'.encode(encoding, "surrogatepass")
    was = json.loads(body)["k"]
    lone = re.sub("[\ud800-\udfff]", "\ufffd", was)
    assert answered(body=body).json() == {"k": lone}


def test_an_emoji_and_hangul_are_no_reason_to_look_at_every_value() -> None:
    """One of them in a page would else cost more than reading it does."""
    for text in ("😀", r"\ud83d\ude00", r"\uD83D\uDE00", "한국", r"\ud55c\uad6d", r"\\ud800"):
        assert not may_hold_surrogates(f'["{text}"]'.encode())


def test_xml_is_read_without_comments_and_instructions_and_with_space_before_it() -> None:
    root = answered(body=b" \n<?xml version='1.0'?><a><!-- c --><?p i?><b>1</b></a>\n").xml()
    assert [child.tag for child in root] == ["b"]


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE a><a/>",
        b"<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>",
        b"<a",
        b"",
        b"<a>" * 300 + b"</a>" * 300,
    ],
)
def test_xml_with_a_document_type_or_without_sense_or_measure_is_refused(body: bytes) -> None:
    with pytest.raises(xml.MalformedXmlError):
        xml.parse(body)


def test_xml_is_written_with_a_declaration_in_utf_8() -> None:
    root = etree.Element("a")
    root.text = xml.legal("ü\x00\x0b\ufffe\ud800\t\U0001f600")
    assert xml.serialise(root) == "<?xml version='1.0' encoding='UTF-8'?>\n<a>ü\t😀</a>".encode()
