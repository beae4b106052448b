"""A compiled mapping: what one side's values look like on the other."""

from dataclasses import dataclass
from functools import lru_cache

from syncd.core.canonical import RESERVED, canonical, is_reserved, same
from syncd.core.consent import shown
from syncd.errors import RecordError
from syncd.model.rule import Rule, Values
from syncd.model.side import Both, Side
from syncd.model.spec import Catalogue, FieldSpec, Kind
from syncd.model.values import Consent, Fields, Level, Value

_ANY_VALUE = (Kind.TEXT, Kind.SET, Kind.CONSENT)  # fields that hold whatever is read from them


@dataclass(frozen=True, slots=True)
class Translated:
    """Values in the form that the target would store.

    Attributes:
        problem: why they should not be written; None if they can be. Where nothing can
            stand for them at all, `values` is empty.
    """

    values: Values
    problem: str | None = None


@lru_cache(maxsize=10_000)
def _stored_member(member: str, spec: FieldSpec) -> tuple[str, str | None]:
    """Members are few, and each is asked about for everybody who has it."""
    form = canonical(frozenset({member}), spec, country=None)
    stored = form.value if isinstance(form.value, frozenset) else ()
    return next(iter(stored), member), form.problem


@dataclass(frozen=True, slots=True)
class Mapping:
    """The rules of a pair with what both sides' fields can hold.

    Attributes:
        countries: ISO alpha-2 per side, for phones without a country code and for dates like
            3/4/1990; None where an account does not tell.
    """

    rules: tuple[Rule, ...]
    catalogues: Both[Catalogue]
    countries: Both[str | None]

    def spec(self, side: Side, name: str) -> FieldSpec:
        return self.catalogues[side].get(name) or FieldSpec(name)

    def country(self, side: Side) -> str | None:
        """Where the people of a side are taken to live: an account that says nothing of a
        country holds the same people as its counterpart."""
        return self.countries[side] or self.countries[side.other]

    def observed(self, side: Side, fields: Fields) -> Fields:
        """Fields of a record as they are compared; nothing is cut, nothing is dropped."""
        country = self.country(side)
        seen: dict[str, Value] = {}
        for name, value in fields.items():
            if value is None or (isinstance(value, Consent) and value.level is Level.UNKNOWN):
                seen[name] = None  # whoever says nothing says it in one way
            else:
                spec = self.spec(side, name)
                seen[name] = canonical(value, spec, country=country, cut=False).value
        return seen

    def across(self, rule: Rule, to: Side, values: Values) -> Translated | None:
        """What values of the other side look like on this one; None if there is no way."""
        translate = rule.towards(to)
        if translate is None:
            return None
        try:
            raw = translate(values)
        except RecordError as error:
            return Translated((), error.code)
        problem, country = None, self.country(to)
        stored: list[Value] = []
        for name, value in zip(rule.fields(to), raw, strict=True):
            form = canonical(value, self.spec(to, name), country=country)
            problem = problem or form.problem
            stored.append(form.value)
        return Translated(tuple(stored), problem)

    def alike(self, rule: Rule, side: Side, a: Values, b: Values) -> bool:
        """Whether two lists of values of one side say the same."""
        names, compared = rule.fields(side), rule.compared[side]
        if compared is not None:
            a, b = compared(a), compared(b)
        return all(self.alike_field(side, n, x, y) for n, x, y in zip(names, a, b, strict=True))

    def alike_field(self, side: Side, name: str, a: Value, b: Value) -> bool:
        """Whether two values of one field say the same."""
        return same(a, b, self.spec(side, name))

    def unreadable(self, rule: Rule, side: Side, fields: Fields) -> str | None:
        """Why a value of this side could not be brought into its form; it is kept as it is."""
        for name in rule.fields(side):
            spec, value = self.spec(side, name), fields.get(name)
            if isinstance(value, frozenset) and spec.reserved:
                own = value - self.free(side, name, value)
                # On a record that opted out it is the connector's own mark of that.
                if own and rule.only is None and shown(fields).level is not Level.REVOKED:
                    return RESERVED
            if value is None or spec.kind in _ANY_VALUE:
                continue
            problem = canonical(value, spec, country=self.country(side)).problem
            if problem is not None and problem != "too_long":
                return problem
        return None

    def free(self, side: Side, name: str, members: frozenset[str]) -> frozenset[str]:
        """Members of a set without those that the connector keeps for itself."""
        spec = self.spec(side, name)
        if not spec.reserved:
            return members
        return frozenset(member for member in members if not is_reserved(member, spec))

    def member(self, side: Side, name: str, member: str) -> tuple[str, str | None]:
        """One member in the form in which a set stores it, and why it cannot hold it."""
        return _stored_member(member, self.spec(side, name))

    def holds_set(self, rule: Rule, side: Side) -> bool:
        """Whether this side of a rule is a set, and not a text that stands for one."""
        return self.spec(side, rule.fields(side)[0]).kind is Kind.SET
