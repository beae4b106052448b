"""The wire to the sandbox, on which a process of ours can die and people can interfere."""

from collections.abc import Callable
from datetime import timedelta

import httpx

from syncd.testing.inprocess import Sandbox


class CrashError(BaseException):
    """The process dies here: nothing may catch it."""


class Line(httpx.BaseTransport):
    """The wire to the sandbox: every request takes a moment, and may be the last one.

    Attributes:
        crash_at: die at the n-th request from now; None lives on. `carried_out` says
            whether that request still is.
        crash_in: die in the first request that it says yes to.
        errands: by number of requests from now, what a person does then.
        rewrite: changes an answer on its way.
    """

    def __init__(self, box: Sandbox, moment: timedelta) -> None:
        self._box = box
        self._moment = moment
        self.sent = 0
        self.crash_at: int | None = None
        self.crash_in: Callable[[httpx.Request], bool] | None = None
        self.carried_out = True
        self.errands: dict[int, Callable[[], None]] = {}
        self.rewrite: Callable[[httpx.Request, httpx.Response], httpx.Response] | None = None

    def rest(self) -> None:
        """From now on nothing happens, and requests are counted anew."""
        self.sent, self.crash_at, self.crash_in = 0, None, None
        self.errands.clear()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.sent += 1
        self._box.world.clock.advance(self._moment)
        errand = self.errands.pop(self.sent, None)
        if errand is not None:
            errand()
        dies = self.crash_at is not None and self.sent >= self.crash_at
        dies = dies or (self.crash_in is not None and self.crash_in(request))
        if dies and not self.carried_out:
            raise CrashError
        response = self._box.transport.handle_request(request)
        if dies:
            raise CrashError
        return response if self.rewrite is None else self.rewrite(request, response)
