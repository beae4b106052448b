"""The transform `html_text`: a text that may be HTML, and what it says as plain text.

GHL's notes are HTML where a person wrote them and plain text where a program did (ghl.md 4.1).
HTML is read by one regular expression and not by `html.parser`: that one takes quadratic time
for `<a<a<a…` and raises for `<![x` in Python 3.11, and reads broken markup differently from one
patch release of Python to the next, which would look like edits.
"""

import re
from collections.abc import Iterator, Mapping
from html import escape, unescape
from typing import Any
from unicodedata import combining

from syncd.core.canonical import text_of
from syncd.core.normalise import clean_text
from syncd.mapping.shape import Made, Shape, UnfitError, each
from syncd.model.rule import Translate
from syncd.model.side import SIDES, Both, Side
from syncd.model.spec import Kind
from syncd.model.values import Value

_TEXTS = frozenset({Kind.TEXT})
# A tag is one in a known name only, and none that people put in angle brackets for something to
# fill in (`<title>`, `<address>`): no editor writes these without one of the others around them.
_KNOWN_NAMES = """
    a abbr b big blockquote body br center dd del div dl dt em font h1 h2 h3 h4 h5 h6 hr html i
    iframe img ins li ol p pre s script small span strike strong style sub sup table tbody td
    tfoot th thead tr tt u ul
"""
_NAMES_OF_LINES = """
    address article aside blockquote body br center dd div dl dt fieldset figcaption figure
    footer form h1 h2 h3 h4 h5 h6 header hr html li main nav ol p pre section table tbody tfoot
    thead tr ul
"""
_KNOWN, _LINES = frozenset(_KNOWN_NAMES.split()), frozenset(_NAMES_OF_LINES.split())
# Every attempt ends at the next `<` or `>` outside quotes, and of all that begin in one text at
# most three ever overlap (a quote exchanges two of the states: none, single, double). What is
# never closed reaches to the end and is taken whole. So all of it takes linear time.
_ATTRIBUTES = r"""(?:(?:[^<>"']++|"[^"]*+"|'[^']*+')*+|[^<>]*)"""
_MARKUP = re.compile(
    rf"""<!--(?:.*?-->|.*)
    | <[!?][^<>]*>
    | <(?P<unseen>script|style|head)(?=[\s/>]){_ATTRIBUTES}>
      (?:.*?</(?P=unseen)(?=[\s/>])[^<>]*>|.*)
    | <(?P<close>/?)(?P<name>[a-z][a-z0-9:-]*)(?=[\s/>])(?P<attributes>{_ATTRIBUTES})>""",
    re.VERBOSE | re.IGNORECASE | re.ASCII | re.DOTALL,
)
_ATTRIBUTE = re.compile(
    r"""([^\s"'<>/=]++)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+)))?""", re.ASCII
)
# As many digits as a character can have: `unescape` raises for thousands of them.
_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_DEEPEST = 8  # levels of a list that are still indented


def make_html_text(argument: Any, shape: Shape) -> Made:
    """HTML on one side, plain text on the other.

    Args:
        argument: the side with the HTML; True: the one whose platform is known to hold it.

    Raises:
        UnfitError: nobody knows which side that is, or it is both.
    """
    shape.expect_one("html_text")
    for side in SIDES:
        shape.expect(side, _TEXTS, "html_text")
    source = _side_of_html(argument, shape)
    plain: Both[Translate | None] = Both(each(_settled_value), each(_settled_value))
    compared = plain.having(source, each(_text_value))
    return Made(source, each(_text_value), each(_html_value), Kind.TEXT, compared=compared)


def _side_of_html(argument: Any, shape: Shape) -> Side:
    known = [s for s in SIDES for spec in shape.specs[s] if spec and spec.html]
    if len(known) > 1:
        raise UnfitError("Both fields hold HTML: they need no `html_text`.")
    if argument is True:
        if not known:
            hint = "Type html_text: left, or right: the side with the HTML."
            raise UnfitError("`html_text` cannot tell which side holds HTML.", hint)
        return known[0]
    if argument not in SIDES:
        raise UnfitError("`html_text` needs true, left or right.")
    side = Side(argument)
    if known and known[0] is not side:
        raise UnfitError(f"`{shape.names(known[0])[0]}` holds HTML, and it is on the other side.")
    return side


def _text_value(value: Value) -> Value:
    return to_text(text_of(value) or "") or None


def _html_value(value: Value) -> Value:
    return to_html(text_of(value) or "") or None


def _settled_value(value: Value) -> Value:
    return settled(text_of(value) or "") or None


def settled(text: str) -> str:
    """Plain text in the form in which it is compared: clean, without blanks at the ends of lines.

    >>> settled("called \\r\\n\\r\\nagain\\n")
    'called\\n\\nagain'
    """
    return "\n".join(line.rstrip() for line in clean_text(text).split("\n"))


def is_html(text: str) -> bool:
    """Whether a text has at least one tag that people's editors write.

    >>> is_html("<p>called</p>"), is_html("one<BR/>two")
    (True, True)
    >>> is_html("turnover < 5 & more"), is_html("a <b"), is_html("Ada <ada@example.org> R&amp;D")
    (False, False, False)
    """
    return any(_name(found) in _KNOWN for found in _MARKUP.finditer(text))


def to_html(text: str) -> str:
    """Plain text as it is, or as HTML where it would be taken for HTML.

    `to_text` reads back the same, but for blanks at the ends of lines.

    >>> to_html("turnover < 5"), to_html("write <b>\\n\\nnot <i>")
    ('turnover < 5', '<p>write &lt;b&gt;</p><p><br></p><p>not &lt;i&gt;</p>')
    """
    plain = settled(text)
    if not is_html(plain):
        return plain
    lines = map(_escaped, plain.split("\n"))
    paragraphs = "".join(f"<p>{line or '<br>'}</p>" for line in lines)
    if to_text(paragraphs) == plain:
        return paragraphs
    return f"<pre>{_escaped(plain)}</pre>"  # which keeps blanks and empty lines


def _escaped(text: str) -> str:
    """Text behind a tag. A mark that would join the end of the tag is written as a reference."""
    mark = text[:1] if text and combining(text[0]) else ""
    reference = f"&#{ord(mark)};" if mark else ""
    return reference + escape(text[len(mark) :], quote=False)


def to_text(body: str) -> str:
    """What HTML says, as plain text; a text without tags is no HTML and stays as it is.

    Blocks become lines, with one empty line between two at most; a link is followed by its
    address and an image stands as its description and address, as attachments are links.
    Takes any text, however broken, and linear time.

    >>> to_text('<p>R&amp;D</p><p><br></p><ul><li>one</li></ul><a href="https://x.example">x</a>')
    'R&D\\n\\n- one\\nx (https://x.example)'
    >>> to_text("turnover < 5 &amp; more")
    'turnover < 5 &amp; more'
    """
    clean = clean_text(body)
    if not is_html(clean):
        return settled(clean)
    lines_by_tags = any(_name(found) in _LINES for found in _MARKUP.finditer(clean))
    return settled("\n".join(_Reader(keeps_lines=not lines_by_tags).read(clean)))


def _name(found: re.Match[str]) -> str:
    return (found["unseen"] or found["name"] or "").lower()


def _decoded(text: str) -> str:
    return _REFERENCE.sub(lambda found: unescape(found[0]), text)


def _attributes(text: str) -> dict[str, str]:
    """The attributes of a tag, without blanks around their values; the first of a name counts."""
    found: dict[str, str] = {}
    for name, *values in _ATTRIBUTE.findall(text):
        found.setdefault(name.lower(), " ".join(_decoded("".join(values)).split()))
    return found


class _Reader:
    """Reads HTML from the first tag to the last.

    Args:
        keeps_lines: the line ends of the source are those of the text, as no tag makes any.
    """

    def __init__(self, *, keeps_lines: bool) -> None:
        self._keeps_lines = keeps_lines
        self._lines: list[str] = []
        self._line: list[str] = []
        self._after_blank = True  # or at the start of a line: further blanks are not shown
        self._bullet = ""  # what the next line of a list begins with
        self._lists: list[int | None] = []  # the number of the last item; None without numbers
        self._pre = 0
        self._address: str | None = None  # of the link that is open
        self._linked: list[str] = []  # and its text

    def read(self, html: str) -> list[str]:
        """The lines of a text."""
        at = 0
        for found in _MARKUP.finditer(html):
            self._text(html[at : found.start()])
            at = found.end()
            name = (found["name"] or "").lower()
            if found["close"]:
                self._ends(name)
            elif name:
                self._begins(name, found["attributes"])
            if name == "pre" and not found["close"] and html.startswith("\n", at):
                at += 1  # is not shown
        self._text(html[at:])
        self._end_link()
        self._end_item()
        self._end_block()
        return self._lines

    def _begins(self, name: str, attributes: str) -> None:
        match name:
            case "br":
                self._end_line()
            case "ul" | "ol":
                self._end_item()
                start = _attributes(attributes).get("start", "") if name == "ol" else ""
                first = int(start) if start.isascii() and start.isdigit() and len(start) < 6 else 1
                self._lists.append(first - 1 if name == "ol" else None)
            case "li":
                self._end_item()
                self._bullet = self._next_bullet()
            case "a":
                self._end_link()
                self._address = _attributes(attributes).get("href")
            case "img":
                self._show_image(_attributes(attributes))
            case "td" | "th":
                self._text(" ")
            case _ if name in _LINES:
                self._end_block()
        if name == "pre":
            self._pre += 1

    def _ends(self, name: str) -> None:
        if name == "a":
            self._end_link()
        elif name in ("li", "ul", "ol"):
            self._end_item()
            if name != "li" and self._lists:
                self._lists.pop()
        elif name in _LINES and name != "br":
            self._end_block()
        if name == "pre" and self._pre:
            self._pre -= 1

    def _next_bullet(self) -> str:
        indent = "  " * (min(len(self._lists), _DEEPEST) - 1)
        if not self._lists or (last := self._lists[-1]) is None:
            return f"{indent}- "
        self._lists[-1] = last + 1
        return f"{indent}{last + 1}. "

    def _text(self, source: str) -> None:
        if self._pre or self._keeps_lines:
            first, *others = source.split("\n")
            self._within_line(first)
            for other in others:
                self._end_line()
                self._within_line(other)
        else:
            self._within_line(source)

    def _within_line(self, source: str) -> None:
        shown = _decoded(source)
        if not self._pre:
            shown = _BLANKS.sub(" ", shown)
            shown = shown.removeprefix(" ") if self._after_blank else shown
        if shown:
            self._after_blank = shown.endswith(" ")
            self._add(shown if self._pre else shown.replace("\xa0", " "))

    def _add(self, text: str) -> None:
        self._line.append(text)
        if self._address is not None:
            self._linked.append(text)

    def _end_block(self) -> None:
        if self._line:
            self._end_line()

    def _end_item(self) -> None:
        if self._line or self._bullet:
            self._end_line()

    def _end_line(self) -> None:
        line = f"{self._bullet}{''.join(self._line)}".rstrip()
        if line or self._pre or (self._lines and self._lines[-1]):
            self._lines.append(line)
        self._line, self._bullet, self._after_blank = [], "", True

    def _end_link(self) -> None:
        """Show the address of a link, unless its text is that address."""
        address, text = self._address, " ".join("".join(self._linked).split())
        self._address, self._linked = None, []
        if address and text not in (address, *_bare(address)):
            self._show(f"({address})" if text else address)

    def _show_image(self, attributes: Mapping[str, str]) -> None:
        source, described = attributes.get("src", ""), attributes.get("alt", "")
        if source.lower().startswith("data:"):
            source = ""  # the image itself, in thousands of letters
        if described or source:
            self._show(f"{described} ({source})" if described and source else described or source)
            self._within_line(" ")

    def _show(self, words: str) -> None:
        """Words that are no text of the source, set apart by a blank."""
        moved = bool(self._line) and self._after_blank  # of `<a>this </a>now`
        if self._line and not moved:
            self._add(" ")
        self._add(words)
        self._after_blank = False
        if moved:
            self._within_line(" ")


def _bare(address: str) -> Iterator[str]:
    """What people read of an address for mails or calls."""
    for scheme in ("mailto:", "tel:"):
        if address.startswith(scheme):
            yield address.removeprefix(scheme)
