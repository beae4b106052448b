"""What the actions of people are told, read and checked; a mistake is a ValueError that helps."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from syncd.sandbox.ghl.agency import Agency, Location
from syncd.sandbox.ghl.checks import Property, violations
from syncd.sandbox.ghl.children import Children, ChildT
from syncd.sandbox.ghl.contact import Contact

Arguments = dict[str, Any]
Result = dict[str, Any]
Action = tuple[Callable[[Agency, Arguments], Result], tuple[str, ...]]  # and what it is told
WHO = ("id", "email")


def location_of(agency: Agency, arguments: Arguments) -> Location:
    """`location` is an id; without it, the main one."""
    wanted = arguments.get("location", agency.main.id)
    if not isinstance(wanted, str) or wanted not in agency.locations:
        raise ValueError(f"no such location; there are: {', '.join(agency.locations)}")
    return agency.locations[wanted]


def contact_of(agency: Agency, arguments: Arguments) -> tuple[Location, Contact]:
    location = location_of(agency, arguments)
    if "id" in arguments:
        found = location.contacts.by_id.get(str(arguments["id"]))
    else:
        ids = location.contacts.emails.of(str(arguments.get("email")).lower())
        found = location.contacts.by_id[ids[0]] if ids else None
    if found is None:
        raise ValueError("no contact has this `id` or `email`")
    return location, found


def text_of(arguments: Arguments, name: str) -> str:
    value = arguments.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"`{name}` is missing: a string")
    return value


def child_of(
    agency: Agency,
    arguments: Arguments,
    noun: str,
    store: Callable[[Location], Children[ChildT]],
) -> tuple[Location, ChildT]:
    """The record below a contact that the argument `noun` names by its id."""
    location = location_of(agency, arguments)
    one = store(location).by_id.get(text_of(arguments, noun))
    if one is None:
        raise ValueError(f"no {noun} has this id")
    return location, one


def wire_of(
    arguments: Arguments, known: Mapping[str, Property], names: Collection[str]
) -> dict[str, Any]:
    """Those of `names` that were given, in wire names, each of them valid; null clears."""
    given = {name: arguments[name] for name in names if name in arguments}
    if lines := violations(given, known, null_clears=True):
        raise ValueError("; ".join(lines))
    return given
