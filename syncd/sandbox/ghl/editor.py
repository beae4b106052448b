"""The editor of notes on the screens: what people type is kept as HTML (4.1, T25).

Which tags it writes is assumed from editors of its kind; that it writes HTML is known.
"""

import re
from collections.abc import Mapping, Sequence
from html import escape

LINK = re.compile(r"https?://[^\s<>\"]+")
RELATION = 'target="_blank" rel="noopener noreferrer nofollow"'


def as_html(text: str, attachments: Sequence[Mapping[str, str]] = ()) -> str:
    """Typed text as the editor stores it.

    An empty line ends a paragraph, lines that begin with `- ` are a list, addresses of the web
    become links, of two spaces one is `&nbsp;`. Each attachment, `{name, url}`, is a link in a
    paragraph of its own at the end.

    >>> as_html("Tom & Ann")
    '<p>Tom &amp; Ann</p>'
    """
    blocks = [block for block in re.split(r"\n{2,}", text.replace("\r\n", "\n")) if block]
    files = [f"<p>{_link(one['url'], one['name'])}</p>" for one in attachments]
    return "".join([*map(_block, blocks), *files]) or "<p></p>"


def is_html(body: str) -> bool:
    return body.startswith("<")


def _block(block: str) -> str:
    lines = block.split("\n")
    if all(line.startswith("- ") for line in lines):
        return "<ul>" + "".join(f"<li><p>{_inline(line[2:])}</p></li>" for line in lines) + "</ul>"
    return "<p>" + "<br>".join(map(_inline, lines)) + "</p>"


def _inline(text: str) -> str:
    parts, end = [], 0
    for found in LINK.finditer(text):
        parts += [_typed(text[end : found.start()]), _link(found[0], found[0])]
        end = found.end()
    return "".join([*parts, _typed(text[end:])])


def _typed(text: str) -> str:
    return escape(text).replace("  ", " &nbsp;")


def _link(url: str, shown: str) -> str:
    return f'<a {RELATION} href="{escape(url)}">{escape(shown)}</a>'
