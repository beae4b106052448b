"""The skeleton of a connector's package: ExampleMail under another name, with the suite wired in.

The connector is the test platform of this very package, so it passes the suite as written.
"""

import re
from importlib.resources import files
from pathlib import Path

from syncd.connectors.registry import installed
from syncd.errors import ConfigError

CODE = (
    *("__init__.py", "connector.py", "pager.py", "codec.py", "children.py", "child_codec.py"),
    *("emulator.py", "child_emulator.py", "platform.py"),
)
# What is written beside the code, and the template of it.
BESIDE = {
    "pyproject.toml": "pyproject.toml.txt",
    "README.md": "README.md.txt",
    "tests/test_contract.py": "test_contract.py.txt",
}


def write(name: str, folder: Path) -> list[Path]:
    """Write the package; the files that were written.

    Raises:
        ConfigError: the name will not do, or something is in the way; nothing was written.
    """
    _check(name)
    package = f"syncd_{name}"
    example, templates = files("syncd.testing.example"), files(__name__)
    texts = {f"{package}/{one}": example.joinpath(one).read_text("utf-8") for one in CODE}
    texts |= {one: templates.joinpath(t).read_text("utf-8") for one, t in BESIDE.items()}
    in_the_way = [one for one in texts if (folder / one).exists()]
    if in_the_way:
        raise ConfigError(
            f"{folder / in_the_way[0]} is there already. Nothing was written.",
            hint="Name another folder with `--folder`, or move that one away.",
        )
    for one, text in texts.items():
        path = folder / one
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_renamed(text, name), "utf-8")
    return [folder / one for one in texts]


def _check(name: str) -> None:
    taken = name in installed() or name == "example_mail"
    if taken:
        raise ConfigError(
            f"A connector '{name}' is installed already. Nothing was written.",
            hint="Choose another name; accounts and entry points know connectors by it.",
        )
    fits = re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) and 3 <= len(name) <= 30
    if not fits:
        raise ConfigError(
            f"'{name}' cannot be the name of a connector. Nothing was written.",
            hint="3 to 30 small letters, digits and single underscores, a letter first: `acme`"
            " or `acme_mail`.",
        )


def _renamed(text: str, name: str) -> str:
    """ExampleMail becomes the platform of this name.

    >>> _renamed("from syncd.testing.example.codec import ExampleMail", "acme_mail")
    'from syncd_acme_mail.codec import AcmeMail'
    """
    text = text.replace("\nfrom syncd.testing.example", "\n\nfrom syncd.testing.example", 1)
    title = "".join(part.capitalize() for part in name.split("_"))
    for old, new in (
        ("syncd.testing.example", f"syncd_{name}"),
        ("example-mail", name.replace("_", "-")),
        ("ExampleMail", title),
        ("example_mail", name),
    ):
        text = text.replace(old, new)
    return text
