"""YAML files, with the line of everything in them and `${…}` put in.

Read as YAML 1.2: only `true` and `false` are booleans, so that `yes`, `no`, `on`,
`NO` (Norway), `10:30` and `01067` stay what was typed. Keys are always text.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from syncd.errors import ConfigError
from syncd.mapping.problem import Problem

Steps: TypeAlias = tuple[str | int, ...]

_REFERENCE = re.compile(r"\$(\$\{|\{([^{}\n]*)\})")
_SHIELDED = re.compile("\ue000([0-9]+)\ue001")
_VARIABLE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?")


@dataclass(frozen=True, slots=True)
class Document:
    """The content of one file.

    Attributes:
        content: dicts, lists, texts, numbers, booleans and None.
        lines: the line, from 1, of everything in it, by the steps that lead there.
    """

    path: Path
    content: Any = field(repr=False)
    lines: Mapping[Steps, int] = field(repr=False)

    def where(self, steps: Steps) -> str:
        """`file:line` of a place, or of the nearest place around it."""
        known = next(s for n in range(len(steps), -1, -1) if (s := steps[:n]) in self.lines)
        return f"{self.path}:{self.lines[known]}"

    def holds(self, steps: Steps) -> bool:
        return steps in self.lines


def read_document(path: Path, env: Mapping[str, str]) -> tuple[Document, list[Problem]]:
    """One file, and what is wrong with its keys and `${…}`.

    `${NAME}` becomes the value of an environment variable, `${NAME:-text}` the text if it is
    not set or empty, `${file:/run/secrets/x}` what that file holds, without the line end,
    `$${` stays `${`. What is put in is always a text and never read as YAML.

    Raises:
        ConfigError: the file cannot be read or is no YAML.
    """
    text, references = _shielded(_text(path))
    try:
        root = yaml.compose(text, Loader=_Yaml12)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise ConfigError(f"This is not YAML: {error.problem}.", where=where) from error
    except yaml.YAMLError as error:
        raise ConfigError("This is not YAML.", where=str(path)) from error
    reading = _Reading(path, references, env)
    content = reading.build(root, ()) if root else {}
    reading.lines.setdefault((), 1)
    return Document(path, content, reading.lines), reading.problems


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError as error:
        hint = "Write one with `syncd init`, or name another with `--config`."
        raise ConfigError("There is no such file.", where=str(path), hint=hint) from error
    except UnicodeDecodeError as error:
        raise ConfigError("This file is not in UTF-8.", where=str(path)) from error
    except OSError as error:
        raise ConfigError(f"Cannot be read: {error.strerror}.", where=str(path)) from error


def _shielded(text: str) -> tuple[str, list[str]]:
    """The text with every `${…}` as a mark that YAML takes for a letter, and what they were.

    Otherwise `{token: ${TOKEN}}` would be a mapping within a mapping.
    """
    references: list[str] = []

    def shield(found: re.Match[str]) -> str:
        references.append(found[0])
        return f"\ue000{len(references) - 1}\ue001"

    return _REFERENCE.sub(shield, text), references


class _Yaml12(yaml.SafeLoader):
    """Only what JSON knows is more than text."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 - PyYAML's own way to say so


for _kind, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"-?(?:0|[1-9][0-9]{0,17})", list("-0123456789")),
    ("float", r"-?(?:0|[1-9][0-9]*)\.[0-9]+", list("-0123456789")),
):
    _Yaml12.add_implicit_resolver(
        f"tag:yaml.org,2002:{_kind}", re.compile(f"(?:{_pattern})$"), _first
    )


class _Reading:
    """Builds plain values from YAML nodes, and takes down lines and problems."""

    def __init__(self, path: Path, references: list[str], env: Mapping[str, str]) -> None:
        self.path = path
        self.lines: dict[Steps, int] = {}
        self.problems: list[Problem] = []
        self._references = references
        self._env = env
        self._open: list[yaml.Node] = []

    def build(self, node: yaml.Node, steps: Steps) -> Any:
        self.lines.setdefault(steps, node.start_mark.line + 1)
        if any(node is outer for outer in self._open):
            return self._wrong(node, "This holds itself.")
        self._open.append(node)
        try:
            match node:
                case yaml.MappingNode():
                    return self._mapping(node, steps)
                case yaml.SequenceNode():
                    return [self.build(item, (*steps, n)) for n, item in enumerate(node.value)]
                case _:
                    return self._scalar(node)
        finally:
            self._open.pop()

    def _mapping(self, node: yaml.MappingNode, steps: Steps) -> dict[str, Any]:
        content: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._wrong(key, "A key must be a text.")
                continue
            name = self._put_in(key)
            if name in content:
                first = self.lines[(*steps, name)]
                self._wrong(key, f"The key `{name}` was given in line {first} already.")
                continue
            self.lines[(*steps, name)] = key.start_mark.line + 1
            content[name] = self.build(value, (*steps, name))
        return content

    def _scalar(self, node: yaml.Node) -> Any:
        match node.tag.removeprefix("tag:yaml.org,2002:"):
            case "null":
                return None
            case "bool":
                return str(node.value).lower() == "true"
            case "int":
                return int(node.value)
            case "float":
                return float(node.value)
            case "str":
                return self._put_in(node)
            case _:
                return self._wrong(node, f"The tag `{node.tag}` is not used here.")

    def _put_in(self, node: yaml.Node) -> str:
        def value(mark: re.Match[str]) -> str:
            reference = self._references[int(mark[1])]
            return "${" if reference == "$${" else self._value(node, reference[2:-1])

        return _SHIELDED.sub(value, str(node.value))

    def _value(self, node: yaml.Node, reference: str) -> str:
        if reference.startswith("file:"):
            return self._secret(node, reference.removeprefix("file:").strip())
        found = _VARIABLE.fullmatch(reference.strip())
        if not found:
            hint = "Type ${NAME}, ${NAME:-text}, ${file:/path} or, for the text itself, $${."
            self._wrong(node, f"`${{{reference}}}` names no variable.", hint)
            return ""
        name, instead = found.groups()
        if value := self._env.get(name):
            return value
        if instead is None:
            state = "empty" if name in self._env else "not set"
            hint = "Put it into `.env` (see `.env.example`) or the environment."
            self._wrong(node, f"The environment variable `{name}` is {state}.", hint)
        return instead or ""

    def _secret(self, node: yaml.Node, name: str) -> str:
        try:
            return (self.path.parent / name).read_text("utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not in UTF-8"
            self._wrong(node, f"The file `{name}` cannot be read: {reason}.")
            return ""

    def _wrong(self, node: yaml.Node, message: str, hint: str = "") -> None:
        self.problems.append(Problem(f"{self.path}:{node.start_mark.line + 1}", message, hint))
