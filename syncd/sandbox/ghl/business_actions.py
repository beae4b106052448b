"""What people do with businesses on the screens."""

from syncd.sandbox.ghl.agency import Agency, Business
from syncd.sandbox.ghl.arguments import (
    WHO,
    Action,
    Arguments,
    Result,
    contact_of,
    location_of,
    text_of,
    wire_of,
)
from syncd.sandbox.ghl.businesses import join
from syncd.sandbox.ghl.checks import TEXT
from syncd.sandbox.ghl.contact import full

KNOWN = dict.fromkeys(Business.DETAILS, TEXT)


def _create(agency: Agency, arguments: Arguments) -> Result:
    location, name = location_of(agency, arguments), text_of(arguments, "name")
    details = wire_of(arguments, KNOWN, KNOWN)
    made = Business(agency.new_id(), name, location.id, agency.now(), details)
    location.businesses[made.id] = made
    return {"id": made.id}


def _join(agency: Agency, arguments: Arguments) -> Result:
    location, contact = contact_of(agency, arguments)
    business_id = text_of(arguments, "business")
    if business_id not in location.businesses:
        raise ValueError("no business has this id")
    return {"contact": full(join(agency, location, contact, business_id))}


def _leave(agency: Agency, arguments: Arguments) -> Result:
    location, contact = contact_of(agency, arguments)
    return {"contact": full(join(agency, location, contact, None))}


ACTIONS: dict[str, Action] = {
    "create_business": (_create, ("name", *Business.DETAILS)),
    "join_business": (_join, (*WHO, "business")),
    "leave_business": (_leave, WHO),
}
