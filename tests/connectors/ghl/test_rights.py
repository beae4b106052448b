"""What a token may do with what belongs to contacts."""

import pytest

from syncd.connectors.ghl.rights import NO_EVENT
from syncd.errors import ConfigError
from syncd.model.record import Resource

from .fake import LOCATION, FakeGhl
from .test_account import answers

SCOPES = {
    Resource.NOTE: {},
    Resource.TASK: {
        "locations/tasks.readonly": f"/locations/{LOCATION}/tasks/search",
        "users.readonly": "/users/search",
    },
    Resource.APPOINTMENT: {
        "calendars.readonly": "/calendars/",
        "calendars/events.readonly": f"/calendars/events/appointments/{NO_EVENT}",
        "users.readonly": "/users/search",
    },
}
READ = [(of, scope, path) for of, paths in SCOPES.items() for scope, path in paths.items()]


@pytest.mark.parametrize("resource", SCOPES)
def test_each_resource_asks_for_its_own_scopes_and_changes_nothing(resource: Resource) -> None:
    """1.7: each is a scope of its own; notes need none beyond those of contacts."""
    fake = FakeGhl()
    rights = fake.open().rights(resource)
    assert [right.name for right in rights] == list(SCOPES[resource])
    assert all(right.granted for right in rights)
    assert {right.name for right in rights if not right.needed} <= {"users.readonly"}
    assert {method for method, path in fake.log if not path.endswith("/tasks/search")} <= {"GET"}


@pytest.mark.parametrize(("resource", "scope", "path"), READ)
@pytest.mark.parametrize(
    ("status", "message", "granted"),
    [
        (401, "The token is not authorized for this scope.", False),
        (404, "Cannot GET this", None),
        (503, "", None),
    ],
)
def test_a_right_is_granted_missing_or_not_told(
    resource: Resource, scope: str, path: str, status: int, message: str, granted: bool | None
) -> None:
    """0.1: the scope is looked at first; what fails in another way shows nothing of it."""
    fake = FakeGhl(meddle=answers(path, status, {"message": message}))
    rights = fake.open().rights(resource)
    told = [right.granted for right in rights if right.name == scope]
    assert told == ([] if granted is None else [granted])
    assert all(right.granted for right in rights if right.name != scope)


def test_where_the_company_is_not_shown_the_old_list_tells_of_the_right() -> None:
    fake = FakeGhl(meddle=answers(f"/locations/{LOCATION}", 200, {"location": {}}))
    assert "users.readonly" in [right.name for right in fake.open().rights(Resource.TASK)]
    assert ("GET", "/users/") in fake.log


def test_contacts_have_their_rights_in_the_check() -> None:
    with pytest.raises(ConfigError):
        FakeGhl().open().rights(Resource.CONTACT)
