"""Lines of a mapping and both catalogues, as rules; and everything that is wrong with them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TypeAlias

from syncd.core.normalise import parse_date
from syncd.mapping.kinds import as_they_are, converts
from syncd.mapping.line import Line
from syncd.mapping.problem import (
    UNKEPT_HINT,
    Problem,
    did_you_mean,
    unkept_told,
    withheld_told,
)
from syncd.mapping.shape import Made, Shape, UnfitError
from syncd.mapping.transforms import make
from syncd.model.derived import DERIVED, LAST_NOTE
from syncd.model.rule import Direction, Policy, Rule
from syncd.model.side import SIDES, Both, Side
from syncd.model.spec import Catalogue, FieldSpec, Kind, ResourceSpec

EMAIL = "email"
NOWHERE: Both[str | None] = Both(None, None)  # no account tells its country
NOTES_TOLD = "Notes may hold what no e-mail platform should get."
# Kinds that read only some texts; for an address or a phone no better field may exist.
_STRICT = frozenset({Kind.DATE, Kind.DATETIME, Kind.INTEGER, Kind.NUMBER})

Known: TypeAlias = Both[tuple[FieldSpec | None, ...]]  # None: to be created


@dataclass(frozen=True, slots=True)
class MissingField:
    """A custom field to create before the mapping can work."""

    side: Side
    spec: FieldSpec
    where: str


@dataclass(frozen=True, slots=True)
class Compiled:
    """A compiled mapping.

    Attributes:
        rules: the lines that are right; all of them if there are no problems.
        problems: what stops the pair. warnings: what does not.
        clashes: those of the problems that are not about one line alone.
        missing: fields to create; then read the catalogues and compile again, so that
            the rules know the lengths of the new fields.
    """

    rules: tuple[Rule, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    missing: tuple[MissingField, ...]
    clashes: tuple[Problem, ...] = ()


def compile_rules(
    lines: Sequence[Line],
    catalogues: Both[Catalogue],
    specs: Both[ResourceSpec],
    accounts: Both[str],
    countries: Both[str | None] = NOWHERE,
) -> Compiled:
    """Check lines against what the accounts have, and turn them into rules.

    A line for the e-mail address is implied where both sides have the field `email` and
    no line names it.

    Args:
        specs: tell which custom fields can be created, and how they are named.
        accounts: names of the accounts, for messages.
        countries: as in `Mapping`; how dates in texts are read there, for messages.
    """
    compiling = _Compiling(catalogues, specs, accounts, countries, [], [], [])
    rules = [rule for line in lines if (rule := compiling.rule(line))]
    if implied := _implied_email(lines, catalogues):
        rules.insert(0, implied)
    clashes = tuple(_written_twice(rules, catalogues, accounts))
    return Compiled(
        tuple(rules),
        (*compiling.problems, *clashes),
        tuple(compiling.warnings),
        tuple(dict.fromkeys(compiling.missing)),
        clashes,
    )


@dataclass(slots=True)
class _Compiling:
    catalogues: Both[Catalogue]
    specs: Both[ResourceSpec]
    accounts: Both[str]
    countries: Both[str | None]
    problems: list[Problem]
    warnings: list[Problem]
    missing: list[MissingField]

    def rule(self, line: Line) -> Rule | None:
        """The rule of one line; None, and what is wrong with it, if there is none."""
        found, line = len(self.problems), _one_way(line)
        known = Both(self._fields(line, Side.LEFT), self._fields(line, Side.RIGHT))
        if len(self.problems) > found:
            return None
        try:
            shape = Shape(Both(line.left, line.right), known, line.direction)
            made = make(line.transform, shape) if line.transform else _plain(shape)
        except UnfitError as error:
            self._wrong(line, error.message, error.hint)
            return None
        fields = Both(line.left, line.right)
        if made.reads is not None:
            fields = fields.having(made.source, made.reads)
            line = Line(fields.left, fields.right, line.direction, line.policy, where=line.where)
            known = known.having(made.source, self._fields(line, made.source))
        self._check(line, made, known)
        if len(self.problems) > found:
            return None
        self._plan_missing(line, made, known)
        self._warn(line, made, known)
        there, back = made.there, made.back
        forward, backward = (there, back) if made.source is Side.LEFT else (back, there)
        return Rule(
            name=line.name,
            left=fields.left,
            right=fields.right,
            direction=line.direction,
            policy=line.policy,
            forward=forward,
            backward=backward,
            as_set=made.as_set,
            only=made.only,
            where=line.where,
            compared=made.compared,
        )

    def _fields(self, line: Line, side: Side) -> tuple[FieldSpec | None, ...]:
        """The specs of a line's fields on one side; None for one that is to be created."""
        return tuple(self._field(line, side, name) for name in line.fields(side))

    def _field(self, line: Line, side: Side, name: str) -> FieldSpec | None:
        catalogue, resource = self.catalogues[side], self.specs[side]
        if name in catalogue:
            spec = catalogue[name]
            if not spec.kept:
                self._wrong(line, f"`{self.accounts[side]}` has {unkept_told(spec)}.", UNKEPT_HINT)
            if spec.kind is Kind.CONSENT:
                hint = "Delete this line."
                self._wrong(line, "Consent is kept in step by itself, by stricter rules.", hint)
            return spec
        custom = name.startswith(resource.custom_prefix) and bool(resource.custom_kinds)
        if line.create_missing and custom:
            return None
        if why := withheld_told(name, resource):
            self._wrong(line, f"`{self.accounts[side]}`: {why}.")
            return None
        known = [spec.name for spec in catalogue.values() if spec.kept]
        own = f"{resource.custom_prefix}{name}".casefold()
        short = [each for each in known if each.casefold() == own]
        hint = did_you_mean(own, short) or did_you_mean(name, known)
        if line.create_missing and resource.custom_kinds:
            hint = hint or f"Name it `{resource.custom_prefix}{name}`, if it is to be created."
        elif custom:
            hint = f"{hint} Add `create_missing: true` to create it.".strip()
        self._wrong(line, f"`{self.accounts[side]}` has no field `{name}`.", hint)
        return None

    def _check(self, line: Line, made: Made, known: Known) -> None:
        source, target = made.source, made.source.other
        if not line.fields(target):
            self._wrong(line, f"No field is named under `{target.value}`.")
        for spec in known[target]:
            if line.transform and spec and not made.as_set and not converts(made.yields, spec.kind):
                gives, holds = made.yields.value, spec.kind.value
                self._wrong(line, f"The transform gives {gives}, but `{spec.name}` holds {holds}.")
        for spec in known[source] if made.reads else ():
            if spec and not converts(spec.kind, Kind.TEXT):
                self._wrong(line, f"`{spec.name}` holds {spec.kind.value}, which is no text.")
        if line.direction.reaches(source) and made.back is None:
            why = f", as {made.ambiguity}" if made.ambiguity else ""
            hint = f"Add `direction: {target.value}`."
            self._wrong(line, f"The transform cannot be undone{why}.", hint)
        for side in SIDES:
            for spec in known[side]:
                if spec and spec.read_only and line.direction.reaches(side):
                    hint = f"Add `direction: {side.other.value}`."
                    why = f": it is of type {spec.native} there" if spec.native else ""
                    cause = f"`{spec.name}` of `{self.accounts[side]}` cannot be written{why}."
                    self._wrong(line, cause, hint)

    def _plan_missing(self, line: Line, made: Made, known: Known) -> None:
        for side in SIDES:
            model = known[side.other][0] if known[side.other] and not line.transform else None
            choices = model.choices if model else ()
            kind = self._kind_to_create(made, side, choices)
            lacking = [n for n, s in zip(line.fields(side), known[side], strict=True) if s is None]
            for name in lacking:
                if kind is None:
                    hint = 'Add transform: {join: ", "}.' if made.yields is Kind.SET else ""
                    holds = f"no kind of field that holds {made.yields.value}"
                    self._wrong(line, f"`{self.accounts[side]}` has {holds}.", hint)
                    continue
                keeps = choices if kind in (Kind.CHOICE, Kind.SET) else ()
                spec = FieldSpec(name, kind, choices=keeps)
                self.missing.append(MissingField(side, spec, line.where))

    def _kind_to_create(self, made: Made, side: Side, choices: tuple[str, ...]) -> Kind | None:
        """The kind of the values if it can be had, else text where that keeps everything."""
        possible = self.specs[side].custom_kinds
        wanted = made.yields if side is made.source.other else Kind.TEXT
        if wanted in possible and (wanted is not Kind.CHOICE or choices):
            return wanted
        return Kind.TEXT if Kind.TEXT in possible and converts(wanted, Kind.TEXT) else None

    def _warn_of_notes(self, line: Line) -> None:
        """What people write into notes was never meant for anybody outside; said once."""
        named = any(LAST_NOTE in line.fields(side) for side in SIDES)
        if named and not any(NOTES_TOLD in warning.message for warning in self.warnings):
            message = f"{line.name}: {NOTES_TOLD}"
            hint = "Delete this line if they may; `activity.last_note_at` tells when, and not what."
            self.warnings.append(Problem(line.where, message, hint))

    def _warn(self, line: Line, made: Made, known: Known) -> None:
        self._warn_of_notes(line)
        if made.guesses and line.direction.reaches(made.source):
            message = "A name is split by its spaces, which is wrong for some (`van Dyke`)."
            hint = f"Add `direction: {made.source.other.value}` to be sure."
            self.warnings.append(Problem(line.where, f"{line.name}: {message}", hint))
        if line.transform:
            return
        for side in SIDES:
            target, source = known[side][0], known[side.other][0]
            if not (target and source and line.direction.reaches(side)):
                continue
            if target.kind in _STRICT and source.kind is Kind.TEXT:
                message = (
                    f"`{source.name}` holds any text: what is no {target.kind.value} does not"
                    f" travel to `{target.name}`."
                )
                hint = "Such values stay where they are; `syncd status` counts them."
                if target.kind is Kind.DATE:
                    country = self.countries[side] or self.countries[side.other]
                    message = f"{message} {_told_of_dates(country)}"
                    hint = (
                        f"{hint} If all are written alike, add e.g. transform: {{date: D.M.YYYY}}."
                    )
                self.warnings.append(Problem(line.where, f"{line.name}: {message}", hint))
            if source.html and not target.html:
                message = f"`{source.name}` holds HTML, whose tags would stand in `{target.name}`."
                hint = "Add transform: {html_text: true}."
                self.warnings.append(Problem(line.where, f"{line.name}: {message}", hint))
            if target.max_length and source.max_length and target.max_length < source.max_length:
                message = (
                    f"`{target.name}` holds {target.max_length} characters, `{source.name}`"
                    f" {source.max_length}: longer texts cannot travel."
                )
                self.warnings.append(Problem(line.where, f"{line.name}: {message}"))

    def _wrong(self, line: Line, message: str, hint: str = "") -> None:
        self.problems.append(Problem(line.where, f"{line.name}: {message}", hint))


def _one_way(line: Line) -> Line:
    """A line away from a derived field, where it does not say itself which way it goes."""
    if line.direction is Direction.BOTH:
        for side in SIDES:
            if DERIVED & {*line.fields(side)}:
                return replace(line, direction=Direction(side.other.value))
    return line


def _told_of_dates(country: str | None) -> str:
    """How dates in texts are read, by the one that two countries read differently."""
    day = parse_date("03/04/1990", country)
    if day is None:
        slashes = "`03/04/1990` does not travel, as nobody can tell its month"
    else:
        slashes = f"`03/04/1990` as {day.isoformat()}, as people in {country} do"
    return f"`03.04.1990` is read as 1990-04-03, {slashes}."


def _plain(shape: Shape) -> Made:
    """Fields joined without a transform."""
    if any(len(specs) != 1 for specs in shape.specs):
        hint = 'Add e.g. transform: {join_names: " "}, or a `template`.'
        raise UnfitError("Without a transform each side needs one field.", hint)
    left, right = (specs[0] for specs in shape.specs)
    known = left or right
    if known is None:
        raise UnfitError("Neither side has this field.", "Name a field that exists on one side.")
    if left and right and not converts(left.kind, right.kind):
        kinds = {left.kind, right.kind}
        hint = _HINTS.get(frozenset(kinds), "Add a transform, or map another field.")
        raise UnfitError(
            f"`{left.name}` holds {left.kind.value}, `{right.name}` {right.kind.value}.", hint
        )
    as_set = known.kind is Kind.SET
    source = Side.LEFT if left else Side.RIGHT
    return Made(source, as_they_are, as_they_are, known.kind, as_set=as_set)


_HINTS = {
    frozenset({Kind.SET, Kind.TEXT}): 'Add transform: {join: ", "}.',
    frozenset({Kind.SET, Kind.BOOLEAN}): "Add transform: {has_tag: …}.",
    frozenset({Kind.BOOLEAN, Kind.CHOICE}): "Add transform: {boolean: [Yes, No]}.",
    frozenset(
        {Kind.DATETIME, Kind.DATE}
    ): "Add transform: {day_of: Europe/Berlin} and a direction.",
}


def _implied_email(lines: Sequence[Line], catalogues: Both[Catalogue]) -> Rule | None:
    named = any(EMAIL in (*line.left, *line.right) for line in lines)
    specs = catalogues.map(lambda catalogue: catalogue.get(EMAIL))
    if named or any(spec is None or spec.kind is not Kind.EMAIL for spec in specs):
        return None
    writable = [side for side in SIDES if (spec := specs[side]) and not spec.read_only]
    if not writable:
        return None
    return Rule(
        name=f"{EMAIL} = {EMAIL}",
        left=(EMAIL,),
        right=(EMAIL,),
        direction=Direction.BOTH if len(writable) == 2 else Direction(writable[0].value),
        policy=Policy.NEWEST,
        forward=as_they_are,
        backward=as_they_are,
        where="implied",
    )


def _written_twice(
    rules: Sequence[Rule], catalogues: Both[Catalogue], accounts: Both[str]
) -> Iterator[Problem]:
    """Two rules that would write one field, so that neither ever comes to rest."""
    for side in SIDES:
        writing = [rule for rule in rules if rule.direction.reaches(side)]
        for earlier, rule in combinations(writing, 2):
            for name in sorted({*earlier.fields(side)} & {*rule.fields(side)}):
                if _keep_apart(earlier, rule, catalogues[side].get(name)):
                    continue
                message = (
                    f"`{name}` of `{accounts[side]}` is written by `{rule.name}`"
                    f" and by `{earlier.name}` ({earlier.where})."
                )
                hint = f"Delete one, or give one `direction: {side.other.value}`."
                yield Problem(rule.where, message, hint)


def _keep_apart(one: Rule, other: Rule, spec: FieldSpec | None) -> bool:
    """Rules for different members of one set do not get in each other's way."""
    if spec is None or spec.kind is not Kind.SET or one.only is None or other.only is None:
        return False
    return not one.only & other.only
