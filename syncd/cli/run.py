"""`syncd run`: the daemon."""

import os

import typer

from syncd.app import open_app
from syncd.cli.context import configuration_path, context_of
from syncd.config.load import Configuration, load
from syncd.observe import log
from syncd.runtime.daemon import Daemon
from syncd.store.database import explained

app = typer.Typer(add_completion=False)


@app.command()
def run(ctx: typer.Context) -> None:
    """Run as a daemon that keeps every pair in step, until SIGTERM or Ctrl-C.

    SIGHUP reads the configuration again. Log lines go to standard error.
    """
    context = context_of(ctx)
    log.configure()
    path = configuration_path(context)

    def read() -> Configuration:
        return load(configuration_path(context), os.environ)

    opened = open_app(path)
    settings = opened.configuration.log
    log.configure(settings.level, settings.format)
    with explained(opened.store):
        ended = Daemon(opened.configuration, opened.store, opened.ledger, read).run()
    if not ended:
        os._exit(0)  # a thread waits for a platform; what it sent is looked up at the next start
    opened.close()
