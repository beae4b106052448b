"""The composition root: from a configuration to pairs that can be run."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from syncd import opening
from syncd.config.load import Pair as ConfiguredPair
from syncd.config.problems import ConfigProblemsError
from syncd.config.settings import Baseline
from syncd.connectors.api import Wire
from syncd.engine.context import Environment, Pair, Stream
from syncd.engine.cycle import Mode, Report, run_cycle
from syncd.engine.release import may_create_fields
from syncd.engine.word import Terms
from syncd.errors import (
    AccountError,
    ConfigError,
    FieldsChangedError,
    StoppedError,
    SyncdError,
    TransientError,
)
from syncd.forecast import Forecast, forecast
from syncd.grounds import Grounds
from syncd.looks import looks_of
from syncd.mapping.compile import MissingField
from syncd.model.record import Resource
from syncd.model.side import Side
from syncd.model.spec import Listing
from syncd.opening import Ground
from syncd.store import database, runs
from syncd.store.clocks import within
from syncd.store.suppressions import open_ledger
from syncd.stored import open_stored


@dataclass(slots=True)
class App(Grounds):
    """A configuration with its store opened, and pairs that can be run."""

    def forecast(self, pair: Pair, report: Report) -> Forecast:
        """What it takes to carry out what a run of a pair has planned."""
        names = {account.name for account in pair.contacts.accounts}
        budgets = {name: self.budget_of(name) for name in names}
        with database.reading(self.store) as db:
            return forecast(db, pair, report, budgets)

    @property
    def environment(self) -> Environment:
        return Environment(
            self.store,
            self.ledger,
            now=self.wire.now,
            rests=self.rests,
            note_spent=self.note_spent,
            journal_kept=self.configuration.journal.keep,
        )

    # -- pairs ---------------------------------------------------------------------------

    def open_pair(
        self,
        name: str,
        *,
        create_fields: bool,
        anew: bool = False,
        complete: bool = False,
        patience: timedelta = timedelta(),
    ) -> Pair:
        """A pair, compiled against what both accounts hold today.

        If it does not fit what was known of the accounts, they are asked once more: a person
        may just have made the field that was missing. Once it was approved a pair opens
        whatever has become of its fields, as opt-outs must travel: see `opening`.

        Args:
            create_fields: make the custom fields that rules with `create_missing` lack, if
                the pair is approved as it is set up now; else they are taken as if they
                were there and empty.
            anew: ask the accounts even if they were checked a moment ago.
            complete: every line of the mapping is needed.
            patience: for so long an answer that does not fit is not asked for again.

        Raises:
            ConfigError: the mapping does not fit; every problem, with its line.
            AccountError: an account cannot be read.
        """
        how = {"create_fields": create_fields, "anew": anew, "complete": complete}
        configured = self.pair_named(name)
        contacts = self._opened(configured, Resource.CONTACT, patience=patience, **how)
        streams: list[Stream] = []
        resting: list[str] = []
        for resource in configured.settings.streams if not contacts.reduced else ():
            try:
                stream = self._opened(configured, resource, patience=patience, **how)
            except ConfigError as error:
                if complete or not self._was_approved(name):
                    raise
                resting.append(f"{error}  {opening.ALL_RESTS}")
                continue
            if stream.reduced:
                resting += stream.resting
                continue
            _keep_to(stream)
            streams.append(stream)
        looks: tuple[Stream, ...] = ()
        try:
            looks = tuple(looks_of(configured, contacts, self._part_of))
        except StoppedError:
            raise
        except (ConfigError, AccountError, TransientError) as error:
            if complete or not self._was_approved(name):
                raise
            resting.append(f"{error}  {opening.ALL_RESTS}")
        for stream in looks:
            _keep_to(stream)
        listed = _listed_by_parent([*streams, *looks])
        contacts = replace(contacts, children=listed, resting=(*contacts.resting, *resting))
        return Pair(name, (contacts, *streams), looks)

    def _opened(
        self,
        configured: ConfiguredPair,
        resource: Resource,
        *,
        create_fields: bool,
        anew: bool,
        complete: bool,
        patience: timedelta,
    ) -> Stream:
        while True:
            ground, unread = self._ground(configured, resource, anew=anew, patience=patience)
            try:
                for error in unread.values():
                    raise error
                return self._whole(ground, create_fields=create_fields)
            except StoppedError:
                raise
            except (ConfigError, AccountError, TransientError) as error:
                if isinstance(error, ConfigError) and not anew and self._may_ask(ground, patience):
                    anew = True
                    continue
                if complete or not self._was_approved(configured.name):
                    raise
                if unread:
                    return opening.reduced(ground, map(str, unread.values()))
                return self._limping(ground, error, create_fields=create_fields)

    def _whole(self, ground: Ground, *, create_fields: bool) -> Stream:
        compiled = opening.fitting(ground)
        if compiled.missing and create_fields and self._is_approved(ground):
            for one in compiled.missing:
                ground.connectors[one.side].create_field(ground.resource, one.spec)
            for account in ground.names:
                self.checked(account, anew=True)
            ground, _ = self._ground(ground.configured, ground.resource, anew=False)
            compiled = opening.fitting(ground)
        return opening.whole(ground, compiled)

    def _limping(self, ground: Ground, error: SyncdError, *, create_fields: bool) -> Stream:
        """The pair without the lines that do not fit, and what these lack made where it can be."""
        unmade: dict[str, str] = {}
        missing = ground.compiled().missing
        if missing and create_fields and self._is_approved(ground):
            if not isinstance(error, ConfigProblemsError):  # then it says why one was not made
                unmade = {one.where: str(error) for one in missing}
            else:
                unmade = self._make(ground, missing)
                ground, _ = self._ground(ground.configured, ground.resource, anew=True)
        return opening.limping(ground, unmade)

    def _make(self, ground: Ground, missing: Iterable[MissingField]) -> dict[str, str]:
        """Make fields; why it failed, by the line that needs them."""
        unmade: dict[str, str] = {}
        for one in missing:
            try:
                ground.connectors[one.side].create_field(ground.resource, one.spec)
            except (ConfigError, AccountError, TransientError) as error:
                unmade[one.where] = str(error)
        return unmade

    def _may_ask(self, ground: Ground, patience: timedelta) -> bool:
        asked = max(checked.checked_at for checked in ground.checked)
        return not within(self.wire.now(), asked, patience)

    def _was_approved(self, pair: str) -> bool:
        with database.reading(self.store) as db:
            return runs.facts(db, pair).approved_at is not None

    def run_pair(
        self,
        name: str,
        environment: Environment,
        mode: Mode = Mode.SYNC,
        *,
        create_fields: bool,
        full: bool = False,
        anew: bool = False,
        patience: timedelta = timedelta(),
        shaped: Callable[[Stream], Stream] = lambda stream: stream,
    ) -> tuple[Pair, Report]:
        """Open a pair and run one cycle; once more if its fields changed on the way.

        If a platform goes on refusing fields that it lists itself, opt-outs travel without them.

        Args:
            shaped: what the caller changes of each stream before it runs.

        Raises:
            SyncdError: as `open_pair` and `run_cycle`.
        """

        def opened(*, anew: bool) -> Pair:
            pair = self.open_pair(name, create_fields=create_fields, anew=anew, patience=patience)
            return Pair(name, tuple(map(shaped, pair.streams)), tuple(map(shaped, pair.looks)))

        def run(pair: Pair) -> tuple[Pair, Report]:
            return pair, run_cycle(pair, environment, mode, full=full)

        with suppress(FieldsChangedError):
            return run(opened(anew=anew))
        try:
            return run(opened(anew=True))
        except FieldsChangedError as refused:
            if not self._was_approved(name):
                raise
            ground, _ = self._ground(self.pair_named(name), Resource.CONTACT, anew=False)
            bare = opening.reduced(ground, [str(refused)])
        return run(Pair(name, (shaped(bare),)))

    def _is_approved(self, ground: Ground) -> bool:
        pair = ground.configured
        auto = pair.settings.baseline is Baseline.AUTO
        accounts = tuple(checked.identity.account_id for checked in ground.checked)
        with database.reading(self.store) as db:
            now = Terms(ground.setup, accounts)
            return may_create_fields(db, pair.name, now, baseline_auto=auto)


def _listed_by_parent(streams: Iterable[Stream]) -> dict[Resource, frozenset[Side]]:
    """By resource, the sides that list it by one contact at a time."""
    listed: dict[Resource, frozenset[Side]] = {}
    for stream in streams:
        sides = {s for s in stream.sides if stream.specs[s].listing is Listing.BY_PARENT}
        if sides or stream.only is None:
            listed[stream.resource] = listed.get(stream.resource, frozenset()) | sides
    return listed


def open_app(path: Path, *, env: Mapping[str, str] | None = None, wire: Wire | None = None) -> App:
    """Read the configuration, open the store and bring its schema up to date.

    Raises:
        ConfigError: a file is wrong; all problems at once.
        StoreError: the store cannot be used.
    """
    stored = open_stored(path, env=env)
    with database.explained(stored.store):
        ledger = open_ledger(stored.store)
    return App(stored.configuration, stored.store, ledger, wire or Wire())


def _keep_to(stream: Stream) -> None:
    """Have both sides list the part of a stream that takes part."""
    if stream.resource is Resource.APPOINTMENT:
        for side in stream.sides:
            stream.nested(side).keep_to(stream.resource, stream.extents[side])
