"""`syncd init` for each pair of platforms: `syncd check` accepts what it writes as it is."""

import stat
import subprocess

import pytest
import yaml

from syncd.cli.sandbox import _lines_of_env
from syncd.cli.template import FIELDS
from tests.cli.conftest import Place


def fill_in(place: Place) -> None:
    """What `syncd sandbox` prints, into .env."""
    lines = _lines_of_env(place.box.info())
    (place.folder / ".env").write_text("\n".join(lines) + "\n", "utf-8")


@pytest.mark.parametrize(("left", "right"), FIELDS)
def test_check_accepts_what_init_writes(place: Place, left: str, right: str) -> None:
    fill_in(place)
    written = place.type("init", "new", "--left", left, "--right", right, "--yes")
    assert written.exit_code == 0, written.output
    checked = place.type("--config", "new/config/syncd.yaml", "check")
    assert checked.exit_code == 0, checked.output
    assert "Everything fits" in checked.output
    held = place.type("--config", "new/config/syncd.yaml", "sync")
    assert held.exit_code == 7, held.output


def test_a_pair_with_mailercloud_says_what_differs_there(place: Place) -> None:
    place.type("init", "new", "--right", "mailercloud", "--pair", "letters", "--yes")
    told = (place.folder / "new/config/pairs/letters.yaml").read_text("utf-8")
    pair = yaml.safe_load(told)
    assert (pair["left"], pair["right"], pair["policy"]) == ("crm", "news", "left")
    assert {"left": "firstName", "right": "name"} in pair["fields"]
    for remark in ("tells no times", "25 characters", "never changes an address"):
        assert remark in told
    example = (place.folder / "new/.env.example").read_text("utf-8")
    assert "MAILERCLOUD_API_KEY=" in example
    assert "MAILERCLOUD_LIST_ID=" in example
    assert "MAILEON" not in example


def test_two_accounts_of_one_platform_get_two_names(place: Place) -> None:
    place.type("init", "new", "--left", "ghl", "--right", "ghl", "--yes")
    pair = yaml.safe_load((place.folder / "new/config/pairs/shop.yaml").read_text("utf-8"))
    assert (pair["left"], pair["right"]) == ("crm", "other")


def test_mailercloud_on_the_left_lets_the_right_win(place: Place) -> None:
    place.type("init", "new", "--left", "mailercloud", "--right", "ghl", "--yes")
    pair = yaml.safe_load((place.folder / "new/config/pairs/shop.yaml").read_text("utf-8"))
    assert (pair["left"], pair["right"], pair["policy"]) == ("news", "crm", "right")


def test_a_copy_of_the_example_is_its_owners_alone(place: Place) -> None:
    """It will hold tokens, and `cp` gives it the rights of the example."""
    place.type("init", "new", "--yes")
    example = place.folder / "new/.env.example"
    assert stat.S_IMODE(example.stat().st_mode) == 0o600
    example.chmod(0o644)
    place.type("init", "new", "--yes", "--force")
    subprocess.run(["cp", ".env.example", ".env"], cwd=example.parent, check=True)
    assert stat.S_IMODE(example.with_name(".env").stat().st_mode) == 0o600
