"""A stream of a pair, opened: what its file says, against what both accounts hold today.

Three ways in. *Whole*, where every line of the mapping fits. *Limping*, where some lines do
not: these rest, and everything else goes on. *Reduced*, where not even that can be said,
as the fields of an account cannot be read: then only opt-outs travel, which need nothing
but the address.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from syncd.booking import Booking
from syncd.config.load import Pair as ConfiguredPair
from syncd.config.policy import address_policy, child_policy, pair_policy
from syncd.config.problems import raise_any
from syncd.connectors.api import Connector
from syncd.core.consent import CONSENT
from syncd.core.digest import digest_json
from syncd.core.generation import Generation
from syncd.core.translate import Mapping as CompiledMapping
from syncd.engine.context import Account, Stream
from syncd.errors import ConfigError
from syncd.kin import Kin
from syncd.mapping.compile import Compiled, MissingField, compile_rules
from syncd.mapping.line import Line
from syncd.mapping.problem import Problem
from syncd.model.derived import DERIVED, sources
from syncd.model.policy import PairPolicy
from syncd.model.record import Extent, Resource
from syncd.model.rule import Rule
from syncd.model.side import SIDES, Both, Side
from syncd.model.spec import Catalogue, ResourceSpec
from syncd.model.values import Fields
from syncd.store.accounts import Checked
from syncd.store.readers import Reader

RESTS = (
    "This line rests until that is mended: nothing is written because of it, and everything else"
    " goes on."
)
REDUCED = "Until that is mended nothing but opt-outs travels."
ALL_RESTS = "Until that is mended these rest, and everything else goes on."
NOTHING: Both[frozenset[str]] = Both(frozenset(), frozenset())
# What an account's error says of a run that ends there, which this one does not.
_UNSENT = " Nothing was sent."


@dataclass(frozen=True, slots=True)
class Ground:
    """What a stream is compiled against.

    Attributes:
        names, connectors, checked, specs: of both accounts.
        generations: which field stands behind each custom name, as far as was noted.
        setup: as in `Stream`.
        booking: where the appointments are; None of anything else.
        readers: all pairs that read these accounts, as far as they have said so.
        now: when it was opened.
    """

    configured: ConfiguredPair
    names: Both[str]
    connectors: Both[Connector]
    checked: Both[Checked]
    specs: Both[ResourceSpec]
    generations: Both[Mapping[str, Generation]]
    kin: Kin
    setup: str
    now: datetime
    resource: Resource = Resource.CONTACT
    booking: Booking | None = None
    readers: Sequence[Reader] = ()

    @property
    def lines(self) -> tuple[Line, ...]:
        return self.configured.lines(self.resource)

    @property
    def belongs(self) -> bool:
        """Whether its records belong to others."""
        return self.specs.left.parent is not None

    def others(self, side: Side) -> list[Reader]:
        """The other pairs that read the account of a side, as far as they have said so."""
        there, account = self.kin.sharing[side], self.names[side]
        return [one for one in self.readers if one.account == account and one.place in there]

    @property
    def catalogues(self) -> Both[Catalogue]:
        return self.checked.map(lambda c: c.catalogues[self.resource])

    @property
    def derived(self) -> Both[frozenset[str]]:
        """Per side, the derived fields that are computed for its account."""
        contacts = self.checked.map(lambda c: c.catalogues[Resource.CONTACT])
        return Both(*(self.kin.derived[side] & contacts[side].keys() for side in SIDES))

    @property
    def countries(self) -> Both[str | None]:
        told = self.checked.map(lambda c: c.identity.country)
        return Both(told.left or told.right, told.right or told.left)

    def compiled(self, catalogues: Both[Catalogue] | None = None) -> Compiled:
        shown = catalogues or self.catalogues
        return compile_rules(self.lines, shown, self.specs, self.names, self.countries)


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read of both sides.

    Attributes:
        wanted: fields that rules, filter and keys name, there or not.
        looked_at: those of filter and keys.
        for_others: those that other pairs of the account need.
    """

    wanted: Both[frozenset[str]]
    looked_at: Both[frozenset[str]] = field(default_factory=lambda: Both(frozenset(), frozenset()))
    for_others: Both[frozenset[str]] = field(default_factory=lambda: Both(frozenset(), frozenset()))


def missing_key(ground: Ground) -> Problem | None:
    """What is wrong with a stream by whose mapping no two of its records can be told apart."""
    told = {name for line in ground.lines for side in SIDES for name in line.fields(side)}
    known = {name for side in SIDES for name in ground.specs[side].recognised_by}
    if not ground.belongs or told & known:
        return None
    where = ground.configured.place.where(*ground.configured.steps(ground.resource), "fields")
    return Problem(
        where,
        f"By this mapping nobody could tell one of these {ground.resource.value}s from another.",
        f"Add a line for {' or '.join(f'`{name}`' for name in sorted(known))}.",
    )


def fitting(ground: Ground) -> Compiled:
    """The mapping, every line of it.

    Raises:
        ConfigError: some do not fit; every problem, with its line.
    """
    compiled = ground.compiled()
    nameless = missing_key(ground)
    raise_any([*compiled.problems, *([nameless] if nameless else [])])
    return compiled


def whole(ground: Ground, compiled: Compiled) -> Stream:
    """The stream with every line at work; fields still to be made are taken as there and empty.

    Raises:
        ConfigError: the filter or a key names what is not there.
    """
    rules = compiled.rules
    if compiled.missing:
        again = ground.compiled(_with_missing(ground.catalogues, compiled.missing))
        raise_any(again.problems)
        rules = again.rules
    return _stream(ground, rules, compiled.missing, ())


def limping(ground: Ground, unmade: Mapping[str, str]) -> Stream:
    """The stream with the lines at work that fit; reduced, if the others cannot be told apart.

    Args:
        unmade: why a field that a line needs could not be made, by the line's `file:line`.
    """
    compiled = ground.compiled()
    clashes = [str(problem) for problem in compiled.clashes]
    reasons = [f"{problem}  {RESTS}" for problem in dict.fromkeys(compiled.problems)]
    reasons += [f"{where}: {_told(why)}  {RESTS}" for where, why in unmade.items()]
    missing = tuple(one for one in compiled.missing if one.where not in unmade)
    again = ground.compiled(_with_missing(ground.catalogues, missing))
    rules = tuple(rule for rule in again.rules if rule.where not in unmade)
    try:
        raise_any(compiled.clashes)
        return _stream(ground, rules, missing, tuple(reasons))
    except ConfigError as error:
        return reduced(ground, clashes or [str(error)])


def reduced(ground: Ground, causes: Iterable[str]) -> Stream:
    """The stream with nothing but opt-outs at work, which need no more than the address.

    Raises:
        ConfigError: the address is in a field that only a catalogue tells of.
    """
    standard = ground.specs.map(lambda spec: spec.fields)
    if ground.belongs:  # nothing of it is an opt-out, so that all of it rests
        bare = replace(_assembled(ground, (), standard, Reading(NOTHING)), reduced=True)
        return replace(bare, resting=tuple(f"{_told(cause)}  {ALL_RESTS}" for cause in causes))
    policy = address_policy(ground.configured, standard)
    keys = policy.keys
    named = Both(
        *(
            frozenset({keys.first[s]} | ({keys.second[s]} if keys.second else set()))
            | _of_consent(ground.specs[s])
            for s in SIDES
        )
    )
    policy = replace(policy, lifts_alone=ground.kin.resubscribe)
    bare = replace(_assembled(ground, (), standard, Reading(named)), policy=policy, reduced=True)
    return replace(bare, resting=tuple(f"{_told(cause)}  {REDUCED}" for cause in causes))


def _told(cause: str) -> str:
    return cause.replace(_UNSENT, "")


def _stream(
    ground: Ground,
    rules: tuple[Rule, ...],
    missing: tuple[MissingField, ...],
    resting: tuple[str, ...],
) -> Stream:
    imagined = _with_missing(ground.catalogues, missing)
    policy, looked_at = _policy(ground, imagined)
    lines = ground.lines
    wanted = Both(
        *(
            frozenset(
                [name for rule in rules for name in rule.fields(side)]
                + [name for line in lines for name in line.fields(side)]
                + [name for name in _looked_for(ground.specs[side]) if name is not None]
                + sorted(sources(ground.derived[side], ground.resource, ground.specs[side]))
            )
            | looked_at[side]
            | _of_consent(ground.specs[side])
            for side in SIDES
        )
    )
    return replace(
        _assembled(ground, rules, imagined, Reading(wanted, looked_at, _for_others(ground))),
        policy=replace(policy, lifts_alone=ground.kin.resubscribe),
        resting=resting,
        imagined=Both(*(_names(missing, side) for side in SIDES)),
    )


def _for_others(ground: Ground) -> Both[frozenset[str]]:
    return Both(
        *(frozenset(name for one in ground.others(s) for name in one.fields) for s in SIDES)
    )


def _looked_for(spec: ResourceSpec) -> tuple[str | None, ...]:
    """What is read whether a line names it or not."""
    return spec.reference, spec.starts, spec.calendar, spec.assignee


def _policy(ground: Ground, catalogues: Both[Catalogue]) -> tuple[PairPolicy, Both[frozenset[str]]]:
    """The policy of the stream, and per side the fields at which it looks."""
    if ground.belongs:
        booking = ground.booking
        given: Both[Fields] = booking.given if booking else Both({}, {})
        span = booking.span(ground.now) if booking else (None, None)
        return child_policy(ground.configured, ground.resource, given, span), NOTHING
    return pair_policy(ground.configured, catalogues, ground.countries)


def _of_consent(spec: ResourceSpec) -> frozenset[str]:
    """What is always read: whether somebody opted out, and for which addresses."""
    if spec.parent is not None:
        return frozenset()
    further = spec.consent.addresses if spec.consent else None
    return frozenset({CONSENT} | ({further} if further else set()))


def _names(missing: Iterable[MissingField], side: Side) -> frozenset[str]:
    return frozenset(one.spec.name for one in missing if one.side is side)


def _assembled(
    ground: Ground, rules: tuple[Rule, ...], catalogues: Both[Catalogue], reading: Reading
) -> Stream:
    """A stream without the policy of its file."""
    used = Both(
        *(
            {name for rule in rules for name in rule.fields(side)} | reading.looked_at[side]
            for side in SIDES
        )
    )
    own = Both(*(_there(ground, side, reading.wanted[side]) for side in SIDES))
    others = Both(*(_there(ground, side, reading.for_others[side]) for side in SIDES))
    fields = Both(*(own[side] | others[side] for side in SIDES))
    asked = Both(*(reading.wanted[side] | others[side] for side in SIDES))
    return Stream(
        pair=ground.configured.name,
        accounts=Both(
            *(
                Account(
                    ground.names[side],
                    ground.connectors[side],
                    ground.checked[side].identity.account_id,
                )
                for side in SIDES
            )
        ),
        mapping=CompiledMapping(rules, catalogues, ground.countries),
        policy=PairPolicy(create=frozenset()),
        specs=ground.specs,
        fields=fields,
        own=own,
        told=Both(*(tuple(one.place for one in ground.others(side)) for side in SIDES)),
        registered=Both(*(_is_registered(ground, side, own[side]) for side in SIDES)),
        relatives=ground.kin.relatives,
        hiding=ground.kin.hiding,
        sharing=ground.kin.sharing,
        setup=ground.setup,
        resource=ground.resource,
        sweep_every=ground.configured.settings.sweep_every,
        generations=Both(*(_generations(ground, side, used[side]) for side in SIDES)),
        looked_at=reading.looked_at,
        derived=ground.derived,
        extents=ground.booking.extents if ground.booking else Both(Extent(), Extent()),
        reads=Both(*(_reads(ground, side, asked[side], fields[side]) for side in SIDES)),
    )


def _there(ground: Ground, side: Side, names: Iterable[str]) -> frozenset[str]:
    """Those of the fields that the account has, and that can be read."""
    known = ground.catalogues[side]
    there = (n for n in names if n == CONSENT or ((spec := known.get(n)) and spec.kept))
    return frozenset(there)


def _is_registered(ground: Ground, side: Side, own: frozenset[str]) -> bool:
    here = Reader(ground.names[side], (ground.configured.name, side), own)
    return here in ground.readers


def _generations(ground: Ground, side: Side, used: Iterable[str]) -> dict[str, int]:
    """Which of the fields of one name each custom field is that is at work."""
    known = ground.generations[side]
    return {
        name: known[name].next if name in known else 0
        for name in sorted(used)
        if name not in ground.specs[side].fields
    }


def _reads(ground: Ground, side: Side, wanted: Iterable[str], fields: frozenset[str]) -> str:
    """Digest of what is read.

    A field that is gone changes nothing, as there is nothing more to read; one that takes its
    place does, and so everybody is read again. So does another part of the appointments.
    """
    known = ground.generations[side]
    numbers = {
        name: known[name].number if name in known else 0
        for name in set(wanted) - DERIVED
        if name in fields or name in known
    }
    read = sorted(f"{name}#{n}" if n else name for name, n in numbers.items())
    if ground.booking is None:
        return digest_json(read)
    extent = ground.booking.extents[side]
    spans = [str(extent.back), str(extent.ahead)]
    return digest_json([read, spans, {name: sorted(ids) for name, ids in extent.only.items()}])


def _with_missing(catalogues: Both[Catalogue], missing: Sequence[MissingField]) -> Both[Catalogue]:
    return Both(
        *(
            {**catalogues[side], **{m.spec.name: m.spec for m in missing if m.side is side}}
            for side in SIDES
        )
    )
