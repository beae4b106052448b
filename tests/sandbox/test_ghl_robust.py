"""Whatever is sent, the emulator answers as an API does: never with a crash."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncd.sandbox.ghl.bodies import UPSERT

from .ghl_client import Api

CALM = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=6
)
FIELDS = [
    "id",
    "email",
    "tags",
    "dnd",
    "dateUpdated",
    "lastActivity",
    "dndSettings.Email.status",
    "customFields.x",
    "dateOfBirth",
    "nope",
]
OPERATORS = ["eq", "not_eq", "contains", "not_contains", "wildcard", "range", "exists"]
leaves = st.fixed_dictionaries(
    {"field": st.sampled_from(FIELDS) | scalars, "operator": st.sampled_from(OPERATORS) | scalars},
    optional={
        "value": values | st.fixed_dictionaries({"gte": scalars}),
        "group": st.sampled_from(["OR", "AND"]) | scalars,
        "filters": values,
    },
)
custom = st.fixed_dictionaries(
    {"id": st.text() | st.just("contact.size")}, optional={"value": values, "field_value": values}
)
api = Api(contacts=5)
KINDS = ("TEXT", "NUMERICAL", "DATE", "TIME", "MONETORY", "PHONE", "RADIO", "CHECKBOX", "FLOAT")
IDS = [api.field(kind, kind, ["a"]) for kind in KINDS]


def answered(answer: Any) -> None:
    assert answer.status_code in (200, 201, 400, 401, 403, 404, 422)
    assert answer.json()["traceId"]


@CALM
@given(st.dictionaries(st.sampled_from(sorted(UPSERT)) | st.text(), values))
def test_contact_bodies(body: dict[str, Any]) -> None:
    id_ = api.ghl.dump()[0]["id"]
    answered(api.put(id_, **body))
    answered(api.send("POST", "/contacts/upsert", {"locationId": api.location, **body}))
    answered(api.send("POST", "/contacts/", body))
    api.rows()


@CALM
@given(st.sampled_from(IDS), values)
def test_custom_field_values(field: str, value: Any) -> None:
    id_ = api.ghl.dump()[0]["id"]
    answered(api.put(id_, customFields=[{"id": field, "value": value}]))
    for operator in ("eq", "contains", "range"):
        leaf = {"field": f"customFields.{field}", "operator": operator, "value": value}
        answered(api.search(filters=[leaf]))
    api.rows()


@CALM
@given(st.lists(leaves) | values, values, st.dictionaries(st.text(), values))
def test_search_bodies(filters: Any, after: Any, rest: dict[str, Any]) -> None:
    answered(api.search(filters=filters))
    answered(api.search(filters=[{"group": "OR", "filters": filters}]))
    answered(api.search(searchAfter=after))
    answered(api.search(sort=filters))
    answered(api.search(sort=[rest]))
    answered(api.search(**rest))


@CALM
@given(values, values)
def test_tags_bulk_fields_and_followers(one: Any, other: Any) -> None:
    id_, place = api.ghl.dump()[0]["id"], f"/locations/{api.location}"
    both = {"contacts": one, "tags": other, "locationId": api.location}
    answered(api.send("POST", "/contacts/bulk/tags/update/add", both))
    answered(api.send("POST", f"/contacts/{id_}/tags", {"tags": one}))
    answered(api.send("DELETE", f"/contacts/{id_}/tags", {"tags": other}))
    answered(api.send("POST", f"/contacts/{id_}/followers", {"followers": one}))
    body = {"name": one, "dataType": other, "options": one, "model": other, "position": one}
    answered(api.send("POST", f"{place}/customFields", body))
    answered(api.send("POST", f"{place}/tags", {"name": one}))
    answered(api.send("PUT", f"{place}/customFields/{IDS[0]}", {"name": "n", "placeholder": other}))


@CALM
@given(
    st.dictionaries(st.sampled_from(["limit", "startAfter", "startAfterId", "query"]), st.text())
)
def test_list_queries(query: dict[str, str]) -> None:
    answered(api.send("GET", "/contacts/", locationId=api.location, **query))
    answered(api.send("GET", "/users/search", companyId=api.info["company_id"], **query))


@CALM
@given(
    st.sampled_from(["create", "edit", "tag", "dnd", "merge", "make_token", "authorize"]),
    st.dictionaries(
        st.sampled_from(["id", "email", "fields", "custom", "tags", "channel", "status", "scopes"]),
        values,
    ),
)
def test_persons(action: str, arguments: dict[str, Any]) -> None:
    http = api.http
    url = "http://sandbox.test/_control/ghl/act"
    assert http.post(url, json={"action": action, **arguments}).status_code in (200, 400)
