"""The mistakes that are made in a text, and those that are not."""

from pathlib import Path

import pytest

from tests.mutants.sites import compiles, sites_of


def mutants(folder: Path, text: str) -> set[str]:
    path = folder / "text.py"
    path.write_text(text)
    return {site.applied(text.encode()).decode() for site in sites_of(path, folder)}


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("a = b < c", {"a = b <= c"}),
        ("a = b is not c", {"a = b is c"}),
        ("a = b not in c", {"a = b in c"}),
        ("a = b and c", {"a = b or c", "a = b", "a = c"}),
        ("a = not b", {"a = (b)"}),
        ("a = 5", {"a = 6", "a = 4"}),
        ("a = True", {"a = False"}),
        ("a = 'b'", {'a = ""'}),
        ("a = ''", {'a = "other"'}),
        ("a = b // c", {"a = b * c"}),
        ("a += b", {"a -= b"}),
        ("a = min(b)", {"a = max(b)"}),
        ("f(a, b=c)", {"pass", "f(a)"}),
        ("f(a=b, c=d)", {"pass", "f(c=d)", "f(a=b)"}),
        ("a = b.where(c, d)", {"a = b.where(d)", "a = b.where(c)", "a = b"}),
        ("a = (b, c)", {"a = (c)", "a = (b)"}),
        ("a = {b: c, d: e}", {"a = {d: e}", "a = {b: c, }"}),
        ("a = b if c else d", {"a = b if True else d", "a = b if False else d"}),
        ("a = [b for b in c if d]", {"a = [b for b in c if True]"}),
        ("if a:\n    b = c", {"if True:\n    b = c", "if False:\n    b = c"}),
        ("raise a", {"pass"}),
        ("for a in b:\n    continue", {"for a in b:\n    break"}),
        ("def f():\n    return a", {"def f():\n    return None"}),
        ("def f(a=1):\n    return", {"def f(a=2):\n    return", "def f(a=0):\n    return"}),
    ],
)
def test_small_mistakes_are_made(tmp_path: Path, text: str, wrong: set[str]) -> None:
    assert mutants(tmp_path, text) == wrong


@pytest.mark.parametrize(
    "text",
    [
        '"""What it is for, in 2 words."""',
        'def f():\n    """Of 1."""\n    return None',
        "a: Literal[1]\nb: dict[str, Both[1]]",
        "@decorated(slots=True)\nclass A:\n    __slots__ = ('a', 'b')",
        "from a import b\nif TYPE_CHECKING:\n    import c",
        "__all__ = ['a', 'b']",
        "log.info('seen', count=1)",
        "a = f'{b} and {c:>2}'",
        "a = 'What people read has several words.'",
        "a = b.order_by(c, d)",
        "a = b.with_for_update(skip_locked=True)",
        "a = b[0]",
        "bench.crash('here')",
    ],
)
def test_what_cannot_be_wrong_is_left_alone(tmp_path: Path, text: str) -> None:
    assert mutants(tmp_path, text) == set()


def test_a_site_says_what_it_changes_and_who_executes_it(tmp_path: Path) -> None:
    text = "def f(a=1):\n    'why'\n    b = (\n        a\n        < 2\n    )\n"
    path = tmp_path / "text.py"
    path.write_text(text)
    first, *_, last = sites_of(path, tmp_path)
    told = [(s.path, s.line, s.at, s.kind, s.edit(text.encode())) for s in (first, last)]
    assert told == [
        ("text.py", 1, 3, "constant", "1 -> 0"),
        ("text.py", 5, 3, "constant", "2 -> 3"),
    ]
    assert last.before(text.encode()) == "< 2"


def test_what_does_not_compile_is_known(tmp_path: Path) -> None:
    assert compiles(b"a = 1")
    assert not compiles(b"continue")
