"""A backfill against GHL at its real limits: near the permitted rate, and no refusal."""

import threading
import time

from bench.rehearsal import Rehearsal, rehearsal

BURST, WINDOW_S = 100, 10.0  # what GHL permits: 100 requests in any 10 s
GOAL = 0.95


def measure(quick: bool) -> list[tuple[str, str, str, bool]]:
    """Create contacts in GHL from Maileon by `syncd backfill`."""
    size = 300 if quick else 1_200
    with rehearsal(
        size, limits="real", guards="guards: {creates: {count: 5000, percent: 100}}\n"
    ) as r:
        watch = _Watch(r)
        ran = r.syncd(
            *("backfill", "bench", "--since", "2000-01-01", "--until", "2100-01-01"),
            *("--direction", "left", "--rate-share", "1"),
        )
        sent, windows = watch.stop()
        refused = r.refusals()
    permitted = BURST * windows
    share = sent / permitted
    return [
        (
            "GHL at real limits, in a backfill",
            f"{sent:,} requests in {windows} windows of {WINDOW_S:.0f} s, {100 * share:.0f}% of the"
            f" {permitted:,} that the limit permits in that time; {refused} refusals",
            f"at least {100 * GOAL:.0f}%, zero 429",
            ran.code == 0 and share >= GOAL and refused == 0,
        )
    ]


class _Watch:
    """Notes how many requests had reached GHL at which moment, from the first write on."""

    def __init__(self, r: Rehearsal) -> None:
        self._r = r
        self._over = threading.Event()
        self._moments: list[tuple[float, int]] = []
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _look(self) -> None:
        while not self._over.wait(0.2):
            writes = self._r.box.counters()["writes"].get("ghl", 0)
            sent = self._r.requests().get("ghl", 0)
            if writes and not self._moments:
                self._moments.append((time.monotonic(), sent - writes))
            if writes and self._moments[-1][1] != sent:
                self._moments.append((time.monotonic(), sent))

    def stop(self) -> tuple[int, int]:
        """Requests to GHL in whole windows, and how many windows, from the first write on."""
        self._over.set()
        self._thread.join()
        (begun, before), (ended, _) = self._moments[0], self._moments[-1]
        windows = int((ended - begun) / WINDOW_S)
        end = begun + windows * WINDOW_S
        return max(sent for at, sent in self._moments if at < end) - before, windows
