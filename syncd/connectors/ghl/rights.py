"""What a token may do beyond contacts, as far as cheap reads show it. Source: ghl.md 0.1, 1.7.

Notes need nothing beyond `contacts.readonly` and `contacts.write`. Nothing is asked of
`calendars/events.write`: reading does not show it.
"""

from collections.abc import Callable, Iterator

from syncd.connectors.ghl import appointments, calendars, task_search, users
from syncd.connectors.ghl.answers import ScopeError, TokenRefusedError
from syncd.connectors.ghl.api import Api, Family
from syncd.errors import AccountError, RecordError, StaleError, StoppedError, TransientError
from syncd.model.record import Right

NO_EVENT = "syncdCheckNoEvent000"  # as long as an id of GHL, which draws them at random


def further(api: Api, company: str | None) -> Iterator[Right]:
    """The rights that tasks, appointments and the names of users need; none is needed yet.

    GHL looks at the scope before anything else, so every other refusal shows that it is there.
    Of a right whose read fails in another way nothing is known, and nothing is said.

    Args:
        company: its id, if the location shows it.
    """
    for scope, purpose, read in (
        ("locations/tasks.readonly", "tasks", lambda: task_search.search(api, 1, 0)),
        ("calendars.readonly", "appointments", lambda: calendars.calendars(api)),
        ("calendars/events.readonly", "appointments", lambda: _no_event(api)),
        ("users.readonly", "the names of users", lambda: _some_user(api, company)),
    ):
        granted = _may(read)
        if granted is not None:
            remark = "" if granted else f"It is needed only for {purpose}."
            yield Right(scope, granted=granted, remark=remark, needed=False)


def _may(read: Callable[[], object]) -> bool | None:
    try:
        read()
    except ScopeError:
        return False
    except (RecordError, StaleError):
        return True
    except (TokenRefusedError, StoppedError):
        raise
    except (AccountError, TransientError):
        return None
    return True


def _no_event(api: Api) -> object:
    """An appointment that cannot exist, which GHL says once the scope is there (4.4)."""
    return api.call("GET", appointments.PATH, {"child_id": NO_EVENT}, family=Family.CALENDARS)


def _some_user(api: Api, company: str | None) -> object:
    return users.page(api, company, skip=0, limit=1) if company else users.listed(api)
