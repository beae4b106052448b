"""The budget of a location: section 2, gotchas 20 and 21."""

from syncd.sandbox.ghl.limits import Budget
from syncd.sandbox.ghl.settings import Settings

from .ghl_client import Api


def test_with_limits_off_nothing_is_refused_and_the_headers_promise_plenty() -> None:
    api = Api()
    answers = [api.search() for _ in range(120)]
    assert {one.status_code for one in answers} == {200}
    assert int(answers[-1].headers["X-RateLimit-Remaining"]) > 1_000_000


def test_the_hundred_and_first_request_of_a_window_is_refused_with_headers() -> None:
    api = Api(limits="real", burst_window_s=3600.0)
    answers = [api.search() for _ in range(101)]
    assert [one.status_code for one in answers] == [200] * 100 + [429]
    refused = answers[-1]
    assert refused.headers["X-RateLimit-Max"] == "100"
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert refused.headers["X-RateLimit-Interval-Milliseconds"] == "3600000"
    assert int(refused.headers["X-RateLimit-Daily-Remaining"]) == 200_000 - 100
    assert api.box.world.refusals["ghl"] == 1


def test_an_exhausted_day_looks_like_a_burst_but_for_one_header() -> None:
    api = Api(limits="real", daily_max=3)
    answers = [api.search() for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert answers[-1].headers["X-RateLimit-Daily-Remaining"] == "0"
    assert int(answers[-1].headers["X-RateLimit-Remaining"]) > 0


def test_failed_calls_count_too() -> None:
    """Section 2, T3."""
    api = Api(limits="real", burst_window_s=3600.0)
    first = api.send("GET", "/contacts/unknown").headers["X-RateLimit-Remaining"]
    assert (first, api.search().headers["X-RateLimit-Remaining"]) == ("99", "98")


def test_a_sandbox_agency_has_a_quarter() -> None:
    """Section 2, T1; gotcha 21."""
    answer = Api(limits="agency").search()
    assert answer.headers["X-RateLimit-Max"] == "25"
    assert answer.headers["X-RateLimit-Limit-Daily"] == "10000"


def test_more_private_tokens_do_not_multiply_the_budget() -> None:
    """Section 2, T1: the location is the budget."""
    api = Api(limits="real", burst_window_s=3600.0)
    api.search()
    api.http.headers["Authorization"] = f"Bearer {api.act('make_token')['token']}"
    assert api.search().headers["X-RateLimit-Remaining"] == "98"


def test_the_window_slides() -> None:
    budget, settings = Budget(), Settings(burst_max=2, burst_window_s=10.0)
    at = (0.0, 6.0, 9.9, 10.0, 15.9, 16.0)
    verdicts = [budget.spend(settings, limited=True, now=now).allowed for now in at]
    assert verdicts == [True, True, False, True, False, True]


def test_the_day_begins_anew() -> None:
    budget, settings = Budget(), Settings(daily_max=1)
    at = (0.0, 86_399.0, 86_400.0)
    verdicts = [budget.spend(settings, limited=True, now=now).allowed for now in at]
    assert verdicts == [True, False, True]
