"""The filter language: which records take part.

    {tag: newsletter}                    the field `tags` holds the tag
    {field: custom.lists, has: vip}      another set holds the member
    {field: city, equals: Berlin}        {field: country, in: [DE, AT, CH]}
    {field: phone, exists: true}         the field is not empty
    {not: …}   {all: [ …, … ]}   {any: [ …, … ]}

Texts are compared without regard to case, and in the form that the platform stores:
`{field: country, equals: Germany}` finds `DE`. A field that a record does not show
counts as empty.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from syncd.core.canonical import canonical, same
from syncd.mapping.problem import UNKEPT_HINT, Problem, did_you_mean, unkept_told
from syncd.model.spec import Catalogue, FieldSpec, Kind
from syncd.model.values import Fields, Value

Steps: TypeAlias = tuple[str | int, ...]
Predicate: TypeAlias = Callable[[Fields], bool]

_EMPTY: tuple[Value, ...] = (None, "", frozenset())
_TESTS = ("equals", "in", "has", "exists")
_FORMS = "Type {tag: …}, {field: …, equals|in|has|exists: …}, {not: …}, {all: […]} or {any: […]}."


@dataclass(frozen=True, slots=True)
class Where:
    """A compiled condition.

    Attributes:
        reads: the fields that it looks at.

    >>> where, problems = compile_where({"not": {"tag": "Staff"}}, None, country=None)
    >>> where({"tags": frozenset({"vip"})}), where({"tags": frozenset({"staff"})})
    (True, False)
    >>> sorted(where.reads), problems
    (['tags'], [])
    """

    holds: Predicate
    reads: frozenset[str]

    def __call__(self, fields: Fields) -> bool:
        return self.holds(fields)


def compile_where(
    condition: Mapping[str, Any],
    catalogue: Catalogue | None,
    *,
    country: str | None,
    locate: Callable[[Steps], str] = lambda _steps: "",
) -> tuple[Where, list[Problem]]:
    """A condition as a predicate over the canonical fields of one side.

    Args:
        catalogue: the fields of that side; None: names and kinds are not checked.
        country: ISO alpha-2, to read phones in the condition.
        locate: `file:line` of a place within the condition.

    Returns:
        The predicate and what is wrong. With problems the predicate lets nobody pass.
    """
    compiling = _Compiling(catalogue, country, locate)
    holds = compiling.build(condition, ())
    if compiling.problems:
        holds = _nobody
    return Where(holds, frozenset(compiling.reads)), compiling.problems


def _nobody(_fields: Fields) -> bool:
    return False


@dataclass(slots=True)
class _Compiling:
    catalogue: Catalogue | None
    country: str | None
    locate: Callable[[Steps], str]
    reads: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def build(self, condition: Any, at: Steps) -> Predicate:
        match condition:
            case {"tag": str() as tag, **rest} if not rest:
                return self._has("tags", tag, at)
            case {"field": str() as name, **rest} if len(rest) == 1:
                [(test, wanted)] = rest.items()
                return self._test(name, str(test), wanted, at)
            case {"not": inner, **rest} if not rest:
                denied = self.build(inner, (*at, "not"))
                return lambda fields: not denied(fields)
            case {"all": [_, *_] as parts, **rest} if not rest:
                every = [self.build(part, (*at, "all", n)) for n, part in enumerate(parts)]
                return lambda fields: all(holds(fields) for holds in every)
            case {"any": [_, *_] as parts, **rest} if not rest:
                some = [self.build(part, (*at, "any", n)) for n, part in enumerate(parts)]
                return lambda fields: any(holds(fields) for holds in some)
            case _:
                return self._wrong(at, "This is no condition.", _FORMS)

    def _test(self, name: str, test: str, wanted: Any, at: Steps) -> Predicate:
        match (test, wanted):
            case ("exists", bool()):
                self._spec(name, at)
                return lambda fields: (fields.get(name) in _EMPTY) is not wanted
            case ("has", str()):
                return self._has(name, wanted, at)
            case ("equals", str() | bool() | int() | float()):
                return self._equals(name, [wanted], at)
            case ("in", [_, *_]) if all(isinstance(w, str | bool | int | float) for w in wanted):
                return self._equals(name, wanted, at)
        if test in _TESTS:
            return self._wrong((*at, test), f"`{test}` has no value that it can compare.", _FORMS)
        hint = did_you_mean(test, _TESTS) or _FORMS
        return self._wrong((*at, test), f"There is no test `{test}`.", hint)

    def _has(self, name: str, member: str, at: Steps) -> Predicate:
        spec = self._spec(name, at, otherwise=Kind.SET)
        if spec.kind is not Kind.SET:
            hint = f"Type {{field: {name}, equals: …}}."
            return self._wrong(at, f"`{name}` is no set of members.", hint)
        sought = member.strip().casefold()

        def holds(fields: Fields) -> bool:
            shown = fields.get(name)
            return isinstance(shown, frozenset) and sought in {m.casefold() for m in shown}

        return holds

    def _equals(self, name: str, wanted: list[Value], at: Steps) -> Predicate:
        spec = self._spec(name, at)
        if spec.kind in (Kind.SET, Kind.CONSENT):
            hint = f"Type {{field: {name}, has: …}}." if spec.kind is Kind.SET else ""
            return self._wrong(at, f"`{name}` cannot be compared with `equals` or `in`.", hint)
        forms = [canonical(value, spec, country=self.country) for value in wanted]
        if unread := next((form.problem for form in forms if form.problem), None):
            return self._wrong(at, f"`{name}` can never show this ({unread}).")
        sought = [_folded(form.value) for form in forms]

        def holds(fields: Fields) -> bool:
            shown = _folded(fields.get(name))
            return any(same(shown, value, spec) for value in sought)

        return holds

    def _spec(self, name: str, at: Steps, otherwise: Kind = Kind.TEXT) -> FieldSpec:
        self.reads.add(name)
        if self.catalogue is None:
            return FieldSpec(name, otherwise)
        if name not in self.catalogue:
            hint = did_you_mean(name, self.catalogue)
            self._wrong((*at, "field"), f"There is no field `{name}` on this side.", hint)
        elif not self.catalogue[name].kept:
            told = f"This side has {unkept_told(self.catalogue[name])}."
            self._wrong((*at, "field"), told, UNKEPT_HINT)
        return self.catalogue.get(name, FieldSpec(name, otherwise))

    def _wrong(self, at: Steps, message: str, hint: str = "") -> Predicate:
        self.problems.append(Problem(self.locate(at), message, hint))
        return _nobody


def _folded(value: Value) -> Value:
    return value.casefold() if isinstance(value, str) else value
