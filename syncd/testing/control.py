"""A client for `/_control` of a served sandbox: what people, the weather and a stopwatch do.

box = Control("http://127.0.0.1:8765")
box.act("ghl", "edit", email="ada@example.org", fields={"city": "Basel"})
box.request("POST", "/faults", {"kind": "lost_answer"})
box.counters()["writes"]
"""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from syncd.errors import TransientError

TIMEOUT_S = 60.0  # ten thousand contacts are listed in one answer


@dataclass(frozen=True, slots=True)
class Control:
    """A running sandbox, seen through `/_control` only, as a person's own browser would.

    Every call opens a connection of its own, so several threads may share one client, and
    raises what `request` raises. Names, arguments and answers are those of docs/sandbox.md.

    Attributes:
        url: where the sandbox is served, as `Running.url` and its first line say it.
    """

    url: str

    def request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """One request below `/_control`; the answer's JSON.

        Args:
            path: from the slash behind `/_control` on, such as `/faults`.
            body: sent as a JSON object; None sends nothing.

        Raises:
            ValueError: it was refused and nothing was done; the text says what is allowed.
            TransientError: nobody answers, or not in JSON; it may have been done.
        """
        address = urlsplit(self.url)
        connection = http.client.HTTPConnection(
            address.hostname or "", address.port, timeout=TIMEOUT_S
        )
        sent = None if body is None else json.dumps(body)
        try:
            connection.request(method, f"/_control{path}", sent)
            answer = connection.getresponse()
            content = json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError) as cause:
            raise TransientError(
                f"The sandbox does not answer ({type(cause).__name__})."
            ) from cause
        finally:
            connection.close()
        if answer.status != 200:
            raise ValueError(f"the sandbox refused {method} {path}: {content['error']}")
        return content

    def info(self) -> dict[str, dict[str, Any]]:
        """Per platform its `base_url`, credentials and ids."""
        known: dict[str, dict[str, Any]] = self.request("GET", "/info")
        return known

    def act(self, platform: str, action: str, **arguments: Any) -> dict[str, Any]:
        """Do what a person does in the platform's screens; the answer depends on the action.

        Raises:
            ValueError: the platform does not let people do it, or nobody is there.
            TransientError: as for `request`.
        """
        done: dict[str, Any] = self.request(
            "POST", f"/{platform}/act", {"action": action, **arguments}
        )
        return done

    def contacts(self, platform: str) -> list[dict[str, Any]]:
        """Every contact, in the platform's own field names."""
        shown: list[dict[str, Any]] = self.request("GET", f"/{platform}/contacts")
        return shown

    def children(self, platform: str) -> dict[str, dict[str, Any]]:
        """What belongs to each contact, by its id and by kind, in the platform's own names."""
        shown: dict[str, dict[str, Any]] = self.request("GET", f"/{platform}/children")
        return shown

    def configure(self, platform: str, **settings: Any) -> dict[str, Any]:
        """Change some of a platform's switches; how all of them stand then."""
        switches: dict[str, Any] = self.request("POST", f"/{platform}/settings", settings)
        return switches

    def counters(self) -> dict[str, Any]:
        """What has happened since the start, or since `DELETE /counters`.

        Returns:
            Numbers: `requests` by "platform method endpoint", `writes` and `refusals` (429)
            by platform, `faults` that struck by "platform kind", `messages` that customers
            would have got by "platform what"; what never happened is not named. And
            `forbidden`, a list of calls that no sync may make.
        """
        counted: dict[str, Any] = self.request("GET", "/counters")
        return counted
