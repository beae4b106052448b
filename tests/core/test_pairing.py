"""Records of one contact on both sides are joined as if every two had been compared."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.core.alike import say_the_same
from syncd.core.match import Join
from syncd.core.odd import ODD
from syncd.core.pairing import pair_up
from syncd.core.translate import Mapping
from syncd.mapping.compile import compile_rules
from syncd.mapping.line import Line
from syncd.model.link import Member, State
from syncd.model.rule import Direction, Rule
from syncd.model.side import SIDES, Both, Side
from syncd.model.spec import FieldSpec, Kind, ResourceSpec
from syncd.model.values import Fields

from .world import catalogue

LEFT = catalogue(
    FieldSpec("body", html=True),
    FieldSpec("title"),
    FieldSpec("due", Kind.DATETIME),
    FieldSpec("whom", Kind.EMAIL),
    FieldSpec("topics", Kind.SET),
    FieldSpec("kind"),
    FieldSpec("rate", Kind.NUMBER),
)
RIGHT = catalogue(
    FieldSpec("text"),
    FieldSpec("name", max_length=6),
    FieldSpec("at", Kind.DATETIME),
    FieldSpec("mail", Kind.EMAIL),
    FieldSpec("labels", Kind.SET, lower=True),
    FieldSpec("sort"),
    FieldSpec("price"),
)
LINES = (
    Line(("body",), ("text",), Direction.BOTH, transform={"html_text": True}),
    Line(("title",), ("name",), Direction.BOTH),
    Line(("title",), ("name",), Direction.RIGHT),
    Line(("due",), ("at",), Direction.BOTH),
    Line(("whom",), ("mail",), Direction.BOTH),
    Line(("topics",), ("labels",), Direction.BOTH),
    Line(("kind",), ("sort",), Direction.BOTH, transform={"map": {"call": "phone", "x": "y"}}),
    Line(("rate",), ("price",), Direction.BOTH),
)
MOMENTS = [None, datetime(2026, 11, 5, 15, 30, tzinfo=UTC), datetime(2026, 11, 6, tzinfo=UTC)]
VALUES: dict[str, list[Any]] = {
    "body": [None, "called", "<p>called</p>", "<p>called <b>twice</b></p>", "called twice"],
    "text": [None, "called", "called twice", "<p>called</p>"],
    "title": [None, "offer", "offers to all", "offers"],
    "name": [None, "offer", "offers"],
    "due": MOMENTS,
    "at": MOMENTS,
    "whom": [None, "Ada@example.org", "ada@example.org", "no address"],
    "mail": [None, "ada@example.org", "ADA@example.org", "no address"],
    "topics": [None, frozenset({"A"}), frozenset({"A", "b"})],
    "labels": [None, frozenset({"a"}), frozenset({"a", "b"})],
    "kind": [None, "call", "x", "unheard of"],
    "sort": [None, "phone", "y", "unheard of"],
    "rate": [None, 1.0, 2.5, float("nan")],
    "price": [None, "1", "1.0", "2.5"],
}


def at(lines: Sequence[Line]) -> tuple[tuple[Rule, ...], Mapping]:
    catalogues = Both(LEFT, RIGHT)
    specs = catalogues.map(ResourceSpec)
    rules = tuple(
        compile_rules([line], catalogues, specs, Both("a", "b")).rules[0] for line in lines
    )
    return rules, Mapping(rules, catalogues, Both(None, None))


def members(side: Side, links: Sequence[int | None]) -> list[Member]:
    return [
        Member(side, f"{side}{n}", None, None, State.WAITING, None, link, None, todo=True)
        for n, link in enumerate(links)
    ]


def each_with_each(
    sides: Both[list[Member]],
    shown: Both[dict[str, Fields]],
    passes: Sequence[Sequence[Rule]],
    mapping: Mapping,
) -> tuple[list[Join], list[Member]]:
    """What is meant: the first there that says the same, of all that are left."""

    def alike(rules: Sequence[Rule], one: Member, other: Member) -> bool:
        if one.remote_id not in shown.left or other.remote_id not in shown.right:
            return False
        if one.link_id is not None and other.link_id is not None:
            return False
        fields = Both(shown.left[one.remote_id], shown.right[other.remote_id])
        return say_the_same(rules, fields, mapping)

    joins: list[Join] = []
    left, right = list(sides.left), list(sides.right)
    for rules in passes:
        for one in list(left):
            other = next((m for m in right if alike(rules, one, m)), None)
            if other is not None:
                joins.append(Join(one, other))
                left.remove(one)
                right.remove(other)
    return joins, [*left, *right]


@st.composite
def scenes(draw: st.DrawFn) -> Any:
    lines = draw(st.lists(st.integers(0, len(LINES) - 1), min_size=1, max_size=4, unique=True))
    rules, mapping = at([LINES[n] for n in lines])
    some = draw(st.integers(0, len(rules)))
    linked = st.sampled_from([None, None, None, 7])
    sides = Both(*(members(side, draw(st.lists(linked, max_size=7))) for side in SIDES))
    shown: Both[dict[str, Fields]] = Both({}, {})
    for side in SIDES:
        names = sorted({name for rule in rules for name in rule.fields(side)})
        for member in sides[side]:
            fields = {name: draw(st.sampled_from(VALUES[name])) for name in names}
            what = draw(st.sampled_from(["all", "all", "all", "all", "short", "odd", "unseen"]))
            if what == "short":
                fields.pop(names[0])
            if what == "odd":
                fields[ODD] = frozenset({names[0]})
            if what != "unseen":
                shown[side][member.remote_id] = fields
    return sides, shown, (rules, rules[:some]), mapping


@given(scenes())
def test_it_is_as_if_every_two_had_been_compared(scene: Any) -> None:
    assert pair_up(*scene) == each_with_each(*scene)


def compared(*scene: Any) -> tuple[int, int]:
    """How many are joined, and how often two are compared for it."""
    count = 0

    def note(frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal count
        count += event == "call" and frame.f_code is say_the_same.__code__

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        joins, _ = pair_up(*scene)
    finally:
        sys.setprofile(before)
    return len(joins), count


MANY = 2000
NOTES = (LINES[0],)


@pytest.mark.parametrize(
    ("html", "text", "joined"),
    [
        (lambda n: f"<p>call {n}</p>", lambda n: f"call {MANY - n - 1}", MANY),
        (lambda _: "<p>called</p>", lambda _: "called", MANY),
        (lambda n: f"<p>call {n}</p>", lambda n: f"other {n}", 0),
    ],
    ids=["each another", "all equal", "none there"],
)
def test_so_many_are_compared_as_there_are(html: Any, text: Any, joined: int) -> None:
    rules, mapping = at(NOTES)
    sides = Both(*(members(side, [None] * MANY) for side in SIDES))
    shown: Both[dict[str, Fields]] = Both(
        {m.remote_id: {"body": html(n)} for n, m in enumerate(sides.left)},
        {m.remote_id: {"text": text(n)} for n, m in enumerate(sides.right)},
    )
    assert compared(sides, shown, (rules, rules), mapping) == (joined, joined)


def test_those_that_wait_for_a_counterpart_each_are_not_compared() -> None:
    rules, mapping = at(NOTES)
    sides = Both(members(Side.LEFT, range(MANY)), members(Side.RIGHT, [*range(MANY), None]))
    shown: Both[dict[str, Fields]] = Both(
        {m.remote_id: {"body": "called"} for m in sides.left},
        {m.remote_id: {"text": "called"} for m in sides.right},
    )
    assert compared(sides, shown, (rules, rules), mapping) == (1, 1)
