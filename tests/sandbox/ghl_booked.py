"""A contact to book for, two calendars, and times that are free, past or off hours."""

from datetime import datetime
from typing import Any

from .ghl_client import Api

FREE = "2026-11-23T10:00:00-05:00"  # a Monday; the sandbox stands on the Friday before
NOON = "2026-11-23T12:00:00-05:00"
PAST = "2026-11-16T10:00:00-05:00"
SATURDAY = "2026-11-28T10:00:00-05:00"
PLACE = "/calendars/events/appointments"
ANY: dict[str, Any] = {"ignoreFreeSlotValidation": True, "ignoreDateRange": True}
TAKEN = "The slot you have selected is no longer available."


class Booked(Api):
    """A contact, two calendars, and the Version that is declared for calendars."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.http.headers["Version"] = "2021-04-15"
        self.ada = self.create(email="ada@example.org", firstName="Ada", lastName="L")
        self.team, self.nobodys = list(self.ghl.agency.main.calendars)
        self.user, self.other_user = (one.id for one in self.ghl.agency.main.users)

    def wish(self, start: str = FREE, **more: Any) -> dict[str, Any]:
        return {
            "calendarId": self.team,
            "locationId": self.location,
            "contactId": self.ada,
            "startTime": start,
            "assignedUserId": self.user,
            "toNotify": False,
            **more,
        }

    def book(self, start: str = FREE, **more: Any) -> str:
        answer = self.send("POST", PLACE, self.wish(start, **more))
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    def event(self, id_: str) -> dict[str, Any]:
        answer = self.send("GET", f"{PLACE}/{id_}")
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()["event"]
        return shown

    @property
    def messages(self) -> dict[str, int]:
        return dict(self.box.world.messages)


def ms(text: str) -> str:
    return str(int(datetime.fromisoformat(text).timestamp() * 1000))
