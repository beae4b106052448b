"""The promise about the log: nothing personal in it, and no secret."""

import base64
import contextlib
import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import httpx

from syncd.errors import SyncdError
from syncd.model.op import Op, OpKind
from syncd.testing.contract import line
from syncd.testing.contract.harness import Harness
from syncd.testing.contract.promise import hold

Fresh = Callable[[], Harness]

PERSONAL = "Quetzalcoatl-7319"
OTHER = "Nezahualcoyotl-4402"
SHORTEST = 5  # characters of a value that is looked for


class _Ear(logging.Handler):
    """Hears every line that anybody logs or prints."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.heard: list[tuple[str, str]] = []
        self._printed = io.StringIO()

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append((f"a log line of '{record.name}'", record.getMessage()))

    def hear(self, where: str, text: str) -> None:
        self.heard.append((where, text))

    @contextlib.contextmanager
    def open(self) -> Iterator[None]:
        root = logging.getLogger()
        before = root.level
        root.addHandler(self)
        root.setLevel(logging.DEBUG)
        try:
            with (
                contextlib.redirect_stdout(self._printed),
                contextlib.redirect_stderr(self._printed),
            ):
                yield
        finally:
            root.removeHandler(self)
            root.setLevel(before)
            self.hear("what was printed", self._printed.getvalue())


def nothing_is_told(fresh: Fresh) -> None:
    """Good days and bad ones, with an ear on the log, on what is printed, and on every error."""
    secrets = _secrets(fresh())
    hold(
        bool(secrets),
        "No secret is known: declare keys and tokens in the settings model as `pydantic.SecretStr`"
        " (they are then masked wherever settings are shown), or name them in `Platform.secrets`",
    )
    ear = _Ear()
    personal: set[str] = {PERSONAL, OTHER}
    with ear.open():
        for trouble in (None, *_troubles()):
            _live(fresh(), trouble, ear, personal)
    for where, text in ear.heard:
        for value in personal:
            hold(
                not any(form in text for form in _forms(value)),
                f"{where} holds the value of a contact: {_excerpt(text)!r}. Log ids, counts and"
                " names of fields, never a value; nor the platform's own words, which may quote it",
            )
        for secret in secrets:
            hold(
                not any(form in text for form in _forms(secret)),
                f"{where} holds a secret of the settings; `SecretStr` masks it, and the text of an"
                " answer should never be passed on",
            )


def _secrets(harness: Harness) -> set[str]:
    settings = harness.settings
    values = (getattr(settings, name) for name in type(settings).model_fields)
    hidden = (v.get_secret_value() for v in values if hasattr(v, "get_secret_value"))
    return {*hidden, *harness.platform.secrets} - {""}


def _troubles() -> Iterator[line.Trouble]:
    """Days on which everything is refused, by platforms that quote what they were sent."""
    for status in (400, 401, 403, 404, 422, 429, 500):
        yield _quoting(status)
    yield line.foreign(503)
    yield lambda number, request, forward: line.lost(number)(number, request, forward)
    yield line.rewritten(lambda response: response.content[: len(response.content) // 2])


def _quoting(status: int) -> line.Trouble:
    def trouble(_: int, request: httpx.Request, __: line.Forward) -> httpx.Response:
        sent = {
            "url": str(request.url),
            "headers": dict(request.headers),
            "body": request.content.decode("utf-8", "replace"),
        }
        message = f"cannot take {PERSONAL}: {json.dumps(sent, ensure_ascii=False)}"
        answer = {"message": message, "error": message, "errors": [{"message": message}]}
        headers = {"Retry-After": "1"} if status == 429 else {}
        return httpx.Response(status, json=answer, headers=headers, request=request)

    return trouble


def _live(harness: Harness, trouble: line.Trouble | None, ear: _Ear, personal: set[str]) -> None:
    """Everything that a connector does, whatever becomes of it."""
    text, key = harness.text, harness.key
    people = harness.populate(2)
    (one, two) = people
    with _heard(ear, "an error"):
        harness.connector.catalogue(harness.resource)
    creation = harness.creation(**{text: PERSONAL})
    refused = harness.refused_creation(OTHER)
    again = harness.op(OpKind.CREATE, {**people[one], text: PERSONAL})
    change = harness.change(one, people[one], {text: OTHER})
    bad = harness.change(two, people[two], {**harness.refused_edit, text: "x\x00" + PERSONAL * 300})
    personal |= _texts(creation, refused, again, bad)
    harness.line.trouble = trouble
    calls: list[tuple[str, Callable[[], Any]]] = [
        ("check", harness.connector.check),
        ("pull", lambda: harness.pull(full=True)),
        *((name, lambda look=look: look(one, None)) for name, look in harness.looks.items()),
        *(
            (f"find by '{k}'", lambda k=k: harness.find(k, people[one][key]))
            for k in harness.spec.finds
        ),
        *(("push", lambda op=op: _push(harness, op, ear)) for op in (creation, refused, again)),
        *(("push", lambda op=op: _push(harness, op, ear)) for op in (change, bad)),
    ]
    if harness.spec.deletes:
        delete = harness.op(OpKind.DELETE, {}, two, people[two])
        calls.append(("push", lambda: _push(harness, delete, ear)))
    for name, call in calls:
        with _heard(ear, f"the text of an error that `{name}` raised"):
            call()
    ear.hear("the settings, shown as text,", repr(harness.settings))
    ear.hear("the connector, shown as text,", repr(harness.connector))


def _texts(*ops: Op) -> set[str]:
    values = {value for op in ops for value in op.patch.values() if isinstance(value, str)}
    return {value for value in values if SHORTEST <= len(value) < 100 and value.isprintable()}


def _push(harness: Harness, op: Op, ear: _Ear) -> None:
    for receipt in harness.push(op).values():
        if receipt.error is not None:
            ear.hear("the text of an error in a receipt", str(receipt.error))


@contextlib.contextmanager
def _heard(ear: _Ear, where: str) -> Iterator[None]:
    try:
        yield
    except SyncdError as error:
        ear.hear(where, str(error))


def _forms(value: str) -> set[str]:
    """How a value may be written in a log line."""
    coded = base64.b64encode(value.encode()).decode().rstrip("=")
    return {value, quote(value, safe=""), value.lower(), repr(value)[1:-1], coded}


def _excerpt(text: str) -> str:
    return text if len(text) <= 160 else f"{text[:160]}…"
