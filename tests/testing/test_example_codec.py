"""The example that authors of connectors start from reads odd values as they all should."""

from typing import Any

import httpx
import pytest

from syncd.http.answer import Answer
from syncd.testing.example.codec import to_record

ANSWER = Answer("GET /v3/contacts", 200, httpx.Headers(), b"")
SHOWN = {
    "id": "c1",
    "email": "ada@example.org",
    "first_name": "Ada",
    "points": 7,
    "labels": ["vip"],
}


@pytest.mark.parametrize(
    ("name", "odd"),
    [
        ("first_name", 7),
        ("points", "many"),
        ("points", True),
        ("birthday", "soon"),
        ("birthday", 7),
        ("labels", "vip"),
        ("labels", ["vip", 7]),
    ],
)
def test_what_is_no_value_of_its_field_is_named_and_left_out(name: str, odd: Any) -> None:
    record = to_record({**SHOWN, name: odd}, ANSWER)
    assert record.odd == {name}
    assert name not in record.fields
    assert record.fields["email"] == "ada@example.org"


def test_what_is_not_mentioned_is_not_odd() -> None:
    record = to_record({"id": "c1", "first_name": None}, ANSWER)
    assert record.fields == {"first_name": None}
    assert record.odd == frozenset()
