"""From files to a configuration that is whole and free of contradictions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from syncd.config.files import Document, Steps, read_document
from syncd.config.forest import circles
from syncd.config.problems import ConfigProblemsError, explained, raise_any
from syncd.config.settings import (
    AccountSettings,
    JournalSettings,
    LogSettings,
    PairSettings,
    RootSettings,
)
from syncd.errors import ConfigError
from syncd.mapping.line import Line
from syncd.mapping.problem import Problem, did_you_mean
from syncd.model.record import Resource
from syncd.model.side import SIDES, Side

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in which file something was configured."""

    document: Document
    steps: Steps

    def where(self, *within: str | int) -> str:
        """`file:line` of something within it."""
        return self.document.where((*self.steps, *within))


@dataclass(frozen=True, slots=True)
class Account:
    """One configured connector with credentials.

    Attributes:
        options: what the connector's own model has to check, see `read_options`.
        rate_share: the part of the platform's permitted rate to use, over 0 up to 1.
    """

    name: str
    connector: str
    rate_share: float
    options: Mapping[str, Any] = field(repr=False)
    place: Place


@dataclass(frozen=True, slots=True)
class Pair:
    """One configured pair, not yet checked against the catalogues of its accounts."""

    name: str
    settings: PairSettings
    place: Place

    def lines(self, resource: Resource = Resource.CONTACT) -> tuple[Line, ...]:
        """The mapping of a resource, line by line, for `compile_rules`."""
        settings, stream = self.settings, self.settings.streams.get(resource)
        policy = (stream.policy if stream else None) or settings.policy
        steps = self.steps(resource) if stream else ()
        return tuple(
            Line(
                f.left,
                f.right,
                f.direction,
                f.policy or policy,
                f.transform,
                f.create_missing,
                self.place.where(*steps, "fields", n),
            )
            for n, f in enumerate(stream.fields if stream else settings.fields)
        )

    def steps(self, resource: Resource) -> Steps:
        """Where in the pair's file a resource beside the contacts stands."""
        return (f"{resource.value}s",)

    def account(self, side: Side) -> str:
        """The name of the account on one side."""
        return self.settings.left if side is Side.LEFT else self.settings.right


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything that was configured.

    Attributes:
        store: the URL of the state store; a SQLite path is absolute.
        accounts, pairs: by name.
        threads: on how many pairs the daemon works at the same time, at most.
        journal: how long the history is kept.
    """

    path: Path
    store: str = field(repr=False)
    accounts: Mapping[str, Account]
    pairs: Mapping[str, Pair]
    log: LogSettings
    threads: int
    journal: JournalSettings = field(default_factory=JournalSettings)


def load(path: Path, env: Mapping[str, str]) -> Configuration:
    """Read `syncd.yaml` and the pairs that it names.

    Args:
        env: environment variables, for `${…}`.

    Raises:
        ConfigError: anything is wrong; all problems at once, each with its line.
    """
    document, problems = read_document(path, env)
    root, wrong = validated(RootSettings, document.content, document, ())
    problems += wrong
    found, wrong = _pairs(document, env)
    problems += wrong
    if root is None:
        raise ConfigProblemsError(problems)
    pairs: dict[str, Pair] = {}
    for pair in found:
        problems += _contradictions(pair, pairs, root.accounts)
        pairs.setdefault(pair.name, pair)
    problems += _circles(pairs)
    problems += _parts_of_appointments(pairs)
    store, wrong = _store(root.store, document)
    raise_any(problems + wrong)
    accounts = {
        name: Account(
            name, a.connector, a.rate_share, a.options, Place(document, ("accounts", name))
        )
        for name, a in root.accounts.items()
    }
    return Configuration(path, store, accounts, pairs, root.log, root.threads, root.journal)


def read_options(account: Account, model: type[Model]) -> Model:
    """An account's options as the connector's own model.

    Raises:
        ConfigError: they do not fit; all problems at once, each with its line.
    """
    place = account.place
    options, problems = validated(model, dict(account.options), place.document, place.steps)
    raise_any(problems)
    if options is None:
        raise ConfigError(f"Account `{account.name}` cannot be read.", where=place.where())
    return options


def validated(
    model: type[Model], content: Any, document: Document, at: Steps
) -> tuple[Model | None, list[Problem]]:
    """A part of a document as a model, or None and what is wrong."""
    if not isinstance(content, dict):
        return None, [Problem(document.where(at), "Here should be keys with values: `key: value`.")]
    try:
        return model.model_validate(content), []
    except ValidationError as error:
        return None, explained(error, model, document, at)


def _pairs(document: Document, env: Mapping[str, str]) -> tuple[list[Pair], list[Problem]]:
    if not isinstance(document.content, dict):
        return [], []
    content = document.content.get("pairs", RootSettings.model_fields["pairs"].default)
    return _pairs_at(content, ("pairs",), document, env)


def _pairs_at(
    content: Any, at: Steps, document: Document, env: Mapping[str, str]
) -> tuple[list[Pair], list[Problem]]:
    match content:
        case str():
            return _pairs_in_files(content, at, document, env)
        case dict():
            return _pair(content, document, at)
        case [*items] if len(at) == 1:
            read = [_pairs_at(item, (*at, n), document, env) for n, item in enumerate(items)]
            return [p for pairs, _ in read for p in pairs], [w for _, wrong in read for w in wrong]
        case _:
            hint = "Type `pairs: pairs/*.yaml`, or a list of files and pairs."
            return [], [Problem(document.where(at), "This names no pairs.", hint)]


def _pairs_in_files(
    pattern: str, at: Steps, document: Document, env: Mapping[str, str]
) -> tuple[list[Pair], list[Problem]]:
    wanted = document.path.parent / pattern
    paths = sorted(Path(wanted.anchor).glob(str(wanted.relative_to(wanted.anchor))))
    if not paths:
        hint = "Write a pair's file there, or correct the pattern; it starts at this file's folder."
        return [], [Problem(document.where(at), f"No file is called `{pattern}`.", hint)]
    pairs: list[Pair] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            inner, wrong = read_document(path, env)
        except ConfigError as error:
            problems.append(Problem("", str(error)))
            continue
        found, unfit = _pair(inner.content, inner, ())
        pairs += found
        problems += wrong + unfit
    return pairs, problems


def _pair(content: Any, document: Document, at: Steps) -> tuple[list[Pair], list[Problem]]:
    settings, problems = validated(PairSettings, content, document, at)
    if settings is None:
        return [], problems
    return [Pair(settings.pair, settings, Place(document, at))], problems


def _contradictions(
    pair: Pair, earlier: Mapping[str, Pair], accounts: Mapping[str, AccountSettings]
) -> list[Problem]:
    problems: list[Problem] = []
    if pair.name in earlier:
        there = earlier[pair.name].place.where("pair")
        hint = "Give one of them another name."
        problem = Problem(
            pair.place.where("pair"), f"The pair `{pair.name}` is also in {there}.", hint
        )
        problems.append(problem)
    for side in SIDES:
        name = pair.account(side)
        if name not in accounts:
            hint = did_you_mean(name, accounts) or f"Known accounts: {', '.join(accounts)}."
            where = pair.place.where(side.value)
            problems.append(Problem(where, f"There is no account `{name}`.", hint))
    return problems


def _circles(pairs: Mapping[str, Pair]) -> list[Problem]:
    accounts = {
        name: (pair.account(Side.LEFT), pair.account(Side.RIGHT)) for name, pair in pairs.items()
    }
    return [
        Problem(
            pairs[name].place.where("pair"),
            f"The pair `{name}` closes a circle: `{accounts[name][0]}` and `{accounts[name][1]}`"
            f" are connected already, by {' and '.join(f'`{other}`' for other in others)}.",
            "Remove one of these pairs: a change must reach every account by one way only.",
        )
        for name, others in circles(accounts).items()
    ]


def _parts_of_appointments(pairs: Mapping[str, Pair]) -> Iterator[Problem]:
    """What is known of an account is shared by its pairs, so that all must see the same of it."""
    first: dict[str, tuple[Pair, Side]] = {}
    for pair in pairs.values():
        settings = pair.settings.appointments
        for side in SIDES if settings else ():
            account = pair.account(side)
            earlier, there = first.setdefault(account, (pair, side))
            known = earlier.settings.appointments
            if settings and known and settings.part_of(side) != known.part_of(there):
                yield Problem(
                    pair.place.where(*pair.steps(Resource.APPOINTMENT)),
                    f"The pairs `{earlier.name}` and `{pair.name}` keep different appointments of"
                    f" `{account}` in step.",
                    f"Write the same `calendar` of `{account}`, `back` and `ahead` into both.",
                )


def _store(url: str, document: Document) -> tuple[str, list[Problem]]:
    """The store's URL with an absolute path, and with the driver that is installed."""
    scheme, _, rest = url.partition("://")
    match scheme:
        case "sqlite" if rest == "/:memory:" or not rest:
            return url, []
        case "sqlite" if rest.startswith("/"):
            path = (document.path.parent.absolute() / rest.removeprefix("/")).resolve()
            return f"sqlite:///{path}", []
        case "postgresql+psycopg":
            return url, []
        case "postgresql" | "postgres":
            return f"postgresql+psycopg://{rest}", []
        case _:
            hint = "Type sqlite:///var/syncd.db or postgresql+psycopg://user@host/name."
            return url, [Problem(document.where(("store",)), "This store is not known.", hint)]
