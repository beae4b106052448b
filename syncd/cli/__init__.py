"""The command line.

Each command is imported when it is called, so that `syncd --help` and a shell's completion
need not wait for a database or an XML parser to be loaded.
"""


def main() -> None:
    """Run the command that was typed."""
    from syncd.cli.main import app

    app(prog_name="syncd")
