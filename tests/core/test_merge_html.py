"""Decisions about a text that is HTML on one side: what it says counts, not how it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.core.merged import Merged
from syncd.mapping.compile import compile_rules
from syncd.mapping.line import Line
from syncd.model.rule import Direction
from syncd.model.side import SIDES, Both, Side
from syncd.model.spec import FieldSpec, ResourceSpec
from syncd.model.values import Value

from .world import BOTH, LEFT, RIGHT, TO_LEFT, TO_RIGHT, Person, catalogue, mapping

HTML = catalogue(FieldSpec("body", html=True))
TEXT = catalogue(FieldSpec("text"))


def note(
    html: Value, text: Value, *, direction: Direction = BOTH, prefer: Side | None = None
) -> Person:
    """A note whose HTML is on the left."""
    catalogues = Both(HTML, TEXT)
    line = Line(("body",), ("text",), direction, transform={"html_text": True})
    (rule,) = compile_rules(
        [line], catalogues, catalogues.map(ResourceSpec), Both("crm", "desk")
    ).rules
    at = mapping(rule, left=HTML, right=TEXT)
    return Person(at, rule, Both({"body": html}, {"text": text}), prefer)


def agreed(html: Value, text: Value, *, direction: Direction = BOTH) -> Person:
    one = note(html, text, direction=direction)
    assert_nothing_written(one.sync())
    return one


def assert_nothing_written(merged: Merged) -> None:
    assert (merged.steps, merged.conflict, merged.problem) == ({}, False, None)


@pytest.mark.parametrize("direction", [BOTH, TO_LEFT, TO_RIGHT])
@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>called</p>", "called"),
        ("called", "called"),
        ("<p>one</p><p><br></p><p>two</p>", "one \r\n\r\ntwo"),
        ("<p>use &lt;b&gt;</p>", "use <b>"),
        ("<p><br></p>", None),
    ],
)
def test_html_and_what_it_says_are_equal(html: str, text: str | None, direction: Direction) -> None:
    one = note(html, text, direction=direction)
    before = one.show()
    assert_nothing_written(one.sync())
    assert_nothing_written(one.sync())
    assert one.show() == before


def test_a_text_that_is_typed_replaces_the_html() -> None:
    one = agreed("<p><b>called</b></p>", "called").edit(RIGHT, "text", "called & sold < 5")
    one.sync()
    assert one.show() == ("called & sold < 5", "called & sold < 5")


def test_a_text_that_looks_like_html_stays_what_it_is() -> None:
    one = agreed("<p>called</p>", "called").edit(RIGHT, "text", "use <b>\nnot <i>")
    one.sync()
    assert one.show() == ("<p>use &lt;b&gt;</p><p>not &lt;i&gt;</p>", "use <b>\nnot <i>")
    assert_nothing_written(one.sync())


def test_html_that_is_edited_arrives_as_text() -> None:
    one = agreed("called", "called").edit(LEFT, "body", "<p>called</p><p>sold</p>")
    one.sync()
    assert one.show() == ("<p>called</p><p>sold</p>", "called\nsold")


def test_html_that_is_emptied_empties_the_text() -> None:
    one = agreed("<p>called</p>", "called").edit(LEFT, "body", "<p><br></p>")
    one.sync()
    assert one.show() == ("<p><br></p>", None)


def test_formatting_alone_is_written_nowhere_and_stays() -> None:
    one = agreed("<p>called</p>", "called").edit(LEFT, "body", "<p><b>called</b></p>")
    assert_nothing_written(one.sync())
    assert one.show() == ("<p><b>called</b></p>", "called")


def test_both_sides_edited_alike_agree() -> None:
    one = agreed("<p>called</p>", "called")
    one.edit(LEFT, "body", "<p>called <i>twice</i></p>").edit(RIGHT, "text", "called twice")
    assert_nothing_written(one.sync())
    one.edit(RIGHT, "text", "sold").sync()
    assert one.show() == ("sold", "sold")


@pytest.mark.parametrize("seen", [True, False])
@pytest.mark.parametrize("prefer", [LEFT, RIGHT, None])
def test_formatting_never_stands_against_an_edit_of_the_text(
    prefer: Side | None, seen: bool
) -> None:
    """Whether a cycle has seen the formatting before the text was edited or not."""
    one = agreed("<p>called</p>", "called").edit(LEFT, "body", "<p><b>called</b></p>")
    if seen:
        one.sync()
    one.prefer = prefer
    merged = one.edit(RIGHT, "text", "sold").sync()
    assert not merged.conflict
    assert one.show() == ("sold", "sold")


def test_blanks_at_the_ends_of_lines_never_stand_against_an_edit_of_the_html() -> None:
    one = agreed("<p>one</p><p>two</p>", "one\ntwo").edit(RIGHT, "text", "one  \ntwo")
    one.edit(LEFT, "body", "<p>one</p><p>three</p>").sync()
    assert one.show() == ("<p>one</p><p>three</p>", "one\nthree")


def test_texts_that_both_changed_are_a_conflict() -> None:
    one = agreed("<p>called</p>", "called")
    one.edit(LEFT, "body", "<p>bought</p>").edit(RIGHT, "text", "sold")
    assert one.merged().conflict
    one.prefer = RIGHT
    one.sync()
    assert one.show() == ("sold", "sold")


@pytest.mark.parametrize(
    ("direction", "shown"),
    [(TO_RIGHT, ("<p>bought</p>", "bought")), (TO_LEFT, ("sold", "sold"))],
)
def test_one_way_the_source_owns_what_is_said(direction: Direction, shown: tuple[str, str]) -> None:
    one = agreed("<p>called</p>", "called", direction=direction)
    one.edit(LEFT, "body", "<p>bought</p>").edit(RIGHT, "text", "sold").sync()
    assert one.show() == shown


TEXTS = st.sampled_from([None, "called", "sold\n\ntwice", "use <b>", "a <b", "- one\n- two"])
BODIES = st.sampled_from(
    [
        None,
        "called",
        "a <b",
        "<b>x",
        "<p></p>",
        "<p>called</p>",
        "<div><i>called</i></div>",
        "<p>sold</p><p><br></p>twice",
        "<p>use &lt;b&gt;</p>",
        "<ul><li>one</li><li>two</li></ul>",
    ]
)
EDITS = st.one_of(
    st.tuples(st.just(LEFT), st.just("body"), BODIES),
    st.tuples(st.just(RIGHT), st.just("text"), TEXTS),
)


@given(BODIES, TEXTS, st.lists(st.lists(EDITS, max_size=2), max_size=5), st.sampled_from(SIDES))
def test_every_history_comes_to_rest_with_one_text(
    body: str | None, text: str | None, history: list[list[tuple[Side, str, Value]]], prefer: Side
) -> None:
    one = note(body, text, prefer=prefer)
    one.sync()
    for edits in history:
        for edit in edits:
            one.edit(*edit)
        assert not one.sync().conflict
    assert_nothing_written(one.sync())
    left, right = one.show()
    image = one.mapping.across(one.rule, RIGHT, (left,))
    assert image is not None
    assert image.values == (right,)
