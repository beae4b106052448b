"""`syncd connectors`: what is installed, and how it is configured."""

import typer
from rich.table import Table

from syncd.cli.face import face_of
from syncd.connectors.api import Plugin
from syncd.connectors.registry import installed

app = typer.Typer(add_completion=False)


@app.command()
def connectors(context: typer.Context) -> None:
    """List the connectors that are installed, and the settings of their accounts."""
    face = face_of(context)
    plugins = installed()
    content = {
        name: {
            "title": plugin.spec.title,
            "resources": [resource.value for resource in plugin.spec.resources],
            "settings": {
                key: {"required": needed, "help": told} for key, needed, told in _settings(plugin)
            },
        }
        for name, plugin in plugins.items()
    }
    face.answer({"connectors": content}, *(_table(name, p) for name, p in plugins.items()))


def _settings(plugin: Plugin) -> list[tuple[str, bool, str]]:
    fields = plugin.settings.model_fields
    return [
        (name, field.is_required(), plugin.settings_help.get(name, ""))
        for name, field in fields.items()
    ]


def _table(name: str, plugin: Plugin) -> Table:
    resources = ", ".join(resource.value for resource in plugin.spec.resources)
    table = Table(
        title=f"{plugin.spec.title}: `connector: {name}`  ({resources})", title_justify="left"
    )
    table.add_column("setting")
    table.add_column("")
    table.add_column("what it is", overflow="fold")
    for key, needed, told in _settings(plugin):
        table.add_row(key, "required" if needed else "", told)
    return table
