"""The one place where an error becomes a message and an exit code."""

import json
import os
import sqlite3
import sys

from syncd.cli.context import Code, CommandContext
from syncd.errors import (
    AccountError,
    ConfigError,
    PairHeldError,
    StoreError,
    SyncdError,
)

MENDED_BY_WAITING = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_IOERR")


def exit_code(error: SyncdError) -> Code:
    """What the caller should do next, as a number."""
    match error:
        case ConfigError() | AccountError():
            return Code.WRONG
        case PairHeldError():
            return Code.HELD
        case StoreError():
            return Code.AGAIN if _may_pass(error) else Code.WRONG
        case _:
            return Code.AGAIN


def _may_pass(error: StoreError) -> bool:
    """Whether the store may be usable in a while: locked, full, or not answering."""
    said = getattr(error.__cause__, "orig", None)
    if said is None:
        return False
    if isinstance(said, sqlite3.Error):
        name = getattr(said, "sqlite_errorname", "") or ""
        return name.startswith(MENDED_BY_WAITING)
    return True


def tell(context: CommandContext, error: SyncdError, *, kind: str = "") -> Code:
    """Say what happened, what was not done and what to type next.

    Args:
        kind: what to call it in JSON, if not by the class of the error.
    """
    code = exit_code(error)
    if context.json:
        content = {
            "error": {
                "kind": kind or type(error).__name__,
                "message": error.message,
                "hint": error.hint,
            },
            "exit_code": int(code),
        }
        sys.stdout.write(json.dumps(content, ensure_ascii=False) + "\n")
    else:
        context.err.print(error.message, style="red", soft_wrap=True)
        if error.hint:
            context.err.print(error.hint, soft_wrap=True)
    return code


def close_stdout() -> None:
    """Nobody reads any more (`syncd status | head`): say nothing, and nothing at exit either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
