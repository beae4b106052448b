"""ExampleMail: JSON over HTTPS, one contact per write, changes since a sequence number.

Source: the reference of an API that is invented, "Contacts" and "Limits", read 2026-11-02.
Known limits: 100 calls per 10 s and token; `first_name` is cut at 64 characters without an
error, a `note` above 500 is refused; labels are stored in lower case. What belongs to contacts
is in `children.py`: a platform without such records needs neither that nor the last four methods.
"""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from syncd.connectors.api import Plugin, Wire
from syncd.errors import (
    AccountError,
    ConfigError,
    DuplicateError,
    InDoubtError,
    RecordError,
    StaleError,
    TransientError,
)
from syncd.http.answer import Answer
from syncd.http.client import ApiClient
from syncd.http.limits import Limiter, Rate
from syncd.model.op import Op, OpKind, Receipt
from syncd.model.record import Extent, Identity, Page, Record, Resource, Right, Window
from syncd.model.spec import (
    Catalogue,
    ConsentSpec,
    Deletions,
    FieldSpec,
    Kind,
    ResourceSpec,
    Spec,
)
from syncd.model.values import Level, Value
from syncd.testing.example.children import CHILDREN, Children, NoContactError
from syncd.testing.example.codec import missing, to_record, to_wire
from syncd.testing.example.pager import Pager

FIELDS: Catalogue = {
    field.name: field
    for field in (
        FieldSpec("email", Kind.EMAIL, lower=True, max_length=200, clearable=False),
        FieldSpec("first_name", max_length=64),
        FieldSpec("note", max_length=500),
        FieldSpec("points", Kind.INTEGER),
        FieldSpec("birthday", Kind.DATE),
        FieldSpec("labels", Kind.SET, lower=True),
        FieldSpec("consent", Kind.CONSENT, clearable=False),
    )
}

SPEC = Spec(
    name="example_mail",
    title="ExampleMail (invented)",
    resources={
        Resource.CONTACT: ResourceSpec(
            fields=FIELDS,
            incremental=True,
            deletions=Deletions.FEED,
            unique_key="email",
            finds=frozenset({"email"}),
            consent=ConsentSpec(levels=frozenset({Level.UNKNOWN, Level.REVOKED})),
            batch_size=20,
        ),
        **CHILDREN,
    },
)

NAMES = sorted({name for one in SPEC.resources.values() for name in one.fields})


class Settings(BaseModel):
    """One account, as it stands in syncd.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token: SecretStr = Field(description="Settings > API in ExampleMail")
    base_url: str = Field("https://api.example-mail.example/v1", description="Where the API is")
    page_size: Annotated[int, Field(ge=1, le=500, description="Contacts per page")] = 500


class ExampleMail:
    """One account of ExampleMail."""

    spec = SPEC

    def __init__(self, settings: Settings, wire: Wire) -> None:
        self._page_size = settings.page_size
        self._http = ApiClient(
            settings.base_url,
            wire=wire,
            limiter=Limiter.of(wire, Rate(100, 10.0)),
            headers={"Authorization": f"Bearer {settings.token.get_secret_value()}"},
            judge=judge,
        )
        self._children = {
            resource: Children(resource, self._http, settings.page_size, wire.now)
            for resource in CHILDREN
        }

    def close(self) -> None:
        self._http.close()

    def check(self) -> Identity:
        account = self._http.request("GET", "/account").json_object()
        return Identity(str(account.get("id", "")), str(account.get("title", "")))

    def catalogue(self, resource: Resource) -> Catalogue:
        return SPEC.resources[resource].fields

    def create_field(self, resource: Resource, field: FieldSpec) -> None:
        raise ConfigError(f"ExampleMail has no custom fields, so '{field.name}' cannot be made")

    def pull(
        self,
        resource: Resource,
        cursor: str | None,
        *,
        fields: frozenset[str],  # every answer shows them all
        full: bool = False,
        window: Window | None = None,
    ) -> Iterator[Page]:
        if resource in self._children:
            return self._children[resource].pull(cursor, window, full=full)
        pager = Pager(self._http, "/contacts", to_record, self._page_size, window)
        return pager.changes(cursor, full=full)

    def fetch(
        self,
        resource: Resource,
        remote_id: str,
        *,
        fields: frozenset[str],
    ) -> Record:
        _only_contacts(resource)
        try:
            answer = self._http.request("GET", "/contacts/{id}", {"id": remote_id})
        except StaleError:
            return Record(remote_id, {}, gone=True)
        record = to_record(answer.json_object().get("contact"), answer)
        if record.remote_id != remote_id:
            raise TransientError(f"{answer.label} was answered with another contact")
        return record

    def find(
        self,
        resource: Resource,
        key: str,
        value: Value,
        *,
        fields: frozenset[str],
    ) -> Sequence[Record]:
        _only_contacts(resource)
        wanted = to_wire({key: value}).get(key) if value else None
        if not isinstance(wanted, str):
            return ()
        answer = self._http.request("GET", "/contacts", query={key: wanted})
        shown = answer.json_object().get("items")
        if not isinstance(shown, list):
            raise missing(answer, "items")
        return [to_record(item, answer) for item in shown]

    def push(self, resource: Resource, ops: Sequence[Op]) -> Iterator[Receipt]:
        write = self._children[resource].write if resource in self._children else self._write
        for op in ops:
            try:
                yield write(op)
            except (RecordError, StaleError, InDoubtError) as error:
                yield Receipt(op.id, error=error)

    def _write(self, op: Op) -> Receipt:
        match op.kind, op.remote_id:
            case OpKind.CREATE, _:
                answer = self._http.request("POST", "/contacts", json=to_wire(op.patch))
            case OpKind.UPDATE, str() as remote_id:
                path, values = "/contacts/{id}", {"id": remote_id}
                answer = self._http.request(
                    "PATCH", path, values, json=to_wire(op.patch), repeatable=True
                )
            case OpKind.DELETE, str() as remote_id:
                self._http.request("DELETE", "/contacts/{id}", {"id": remote_id}, repeatable=True)
                return Receipt(op.id, remote_id)
            case _:
                raise RecordError(
                    f"ExampleMail cannot carry out a {op.kind.value}", code="unsupported"
                )
        try:
            record = to_record(answer.json_object().get("contact"), answer)
        except TransientError as cause:  # it was taken, and we cannot read what became of it
            raise InDoubtError(cause.message) from cause
        return Receipt(op.id, record.remote_id, record)

    # What belongs to contacts

    def children(
        self, resource: Resource, parent_id: str, *, fields: frozenset[str]
    ) -> Sequence[Record]:
        return self._children[resource].of(parent_id)

    def child(
        self, resource: Resource, remote_id: str, parent_id: str, *, fields: frozenset[str]
    ) -> Record:
        return self._children[resource].fetch(remote_id, parent_id)

    def rights(self, resource: Resource) -> Sequence[Right]:
        return ()  # a token may do everything

    def keep_to(self, resource: Resource, extent: Extent) -> None:
        self._children[resource].extent = extent


def _only_contacts(resource: Resource) -> None:
    if resource is not Resource.CONTACT:
        raise ConfigError(f"ExampleMail does this with contacts only, not with a {resource.value}")


def judge(answer: Answer) -> None:
    """Raise what an answer means; its text may quote a contact, so it is never passed on."""
    if answer.ok and not answer.looks_like_html():
        return
    where, told = f"{answer.label} was answered {answer.status}", _told(answer)
    match answer.status, told.get("error"):
        case ((401 | 403), _):
            raise AccountError(
                f"{where}: the token is not valid", hint="Replace it in ExampleMail."
            )
        case 404, "no_contact":
            raise NoContactError(f"{where}: there is no such contact")
        case 404, ("no_note" | "no_task" | "no_appointment"):
            raise StaleError(f"{where}: there is no such record")
        case 409, "exists":
            known = told.get("id")
            raise DuplicateError(
                f"{where}: the address is taken",
                remote_id=known if isinstance(known, str) else None,
            )
        case 422, _:
            named = told.get("fields")
            fields = tuple(name for name in NAMES if isinstance(named, list) and name in named)
            raise RecordError(f"{where}: a value is not accepted", fields=fields)
        case _:
            raise TransientError(f"{where}, which it never should be")


def _told(answer: Answer) -> dict[str, Any]:
    try:
        return answer.json_object()
    except TransientError:
        return {}


CONNECTOR = Plugin(
    spec=SPEC,
    settings=Settings,
    open=ExampleMail,
    settings_help={name: field.description or "" for name, field in Settings.model_fields.items()},
)
