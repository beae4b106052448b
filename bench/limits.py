"""A backfill against GHL at its real limits: near the permitted rate, and no refusal."""

import threading
import time

from bench.rehearsal import Rehearsal, rehearsal

BURST, PER_S = 100, 10.0  # what GHL permits: 100 requests in any 10 s
GOAL = 0.90


def measure(quick: bool) -> list[tuple[str, str, str, bool]]:
    """Create contacts in GHL from Maileon by `syncd backfill`."""
    size = 300 if quick else 1_200
    with rehearsal(
        size, limits="real", guards="guards: {creates: {count: 5000, percent: 100}}\n"
    ) as r:
        watch = _Watch(r)
        ran = r.syncd(
            *("backfill", "bench", "--since", "2000-01-01", "--until", "2100-01-01"),
            *("--direction", "left"),
        )
        sent, seconds = watch.stop()
        refused = r.refusals()
    permitted = BURST + PER_S * seconds
    share = sent / permitted
    return [
        (
            "GHL at real limits, in a backfill",
            f"{sent:,} requests in {seconds:.0f} s, {100 * share:.0f}% of the {permitted:,.0f}"
            f" permitted; {refused} refusals",
            f"at least {100 * GOAL:.0f}%, zero 429",
            ran.code == 0 and share >= GOAL and refused == 0,
        )
    ]


class _Watch:
    """Notes when the first and the last write reached GHL."""

    def __init__(self, r: Rehearsal) -> None:
        self._r = r
        self._over = threading.Event()
        self._moments: list[tuple[float, int]] = []
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _look(self) -> None:
        while not self._over.wait(0.2):
            writes = self._r.control("GET", "/counters")["writes"].get("ghl", 0)
            if not self._moments or self._moments[-1][1] != writes:
                self._moments.append((time.monotonic(), writes))

    def stop(self) -> tuple[int, float]:
        """Requests of all kinds, and seconds from the first write to the last."""
        self._over.set()
        self._thread.join()
        writing = [moment for moment, writes in self._moments if writes]
        seconds = writing[-1] - writing[0] if writing else 0.0
        return self._r.requests().get("ghl", 0), seconds
