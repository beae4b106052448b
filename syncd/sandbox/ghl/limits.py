"""The budget of one location: a sliding burst window and a daily one (section 2)."""

from collections import deque
from dataclasses import dataclass

from syncd.sandbox.ghl.settings import Settings

DAY_S = 86_400.0
PLENTY = 1_000_000_000  # what the headers promise while limits are off


@dataclass(frozen=True, slots=True)
class Verdict:
    """May this request pass, and what do the headers say?"""

    allowed: bool
    headers: dict[str, str]


class Budget:
    """Counts requests, failed ones too; refused ones do not count."""

    def __init__(self) -> None:
        self._recent: deque[float] = deque()
        self._today = 0
        self._day_began: float | None = None

    def spend(self, settings: Settings, *, limited: bool, now: float) -> Verdict:
        """Count one request.

        Args:
            now: seconds, by a clock that is never put back.
        """
        if not limited:
            return Verdict(True, _headers(PLENTY, PLENTY, PLENTY, PLENTY, settings))
        while self._recent and self._recent[0] <= now - settings.burst_window_s:
            self._recent.popleft()
        if self._day_began is None or now - self._day_began >= DAY_S:
            self._day_began, self._today = now, 0
        allowed = len(self._recent) < settings.burst_max and self._today < settings.daily_max
        if allowed:
            self._recent.append(now)
            self._today += 1
        return Verdict(
            allowed,
            _headers(
                settings.burst_max,
                max(0, settings.burst_max - len(self._recent)),
                settings.daily_max,
                max(0, settings.daily_max - self._today),
                settings,
            ),
        )


def _headers(
    burst: int, left: int, daily: int, left_today: int, settings: Settings
) -> dict[str, str]:
    return {
        "X-RateLimit-Limit-Daily": str(daily),
        "X-RateLimit-Daily-Remaining": str(left_today),
        "X-RateLimit-Interval-Milliseconds": str(int(settings.burst_window_s * 1000)),
        "X-RateLimit-Max": str(burst),
        "X-RateLimit-Remaining": str(left),
    }
