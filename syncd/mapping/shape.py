"""What a transform is made from and what comes out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from syncd.core.canonical import canonical
from syncd.errors import RecordError
from syncd.mapping.problem import did_you_mean
from syncd.model.rule import AS_SHOWN, Direction, Translate
from syncd.model.side import SIDES, Both, Side
from syncd.model.spec import FieldSpec, Kind
from syncd.model.values import Value


class UnfitError(Exception):
    """A transform that cannot be made for a line; the message says what to change."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    @classmethod
    def unknown(cls, name: str, known: Iterable[str]) -> "UnfitError":
        if not name:
            return cls("`transform` needs exactly one transform.", f"Known: {', '.join(known)}.")
        hint = did_you_mean(name, known) or f"Known: {', '.join(known)}."
        return cls(f"There is no transform `{name}`.", hint)


def untranslatable(cause: str, fields: tuple[str, ...]) -> RecordError:
    """One record's value cannot travel; names the fields, never the value."""
    message = f"{' and '.join(f'`{name}`' for name in fields)} cannot be translated: {cause}."
    return RecordError(message, code="untranslatable", fields=fields)


def each(change: Callable[[Value], Value]) -> Translate:
    """The same change for every value; None stays None.

    >>> each(lambda value: str(value).upper())(("a", None))
    ('A', None)
    """
    return lambda values: tuple(None if v is None else change(v) for v in values)


@dataclass(frozen=True, slots=True)
class Made:
    """A transform made for the fields of one line.

    Attributes:
        source: the side that `there` starts from.
        back: the inverse; None if there is none.
        yields: the kind of field to create on the other side if it is missing.
        as_set, only, compared: as in `Rule`.
        reads: the source's fields, if the transform names them itself.
        guesses: the inverse is right for most values, not for all.
        ambiguity: why there is no inverse, where there could be one.
    """

    source: Side
    there: Translate
    back: Translate | None
    yields: Kind
    as_set: bool = False
    only: frozenset[str] | None = None
    reads: tuple[str, ...] | None = None
    guesses: bool = False
    ambiguity: str = ""
    compared: Both[Translate | None] = AS_SHOWN


@dataclass(frozen=True, slots=True)
class Shape:
    """The fields of one line; a field that is to be created has no spec yet."""

    fields: Both[tuple[str, ...]]
    specs: Both[tuple[FieldSpec | None, ...]]
    direction: Direction

    def names(self, side: Side) -> tuple[str, ...]:
        return self.fields[side]

    def side_of(self, kind: Kind, transform: str) -> Side:
        """The side with the one field of a kind, where each side has one field.

        Raises:
            UnfitError: none or both are of this kind.
        """
        self.expect_one(transform)
        sides = [s for s in SIDES for spec in self.specs[s] if spec and spec.kind is kind]
        if len(sides) != 1:
            raise UnfitError(f"`{transform}` needs a {kind.value} field on exactly one side.")
        return sides[0]

    def side_of_several(self, transform: str) -> Side:
        """The side with several fields, where the other has one."""
        counts = self.fields.map(len)
        for side in SIDES:
            if counts[side] > 1 and counts[side.other] == 1:
                return side
        hint = "Type e.g. left: [firstName, lastName], right: FULLNAME."
        raise UnfitError(
            f"`{transform}` needs several fields on one side and one on the other.", hint
        )

    def one_way_source(self, transform: str) -> Side:
        """The side that values come from."""
        if self.direction is Direction.BOTH:
            hint = "Add `direction: right` or `direction: left`."
            raise UnfitError(f"`{transform}` has no inverse and works in one direction only.", hint)
        return Side(self.direction.value).other

    def expect_one(self, transform: str) -> None:
        if any(len(names) != 1 for names in self.fields):
            raise UnfitError(f"`{transform}` needs one field on each side.")

    def expect(self, side: Side, kinds: frozenset[Kind], transform: str) -> None:
        """Refuse fields of other kinds."""
        for spec in self.specs[side]:
            if spec and spec.kind not in kinds:
                wanted = " or ".join(sorted(kind.value for kind in kinds))
                cause = (
                    f"`{spec.name}` holds {spec.kind.value}, but `{transform}` needs {wanted} here."
                )
                raise UnfitError(cause)

    def longest(self, side: Side) -> int | None:
        spec = self.specs[side][0]
        return spec.max_length if spec else None

    def stored(self, side: Side, value: Value) -> Value:
        """A configured value in the form in which a side's only field stores it.

        Raises:
            UnfitError: the field cannot hold it.
        """
        spec = self.specs[side][0]
        if spec is None:
            return value
        form = canonical(value, spec, country=None)
        if form.problem or form.value is None:
            hint = did_you_mean(str(value), spec.choices)
            raise UnfitError(
                f"`{spec.name}` cannot hold `{value}` ({form.problem or 'empty'}).", hint
            )
        return form.value

    def stored_member(self, side: Side, member: str) -> str:
        """A configured member in the form in which a side's set stores it."""
        stored = self.stored(side, frozenset({member}))
        return next(iter(stored)) if isinstance(stored, frozenset) else member
