"""Tokens, versions, and the two budgets."""

import heapq
import random
from collections import deque
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from syncd.connectors.api import Wire
from syncd.connectors.ghl import CONNECTOR
from syncd.connectors.ghl.api import START_RATE, Api
from syncd.connectors.spending import Spend, spending
from syncd.errors import AccountError, InvariantError, SpentError, ThrottledError
from syncd.http.budget import SharedBudget
from syncd.http.limits import Rate
from syncd.model.op import Op, OpKind
from syncd.model.record import Resource
from syncd.model.values import Consent, Level

from .fake import CONTACT, LOCATION, TOKEN, FakeGhl, Meddle

REFUSED = {"statusCode": 401, "message": "Invalid Private Integration token"}
SECOND = "pit-second"


def fetch(fake: FakeGhl, **settings: Any) -> None:
    fake.open(**settings).fetch(CONTACT, "c1", fields=frozenset())


def tokens(fake: FakeGhl) -> list[str]:
    return [request.headers["authorization"] for request in fake.requests]


def refuses(*refused: str, times: int = 99) -> Meddle:
    left = [times]

    def meddle(request: httpx.Request) -> httpx.Response | None:
        if request.headers["authorization"].split()[1] in refused and left[0] > 0:
            left[0] -= 1
            return httpx.Response(401, json=REFUSED)
        return None

    return meddle


def test_every_call_names_its_version_and_us() -> None:
    fake = FakeGhl()
    fake.put("c1")
    versions = {
        "contacts": "2023-02-21",
        "locations": "2021-07-28",
        "calendars": "2021-04-15",
        "users": "v3",
    }
    ghl = fake.open(versions=versions)
    ghl.check()
    ghl.rights(Resource.APPOINTMENT)
    ghl.fetch(CONTACT, "c1", fields=frozenset())
    assert {r.url.path.split("/")[1] for r in fake.requests} == versions.keys()
    for request in fake.requests:
        family = request.url.path.split("/")[1]
        assert request.headers["version"] == versions[family]
        assert request.headers["user-agent"].startswith("syncd/")
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        assert request.headers["accept"] == "application/json"
        assert ("content-type" in request.headers) == bool(request.content)


def test_a_valid_token_that_is_refused_once_is_tried_again_after_a_pause() -> None:
    fake = FakeGhl(meddle=refuses(TOKEN, times=1))
    fake.put("c1")
    fetch(fake)
    assert fake.clock.passed_s > 0


def test_a_token_that_stays_refused_stops_the_account() -> None:
    fake = FakeGhl(meddle=refuses(TOKEN))
    with pytest.raises(AccountError, match="Private Integrations"):
        fetch(fake)
    assert len(fake.log) == 2


def test_while_tokens_are_rotated_the_second_one_takes_over() -> None:
    fake = FakeGhl(meddle=refuses(TOKEN))
    fake.put("c1")
    fetch(fake, second_token=SECOND)
    assert tokens(fake) == [f"Bearer {TOKEN}"] + [f"Bearer {SECOND}"] * (len(fake.log) - 1)
    assert fake.clock.passed_s == 0


def test_two_refused_tokens_stop_the_account() -> None:
    fake = FakeGhl(meddle=refuses(TOKEN, SECOND))
    with pytest.raises(AccountError):
        fetch(fake, second_token=SECOND)


@pytest.mark.parametrize(
    "message",
    ["The token is not authorized for this scope.", "version header is invalid"],
)
def test_a_401_that_is_not_about_the_token_is_not_tried_again(message: str) -> None:
    fake = FakeGhl(meddle=lambda _: httpx.Response(401, json={"message": message}))
    with pytest.raises(AccountError):
        fetch(fake)
    assert len(fake.log) == 1


def test_a_burst_refusal_waits_for_one_interval() -> None:
    answers = [httpx.Response(429, headers={"x-ratelimit-remaining": "0"})]
    fake = FakeGhl(meddle=lambda _: answers.pop() if answers else None)
    fake.headers = {"x-ratelimit-interval-milliseconds": "10000", "x-ratelimit-max": "100"}
    fake.put("c1")
    fetch(fake)
    assert fake.clock.passed_s >= 10


def test_a_burst_that_never_ends_is_throttled_and_not_fatal() -> None:
    fake = FakeGhl(meddle=lambda _: httpx.Response(429))
    with pytest.raises(ThrottledError):
        fetch(fake)


def test_a_spent_day_stops_the_account_and_is_not_tried_again() -> None:
    fake = FakeGhl(meddle=lambda _: httpx.Response(429))
    fake.headers = {"x-ratelimit-daily-remaining": "0"}
    with pytest.raises(SpentError, match="no more calls today, at the latest until 20"):
        fetch(fake)
    assert len(fake.log) == 1


def test_the_reserve_of_the_day_is_kept_for_opt_outs() -> None:
    fake = FakeGhl(headers={"x-ratelimit-daily-remaining": "9"})
    fake.put("c1")
    ghl = fake.open(daily_reserve=10)
    ghl.catalogue(CONTACT)
    with pytest.raises(AccountError, match="kept back"):
        ghl.fetch(CONTACT, "c1", fields=frozenset())
    revoked = {"consent": Consent(Level.REVOKED)}
    urgent = Op(1, CONTACT, OpKind.UPDATE, "c1", revoked, urgent=True)
    with spending(Spend.LIVE):
        assert [receipt.error for receipt in ghl.push(CONTACT, [urgent])] == [None]
    with pytest.raises(AccountError, match="kept back"):
        ghl.fetch(CONTACT, "c1", fields=frozenset())
    fake.clock.sleep(600)
    fake.headers = {"x-ratelimit-daily-remaining": "200000"}
    ghl.fetch(CONTACT, "c1", fields=frozenset())
    ghl.fetch(CONTACT, "c1", fields=frozenset())


def test_an_upsert_can_never_be_sent() -> None:
    fake = FakeGhl()
    settings = CONNECTOR.settings(token=TOKEN, location_id=LOCATION)
    api = Api(settings, Wire(transport=httpx.MockTransport(fake.handle)))
    with pytest.raises(InvariantError):
        api.call("POST", "/contacts/upsert", body={})
    assert fake.log == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"token": " "},
        {"token": "pit-1\nX: y"},
        {"token": "pit ü"},
        {"base_url": "ftp://x"},
        {"page_size": 501},
        {"tokn": "x"},
        {"location_id": ""},
    ],
)
def test_settings_that_cannot_work_are_refused_without_showing_the_token(
    wrong: dict[str, Any],
) -> None:
    with pytest.raises(ValidationError):
        CONNECTOR.settings(**{"token": "pit-1", "location_id": "l", **wrong})
    shown = repr(CONNECTOR.settings(token="pit-secret", location_id="l"))
    assert "pit-secret" not in shown


class Platform:
    """Counts requests as GHL might: in a window that slides, or in one that stands still."""

    def __init__(self, kind: str, permitted: int, interval_s: float) -> None:
        self.kind, self.permitted, self.interval_s = kind, permitted, interval_s
        self.counted: deque[float] = deque()
        self.refused = 0

    def count(self, now: float) -> int:
        """What is left after this request."""
        start = now - self.interval_s
        if self.kind == "fixed":
            start = (now + 3.3) // self.interval_s * self.interval_s - 3.3
        while self.counted and self.counted[0] <= start:
            self.counted.popleft()
        if len(self.counted) >= self.permitted:
            self.refused += 1
        else:
            self.counted.append(now)
        return self.permitted - len(self.counted)


@pytest.mark.parametrize("kind", ["sliding", "fixed"])
@pytest.mark.parametrize(("permitted", "started_at"), [(100, 100), (25, 100), (400, 100)])
@pytest.mark.parametrize("spend", [Spend.INCREMENTAL, Spend.BULK])
def test_the_permitted_rate_is_used_to_95_percent_without_a_refusal(
    kind: str, permitted: int, started_at: int, spend: Spend
) -> None:
    """Eight workers with 0.1 to 0.5 s per call, on a clock that only events move."""
    dice, workers = random.Random(5), object()
    clock, order = [0.0], 0
    platform = Platform(kind, permitted, 10.0)
    limiter = SharedBudget(monotonic=lambda: clock[0], now=lambda: datetime.now(UTC))
    limiter.begin(START_RATE)
    assert Rate(started_at, 10.0) == START_RATE
    events: list[tuple[float, int, str, Any]] = []

    def later(delay: float, what: str, carried: Any = None) -> None:
        nonlocal order
        order += 1
        heapq.heappush(events, (clock[0] + delay, order, what, carried))

    for _ in range(24 if permitted == 400 else 8):
        later(0, "wants")
    answered: list[float] = []
    while clock[0] < 210:
        clock[0], _, what, carried = heapq.heappop(events)
        if what == "wants":
            wait_s = limiter.enter(spend, workers)
            limiter.give_up(workers)
            later(wait_s, "wants") if wait_s else later(dice.uniform(0.05, 0.25), "arrives")
        elif what == "arrives":
            later(dice.uniform(0.05, 0.25), "answered", platform.count(clock[0]))
        else:
            limiter.leave()
            limiter.learn(Rate(permitted, 10.0), carried)
            answered.append(clock[0])
            later(0, "wants")
    assert platform.refused == 0
    steady = [at for at in answered if 10 <= at < 210]
    assert len(steady) >= 0.95 * permitted * 20
