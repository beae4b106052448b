"""The log: one line per event on standard error, and nothing personal in it.

Only keys that are known to hold counts, names of ours or words of ours are written; any
other key is dropped and its *name* is shown, so that a slip costs a detail and never an
address. Tracebacks keep places and types and lose their texts, as a database puts the
values of a statement into its errors.
"""

import logging
import sys
import traceback
from typing import IO, Literal

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

Format = Literal["auto", "text", "json"]

# What a line may hold besides numbers and booleans, which may stand under the first list only.
ALLOWED = frozenset(
    {
        "account",
        "accounts",
        "cause",
        "changed_left",
        "changed_right",
        "code",
        "conflicts",
        "connector",
        "cycles",
        "done",
        "error",
        "event",
        "exception",
        "failed",
        "fields",
        "finished",
        "held",
        "hidden",
        "hint",
        "holder",
        "in_doubt",
        "late_s",
        "level",
        "logger",
        "mode",
        "n",
        "ops",
        "pair",
        "pairs",
        "pid",
        "platform",
        "reasons",
        "removed",
        "resource",
        "retry_in_s",
        "run",
        "seconds",
        "seen_left",
        "seen_right",
        "side",
        "signal",
        "state",
        "step",
        "threads",
        "timestamp",
        "total",
        "until",
        "version",
        "wanted",
        "where",
        "written",
    }
)
FIRST = ("timestamp", "level", "event", "pair")
QUIET = ("httpx", "httpcore", "apscheduler", "sqlalchemy", "alembic", "tzlocal")


def configure(level: str = "info", form: Format = "auto", stream: IO[str] | None = None) -> None:
    """Send every log line of this process, ours and the libraries', to standard error.

    Args:
        form: `auto` writes text on a terminal and JSON elsewhere.
    """
    out = stream or sys.stderr
    text = form == "text" or (form == "auto" and out.isatty())
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(colors=out.isatty())
        if text
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        without_texts_of_exceptions,
        only_allowed,
    ]
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[said_by_a_library, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def said_by_a_library(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Of a library's line only the fixed text: what it puts into the places may be personal."""
    record: logging.LogRecord = event["_record"]
    ours = record.name.split(".")[0] == "syncd"
    if not ours:
        event["event"] = str(record.msg)
    event["logger"] = record.name
    if record.exc_info:
        event["exc_info"] = record.exc_info
    return event


def without_texts_of_exceptions(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """An exception as its type and its places; its text may hold a statement's values."""
    found = event.pop("exc_info", None)
    error = sys.exc_info()[1] if found is True else found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        event["exception"] = type(error).__name__
        event["where"] = [
            f"{frame.filename.rpartition('syncd/')[2]}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)[-8:]
        ]
    return event


def only_allowed(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Drop what may be personal, and say under which names."""
    hidden = sorted(name for name in event if name not in ALLOWED and not name.startswith("_"))
    kept = {name: value for name, value in event.items() if name not in hidden}
    if hidden:
        kept["hidden"] = hidden
    return {name: kept.pop(name) for name in FIRST if name in kept} | kept
