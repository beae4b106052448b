"""GoHighLevel, emulated from its reference document `ghl.md`."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from werkzeug import Request, Response

from syncd.sandbox.core import Person, Platform, World, not_emulated
from syncd.sandbox.ghl import gate, user_actions
from syncd.sandbox.ghl.agency import Agency
from syncd.sandbox.ghl.answers import ERROR_1010, RefusalError, as_response
from syncd.sandbox.ghl.call import Call
from syncd.sandbox.ghl.child_dump import dumped
from syncd.sandbox.ghl.child_seeding import invent
from syncd.sandbox.ghl.contact import full
from syncd.sandbox.ghl.routes import NOWHERE, Route, Table, never
from syncd.sandbox.ghl.search import Search
from syncd.sandbox.ghl.seeding import seed
from syncd.sandbox.ghl.settings import Settings, changed

AGENCY_SANDBOX = Settings(burst_max=25, daily_max=10_000)  # gotcha 21


class Ghl(Platform):
    """One agency with two locations, each with its own contacts and token.

    Args:
        agency: the limits of a GHL sandbox agency, where limits are on at all.
    """

    name = "ghl"
    prefix = "/ghl"

    def __init__(self, world: World, *, agency: bool = False) -> None:
        super().__init__(world)
        self.agency = Agency(world, AGENCY_SANDBOX if agency else Settings())
        self._search = Search(self.agency)
        self._table = Table()

    def handle(self, request: Request, path: str) -> Response:
        found = self._table.find(request.method, path)
        template = found[0].template if found else "(no route)"
        self.world.requests[f"{self.name} {request.method} {template}"] += 1
        if never(request.method, path):
            self.world.forbidden.append(f"{request.method} {path}")
        if gate.blocked(request, self.agency.settings):
            page = ERROR_1010.format(ray=self.agency.trace_id()[:16])
            return Response(page, 403, mimetype="text/html")
        if found is None and (request.method, path) not in NOWHERE:
            gap = RefusalError(501, not_emulated(request.method, path)).body()
            return as_response(501, gap | {"traceId": self.agency.trace_id()}, {})
        headers: dict[str, str] = {}
        try:
            status, body = self._answer(request, path, found, headers)
        except RefusalError as refusal:
            status, body = refusal.status, refusal.body()
        body["traceId"] = self.agency.trace_id()
        return as_response(status, body, headers)

    def info(self, origin: str) -> dict[str, Any]:
        agency, wallet = self.agency, self.agency.wallet
        return {
            "base_url": origin + self.prefix,
            "token": wallet.pits[agency.main.id],
            "location_id": agency.main.id,
            "company_id": agency.company_id,
            "agency_token": wallet.agency_pit,
            "other_location": {
                "location_id": agency.branch.id,
                "token": wallet.pits[agency.branch.id],
            },
            "oauth": {
                "client_id": wallet.client_id,
                "client_secret": wallet.client_secret,
                "redirect_uri": wallet.redirect_uri,
            },
        }

    def reset(self) -> None:
        self.agency.forget()

    def seed(self, people: Sequence[Person]) -> None:
        seed(self.agency, people)

    def invent_children(self, most: int) -> int:
        invent(self.agency, most)
        return sum(len(store.by_id) for store in self.agency.main.stores())

    def dump(self) -> list[dict[str, Any]]:
        """The main location's, in the shape of GET by id."""
        return [full(contact) for contact in self.agency.main.contacts.by_id.values()]

    def children(self) -> dict[str, dict[str, Any]]:
        """The main location's, in the shape of GET by id; what has no contact is under ""."""
        return dumped(self.agency.main)

    def act(self, action: str, arguments: dict[str, Any]) -> dict[str, Any]:
        return user_actions.act(self.agency, action, arguments)

    def configure(self, settings: dict[str, Any]) -> dict[str, Any]:
        self.agency.settings = changed(self.agency.settings, settings)
        return asdict(self.agency.settings)

    def _answer(
        self,
        request: Request,
        path: str,
        found: tuple[Route, dict[str, str]] | None,
        headers: dict[str, str],
    ) -> tuple[int, dict[str, Any]]:
        """Status and body; `headers` is filled on the way, refused or not."""
        call = Call(
            self.agency,
            self._search,
            request,
            path=found[1] if found else {},
            version=request.headers.get("Version", ""),
            origin=request.host_url.rstrip("/") + self.prefix,
        )
        if found is None or found[0].scope is not None:
            call.token = gate.identify(request, self.agency)
            verdict = gate.spend(self.agency, call.token)
            headers.update(verdict.headers)
            if not verdict.allowed:
                self.world.refusals[self.name] += 1
                raise gate.too_many(verdict)
            gate.check_version(call.version)
        if found is None or not self._answers_under(found[0], call.version):
            raise RefusalError(404, f"Cannot {request.method} {path}")
        if call.token is not None:
            gate.check_scope(found[0], call.token)
        answer = found[0].endpoint(call)
        if answer.wrote:
            self.world.writes[self.name] += 1
        return answer.status, dict(answer.body)

    def _answers_under(self, route: Route, version: str) -> bool:
        if self.agency.settings.declared_versions_only and route.scope is not None:
            return version in (route.version or route.declared, "v3")
        return route.version in (None, version)
