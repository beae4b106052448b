"""What a token may do with what belongs to contacts, as far as cheap reads show it.

Source: ghl.md 0.1, 1.7.

Notes need nothing beyond `contacts.readonly` and `contacts.write`. Nothing is asked of
`calendars/events.write`: reading does not show it.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial

from syncd.connectors.ghl import appointments, businesses, calendars, task_search, users
from syncd.connectors.ghl.answers import ScopeError, TokenRefusedError
from syncd.connectors.ghl.api import Api, Family
from syncd.connectors.ghl.location import read_location
from syncd.connectors.ghl.spec import BUSINESS_FIELDS
from syncd.errors import AccountError, RecordError, StaleError, StoppedError, TransientError
from syncd.model.record import Resource, Right

USERS = "users.readonly"
NO_EVENT = "syncdCheckNoEvent000"  # as long as an id of GHL, which draws them at random


def rights(api: Api, resource: Resource) -> Iterator[Right]:
    """The rights that one resource needs besides those for contacts.

    GHL looks at the scope before anything else, so every other refusal shows that it is there.
    Of a right whose read fails in another way nothing is known, and nothing is said.
    """
    for scope, read in _READS[resource].items():
        granted = _may(partial(read, api))
        if granted is None:
            continue
        if scope == USERS:
            remark = "" if granted else "Who is assigned is then told by id only."
            yield Right(scope, granted=granted, remark=remark, needed=False)
        else:
            yield Right(scope, granted=granted)


def rights_of_fields(api: Api, fields: Collection[str]) -> Iterator[Right]:
    """The rights that some fields of contacts need besides those for contacts."""
    if BUSINESS_FIELDS.keys().isdisjoint(fields):
        return
    granted = _may(partial(businesses.a_business, api))
    if granted is not None:
        remark = "" if granted else "Without it nothing of companies travels; all else does."
        yield Right(businesses.SCOPE, granted=granted, remark=remark)


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


def _some_user(api: Api) -> object:
    company = read_location(api).get("companyId")
    if isinstance(company, str) and company:
        return users.page(api, company, skip=0, limit=1)
    return users.listed(api)


_READS: Mapping[Resource, Mapping[str, Callable[[Api], object]]] = {
    Resource.NOTE: {},
    Resource.TASK: {
        "locations/tasks.readonly": lambda api: task_search.search(api, 1, 0),
        USERS: _some_user,
    },
    Resource.APPOINTMENT: {
        "calendars.readonly": calendars.calendars,
        "calendars/events.readonly": _no_event,
        USERS: _some_user,
    },
}
