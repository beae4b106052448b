"""What goes wrong in random histories, but for people: answers, and places where we die."""

from typing import Any

POINTS = ("recover", "pull", "sweep", "gone", "match", "reconcile")
POINTS_OF_WRITES = ("claimed", "answered", "confirmed")

FAULTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("lost_answer", {"method": "POST", "path": "contacts"}),
    ("lost_answer", {"method": "PUT"}),
    ("lost_answer", {"method": "DELETE"}),
    ("lost_answer", {}),
    ("lost_answer", {"times": 6, "path": "contacts"}),
    ("status", {"status": 500, "times": 2}),
    ("status", {"status": 503, "times": 6, "method": "PUT"}),
    ("status", {"status": 429, "headers": {"Retry-After": "3"}}),
    ("status", {"status": 401, "platform": "ghl"}),
    ("status_after", {"status": 502, "method": "POST", "path": "contacts"}),
    ("status_after", {"status": 502, "method": "PUT"}),
    ("status_after", {"status": 400, "method": "PUT", "platform": "ghl"}),
    ("html", {"status": 200}),
    ("html", {"status": 200, "method": "POST", "path": "contacts"}),
    ("html", {"status": 502}),
    ("truncated", {}),
    ("truncated", {"method": "PUT"}),
    ("refused", {"times": 2}),
)
