"""The first match of two full accounts, and a cycle in which nothing happened."""

from bench.machine import slowness
from bench.rehearsal import Rehearsal, duplicates, rehearsal
from bench.start import starts

SECONDS, CPU_SECONDS, MEGABYTES, IDLE_SECONDS, IDLE_REQUESTS = 60.0, 18.0, 150.0, 2.0, 3
LOOKED_AT = 8_000  # records a second of processor time


def measure(quick: bool) -> list[tuple[str, str, str, bool]]:
    """Match 10,000 contacts of each side, half of them in common, limits off; then look at them."""
    size = 1_000 if quick else 10_000
    with rehearsal(size) as r:
        known = {platform: addresses(r, platform) for platform in ("ghl", "maileon")}
        gone = opted_out(r)
        r.box.request("DELETE", "/counters")
        slow = slowness()
        first = r.syncd("sync", "bench", "--once")
        most_s = CPU_SECONDS * size / 10_000 * (slow + slowness()) / 2
        fast = first.seconds < SECONDS and first.cpu_s <= most_s
        match = (
            f"first match of {size:,} GHL and {size:,} Maileon contacts",
            f"{first.cpu_s:.1f} s of a processor in {first.seconds:.1f} s, peak"
            f" {first.peak_mb:.0f} MB, {_shown(r.requests())}",
            f"in {SECONDS:.0f} s, {CPU_SECONDS:.0f} s of a processor for 10,000, here"
            f" {most_s:.1f}, {MEGABYTES:.0f} MB",
            first.code == 0 and fast and first.peak_mb <= MEGABYTES,
        )
        exact = _exact(r, known, gone)
        return [match, exact, _idle(r, size), _look(r), *starts(r, size)]


def _exact(r: Rehearsal, known: dict[str, set[str]], gone: set[str]) -> tuple[str, str, str, bool]:
    """Both sides read back from the sandbox: everybody once, nobody who opted out mailed."""
    rows = {p: r.box.contacts(p) for p in ("ghl", "maileon")}
    everybody = known["ghl"] | (known["maileon"] - gone)
    mailable = everybody - gone
    have = {p: addresses(r, p) for p in rows}
    doubled = sum(duplicates(contacts) for contacts in rows.values())
    right = have["ghl"] >= everybody and have["maileon"] == mailable and doubled == 0
    measured = (
        f"GHL {len(have['ghl']):,} of {len(everybody):,}, Maileon {len(have['maileon']):,}"
        f" of {len(mailable):,}, {doubled} duplicates"
    )
    return ("read back after the first match", measured, "exact, no duplicate", right)


def _idle(r: Rehearsal, size: int) -> tuple[str, str, str, bool]:
    """Cycles until nothing was left to do; then one that is measured."""
    for _ in range(6):
        r.syncd("sync", "bench", "--once")
    r.box.request("DELETE", "/counters")
    idle = r.syncd("sync", "bench", "--once")
    requests, writes = r.requests(), sum(r.box.counters()["writes"].values())
    few = max(requests.values(), default=0) <= IDLE_REQUESTS
    seconds = r.last_run_s()
    return (
        f"cycle with nothing to do, {size:,} contacts",
        f"{seconds:.2f} s (the whole command {idle.seconds:.2f} s), {_shown(requests)},"
        f" {writes} writes",
        f"at most {IDLE_REQUESTS} requests per platform, under {IDLE_SECONDS:.0f} s",
        idle.code == 0 and few and seconds < IDLE_SECONDS and writes == 0,
    )


def _look(r: Rehearsal) -> tuple[str, str, str, bool]:
    """A look at everybody, of whom nobody has changed since the last one."""
    r.syncd("sync", "bench", "--once", "--full")  # notes how everybody is listed
    slow, idle = slowness(), r.syncd("sync", "bench", "--once")
    look = r.syncd("sync", "bench", "--once", "--full")
    listed = sum(len(r.box.contacts(platform)) for platform in ("ghl", "maileon"))
    rate, least = listed / (look.cpu_s - idle.cpu_s), LOOKED_AT / slow
    return (
        f"look at {listed:,} contacts over HTTP, nothing changed",
        f"{rate:,.0f} records/s of a processor, without the start ({look.cpu_s:.1f} s in all)",
        f"at least {LOOKED_AT:,}, here {least:,.0f}",
        look.code == 0 and rate >= least,
    )


def addresses(r: Rehearsal, platform: str) -> set[str]:
    """Addresses of the contacts that are there to be mailed, in lower case."""
    rows = r.box.contacts(platform)
    if platform == "maileon":
        rows = [row for row in rows if row["state"] == "active"]  # the others are leaving
    return {str(row["email"]).lower() for row in rows if row.get("email")}


def opted_out(r: Rehearsal) -> set[str]:
    """Addresses that either platform held as opted out before we came."""
    told = r.box.act("maileon", "opt_outs")
    found = {
        str(row["email"]).lower() for rows in told.values() for row in rows if row.get("email")
    }
    for row in r.box.contacts("ghl"):
        email = (row.get("dndSettings") or {}).get("Email") or {}
        if row.get("email") and (row.get("dnd") or email.get("status") in ("active", "permanent")):
            found.add(str(row["email"]).lower())
    return found


def _shown(requests: dict[str, int]) -> str:
    return ", ".join(f"{n:,} {platform}" for platform, n in sorted(requests.items())) + " requests"
