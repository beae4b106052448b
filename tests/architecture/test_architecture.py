"""The layers, the purity of what decides, and the files around the code."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from syncd.cli.main import COMMANDS

ROOT = Path(__file__).parents[2]
PLATFORMS = ("ghl", "mailercloud", "maileon")
PURE = ("core", "mapping", "model")


def modules(*packages: str) -> Iterator[Path]:
    for package in packages:
        yield from sorted((ROOT / "syncd" / package).rglob("*.py"))


def test_imports_point_down_only() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", list(modules(*PURE)), ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_what_decides_asks_no_clock(path: Path) -> None:
    asked = [
        node.attr
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("now", "utcnow", "today")
        if isinstance(node.value, ast.Name) and node.value.id in ("datetime", "date")
    ]
    assert not asked


def test_no_error_is_swallowed_whole() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in modules(".")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in ("Exception", "BaseException"))
    ]
    assert not found


def test_the_engine_names_no_connector() -> None:
    for path in modules("engine", "core", "store", "runtime"):
        code = path.read_text("utf-8").lower()
        for platform in PLATFORMS:
            assert f"connectors.{platform}" not in code


def test_the_list_of_commands_is_the_list_of_modules() -> None:
    for name in COMMANDS:
        assert (ROOT / "syncd" / "cli" / f"{name}.py").exists() or (
            ROOT / "syncd" / "cli" / name / "__init__.py"
        ).exists()


def test_compose_runs_the_daemon_with_its_state_on_a_volume() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    daemon = compose["services"]["syncd"]
    assert daemon["command"] == "run"
    assert "./config:/etc/syncd:ro" in daemon["volumes"]
    for volume in ("state", "postgres"):
        assert volume in compose["volumes"]
    assert compose["services"]["sandbox"]["profiles"] == ["sandbox"]
    assert compose["services"]["postgres"]["profiles"] == ["postgres"]


def test_the_image_runs_as_nobody_special_and_is_looked_after() -> None:
    recipe = (ROOT / "Dockerfile").read_text("utf-8")
    assert "USER syncd" in recipe
    assert '"status", "--check"' in recipe
    copied = {
        word
        for line in recipe.splitlines()
        if line.startswith("COPY")
        for word in line.split()[1:-1]
    }
    kept = {
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"
    }
    assert copied == kept
