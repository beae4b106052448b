"""What HTML says as plain text, and plain text where HTML is expected."""

import doctest
import sys
from types import FrameType
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from syncd.connectors.ghl.child_spec import NOTE_FIELDS
from syncd.core.canonical import canonical
from syncd.mapping import html_text
from syncd.mapping.compile import compile_rules
from syncd.mapping.html_text import is_html, settled, to_html, to_text
from syncd.mapping.line import Line
from syncd.mapping.shape import Made, Shape, UnfitError
from syncd.mapping.transforms import make
from syncd.model.rule import Direction
from syncd.model.side import Both, Side
from syncd.model.spec import FieldSpec, Kind, ResourceSpec

BODY = FieldSpec("body", html=True)
TEXT = FieldSpec("text")
FILE = "https://files.example.org/offer.pdf"


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(html_text).failed == 0


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<p>Called.</p>", "Called."),
        ("<p>Called.</p><p><br></p><p>Again.</p>", "Called.\n\nAgain."),
        ("<p>Called.</p>\n<p>Again.</p>\n", "Called.\nAgain."),
        ("<p>One<br>two<br/>three<BR />four</p>", "One\ntwo\nthree\nfour"),
        ("<p>One<br></p><p>two</p>", "One\ntwo"),
        ("<p></p><p>One</p><p></p><p>two</p>", "One\ntwo"),
        ("<p>&nbsp;</p><p>One</p><p>&nbsp;</p><p>two</p><p>&nbsp;</p>", "One\n\ntwo"),
        ("<p>One</p><p><br></p><p><br></p><p><br></p><p>two</p>", "One\n\ntwo"),
        ("<p>a <strong>very</strong>  <em>good</em>\n lead</p>", "a very good lead"),
        (
            "<p>12&nbsp;000 &euro; &amp; more &#8211; &#x263A; &lt;b&gt;</p>",
            "12 000 € & more – ☺ <b>",
        ),
        ("<p>a&nbsp;&nbsp;b</p>", "a  b"),
        ("<p>&copy=2 &nosuch; &amp</p>", "&copy=2 &nosuch; &amp"),
        ("<div>one<div>two</div>three</div>", "one\ntwo\nthree"),
        ("<h1>Title</h1>text<blockquote>said</blockquote>end", "Title\ntext\nsaid\nend"),
        ("<ul><li>one</li><li>two</li></ul>", "- one\n- two"),
        ("<p>To do:</p><ul><li><p>one</p></li><li><p>two</p></li></ul>", "To do:\n- one\n- two"),
        ("<ul>\n <li>one\n <li>two\n</ul>", "- one\n- two"),
        ("<ol><li>one</li><li>two</li></ol>then<ol><li>x</li></ol>", "1. one\n2. two\nthen\n1. x"),
        ('<ol start="3"><li>c</li><li>d</li></ol>', "3. c\n4. d"),
        ('<ol start="-&#178;"><li>c</li></ol>', "1. c"),
        ("<ul><li>a<ol><li>b</li></ol></li><li>c</li></ul>", "- a\n  1. b\n- c"),
        ("<ul><li></li><li><br></li><li>x</li></ul>y", "-\n-\n- x\ny"),
        ("<li>alone</li>", "- alone"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><th>c</th></tr></table>", "a b\nc"),
        ("<p>x</p><pre>\n  a\t b\n\n\n  c &lt;\n</pre>y", "x\n  a\t b\n\n\n  c <\ny"),
        (f'<p>See <a href="{FILE}">the offer</a>.</p>', f"See the offer ({FILE})."),
        (f'<p>See <a href="{FILE}">the offer </a>now</p>', f"See the offer ({FILE}) now"),
        (f"<A HREF='{FILE}' target=_blank>{FILE}</A>", FILE),
        (f"<a href={FILE}><b>offer</b></a>", f"offer ({FILE})"),
        (f'<a href="{FILE}"></a>', FILE),
        (f'<a href="{FILE}">the <p>offer</p></a>', f"the\noffer\n({FILE})"),
        ('<a href="https://x.example/?a=1&amp;b=2">x</a>', "x (https://x.example/?a=1&b=2)"),
        ('<a href="mailto:ada@example.org">ada@example.org</a>', "ada@example.org"),
        ('<a href="tel:+12025550123">call</a>', "call (tel:+12025550123)"),
        ('<a name="top">top</a><a href="">none</a>', "topnone"),
        ('<a title="href=no" href="yes" href="second">x</a>', "x (yes)"),
        (f'<p>x<a href="{FILE}">one<a href="other">two', f"xone ({FILE})two (other)"),
        ('<p>x<img src="s.png" alt="A plan">y</p>', "x A plan (s.png) y"),
        ('<img src="s.png"><img alt="A plan">', "s.png A plan"),
        ('<p>x</p><p><img src="data:image/png;base64,AAAA"></p><p>y</p>', "x\ny"),
        (f'<a href="{FILE}"><img src="s.png" alt="Offer"></a>', f"Offer (s.png) ({FILE})"),
        ("<p>a<!-- <b>hidden</b> -->b</p><script>if (a < b) '<p>'</script>c", "ab\nc"),
        ("<style>p > a {}</style><p>shown</p><SCRIPT >x</script\n>", "shown"),
        ("<head><title>x</title></head><body>y</body>", "y"),
        ("<!DOCTYPE html><html><body>y<![endif]--></body></html>", "y"),
        ("<p>never closed <!-- and all of it", "never closed"),
        ("<p>never closed <script> and all of it", "never closed"),
        ('<img alt="a > b < c" src="s"><p>x', "a > b < c (s)\nx"),
        ("<p it's>broken</p", "broken</p"),
        ("<p>a < b, <3 and <ada@example.org></p>", "a < b, <3 and <ada@example.org>"),
        ("<p>word<o:p></o:p><unknown x=1>s</p>", "words"),
        ("</p></ul></li></pre></a>text</ol>", "text"),
        ("Hello,\nsee <b>this</b>\n\n\nBye", "Hello,\nsee this\n\nBye"),
        ("<p><br></p>", ""),
        ("if a<b and b>c", "if ac"),  # a tag for every browser too
    ],
)
def test_what_people_see_is_the_text(body: str, text: str) -> None:
    assert to_text(body) == text


@pytest.mark.parametrize(
    "text",
    [
        "turnover < 5 & more",
        "a <b",
        "<3",
        "a < b > c",
        "R&amp;D &lt;p&gt;",
        "Ada <ada@example.org>",
        "Dear <name>, <title> <address>",
        "<!-- no tag -->",
        "  indented\n\n\n\tmore  of it",
        "12\u00a0000",
    ],
)
def test_plain_text_is_no_html_and_stays_as_it_is(text: str) -> None:
    assert not is_html(text)
    assert to_text(text) == to_html(text) == text.strip()


def test_blanks_at_the_ends_of_lines_and_the_kind_of_line_end_say_nothing() -> None:
    assert settled("a \t\r\nb\u00a0\r\rc\n") == "a\nb\n\nc"
    assert to_text("a \r\nb") == to_html("a \r\nb") == "a\nb"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("use <b>", "<p>use &lt;b&gt;</p>"),
        ("<p> & \"</p>\n\n'x'", "<p>&lt;p&gt; &amp; \"&lt;/p&gt;</p><p><br></p><p>'x'</p>"),
        ("<ul>\n  <li>", "<pre>&lt;ul&gt;\n  &lt;li&gt;</pre>"),
        ("<br>\n\n\nend", "<pre>&lt;br&gt;\n\n\nend</pre>"),
        ("<b>\u00a0x", "<pre>&lt;b&gt;\u00a0x</pre>"),
    ],
)
def test_text_that_looks_like_html_is_written_as_html(text: str, html: str) -> None:
    assert to_html(text) == html
    assert to_text(html) == text


MARKUP = r"""
    <p> </p> <br> <pre> </pre> <ul> <ol> <li> </li> </ul> <td> <o:p> <b <a href="x"> </a> <img src='
    > " ' = /> < <!-- --> <script> </script> <![x <!x <? & ; &lt; &amp; &nbsp; &#9; &#10; &#13;
    &#x1f; &#0; &#xd800; &#99999999; a word é
"""
PIECES = st.sampled_from([*MARKUP.split(), "\u0338", "\u0301"])
BLANKS = st.sampled_from([" ", "  ", "\t", "\n", "\r\n", "\u00a0", "\u2028", "\x0c", "\x85"])
written = st.lists(st.one_of(PIECES, BLANKS, st.text(max_size=3)), max_size=30).map("".join)
whatever = st.one_of(written, st.text())


@given(whatever)
@example("<b>\u00a0")
@example("\u0338<p>")
@example("<pre>\n\n")
def test_text_that_becomes_html_is_read_back_as_it_was(text: str) -> None:
    plain = settled(text)
    assert to_text(to_html(text)) == plain
    assert to_text(to_html(plain)) == plain


@given(whatever)
def test_what_was_read_stays_as_it_is_in_the_form_of_its_field(body: str) -> None:
    text = to_text(body)
    assert settled(text) == text
    assert canonical(text, TEXT, country=None).value == (text or None)
    assert to_text(to_html(text)) == text
    if not is_html(text):
        assert to_text(text) == text


@given(whatever)
def test_html_says_the_same_in_the_form_in_which_its_field_stores_it(body: str) -> None:
    stored = canonical(body, BODY, country=None).value or ""
    assert to_text(str(stored)) == to_text(body)
    image = to_html(body)
    assert canonical(image, BODY, country=None).value == (image or None)


# -- hostile input ---------------------------------------------------------------------------

MEGABYTE = 2**20
HOSTILE = [
    "<", "<a", "<a ", "<p>", "</p>", "<!", "<!--", "<!-->", "<?", "<![x", "<script>", "</script",
    "<script></script", "<ul><li>", "<ol>", "<pre>\n", "<a href=x>y", "<a href='", "<a \"<b '",
    "<a '\"", "<a \"'<b", "<p title=\"<p title='", "<p a ", "<p a=", "<img alt=", "&", "&#", "&#9",
    "&lt", "&lt;<p>", "<p>\n", "<br>", "<br> x", " ", "\n", "\u00a0", "<b> \n", "<li>x",
]  # fmt: skip


def calls(text: str) -> int:
    """How many functions, also those written in C, are called to read a text."""
    count = 0

    def note(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        to_text(text)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("bit", HOSTILE)
@pytest.mark.parametrize("start", ["", "<p>", "<p><a href=x>"])
def test_what_is_done_for_a_text_grows_with_its_length(start: str, bit: str) -> None:
    once, twice = (start + bit * count for count in (400, 800))
    assert calls(twice) <= 2 * calls(once) + 50
    assert len(to_text(twice)) <= 12 * len(twice)


@pytest.mark.parametrize("bit", HOSTILE)
def test_a_megabyte_of_anything_is_read(bit: str) -> None:
    """In quadratic time this would take hours."""
    text = ("<p>" + bit * (MEGABYTE // len(bit)))[:MEGABYTE]
    assert len(to_text(text)) <= 12 * MEGABYTE


def test_a_reference_of_thousands_of_digits_is_text() -> None:
    body = f"<p>&#{'9' * 5000};</p>"
    assert to_text(body) == f"&#{'9' * 5000};"


# -- as a transform --------------------------------------------------------------------------


def made(argument: Any, left: FieldSpec | None, right: FieldSpec | None) -> Made:
    names = Both(("body",), ("text",))
    return make({"html_text": argument}, Shape(names, Both((left,), (right,)), Direction.BOTH))


@pytest.mark.parametrize(
    ("argument", "left", "right", "source"),
    [
        (True, BODY, TEXT, Side.LEFT),
        (True, TEXT, BODY, Side.RIGHT),
        (True, None, BODY, Side.RIGHT),
        (True, NOTE_FIELDS["body"], TEXT, Side.LEFT),
        ("left", BODY, TEXT, Side.LEFT),
        ("left", TEXT, None, Side.LEFT),
        ("right", TEXT, TEXT, Side.RIGHT),
    ],
)
def test_the_side_with_the_html_is_named_or_known(
    argument: Any, left: FieldSpec | None, right: FieldSpec | None, source: Side
) -> None:
    m = made(argument, left, right)
    assert m.source is source
    assert m.there(("<p>called</p>", None, "<p><br></p>")) == ("called", None, None)
    assert m.back is not None
    assert m.back(("<b>", None, "a <b")) == ("<p>&lt;b&gt;</p>", None, "a <b")


@pytest.mark.parametrize(
    ("argument", "left", "right", "message"),
    [
        (True, TEXT, TEXT, "cannot tell which side holds HTML"),
        (True, BODY, BODY, "Both fields hold HTML"),
        ("left", BODY, BODY, "Both fields hold HTML"),
        ("right", BODY, TEXT, "`body` holds HTML, and it is on the other side"),
        (False, BODY, TEXT, "needs true, left or right"),
        (["left"], BODY, TEXT, "needs true, left or right"),
        (True, BODY, FieldSpec("n", Kind.NUMBER), "`n` holds number, but `html_text` needs text"),
    ],
)
def test_where_nobody_knows_the_side_or_both_are_html_it_cannot_be_made(
    argument: Any, left: FieldSpec, right: FieldSpec, message: str
) -> None:
    with pytest.raises(UnfitError, match=message):
        made(argument, left, right)


@pytest.mark.parametrize(
    ("line", "warned"),
    [
        (Line(("body",), ("text",)), True),
        (Line(("body",), ("text",), Direction.RIGHT), True),
        (Line(("body",), ("text",), Direction.LEFT), False),
        (Line(("body",), ("text",), transform={"html_text": True}), False),
    ],
)
def test_html_that_travels_as_it_is_is_a_warning(line: Line, warned: bool) -> None:
    catalogues = Both({"body": BODY}, {"text": TEXT})
    answer = compile_rules([line], catalogues, catalogues.map(ResourceSpec), Both("crm", "desk"))
    assert not answer.problems
    assert ["`body` holds HTML" in str(told) for told in answer.warnings] == [True] * warned
