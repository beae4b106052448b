"""YAML files: lines, references, and the values that stay what was typed."""

import doctest
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.config import settings
from syncd.config.files import Document, read_document
from syncd.errors import ConfigError
from syncd.mapping.problem import Problem


def read(
    folder: Path, text: str, env: Mapping[str, str] | None = None
) -> tuple[Document, list[Problem]]:
    path = folder / "syncd.yaml"
    path.write_text(text, "utf-8")
    return read_document(path, env or {})


def content(folder: Path, text: str, env: Mapping[str, str] | None = None) -> Any:
    document, problems = read(folder, text, env)
    assert problems == []
    return document.content


def only_problem(folder: Path, text: str, env: Mapping[str, str] | None = None) -> str:
    _, (problem,) = read(folder, text, env)
    return str(problem).removeprefix(f"{folder}/")


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(settings).failed == 0


def test_values_stay_what_was_typed(tmp_path: Path) -> None:
    text = """[yes, no, on, NO, 10:30, 01067, 1_000, 2026-03-02, 0x1F, .inf,
        true, False, 12, -1.5, null, ~, '5']"""
    assert content(tmp_path, text) == [
        *("yes", "no", "on", "NO", "10:30", "01067", "1_000", "2026-03-02", "0x1F", ".inf"),
        *(True, False, 12, -1.5, None, None, "5"),
    ]


def test_keys_are_text(tmp_path: Path) -> None:
    assert content(tmp_path, "{true: a, 1: b, null: c}") == {"true": "a", "1": "b", "null": "c"}


def test_everything_has_its_line(tmp_path: Path) -> None:
    document, _ = read(tmp_path, "a: 1\nb:\n  - x\n  - c:\n      d: 2\n")
    where = {steps: document.where(steps).rpartition(":")[2] for steps in document.lines}
    assert where == {
        (): "1",
        ("a",): "1",
        ("b",): "2",
        ("b", 0): "3",
        ("b", 1): "4",
        ("b", 1, "c"): "4",
        ("b", 1, "c", "d"): "5",
    }
    assert document.where(("b", 1, "e", "f")).endswith(":4")


def test_variables_are_put_in(tmp_path: Path) -> None:
    env = {"TOKEN": "pit: {1}, #2", "EMPTY": ""}
    text = """
    flow: {token: ${TOKEN}, other: "${TOKEN}!"}
    default: ${MISSING:-a, b}
    empty: ${EMPTY:-x}
    nothing: ${MISSING:-}
    literal: $${TOKEN} $5
    # ${COMMENTED_OUT}
    """
    assert content(tmp_path, text, env) == {
        "flow": {"token": "pit: {1}, #2", "other": "pit: {1}, #2!"},
        "default": "a, b",
        "empty": "x",
        "nothing": "",
        "literal": "${TOKEN} $5",
    }


def test_a_number_that_was_put_in_is_a_text(tmp_path: Path) -> None:
    assert content(tmp_path, "port: ${PORT}", {"PORT": "8080"}) == {"port": "8080"}


def test_secrets_come_from_files(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("pit-1\n")
    assert content(tmp_path, "{a: ${file:token}, b: ${file:%s/token}}" % tmp_path) == {  # noqa: UP031
        "a": "pit-1",
        "b": "pit-1",
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: ${TOKEN}", "syncd.yaml:2: The environment variable `TOKEN` is not set."),
        ("a: ${EMPTY}", "syncd.yaml:1: The environment variable `EMPTY` is empty."),
        ("a: ${file:nope}", "syncd.yaml:1: The file `nope` cannot be read: No such file"),
        ("a: ${1X}", "syncd.yaml:1: `${1X}` names no variable."),
        ("a: 1\nb: 2\na: 3", "syncd.yaml:3: The key `a` was given in line 1 already."),
        ("? [a]\n: 1", "syncd.yaml:1: A key must be a text."),
        ("a: !!python/name:os.system x", "syncd.yaml:1: The tag"),
        ("a: &a [1, *a]", "syncd.yaml:1: This holds itself."),
    ],
)
def test_problems_within_a_file(tmp_path: Path, text: str, said: str) -> None:
    assert only_problem(tmp_path, text, {"EMPTY": ""}).startswith(said)


def test_a_missing_variable_is_not_to_be_written_into_the_yaml(tmp_path: Path) -> None:
    said = only_problem(tmp_path, "token: ${GHL_TOKEN}", {})
    assert "Put it into `.env` (see `.env.example`) or the environment." in said
    assert ":-" not in said


def test_what_is_no_yaml_says_where(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"syncd\.yaml:2: This is not YAML"):
        read(tmp_path, "a: 1\nb: ]\n")
    with pytest.raises(ConfigError, match="not YAML"):
        read(tmp_path, "a: \x07")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"There is no such file.*syncd init"):
        read_document(tmp_path / "syncd.yaml", {})
    with pytest.raises(ConfigError, match="Is a directory"):
        read_document(tmp_path, {})
    (tmp_path / "latin.yaml").write_bytes(b"a: \xe4")
    with pytest.raises(ConfigError, match="UTF-8"):
        read_document(tmp_path / "latin.yaml", {})


def test_an_empty_file_is_an_empty_configuration(tmp_path: Path) -> None:
    assert content(tmp_path, "# nothing\n") == {}


words = st.text(
    alphabet=st.characters(
        codec="utf-8",
        exclude_categories=["Cc", "Cf", "Cn", "Cs", "Co", "Zl", "Zp"],
        exclude_characters="$",
    )
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**17), 10**17), words),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(words, inner, max_size=3)),
)


@given(value=values)
def test_json_is_read_as_json(tmp_path_factory: pytest.TempPathFactory, value: Any) -> None:
    folder = tmp_path_factory.getbasetemp()
    assert content(folder, json.dumps({"x": value}, ensure_ascii=False)) == {"x": value}


@given(text=st.text(alphabet=st.characters(codec="utf-8")))
def test_no_secret_is_read_as_yaml(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.getbasetemp()
    if text:
        assert content(folder, "{a: ${X}, b: 1}", {"X": text}) == {"a": text, "b": 1}
