"""A contact with a task, and the ways to look at tasks."""

from typing import Any

from .ghl_client import Api

CALL = {"title": "Call", "dueDate": "2026-12-01T09:00:00+01:00", "completed": False}


def with_task(**settings: Any) -> tuple[Api, str, str]:
    """A contact with one task that a program made."""
    api = Api(**settings)
    contact = api.create(email="ada@example.org")
    return api, contact, add(api, contact)


def add(api: Api, contact: str, **changes: Any) -> str:
    made = api.send("POST", f"/contacts/{contact}/tasks", {**CALL, **changes})
    assert made.status_code == 201, made.text
    return str(made.json()["task"]["id"])


def task(api: Api, contact: str, id_: str) -> dict[str, Any]:
    answer = api.send("GET", f"/contacts/{contact}/tasks/{id_}")
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()["task"]
    return shown


def search(api: Api, **body: Any) -> list[dict[str, Any]]:
    answer = api.send("POST", f"/locations/{api.location}/tasks/search", body)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["tasks"]
    return found


def ids(api: Api, **body: Any) -> list[str]:
    return [one["id"] for one in search(api, **body)]
