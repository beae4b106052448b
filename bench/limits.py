"""A backfill against GHL at its real limits: near the permitted rate, and no refusal."""

import time

from bench.rehearsal import Rehearsal, rehearsal

PERMITTED_PER_S = 10.0  # 100 in 10 s
SHARE = 0.90


def measure(quick: bool) -> list[tuple[str, str, str, bool]]:
    """Create contacts in GHL from Maileon by `syncd backfill`, 100 requests per 10 s."""
    size = 300 if quick else 1_200
    with rehearsal(size, limits="real") as r:
        r.syncd("check")  # not part of the backfill; and it creates no traffic worth mention
        time.sleep(10)  # the window of these requests passes
        r.control("DELETE", "/counters")
        ran = r.syncd(
            "backfill", "bench", "--since", "2000-01-01", "--until", "2100-01-01", "--direction",
            "left",
        )  # fmt: skip
        return [_rate(r, ran.seconds, ran.code)]


def _rate(r: Rehearsal, seconds: float, code: int) -> tuple[str, str, str, bool]:
    sent, refused = r.requests().get("ghl", 0), r.refusals()
    # The first window may be spent at once; after it, the steady rate counts.
    steady = max(sent - 100, 0) / max(seconds - 0.0, 0.001)
    share = steady / PERMITTED_PER_S
    return (
        "GHL at real limits, in a backfill",
        f"{sent:,} requests in {seconds:.0f} s: {100 * share:.0f}% of the permitted rate after"
        f" the first 100, {refused} refusals",
        f"at least {100 * SHARE:.0f}%, zero 429",
        code == 0 and share >= SHARE and refused == 0,
    )
