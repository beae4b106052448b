"""Calendars and people are found by the names that people know them by."""

import pytest

from syncd.booking import Chosen, find
from syncd.errors import ConfigError

KNOWN = {
    "u1": ("Ann Example", "ann@example.org"),
    "u2": ("Bo Example", "bo@example.org"),
    "u3": (" bo example", "bo2@example.org"),
    "u4": (),
}


@pytest.mark.parametrize("wanted", ["u1", "ann example", " Ann Example ", "ANN@example.org"])
def test_somebody_is_found_by_id_name_or_address(wanted: str) -> None:
    assert find(wanted, KNOWN, "user", "`crm`") == Chosen("u1", "Ann Example")


def test_a_name_that_several_have_is_an_error_that_lists_their_ids() -> None:
    with pytest.raises(ConfigError, match="`crm` has 2 users called `Bo Example`: u2, u3") as told:
        find("Bo Example", KNOWN, "user", "`crm`")
    assert told.value.hint == "Write the id of one instead of the name."


@pytest.mark.parametrize("wanted", ["Cy", "", " "])
def test_a_name_that_nobody_has_is_an_error_that_lists_those_there_are(wanted: str) -> None:
    with pytest.raises(ConfigError, match="has no user") as told:
        find(wanted, KNOWN, "user", "`crm`")
    assert told.value.hint == "There are: Ann Example, Bo Example, bo example, u4."


def test_a_mistyped_name_is_guessed() -> None:
    with pytest.raises(ConfigError) as told:
        find("Ann Exmple", KNOWN, "user", "`crm`")
    assert told.value.hint.startswith("Did you mean `Ann Example`")


def test_one_is_shown_by_name_and_id() -> None:
    assert str(find("ann example", KNOWN, "user", "`crm`")) == "'Ann Example' (u1)"
    assert str(find("u4", KNOWN, "user", "`crm`")) == "'u4'"
