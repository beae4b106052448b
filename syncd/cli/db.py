"""`syncd db`: the state store and its schema."""

import os

import typer

from syncd.cli.context import Code, configuration_path, context_of, finish
from syncd.config.load import load
from syncd.observe import log
from syncd.store import database

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.command()
def upgrade(ctx: typer.Context) -> None:
    """Bring the store's schema up to date. Every other command does it too."""
    context = context_of(ctx)
    log.configure("warning")
    store = database.open_store(load(configuration_path(context), os.environ).store)
    with database.explained(store):
        before = database.version(store)
        after = database.upgrade(store)
    store.dispose()
    where = store.url.render_as_string(hide_password=True)
    said = f"The schema is {after} already." if before == after else f"The schema is now {after}."
    context.answer({"store": where, "before": before, "schema": after}, f"{said} ({where})")


@app.command()
def status(ctx: typer.Context) -> None:
    """Show which schema the store has; changes nothing. Ends with 2 if it does not fit."""
    context = context_of(ctx)
    log.configure("warning")
    store = database.open_store(load(configuration_path(context), os.environ).store)
    with database.explained(store):
        present = database.version(store)
    store.dispose()
    newest = database.newest_version()
    where = store.url.render_as_string(hide_password=True)
    fits = present == newest
    said = f"The store has schema {present}." if present else "The store is empty."
    if present is not None and not database.knows(present):
        said += f" It is newer than this program, which has {newest}. {database.NEWER}"
    elif not fits:
        said += f" This program has {newest}: type `syncd db upgrade`."
    context.answer({"store": where, "schema": present, "newest": newest}, f"{said} ({where})")
    finish(Code.DONE if fits else Code.WRONG)
