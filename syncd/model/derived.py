"""Derived fields: what the store computes of a contact, and no platform is asked for.

`activity.…` follows from the records that belong to a contact, `engagement.…` from what its
platform reports of mail that it got. Nobody can write them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from syncd.model.record import Resource
from syncd.model.spec import Catalogue, FieldSpec, Kind, ResourceSpec, Spec

OPEN_TASKS = "activity.open_tasks"
NEXT_TASK_DUE_AT = "activity.next_task_due_at"
LAST_NOTE_AT = "activity.last_note_at"
LAST_NOTE = "activity.last_note"
NEXT_APPOINTMENT_AT = "activity.next_appointment_at"
LAST_APPOINTMENT_STATUS = "activity.last_appointment_status"
LAST_OPEN_AT = "engagement.last_open_at"
LAST_CLICK_AT = "engagement.last_click_at"
BOUNCES = "engagement.bounces"

# By name: the resource that feeds it, and the fields of `Activity` without which it cannot.
_FED_BY: Mapping[str, tuple[Resource, tuple[str, ...]]] = {
    OPEN_TASKS: (Resource.TASK, ("done",)),
    NEXT_TASK_DUE_AT: (Resource.TASK, ("done", "due")),
    LAST_NOTE_AT: (Resource.NOTE, ("at",)),
    LAST_NOTE: (Resource.NOTE, ("at", "text")),
    NEXT_APPOINTMENT_AT: (Resource.APPOINTMENT, ("starts", "status")),
    LAST_APPOINTMENT_STATUS: (Resource.APPOINTMENT, ("starts", "status")),
}
ACTIVITY = frozenset(_FED_BY)
ENGAGEMENT = frozenset({LAST_OPEN_AT, LAST_CLICK_AT, BOUNCES})
DERIVED = ACTIVITY | ENGAGEMENT

_KINDS = {OPEN_TASKS: Kind.INTEGER, BOUNCES: Kind.INTEGER}
_KINDS |= {LAST_NOTE: Kind.TEXT, LAST_APPOINTMENT_STATUS: Kind.TEXT}


def offered(resources: Mapping[Resource, ResourceSpec]) -> Catalogue:
    """The derived fields that an account with these resources can feed."""
    contact = resources.get(Resource.CONTACT)
    names = set(contact.engagement) & ENGAGEMENT if contact else set[str]()
    for name, (resource, needed) in _FED_BY.items():
        fed = resources.get(resource)
        if fed is not None and all(_field(fed, role) for role in needed):
            names.add(name)
    return {
        name: FieldSpec(name, _KINDS.get(name, Kind.DATETIME), read_only=True)
        for name in sorted(names)
    }


def with_derived(spec: Spec) -> Spec:
    """The Spec of an account, whose contacts have these fields too."""
    contact = spec.resources.get(Resource.CONTACT)
    more = offered(spec.resources)
    if contact is None or not more:
        return spec
    extended = replace(contact, fields={**contact.fields, **more})
    return replace(spec, resources={**spec.resources, Resource.CONTACT: extended})


def fed_by(names: Iterable[str]) -> frozenset[Resource]:
    """The resources of which some of these fields tell."""
    return frozenset(_FED_BY[name][0] for name in names if name in _FED_BY)


def told_by(names: Iterable[str], resource: Resource) -> frozenset[str]:
    """Those of the fields that tell of a resource."""
    return frozenset(name for name in names if name in _FED_BY and _FED_BY[name][0] is resource)


def sources(names: Iterable[str], resource: Resource, spec: ResourceSpec) -> frozenset[str]:
    """The fields of a resource from which these derived fields are computed."""
    needed = {role for name in told_by(names, resource) for role in _FED_BY[name][1]}
    return frozenset(found for role in needed if (found := _field(spec, role)))


def _field(spec: ResourceSpec, role: str) -> str | None:
    if role == "starts":
        return spec.starts
    found: str | None = getattr(spec.activity, role) if spec.activity else None
    return found
