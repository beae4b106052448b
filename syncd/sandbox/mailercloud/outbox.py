"""Webhooks and what goes out to them: validation calls, deliveries, retries, switching off.

Source: mailercloud.md §10.1, §10.2. Nothing is sent here; `delivery.py` does that.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from syncd.sandbox.mailercloud.catalogue import Mint

EVENTS = ("send", "open", "click", "fail", "spam", "unsubscribe", "bounce")
RETRIES = 3
RETRY_AFTER = timedelta(seconds=10)
FAILURES_MOST = 20
TAKEN = (200, 201, 204)
LOG_MOST = 10_000


@dataclass(slots=True)
class Hook:
    """A webhook; `failures` in a row switch it off."""

    id: str
    name: str
    url: str
    events: tuple[str, ...]
    created: datetime
    modified: datetime
    active: bool = False
    failures: int = 0


@dataclass(slots=True)
class Delivery:
    """One thing to be sent to a hook.

    Attributes:
        kind: the event, or `validation`.
        due: not before; sandbox clock.
        attempts: when, and the status that came back; None for no answer at all.
        state: `waiting`, `sending`, `delivered` or `lost`.
    """

    number: int
    hook_id: str
    kind: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: str
    due: datetime
    attempts: list[tuple[datetime, int | None]] = field(default_factory=list)
    state: str = "waiting"


class Outbox:
    def __init__(self, mint: Mint) -> None:
        self._mint = mint
        self._count = 0
        self.hooks: dict[str, Hook] = {}
        self.log: deque[Delivery] = deque(maxlen=LOG_MOST)
        self._open: list[Delivery] = []

    def add(self, name: str, url: str, events: tuple[str, ...], now: datetime) -> Hook:
        """A hook that is not active yet; `validate` it."""
        hook = Hook(self._mint.id(), name, url, events, now, now)
        self.hooks[hook.id] = hook
        return hook

    def remove(self, hook: Hook) -> None:
        self.switch_off(hook)
        del self.hooks[hook.id]

    def validate(self, hook: Hook, which: str, now: datetime) -> None:
        """Ask the receiver: a GET, an empty POST, a test event; all must get a 200 (§10.2)."""
        self.switch_off(hook)
        agent = {"User-Agent": "MailerCloud"}
        marked = {"Webhook-Id": "WebhookID", "Webhook-Type": "validation", **agent}
        as_json = {**marked, "Content-Type": "application/json"}
        calls = {
            "get": ("GET", agent, ""),
            "post_empty": ("POST", marked, ""),
            "post_event": ("POST", as_json, '{"event":"test","email":"test@example.com"}'),
        }
        for name, (method, headers, body) in calls.items():
            if which in ("all", name):
                self._enter(hook, "validation", method, headers, body, now)

    def tell(self, hook: Hook, kind: str, body: str, now: datetime) -> None:
        headers = {
            "Webhook-Id": hook.id,
            "Webhook-Type": kind,
            "User-Agent": "MailerCloud",
            "Content-Type": "application/json",
        }
        self._enter(hook, kind, "POST", headers, body, now)

    def listening(self, kind: str) -> list[Hook]:
        """Who is active and wants this event; for all others it is lost."""
        return [hook for hook in self.hooks.values() if hook.active and kind in hook.events]

    def take_due(self, now: datetime) -> list[Delivery]:
        """What is to be sent now, marked as being sent."""
        due = [one for one in self._open if one.state == "waiting" and one.due <= now]
        for delivery in due:
            delivery.state = "sending"
        return due

    def record(
        self, delivery: Delivery, status: int | None, now: datetime, *, each_attempt_counts: bool
    ) -> None:
        """Note what came back, and draw the consequences."""
        if delivery.state != "sending":
            return  # the hook was switched off meanwhile
        delivery.attempts.append((now, status))
        hook = self.hooks[delivery.hook_id]
        if delivery.kind == "validation":
            self._validated(hook, delivery, accepted=status == 200)
        elif status in TAKEN:
            hook.failures = 0
            self._close(delivery, "delivered")
        else:
            self._failed(hook, delivery, now, each_attempt_counts=each_attempt_counts)

    def switch_off(self, hook: Hook) -> None:
        """What still waits for it is lost."""
        hook.active = False
        for delivery in [one for one in self._open if one.hook_id == hook.id]:
            self._close(delivery, "lost")

    def _enter(
        self,
        hook: Hook,
        kind: str,
        method: str,
        headers: Mapping[str, str],
        body: str,
        now: datetime,
    ) -> None:
        self._count += 1
        delivery = Delivery(self._count, hook.id, kind, method, hook.url, headers, body, now)
        self.log.append(delivery)
        self._open.append(delivery)

    def _validated(self, hook: Hook, delivery: Delivery, *, accepted: bool) -> None:
        self._close(delivery, "delivered" if accepted else "lost")
        if not accepted:
            self.switch_off(hook)
        elif not any(one.hook_id == hook.id for one in self._open):
            hook.active, hook.failures = True, 0

    def _failed(
        self, hook: Hook, delivery: Delivery, now: datetime, *, each_attempt_counts: bool
    ) -> None:
        given_up = len(delivery.attempts) > RETRIES
        if given_up:
            self._close(delivery, "lost")
        else:
            delivery.state, delivery.due = "waiting", now + RETRY_AFTER
        hook.failures += each_attempt_counts or given_up
        if hook.failures >= FAILURES_MOST:
            self.switch_off(hook)

    def _close(self, delivery: Delivery, state: str) -> None:
        delivery.state = state
        self._open.remove(delivery)
