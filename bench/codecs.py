"""What it takes to read contacts over HTTP: CPU of `syncd` alone, by platform and by part.

The sandbox runs in a process of its own and the real connectors read it through loopback, so
that processor time of this process is what `syncd` spends, without its engine.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bench.rehearsal import rehearsal
from syncd.connectors.api import Connector, Wire
from syncd.connectors.registry import installed
from syncd.http.answer import Answer
from syncd.http.client import ApiClient
from syncd.model.op import Op, OpKind
from syncd.model.record import Record, Resource
from syncd.model.spec import FieldSpec

CONTACT = Resource.CONTACT
ROUNDS = 5  # the quickest of them counts, as others may use the machine
LOOKS = 200
HASTE = 20  # the clock of the limiters runs so much faster: waiting is not what is measured
GOAL_US = 90  # with 33 in the engine a full reconcile reads 8,000 records/s
PARTS = {
    "HTTP": (ApiClient, "request"),
    "parsing": (Answer, "json"),
    "parsing XML": (Answer, "xml"),
}

# What the pair of README.md asks each platform for.
WANTED: Mapping[str, frozenset[str]] = {
    "ghl": frozenset(
        {"email", "consent", "additionalEmails", "firstName", "lastName", "city", "phone", "tags"}
    ),
    "maileon": frozenset(
        {"email", "consent", "external_id", "FIRSTNAME", "LASTNAME", "CITY"}
        | {"custom.phone", "custom.tags"}
    ),
    "mailercloud": frozenset({"email", "consent", "name", "last_name", "city", "phone", "tags"}),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """Processor time of one full listing, in microseconds a record.

    Attributes:
        http: sending requests and taking in the bytes of answers.
        parsing: from bytes to JSON or XML.
        decoding: from there to pages of records.
    """

    records: int
    http: float
    parsing: float
    decoding: float

    @property
    def total(self) -> float:
        return self.http + self.parsing + self.decoding


class Stopwatch:
    """Processor time of this process within each part, in seconds."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        for part, (owner, name) in PARTS.items():
            setattr(owner, name, self._timed(part.split()[0], getattr(owner, name)))

    def _timed(self, part: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.over(part):
                return call(*args, **kwargs)

        return timed

    @contextmanager
    def over(self, part: str) -> Iterator[None]:
        begun = time.process_time()
        yield
        self.seconds[part] += time.process_time() - begun


def listed(connector: Connector, wanted: frozenset[str], watch: Stopwatch) -> Reading:
    """Read everything once."""
    watch.seconds.clear()
    with watch.over("all"):
        pages = connector.pull(CONTACT, None, fields=wanted, full=True)
        records = sum(len(page.records) for page in pages)
    spent = {part: seconds * 1_000_000 / records for part, seconds in watch.seconds.items()}
    http, parsing = spent["HTTP"], spent["parsing"]
    return Reading(records, http, parsing, spent["all"] - http - parsing)


def present(connector: Connector, wanted: frozenset[str]) -> list[Record]:
    """Every contact that is there."""
    pages = connector.pull(CONTACT, None, fields=wanted, full=True)
    return [record for page in pages for record in page.records if not record.gone]


def looked_at(connector: Connector, wanted: frozenset[str], ids: Sequence[str]) -> float:
    """Microseconds of processor time to read one contact by its id."""
    begun = time.process_time()
    for remote_id in ids:
        connector.fetch(CONTACT, remote_id, fields=wanted)
    return (time.process_time() - begun) * 1_000_000 / len(ids)


def connectors(env: Mapping[str, str]) -> dict[str, Connector]:
    """One account of each platform, as fast as they may be configured."""
    settings: dict[str, dict[str, Any]] = {
        "ghl": {
            "token": env["GHL_TOKEN"],
            "location_id": env["GHL_LOCATION_ID"],
            "base_url": env["GHL_URL"],
        },
        "maileon": {
            "api_key": env["MAILEON_API_KEY"],
            "base_url": env["MAILEON_URL"],
            "requests_per_second": 100,
        },
        "mailercloud": {
            "api_key": env["MAILERCLOUD_API_KEY"],
            "list_id": env["MAILERCLOUD_LIST_ID"],
            "base_url": env["MAILERCLOUD_URL"],
            "requests_per_second": 10,
        },
    }
    hasty = Wire(monotonic=lambda: time.monotonic() * HASTE, sleep=lambda s: time.sleep(s / HASTE))
    return {
        name: installed()[name].open(installed()[name].settings(**chosen), hasty)
        for name, chosen in settings.items()
    }


def furnish(maileon: Connector) -> None:
    """Give every contact in Maileon the custom fields that a synced one has."""
    for name in ("custom.phone", "custom.tags"):
        maileon.create_field(CONTACT, FieldSpec(name))
    batch = maileon.spec.resources[CONTACT].batch_size
    ops = [
        Op(
            n,
            CONTACT,
            OpKind.UPDATE,
            record.remote_id,
            {"custom.phone": f"+1202555{n % 10_000:04}", "custom.tags": f"t{n % 7}, vip"},
            current=record.fields,
        )
        for n, record in enumerate(present(maileon, WANTED["maileon"]))
    ]
    for start in range(0, len(ops), batch):
        for receipt in maileon.push(CONTACT, ops[start : start + batch]):
            if receipt.error:
                raise receipt.error


def measured(size: int) -> dict[str, tuple[Reading, float]]:
    """By platform: its quickest full listing, and microseconds of one look by id."""
    found: dict[str, tuple[Reading, float]] = {}
    with rehearsal(size) as r:
        opened = connectors(r.env)
        furnish(opened["maileon"])
        watch = Stopwatch()
        for name, connector in opened.items():
            wanted = WANTED[name]
            readings = [listed(connector, wanted, watch) for _ in range(ROUNDS)]
            ids = [r.remote_id for r in present(connector, wanted)][:LOOKS]
            looks = [looked_at(connector, wanted, ids) for _ in range(ROUNDS)]
            found[name] = min(readings, key=lambda reading: reading.total), min(looks)
            connector.close()
    return found


def measure(quick: bool) -> list[tuple[str, str, str, bool]]:
    """10,000 contacts of each platform."""
    size = 1_000 if quick else 10_000
    return [
        (
            f"reading {reading.records:,} {name} contacts over HTTP, CPU",
            f"{reading.total:.0f} us a record: HTTP {reading.http:.1f},"
            f" parsing {reading.parsing:.1f}, decoding {reading.decoding:.1f}"
            f" (decoding alone {1_000_000 / reading.decoding:,.0f} records/s);"
            f" {look:.0f} us to read one by its id",
            f"at most {GOAL_US} us",
            reading.total <= GOAL_US,
        )
        for name, (reading, look) in measured(size).items()
    ]
