"""One HTTP client per account: encoding, limits, retries and redaction in one place."""

import logging
import random
import re
import ssl
from collections.abc import Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from syncd import __version__
from syncd.connectors.api import Wire
from syncd.errors import InDoubtError, InvariantError, ThrottledError, TransientError
from syncd.http.answer import MAX_BODY_BYTES, Answer
from syncd.http.limits import Limiter

USER_AGENT = f"syncd/{__version__} (contact sync)"
RETRIED_STATUSES = frozenset({500, 502, 503, 504, 520, 521, 522, 523, 524})

# httpx logs whole addresses at INFO, and these hold e-mail addresses of contacts.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)

Query = Mapping[str, str | int | Sequence[str]]


class _UnreachedError(TransientError):
    """Nobody was there to take the request."""


class ApiClient:
    """Sends requests for one account.

    Paths are patterns (`/contacts/email/{email}`) whose values are percent-encoded here
    and nowhere else; only the pattern shows up in errors.

    Args:
        judge: raises the error that an answer means, or returns; called for every
            answer that is not retried here. Knows the platform's own messages.
        learn: looks at every answer before anything else does, e.g. to adjust the limiter
            to its headers; may raise, e.g. when they say that the day's budget is spent.
        forbidden: "METHOD path-pattern" regular expressions that must never be sent.
    """

    def __init__(
        self,
        base_url: str,
        *,
        wire: Wire,
        limiter: Limiter,
        headers: Mapping[str, str],
        judge: Callable[[Answer], None],
        learn: Callable[[Answer], None] = lambda _: None,
        forbidden: Sequence[str] = (),
        timeout_s: float = 60.0,
        attempts: int = 5,
    ) -> None:
        self._limiter = limiter
        self._judge = judge
        self._learn = learn
        self._forbidden = [re.compile(pattern) for pattern in forbidden]
        self._sleep = wire.sleep
        self._now = wire.now
        self._on_request = wire.on_request
        self._attempts = attempts
        self._host = _host_of(base_url)
        self._base_url = base_url.rstrip("/")  # httpx takes a URL apart twice to join it to one
        self._http = httpx.Client(
            headers={"User-Agent": USER_AGENT, **headers},
            timeout=httpx.Timeout(timeout_s, connect=10.0),
            transport=wire.transport,
            verify=_trusted() if wire.transport is None else True,
            follow_redirects=False,
            limits=httpx.Limits(max_connections=16, max_keepalive_connections=16),
        )

    def close(self) -> None:
        self._http.close()

    def request(
        self,
        method: str,
        path: str,
        values: Mapping[str, str] | None = None,
        *,
        query: Query | None = None,
        json: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool | None = None,
        accept: frozenset[int] = frozenset(),
        timeout_s: float | None = None,
    ) -> Answer:
        """Send one request and return the answer that the judge let pass.

        Args:
            path: pattern with `{name}` places, below the base URL.
            values: what goes into the places.
            repeatable: may it be sent again after an answer was lost? By default
                only a GET may.
            accept: statuses that the caller reads itself: neither tried again nor judged.
            timeout_s: for this request, instead of the client's own.

        Raises:
            InDoubtError: it was sent, and the answer never came or made no sense; also
                when a write was repeated and no try was answered.
            TransientError: it could not be sent, or stayed unanswered to the last try.
            ThrottledError: still refused at the last try.
            whatever `judge` raises.
        """
        label = f"{method} {path}"
        if any(pattern.search(label) for pattern in self._forbidden):
            raise InvariantError(f"{label} is never allowed, and was not sent")
        may_repeat = method == "GET" if repeatable is None else repeatable
        url = self._base_url + path.format(
            **{k: quote(v, safe="") for k, v in (values or {}).items()}
        )
        if query:  # a space as %20: not every server reads `+` as one
            url += "?" + urlencode(query, doseq=True, quote_via=quote, safe="")
        request = self._http.build_request(
            method,
            url,
            json=json,
            content=content,
            headers=headers,
            timeout=httpx.USE_CLIENT_DEFAULT
            if timeout_s is None
            else httpx.Timeout(timeout_s, connect=10.0),
        )
        unanswered: list[TransientError] = []
        try:
            for attempt in self._tries():
                with attempt:
                    answer = self._send(label, request, may_repeat, accept, unanswered)
        except TransientError as cause:
            if method != "GET" and unanswered and not isinstance(cause, InDoubtError):
                raise InDoubtError(f"{cause.message}; an earlier try may have worked") from cause
            if isinstance(cause, _UnreachedError):
                raise TransientError(
                    f"{self._host} does not answer ({attempt.retry_state.attempt_number} tries)."
                    " Nothing was sent by this request.",
                    hint="Check `base_url` and the network, then type it again.",
                ) from cause
            raise
        if answer.status not in accept:
            self._judge(answer)
        return answer

    def _tries(self) -> Retrying:
        def again(error: BaseException) -> bool:
            if isinstance(error, ThrottledError):
                return (error.retry_after_s or 0) <= 120
            return isinstance(error, TransientError) and not isinstance(error, InDoubtError)

        return Retrying(
            stop=stop_after_attempt(self._attempts),
            wait=_wait,
            sleep=self._sleep,
            retry=retry_if_exception(again),
            reraise=True,
        )

    def _send(
        self,
        label: str,
        request: httpx.Request,
        may_repeat: bool,
        accept: frozenset[int],
        unanswered: list[TransientError],
    ) -> Answer:
        def lost(message: str) -> TransientError:
            error = (TransientError if may_repeat else InDoubtError)(message)
            unanswered.append(error)
            return error

        try:
            with self._limiter.slot():
                self._on_request()
                response = self._http.send(request, stream=True)
                try:
                    body = _read(response)
                finally:
                    response.close()
        except (httpx.ConnectError, httpx.ConnectTimeout) as cause:
            raise _UnreachedError(f"{label}: no connection ({type(cause).__name__})") from cause
        except httpx.PoolTimeout as cause:
            raise TransientError(f"{label}: all connections are in use") from cause
        except (httpx.TransportError, httpx.DecodingError) as cause:
            raise lost(f"{label}: no whole answer came ({type(cause).__name__})") from cause
        if body is None:
            raise lost(f"{label}: the answer is longer than {MAX_BODY_BYTES:,} bytes")
        answer = Answer(label, response.status_code, response.headers, body)
        self._learn(answer)
        if answer.status in accept:
            return answer
        if answer.status == 429:
            wait_s = retry_after_s(answer, self._now().timestamp())
            self._limiter.block(wait_s if wait_s is not None else 1.0)
            raise ThrottledError(f"{label}: refused for now (429)", retry_after_s=wait_s)
        if answer.status in RETRIED_STATUSES:
            raise lost(f"{label}: the platform failed ({answer.status})")
        return answer


@cache
def _trusted() -> ssl.SSLContext:
    """Whom to trust. One for all: each would take 0.8 MB, and the certificates read anew."""
    return httpx.create_ssl_context()


def _host_of(base_url: str) -> str:
    """Scheme, host and port: an address may hold more, and not all of it is for a log."""
    url = httpx.URL(base_url)
    return f"{url.scheme}://{url.netloc.decode()}"


def _read(response: httpx.Response) -> bytes | None:
    """The body; None if it is longer than we take into memory."""
    chunks, size = [], 0
    for chunk in response.iter_bytes():
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def retry_after_s(answer: Answer, now_s: float) -> float | None:
    """Seconds to wait; the header holds seconds or an HTTP date (RFC 9110, 10.2.3)."""
    header = answer.headers.get("retry-after", "").strip()
    if header.isdigit():
        return float(header)
    try:
        return max(parsedate_to_datetime(header).timestamp() - now_s, 0.0)
    except ValueError:
        return None


def _wait(state: RetryCallState) -> float:
    """2, 4, 8 … up to 60 s with jitter, or what the platform asks for (maileon.md 6.4)."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, ThrottledError) and error.retry_after_s is not None:
        return error.retry_after_s + random.uniform(0, 0.25)
    return float(min(2.0**state.attempt_number, 60.0)) * random.uniform(0.5, 1.0)
