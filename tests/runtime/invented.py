"""Invented platforms in this process as connectors of a configuration."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.invented import FIELDS, Invented, Settings
from syncd.connectors.api import Plugin
from syncd.connectors.registry import installed
from syncd.model.record import Resource
from syncd.model.spec import ConsentSpec, ResourceSpec, Spec

PAIR = """\
  - {{pair: pair{n}, left: left{n}, right: right{n}, every: {every}, jitter: 0s, baseline: auto,
     fields: [{{left: city, right: city}}]}}
"""


@contextmanager
def plugged_in(kinds: Mapping[str, type[Invented]]) -> Iterator[dict[str, Invented]]:
    """One platform for each connector `left` and `right`, by its name."""
    contact = ResourceSpec(
        fields=FIELDS, unique_key="email", finds=frozenset({"email"}), consent=ConsentSpec()
    )
    made = {
        name: kind(Spec(name, name, {Resource.CONTACT: contact})) for name, kind in kinds.items()
    }
    plugins: dict[str, Plugin] = installed()  # type: ignore[assignment]  # a dict
    for name, account in made.items():
        plugins[name] = Plugin(account.spec, Settings, lambda _, __, it=account: it, {})
    try:
        yield made
    finally:
        for name in made:
            del plugins[name]


def configured(folder: Path, pairs: int, *, every: str = "1s", root: str = "") -> Path:
    """A `syncd.yaml` with so many pairs; no two share an account."""
    accounts = "".join(
        f"  {name}{n}: {{connector: {name}}}\n" for name in ("left", "right") for n in range(pairs)
    )
    listed = "".join(PAIR.format(n=n, every=every) for n in range(pairs))
    path = folder / "syncd.yaml"
    text = f"store: sqlite:///syncd.db\n{root}accounts:\n{accounts}pairs:\n{listed}"
    path.write_text(text, "utf-8")
    return path
