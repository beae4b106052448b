"""`syncd connectors new`: what it writes passes the suite as written, under any name."""

import re
import sys
from pathlib import Path

import pytest

from syncd.errors import ConfigError
from syncd.testing.contract import Verdict, outcomes
from syncd.testing.skeleton import write


@pytest.mark.parametrize("name", ["acme", "zzz_mail_24"])
def test_the_skeleton_passes_the_suite_as_written(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = write(name, tmp_path)
    assert all(path.is_file() for path in written)
    text = "".join(path.read_text("utf-8") for path in written)
    assert not re.search("example[-_]?mail", text, re.IGNORECASE)
    assert "TODO" not in text
    monkeypatch.syspath_prepend(str(tmp_path))
    platform = __import__(f"syncd_{name}.platform", fromlist=["*"])
    (made,) = [
        found
        for key, found in vars(platform).items()
        if key.endswith("Platform") and key != "Platform"
    ]
    assert made.plugin.spec.name == name
    assert {outcome.verdict for outcome in outcomes(made)} == {Verdict.KEPT}
    for module in [one for one in sys.modules if one.startswith(f"syncd_{name}")]:
        del sys.modules[module]


@pytest.mark.parametrize("name", ["Acme", "a b", "../up", "1st", "_x", "ab", "x" * 31, "a__b", ""])
def test_a_name_that_cannot_be_one_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be the name"):
        write(name, tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", ["ghl", "example_mail"])
def test_a_name_that_is_taken_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="installed already"):
        write(name, tmp_path / "new")


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    with pytest.raises(ConfigError, match="there already"):
        write("acme", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]
    assert (tmp_path / "README.md").read_text() == "mine"
