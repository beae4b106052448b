"""The connector against the emulator, which was written by others from the same document."""

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from syncd.connectors.api import Wire
from syncd.connectors.maileon import CONNECTOR
from syncd.connectors.maileon.connector import Maileon
from syncd.errors import DuplicateError, OptedOutError, RecordError, StaleError
from syncd.model.op import Op, OpKind, Receipt
from syncd.model.record import Record, Resource, Window
from syncd.model.spec import FieldSpec, Kind
from syncd.model.values import Consent, Level, Value
from syncd.testing.inprocess import Sandbox, sandbox

CONTACT = Resource.CONTACT
START = datetime(2026, 8, 20, 9, 0, tzinfo=UTC)
FIELDS = frozenset({"email", "external_id", "consent", "permission", "FIRSTNAME", "CITY"})


class Harness:
    """One emulated account, the connector, and what it has shown so far."""

    def __init__(
        self,
        people: int = 0,
        *,
        at: datetime = START,
        seed: int = 7,
        behaviour: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> None:
        self.now = at
        self.slept = 0.0
        self.requests: list[httpx.Request] = []
        self.unreliable = 0.0
        self.dice = random.Random(seed)
        switches = {"maileon": dict(behaviour or {})}
        self.box: Sandbox = sandbox(people, seed=seed, frozen_at=at, settings=switches)
        self.seen: dict[str, Record] = {}
        self.cursor: str | None = None
        info = self.box.info["maileon"]
        chosen = CONNECTOR.settings(api_key=info["api_key"], base_url=info["base_url"], **settings)
        wire = Wire(
            transport=_Counting(self),
            now=lambda: self.now,
            monotonic=lambda: self.slept,
            sleep=self._sleep,
        )
        opened = CONNECTOR.open(chosen, wire)
        assert isinstance(opened, Maileon)
        self.connector = opened

    def _sleep(self, seconds: float) -> None:
        self.slept += seconds

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.slept += seconds
        self.box.world.clock.freeze(self.now)

    def act(self, action: str, **arguments: Any) -> Any:
        return self.box.platform("maileon").act(action, arguments)

    def pull(self, *, full: bool = False) -> int:
        """Read what changed; returns the number of requests."""
        before = len(self.requests)
        for page in self.connector.pull(CONTACT, self.cursor, fields=FIELDS, full=full):
            self.cursor = page.cursor
            self.seen |= {record.remote_id: record for record in page.records}
        return len(self.requests) - before

    def push(self, *ops: Op) -> dict[int, Receipt]:
        return {r.op_id: r for r in self.connector.push(CONTACT, ops)}

    def shown(self) -> dict[str, tuple[Value, ...]]:
        """What the connector has shown of those who are still there."""
        return {
            remote_id: tuple(r.fields.get(n) for n in ("email", "permission", "FIRSTNAME"))
            for remote_id, r in self.seen.items()
            if not r.gone
        }

    def true(self) -> dict[str, tuple[Value, ...]]:
        return {
            str(c["id"]): (c["email"], c["permission"], c["standard_fields"].get("FIRSTNAME"))
            for c in self.box.platform("maileon").dump()
            if c["state"] == "active"
        }


class _Counting(httpx.BaseTransport):
    def __init__(self, harness: Harness) -> None:
        self._rig = harness

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._rig.requests.append(request)
        refused, lost = self._rig.dice.random(), self._rig.dice.random()
        if refused < self._rig.unreliable:
            raise httpx.ConnectError("refused", request=request)
        answer = self._rig.box.transport.handle_request(request)
        if lost < self._rig.unreliable:
            raise httpx.ReadTimeout("lost", request=request)
        return answer


def create(op_id: int, email: str, **patch: Value) -> Op:
    return Op(op_id, CONTACT, OpKind.CREATE, None, {"email": email, **patch})


def update(op_id: int, remote_id: str, email: str, /, **patch: Value) -> Op:
    return Op(op_id, CONTACT, OpKind.UPDATE, remote_id, patch, {"email": email})


@pytest.mark.parametrize("order", ["id", "newest", "updated"])
@pytest.mark.parametrize("seed", range(4))
def test_what_people_do_is_seen(order: str, seed: int) -> None:
    dice = random.Random(seed)
    harness = Harness(40, seed=seed, behaviour={"list_order": order}, page_size=7)
    harness.pull(full=True)
    assert harness.shown() == harness.true()
    for step in range(60):
        harness.wait(dice.choice((0, 1, 2, 30, 400)))
        people = sorted(harness.true())
        who = dice.choice(people)
        match dice.randrange(6):
            case 0:
                harness.act("create", email=f"n{step}@example.org")
            case 1 | 2:
                harness.act("edit", id=int(who), standard_fields={"FIRSTNAME": f"F{step}"})
            case 3:
                harness.act("edit", id=int(who), new_email=f"moved{step}@example.org")
            case 4:
                harness.act("unsubscribe", id=int(who))
            case 5:
                harness.push(update(step, who, str(harness.true()[who][0]), FIRSTNAME=f"O{step}"))
        if dice.random() < 0.5:
            harness.pull()
    harness.wait(60)
    for _ in range(3):
        harness.pull()
    assert harness.shown() == harness.true()
    assert harness.pull() == 2


@pytest.mark.parametrize("zone", ["auto", "Europe/Berlin"])
def test_the_night_in_which_the_clock_goes_back(zone: str) -> None:
    harness = Harness(5, at=datetime(2026, 10, 24, 23, 30, tzinfo=UTC), time_zone=zone)
    harness.pull(full=True)
    who = min(harness.true())
    for step in range(30):
        harness.wait(311)
        harness.act("edit", id=int(who), standard_fields={"FIRSTNAME": f"F{step}"})
        harness.pull()
        assert harness.shown() == harness.true(), step


def test_a_parameter_that_is_read_in_another_zone() -> None:
    harness = Harness(5, behaviour={"updated_after_zone": "Pacific/Kiritimati"})
    harness.pull(full=True)
    for step in range(5):
        harness.wait(300)
        harness.act("edit", id=int(min(harness.true())), standard_fields={"FIRSTNAME": f"F{step}"})
        harness.pull()
        assert harness.shown() == harness.true(), step


def test_an_idle_cycle_costs_two_requests_even_after_many_writes() -> None:
    harness = Harness(3)
    harness.pull(full=True)
    receipts = harness.push(
        *(create(n, f"p{n}@example.org", external_id=f"g{n}") for n in range(400))
    )
    assert all(r.remote_id for r in receipts.values())
    costs = []
    for _ in range(5):
        harness.wait(60)
        costs.append(harness.pull())
    assert max(costs) <= 3
    assert costs[-1] == 2
    assert harness.shown() == harness.true()


def test_five_hundred_creates_cost_a_handful_of_requests() -> None:
    harness = Harness()
    harness.pull(full=True)
    before = len(harness.requests)
    receipts = harness.push(
        *(create(n, f"p{n}@example.org", external_id=f"g{n}") for n in range(500))
    )
    assert all(r.remote_id for r in receipts.values())
    assert len(harness.requests) - before <= 5
    true = harness.true()
    assert all(true[r.remote_id or ""][1] == 1 for r in receipts.values())


def test_somebody_who_opted_out_never_comes_back() -> None:
    harness = Harness(time_zone="Europe/Berlin")
    harness.act("create", email="ada@example.org")
    harness.pull(full=True)
    (who,) = harness.true()
    harness.push(update(1, who, "ada@example.org", consent=Consent(Level.REVOKED)))
    harness.wait(30)
    harness.pull()
    consent = harness.seen[who].fields["consent"]
    assert isinstance(consent, Consent)
    assert (harness.seen[who].gone, consent.level) == (True, Level.REVOKED)
    receipts = harness.push(create(2, "ADA@example.org"), create(3, "bo@example.org"))
    assert isinstance(receipts[2].error, OptedOutError)
    assert receipts[3].remote_id
    assert {row[0] for row in harness.true().values()} == {"bo@example.org"}
    gone = harness.connector.fetch(CONTACT, who, fields=FIELDS)
    assert gone.fields["consent"] == consent


def test_an_address_that_was_suppressed_cannot_be_created_or_taken() -> None:
    harness = Harness()
    harness.act("create", email="ada@example.org")
    harness.pull(full=True)
    (who,) = harness.true()
    harness.push(Op(1, CONTACT, OpKind.SUPPRESS, None, {"email": "no@example.org"}))
    receipts = harness.push(
        create(2, "no@example.org"), update(3, who, "ada@example.org", email="no@example.org")
    )
    assert isinstance(receipts[2].error, OptedOutError)
    assert isinstance(receipts[3].error, OptedOutError)
    assert [row[0] for row in harness.true().values()] == ["ada@example.org"]


def test_somebody_who_came_back_by_themselves_is_a_contact() -> None:
    harness = Harness()
    harness.act("create", email="ada@example.org")
    harness.act("unsubscribe", email="ada@example.org")
    harness.act("resubscribe", email="ada@example.org")
    (found,) = harness.connector.find(CONTACT, "email", "ada@example.org", fields=FIELDS)
    consent = found.fields["consent"]
    assert isinstance(consent, Consent)
    assert consent.level is Level.GRANTED
    assert isinstance(harness.push(create(1, "ada@example.org"))[1].error, DuplicateError)


@pytest.mark.parametrize("status", [400, 409])
def test_an_address_that_is_taken_is_refused(status: int) -> None:
    harness = Harness(behaviour={"email_in_use_status": status})
    for name in ("ada", "bo"):
        harness.act("create", email=f"{name}@example.org")
    harness.pull(full=True)
    who = min(harness.true())
    caught = harness.push(update(1, who, "ada@example.org", email="bo@example.org"))[1].error
    assert isinstance(caught, RecordError)
    assert caught.code == "duplicate_key"


@pytest.mark.parametrize("missing", ["silent", "invalid"])
def test_a_bulk_update_creates_nobody_and_raises_nobodys_permission(missing: str) -> None:
    harness = Harness(20, behaviour={"update_only_missing": missing})
    harness.pull(full=True)
    before = harness.true()
    ops = [
        update(n, who, str(row[0]), FIRSTNAME="New") for n, (who, row) in enumerate(before.items())
    ]
    first = min(before)
    harness.act("delete", id=int(first))
    receipts = harness.push(*ops)
    assert harness.true() == {
        who: (email, permission, "New")
        for who, (email, permission, _) in before.items()
        if who != first
    }
    (failed,) = [r for r in receipts.values() if r.error]
    assert isinstance(failed.error, StaleError if missing == "silent" else RecordError)


def test_every_kind_of_custom_field_can_be_made_written_read_and_emptied() -> None:
    harness = Harness()
    made: dict[str, tuple[Kind, Value]] = {
        "a text": (Kind.TEXT, "Ünïcode & <tags> 'quoted'\nsecond line"),
        "a number": (Kind.NUMBER, -1.5e10),
        "an integer": (Kind.INTEGER, -(2**31)),
        "a date": (Kind.DATE, datetime(1990, 5, 4, tzinfo=UTC).date()),
        "a boolean": (Kind.BOOLEAN, False),
    }
    for name, (kind, _) in made.items():
        harness.connector.create_field(CONTACT, FieldSpec(f"custom.{name}", kind))
    patch = {f"custom.{name}": value for name, (_, value) in made.items()}
    patch |= {"CITY": "Ulm", "BIRTHDAY": datetime(1990, 5, 4, tzinfo=UTC).date(), "GENDER": "d"}
    receipt = harness.push(create(1, "ada@example.org", **patch))[1]
    assert receipt.remote_id is not None
    fields = frozenset(patch)
    shown = harness.connector.fetch(CONTACT, receipt.remote_id, fields=fields).fields
    assert {name: shown[name] for name in fields} == patch
    emptied = dict.fromkeys(fields)
    harness.push(update(2, receipt.remote_id, "ada@example.org", **emptied))
    shown = harness.connector.fetch(CONTACT, receipt.remote_id, fields=fields).fields
    assert {name: shown[name] for name in fields} == emptied


def test_a_window_shows_what_was_made_or_changed_in_it() -> None:
    harness = Harness(time_zone="Europe/Berlin")
    for hour in range(5):
        harness.act("create", email=f"h{hour}@example.org")
        harness.wait(3600)
    window = Window(START + timedelta(hours=1), START + timedelta(hours=3))
    pages = harness.connector.pull(CONTACT, None, fields=FIELDS, window=window)
    emails = {record.fields["email"] for page in pages for record in page.records}
    assert emails == {"h1@example.org", "h2@example.org"}


def test_nothing_forbidden_was_ever_asked_for() -> None:
    harness = Harness(30)
    harness.connector.check()
    harness.pull(full=True)
    harness.push(*(create(n, f"p{n}@example.org") for n in range(3)))
    who, row = next(iter(harness.true().items()))
    harness.push(update(9, who, str(row[0]), consent=Consent(Level.REVOKED)))
    harness.push(Op(1, CONTACT, OpKind.DELETE, max(harness.true()), {}))
    assert not harness.box.world.forbidden


@pytest.mark.parametrize("seed", range(12))
def test_receipts_tell_the_truth_on_a_bad_line(seed: int) -> None:
    harness = Harness(4, seed=seed)
    harness.pull(full=True)
    harness.unreliable = 0.35
    ops = [
        *(create(n, f"p{n}@example.org", external_id=f"g{n}") for n in range(3)),
        *(
            update(10 + n, who, str(row[0]), email=f"moved{n}@example.org", FIRSTNAME="New")
            for n, (who, row) in enumerate(sorted(harness.true().items()))
        ),
    ]
    done: dict[int, str] = {}
    for _ in range(40):
        for op_id, receipt in harness.push(*(op for op in ops if op.id not in done)).items():
            assert not isinstance(receipt.error, RecordError), receipt.error
            if receipt.error is None:
                done[op_id] = receipt.remote_id or ""
            elif isinstance(receipt.error, DuplicateError):
                done[op_id] = receipt.error.remote_id or ""
            elif isinstance(receipt.error, StaleError):
                done[op_id] = ""  # an earlier try in doubt has worked: to be planned again
        if len(done) == len(ops):
            break
    true = harness.true()
    for n in range(3):
        assert true[done[n]][0] == f"p{n}@example.org"
    assert sorted(str(row[0]) for row in true.values() if str(row[0]).startswith("p")) == [
        f"p{n}@example.org" for n in range(3)
    ]
    for op in ops[3:]:
        if done[op.id]:
            assert true[op.remote_id or ""][::2] == (op.patch["email"], "New")
