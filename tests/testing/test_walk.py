"""docs/write-a-connector.md, walked: commands are run, changes made, and output is compared."""

import os
import re
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "write-a-connector.md"
BLOCK = re.compile(r"^```(console|diff)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def place(tmp_path: Path) -> "Place":
    return Place(tmp_path)


class Place:
    """An empty folder, and an environment in which syncd is installed and nothing else is."""

    def __init__(self, folder: Path) -> None:
        self.here = folder / "work"
        self.here.mkdir()
        own = folder / "environment"
        venv.create(own, with_pip=False)
        (packages,) = own.glob("lib/python*/site-packages")
        installed = Path(pytest.__file__).parents[1]
        (packages / "syncd.pth").write_text(f"{installed}\n{ROOT}\n")
        self._script(own / "bin" / "syncd", f"exec {own}/bin/python -m syncd", '"$@"')
        pip = f"exec {sys.executable} -m pip --python {own}/bin/python install"
        self._script(own / "bin" / "pip", f"shift; {pip} --no-deps --no-build-isolation", '"$@"')
        self._env = {
            "PATH": f"{own}/bin{os.pathsep}{os.environ['PATH']}",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "PIP_NO_INDEX": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }

    def _script(self, path: Path, *words: str) -> None:
        path.write_text("#!/bin/sh\n" + " ".join(words) + "\n")
        path.chmod(0o755)

    def run(self, command: str) -> list[str]:
        """What a command prints; `cd` changes where the next one runs."""
        if command.startswith("cd "):
            self.here = self.here / command.removeprefix("cd ")
            return []
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=self.here,
            env=self._env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return lines(done.stdout)

    def change(self, diff: str) -> None:
        """Make the changes of a diff without line numbers; each place has to be there once."""
        head, *hunks = diff.split("@@\n")
        path = self.here / head.removeprefix("--- ").strip()
        for hunk in hunks:
            rows = hunk.splitlines(keepends=True)
            old = "".join(row[1:] for row in rows if row[0] in " -")
            new = "".join(row[1:] for row in rows if row[0] in " +")
            text = path.read_text("utf-8")
            assert text.count(old) == 1, f"{path.name} holds {text.count(old)} times:\n{old}"
            path.write_text(text.replace(old, new), "utf-8")


def lines(text: str) -> list[str]:
    timeless = re.sub(r"\bin \d+\.\d+s\b", "in a moment", text)
    return [line.rstrip() for line in timeless.strip().splitlines()]


def commands(block: str) -> Iterator[tuple[str, list[str]]]:
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, printed = part.partition("\n")
        yield command, lines(printed)


def test_the_walk_leads_from_an_empty_folder_to_green(place: Place) -> None:
    for kind, block in BLOCK.findall(GUIDE.read_text("utf-8")):
        if kind == "diff":
            place.change(block)
            continue
        for command, printed in commands(block):
            assert place.run(command) == printed, f"$ {command}"
