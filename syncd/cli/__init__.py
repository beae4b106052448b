"""The command line.

Each command is imported when it is called, so that `syncd --help` and a shell's completion
need not wait for a database or an XML parser to be loaded.
"""

import gc


def main() -> None:
    """Run the command that was typed."""
    gc.disable()  # until the command is loaded: all that loading makes stays
    from syncd.cli.main import app

    app(prog_name="syncd")
