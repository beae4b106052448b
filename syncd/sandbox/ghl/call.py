"""One request after the gate: who asks, what for, and with which body."""

from dataclasses import dataclass
from typing import Any

from werkzeug import Request

from syncd.sandbox.ghl.agency import Agency, Location
from syncd.sandbox.ghl.answers import RefusalError, invalid, not_found
from syncd.sandbox.ghl.children import Children, ChildT
from syncd.sandbox.ghl.contact import Contact
from syncd.sandbox.ghl.search import Search
from syncd.sandbox.ghl.tokens import Token
from syncd.sandbox.incoming import parse

NO_ACCESS = "The token does not have access to this location."


@dataclass(slots=True)
class Call:
    """What an endpoint needs to answer.

    Attributes:
        path: the values of the route's `{…}` parts.
        token: None on the token endpoint, which has no bearer.
    """

    agency: Agency
    search: Search
    request: Request
    path: dict[str, str]
    version: str
    origin: str
    token: Token | None = None

    @property
    def v3(self) -> bool:
        return self.version == "v3"

    def succeeded(self) -> dict[str, Any]:
        """The typo is the real name; v3 answers both spellings (gotcha 22)."""
        return {"succeeded": True, "succeded": True} if self.v3 else {"succeded": True}

    def body(self) -> dict[str, Any]:
        """The JSON body.

        Raises:
            RefusalError: 400 if it is not JSON, 422 if it is no object.
        """
        raw = self.request.get_data()
        if not raw:
            return {}
        try:
            parsed = parse(raw)
        except ValueError as exc:
            raise RefusalError(400, f"Unexpected token in JSON: {exc}") from exc
        if not isinstance(parsed, dict):
            raise invalid("the body must be an object")
        return parsed

    def query(self, name: str) -> str | None:
        return self.request.args.get(name)

    def no_location_in_query(self) -> None:
        """Sub-resource routes refuse an unexpected `locationId` (section 0, T11)."""
        if "locationId" in self.request.args:
            raise invalid("property locationId should not exist")

    def location(self, location_id: object) -> Location:
        """The location somebody asks for.

        Raises:
            RefusalError: 403, it is not the token's (0.1).
        """
        if not isinstance(location_id, str) or self.token is None:
            raise RefusalError(403, NO_ACCESS)
        location = self.agency.locations.get(location_id)
        mine = self.token.location_id
        if location is None or (mine is not None and mine != location_id):
            raise RefusalError(403, NO_ACCESS)
        return location

    def location_of(self, body: dict[str, Any]) -> Location:
        """The body's location; one that is missing is the validator's to refuse, not the gate's."""
        named = body.get("locationId")
        if isinstance(named, str) and named:
            return self.location(named)
        return self.location(self.token.location_id if self.token else None)

    def contact(self) -> tuple[Location, Contact]:
        """The contact of the path.

        Raises:
            RefusalError: 400 if unknown, deleted or merged away; 403 if elsewhere.
        """
        contact_id = self.path["contactId"]
        found = self.agency.find(contact_id)
        if found is None:
            raise not_found(contact_id, named=self.agency.settings.gone_text == "named")
        self.location(found[0].id)
        return found

    def parent(self) -> tuple[Location, Contact]:
        """The contact of the path of a sub-resource.

        Raises:
            RefusalError: as for `contact`; 422 for `locationId` in the query (section 0, T11).
        """
        found = self.contact()
        self.no_location_in_query()
        return found

    def child(self, store: Children[ChildT], contact: Contact, noun: str) -> ChildT:
        """The note or task of the path.

        Raises:
            RefusalError: 404 (0.1, T4) or by a switch 400, there is none, or it is another's.
        """
        wanted = self.path["id"]
        one = store.by_id.get(wanted)
        if one is None or one.contact_id != contact.id:
            status = int(self.agency.settings.missing_child)
            raise RefusalError(status, f"{noun} with id {wanted} not found")
        return one
