"""Nothing personal in a log, whoever writes the line."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from syncd.observe import log

SECRET = "ada@example.org"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    log.configure("info", "json", stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_unknown_keys_are_dropped_and_named(written: io.StringIO) -> None:
    structlog.get_logger("syncd").info("run ended", pair="shop", run=3, email=SECRET)
    (line,) = lines(written)
    assert line["pair"] == "shop"
    assert line["hidden"] == ["email"]
    assert SECRET not in written.getvalue()


def test_an_exception_keeps_its_place_and_loses_its_text(written: io.StringIO) -> None:
    try:
        raise KeyError(SECRET)
    except KeyError:
        structlog.get_logger("syncd").exception("unexpected")
        logging.getLogger("a.library").exception("could not take %s", SECRET)
    ours, theirs = lines(written)
    assert ours["exception"] == theirs["exception"] == "KeyError"
    assert "test_log.py" in ours["where"][0]
    assert theirs["event"] == "could not take %s"
    assert SECRET not in written.getvalue()


def test_libraries_are_quiet_and_never_fill_in_their_lines(written: io.StringIO) -> None:
    logging.getLogger("httpx").info("GET https://api.example.org/contacts/email/%s", SECRET)
    logging.getLogger("another").warning("refused %s", SECRET)
    (line,) = lines(written)
    assert line["event"] == "refused %s"
    assert SECRET not in written.getvalue()


def test_the_level_is_kept(written: io.StringIO) -> None:
    log.configure("error", "json", written)
    structlog.get_logger("syncd").warning("held")
    assert written.getvalue() == ""


def test_text_is_for_people(written: io.StringIO) -> None:
    log.configure("info", "text", written)
    structlog.get_logger("syncd").info("started", pairs=["shop"])
    assert "started" in written.getvalue()
