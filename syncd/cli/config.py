"""`syncd config`: the configuration as it was read, and its JSON Schema."""

import json
import os
import sys
from typing import Annotated, Any

import typer
from pydantic import SecretStr

from syncd.cli.context import configuration_path, context_of
from syncd.config.load import Account, load, read_options
from syncd.config.schema import configuration_schema, pair_schema
from syncd.connectors.registry import connector, installed

app = typer.Typer(add_completion=False, no_args_is_help=True)
HIDDEN = "(secret)"


@app.command()
def schema(
    pair: Annotated[
        bool, typer.Option("--pair", help="Of a pair's file, and not of syncd.yaml.")
    ] = False,
) -> None:
    """Print the JSON Schema of the configuration, for editors and checks."""
    found = (
        pair_schema()
        if pair
        else configuration_schema({name: plugin.settings for name, plugin in installed().items()})
    )
    sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=2) + "\n")


@app.command()
def show(ctx: typer.Context) -> None:
    """Show the configuration as it was understood, with defaults and without secrets."""
    context = context_of(ctx)
    configuration = load(configuration_path(context), os.environ)
    content = {
        "path": str(configuration.path),
        "store": _without_password(configuration.store),
        "accounts": {name: _account(a) for name, a in configuration.accounts.items()},
        "pairs": {n: p.settings.model_dump(mode="json") for n, p in configuration.pairs.items()},
        "journal": configuration.journal.model_dump(mode="json"),
        "log": configuration.log.model_dump(mode="json"),
    }
    context.answer(content, json.dumps(content, ensure_ascii=False, indent=2))


def _account(account: Account) -> dict[str, Any]:
    plugin = connector(account.connector, account.place.where("connector"))
    options = read_options(account, plugin.settings).model_dump()
    shown = {k: HIDDEN if isinstance(v, SecretStr) else v for k, v in options.items()}
    return {"connector": account.connector, "rate_share": account.rate_share, **shown}


def _without_password(url: str) -> str:
    from sqlalchemy import make_url

    return make_url(url).render_as_string(hide_password=True)
