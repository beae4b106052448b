"""What the platforms over the sandbox have in common: its clock is the suite's."""

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

import httpx

from syncd.testing.contract import Clock, Platform
from syncd.testing.inprocess import Sandbox, sandbox

PlatformT = TypeVar("PlatformT")


class SandboxPlatform(Platform):
    """An account of one platform of a fresh sandbox.

    Attributes:
        platform: its name there.
        switches: of the platform, as docs/sandbox.md lists them.
    """

    platform: ClassVar[str]
    switches: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._box = sandbox(
            limits="off",  # GHL's emulator counts them by the clock on the wall
            frozen_at=clock.now(),
            settings={self.platform: self.switches},
        )
        self.info: dict[str, Any] = self._box.info[self.platform]
        self.transport = _OnTime(self._box, clock)

    def act(self, action: str, **arguments: Any) -> dict[str, Any]:
        """What a person does, at the time of the suite."""
        self._box.world.clock.freeze(self._clock.now())
        return self._box.platform(self.platform).act(action, arguments)

    def emulated(self, kind: type[PlatformT]) -> PlatformT:
        """The platform itself, at the time of the suite."""
        self._box.world.clock.freeze(self._clock.now())
        platform = self._box.platform(self.platform)
        if not isinstance(platform, kind):
            raise TypeError(f"{self.platform} is no {kind.__name__}")
        return platform

    def dump(self) -> list[dict[str, Any]]:
        """Every contact, in the platform's own names."""
        self._box.world.clock.freeze(self._clock.now())
        return self._box.platform(self.platform).dump()


class _OnTime(httpx.BaseTransport):
    """Sets the sandbox's clock before every request."""

    def __init__(self, box: Sandbox, clock: Clock) -> None:
        self._box = box
        self._clock = clock

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._box.world.clock.freeze(self._clock.now())
        return self._box.transport.handle_request(request)
