"""A Mailercloud list filled from GHL, with and without contacts that the platform refuses."""

import json
from collections import Counter
from itertools import cycle, islice

from bench.rehearsal import Rehearsal, duplicates, rehearsal

PAIR = """\
pair: bench
left: crm
right: news
baseline: auto
create: right
fields:
  - {left: firstName, right: name}
  - {left: lastName, right: last_name}
  - {left: city, right: city}
  - {left: phone, right: phone}
  - {left: tags, right: tags}
"""
CLEAN, WITH_BAD = 30, 60  # requests per 1,000 creates
ROUNDS = 3

# Contacts that no list can take, by what is wrong with them; {n} makes them different people.
BAD: dict[str, dict[str, object]] = {
    "an address at a domain that is refused": {"email": "guest.{n}@refused.example.com"},
    "an address that is not ASCII": {"email": "jürgen.{n}@example.org"},
    "an address of over 200 characters": {
        "email": "guest.{n}@" + ".".join(["w" * 60] * 3) + ".example.org"
    },
    "somebody who opted out": {"email": "left.{n}@example.org", "dnd": True},
    "no address": {"phone": "+1202555{n:04d}"},
}


def measure(quick: bool) -> list[tuple[str, str, str, bool]]:
    """10,000 contacts into an empty list: once all good, once with 1 % bad ones among them."""
    size = 1_000 if quick else 10_000
    return [*_filled(size, 0, CLEAN), *_filled(size, size // 100, WITH_BAD)]


def _filled(size: int, bad: int, goal: int) -> list[tuple[str, str, str, bool]]:
    with rehearsal(size, pair=PAIR) as r:
        gone = {
            str(row["email"]).lower() for row in r.box.act("mailercloud", "opt_outs")["opt_outs"]
        }
        r.box.act("mailercloud", "empty")  # its reports still tell who opted out
        r.box.configure("mailercloud", search_lag_s=0)
        kinds = list(islice(cycle(BAD), bad))
        for n, kind in enumerate(kinds):
            _enter(r, n, BAD[kind])
        good = _mailable(r) - gone - _refused(kinds)
        r.box.request("DELETE", "/counters")
        first = r.syncd("sync", "bench", "--once")
        requests = _creating(r)
        for _ in range(ROUNDS):
            r.syncd("sync", "bench", "--once")
        listed = r.box.contacts("mailercloud")
        have = {str(row["email"]).lower() for row in listed}
        per_thousand = 1_000 * requests / len(good)
        what = f"{size:,} contacts into a Mailercloud list, {bad:,} of them bad"
        parked = _parked(r)
        return [
            (
                what,
                f"{per_thousand:.1f} requests per 1,000 creates, {first.seconds:.0f} s,"
                f" peak {first.peak_mb:.0f} MB",
                f"at most {goal} requests",
                per_thousand <= goal and first.code == 0,
            ),
            (
                "read back",
                f"{len(have):,} of {len(good):,} written, {len(have - good)} that should not be,"
                f" {duplicates(listed)} twice; parked: {_told(parked)}",
                "exactly the good ones, each bad one parked",
                have == good and not duplicates(listed) and parked.total() >= bad,
            ),
        ]


def _enter(r: Rehearsal, n: int, how: dict[str, object]) -> None:
    fields = {k: str(how[k]).format(n=n) for k in ("email", "phone") if k in how}
    made = r.box.act("ghl", "create", fields={"firstName": "Guest", **fields})
    if how.get("dnd"):
        r.box.act("ghl", "dnd", id=made["id"], channel="Email")


def _mailable(r: Rehearsal) -> set[str]:
    """Addresses of everybody in GHL who did not opt out."""
    found = set()
    for row in r.box.contacts("ghl"):
        channel = (row.get("dndSettings") or {}).get("Email") or {}
        if row.get("email") and not row.get("dnd") and channel.get("status") != "active":
            found.add(str(row["email"]).lower())
    return found


def _refused(kinds: list[str]) -> set[str]:
    addresses = (str(BAD[kind].get("email", "")).format(n=n) for n, kind in enumerate(kinds))
    return {address.lower() for address in addresses}


def _creating(r: Rehearsal) -> int:
    """Requests to Mailercloud in the run that filled the list."""
    return r.requests().get("mailercloud", 0)


def _parked(r: Rehearsal) -> Counter[str]:
    """Records that were parked in GHL, by cause."""
    status = json.loads(r.syncd("status", "bench", "--json").output)
    (pair,) = status["pairs"]
    return Counter(
        {
            str(row["cause"]): int(row["count"])
            for row in pair["records"]
            if row["state"] == "parked" and row["account"] == "crm"
        }
    )


def _told(parked: Counter[str]) -> str:
    return ", ".join(f"{n} {cause}" for cause, n in sorted(parked.items())) or "none"
