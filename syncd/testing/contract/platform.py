"""The one thing that an author gives to the suite: an emulated account to play on."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from importlib.metadata import EntryPoint, entry_points
from typing import Any, ClassVar

import httpx

from syncd.connectors.api import Plugin
from syncd.connectors.registry import installed
from syncd.errors import ConfigError
from syncd.model.record import Resource
from syncd.model.values import Fields, Value
from syncd.testing.contract.clock import Clock
from syncd.testing.contract.promise import GUIDE, BrokenPromiseError

GROUP = "syncd.platforms"


class Platform(ABC):
    """A fresh emulated account of one platform, on the suite's clock.

    The suite makes many of them, one or more per promise. It breaks the line, delays
    and rewrites answers by itself: an emulator only has to be honest.

    Attributes:
        plugin: the connector that is to be tested, as its package offers it.
        page_size: records that a page of the listing holds with these settings. The suite
            makes some three pages of people, so let it be small where it can be.
        key: the field by which a record is told from others; text, given at creation.
        unique_key: a field that *this account* keeps unique, where the Spec promises none
            because other accounts may not; None: what the Spec says.
        text: a writable text field of at least 30 characters for plain edits.
        samples: two or more valid values per field where the suite cannot guess them, e.g.
            `{"time_zone": ("Europe/Berlin", "Asia/Tokyo")}`.
        empty_is_absent: fields that the platform leaves out of its answers when they are
            empty, or patterns of them such as `custom.*`; of what belongs to contacts with the
            resource before it, `task.description`. Only for them may a missing value be read
            as an empty one.
        child_page_size: records that a page of their listing holds where it is not `page_size`;
            None where nobody can foresee it.
        settings: what the plugin's settings model takes.
        transport: an httpx transport to the emulator; `httpx.MockTransport(function)` and
            `httpx.WSGITransport(app)` are both fine.
        secrets: more that must never be logged than the `SecretStr` values of the settings,
            which the suite finds itself; e.g. a token that the emulator hands out.
        refused_create: what makes the platform refuse a new record although nobody can
            know it beforehand, e.g. a blocked address; put over the fields of a person.
        refused_edit: the same for a record that exists; empty if there is nothing.
    """

    plugin: ClassVar[Plugin]
    page_size: ClassVar[int]
    key: ClassVar[str] = "email"
    unique_key: ClassVar[str | None] = None
    text: ClassVar[str]
    samples: ClassVar[Mapping[str, Sequence[Value]]] = {}
    empty_is_absent: ClassVar[Collection[str]] = frozenset()
    child_page_size: ClassVar[Mapping[Resource, int | None]] = {}
    refused_create: ClassVar[Fields]
    refused_edit: ClassVar[Fields] = {}

    settings: Mapping[str, Any]
    transport: httpx.BaseTransport
    secrets: Sequence[str] = ()

    @abstractmethod
    def __init__(self, clock: Clock) -> None:
        """An empty account. The emulator takes its time from `clock.now()` and nowhere else."""

    def person(self, number: int) -> dict[str, Value]:
        """The fields of the `number`-th invented person that a new record cannot do without."""
        return {self.key: f"person-{number}@example.org"}

    # What people do in the platform's own screens, in the connector's field names. The
    # suite uses `key`, `text` and what `person` returns, and no other field.

    @abstractmethod
    def create(self, fields: Fields) -> str:
        """Make a record; its remote id, as the connector will show it."""

    @abstractmethod
    def edit(self, remote_id: str, fields: Fields) -> None:
        """Change some fields of a record."""

    @abstractmethod
    def delete(self, remote_id: str) -> None:
        """Make a record disappear as a person would."""

    @abstractmethod
    def existing(self) -> Collection[str]:
        """The remote ids of all records that exist now: the truth, without any index."""

    # The same of records that belong to contacts: needed where the Spec has a resource with a
    # `parent`, and never called where it has none.

    def child(self, resource: Resource, number: int) -> dict[str, Value]:
        """The fields that the `number`-th new record of a contact cannot do without.

        The first text among them is used for plain edits.
        """
        raise _lacking(resource, "child")

    def child_samples(self, resource: Resource) -> Mapping[str, Sequence[Value]]:
        """As `samples`; a text that is named here takes no others, such as the id of a user."""
        return {}

    def create_child(self, resource: Resource, parent_id: str, fields: Fields) -> str:
        """Make a record of a contact; its remote id, as the connector will show it."""
        raise _lacking(resource, "create_child")

    def edit_child(self, resource: Resource, remote_id: str, fields: Fields) -> None:
        """Change some fields of a record of a contact."""
        raise _lacking(resource, "edit_child")

    def delete_child(self, resource: Resource, remote_id: str) -> None:
        """Make a record of a contact disappear as a person would."""
        raise _lacking(resource, "delete_child")

    def existing_children(self, resource: Resource) -> Collection[str]:
        """The remote ids of all records of the resource, whichever contact has them."""
        raise _lacking(resource, "existing_children")

    def with_unknown_fields(self, response: httpx.Response) -> bytes | None:  # noqa: B027
        """The body of an answer with names in it that nobody knows yet.

        The suite extends JSON and XML by itself; this is for other formats. None leaves
        the answer as it is.
        """

    @classmethod
    def lag(cls) -> timedelta:
        """How long after a write `pull` and `find` may still show what was before."""
        return max(
            (spec.index_lag for spec in cls.plugin.spec.resources.values()), default=timedelta()
        )


def _lacking(resource: Resource, method: str) -> BrokenPromiseError:
    return BrokenPromiseError(
        f"The Spec offers {resource.value}s, and the platform does not say what people do with"
        f" them: write `Platform.{method}`, whose docstring says what it is for"
    )


def platforms() -> Mapping[str, EntryPoint]:
    """The platforms that installed packages offer, by the name of their connector."""
    return {point.name: point for point in entry_points(group=GROUP)}


def platform_named(name: str) -> type[Platform]:
    """The platform of a connector.

    Raises:
        ConfigError: there is none, or it is none of the connector that is installed.
    """
    found = platforms()
    if name not in found:
        if name in installed():
            raise ConfigError(
                f"The connector '{name}' is installed, but its package offers no platform to test"
                " it on.",
                hint=f'Name one in its pyproject.toml under [project.entry-points."{GROUP}"];'
                f" {GUIDE} shows how.",
            )
        raise ConfigError(
            f"There is no connector '{name}'.",
            hint=f"Those that can be tested are: {', '.join(sorted(found))}. Is the package"
            " installed in this environment?",
        )
    platform = found[name].load()
    if not (isinstance(platform, type) and issubclass(platform, Platform)):
        raise ConfigError(
            f"The platform '{name}' is no subclass of `syncd.testing.contract.Platform`.",
            hint=f"Its entry point has to name the class itself; see {GUIDE}.",
        )
    users = installed().get(name)
    if users is not None and users is not platform.plugin:
        raise ConfigError(
            f"The platform '{name}' tests another Plugin than the one that users get.",
            hint="Let `Platform.plugin` be what its entry point in `syncd.connectors` names.",
        )
    return platform
