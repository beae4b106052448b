"""The door by which connectors enter: all are known by name, and each is loaded when asked for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from syncd.connectors.registry import connector, installed
from syncd.errors import ConfigError


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package that announces two connectors: one without its module, one that is none."""
    package = tmp_path / "acme-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Name: acme\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text(
        "[syncd.connectors]\nacme = acme_that_is_not_there:CONNECTOR\nbogus = json:dumps\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    installed.cache_clear()
    yield package
    installed.cache_clear()


@pytest.mark.usefixtures("acme")
def test_a_connector_that_cannot_be_loaded_stops_only_those_who_use_it() -> None:
    names = list(installed())
    assert names == sorted(names)
    assert {"acme", "bogus", "ghl", "maileon", "mailercloud"} <= set(names)
    assert connector("ghl").spec.name == "ghl"
    with pytest.raises(ModuleNotFoundError, match="acme_that_is_not_there"):
        connector("acme")
    with pytest.raises(ConfigError, match="'bogus' does not offer a Plugin"):
        connector("bogus")


def test_who_mistypes_a_name_is_told_what_there_is() -> None:
    with pytest.raises(ConfigError, match="no connector 'mailoen'") as caught:
        connector("mailoen")
    assert caught.value.hint == "Did you mean 'maileon'?"
    with pytest.raises(ConfigError) as caught:
        connector("zzz")
    assert "ghl, maileon, mailercloud" in caught.value.hint
