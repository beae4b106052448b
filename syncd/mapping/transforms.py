"""Named transforms, each with its inverse where there is one.

A transform is made for the fields of one line. It knows which side it starts from: the
side of the set, the date, the two names; so `join: ", "` works with the set on the left
and on the right. None stays None.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from syncd.core.canonical import text_of
from syncd.core.countries import country_code, country_name
from syncd.mapping.html_text import make_html_text
from syncd.mapping.mapped import make_map
from syncd.mapping.shape import Made, Shape, UnfitError, each, untranslatable
from syncd.mapping.texts import date_format, join_members, split_members
from syncd.model.rule import Values
from syncd.model.spec import Kind
from syncd.model.values import Value

_TEXTS = frozenset({Kind.TEXT, Kind.CHOICE})
_PLACE = re.compile(r"\{([^{}]+)\}")


def make(transform: Mapping[str, Any], shape: Shape) -> Made:
    """The transform that a line names, for the fields of that line.

    Raises:
        UnfitError: it does not exist, or not for these fields or this argument.
    """
    match list(transform):
        case ["map"] | ["map", "others"] | ["others", "map"]:
            return make_map(transform["map"], str(transform.get("others", "park")), shape)
        case [name] if name in _MAKERS:
            return _MAKERS[name](transform[name], shape)
        case names:
            unknown = [name for name in names if name not in NAMES]
            raise UnfitError.unknown(unknown[0] if unknown else "", NAMES)


def _join(argument: Any, shape: Shape) -> Made:
    """A set as one text; a member that holds the separator is escaped by a backslash."""
    separator = _text("join", argument)
    if not separator or "\\" in separator:
        raise UnfitError('`join` needs a separator without backslash, e.g. `join: ", "`.')
    source = shape.side_of(Kind.SET, "join")
    shape.expect(source.other, _TEXTS, "join")
    longest = shape.longest(source.other)

    def there(members: Value) -> Value:
        if not isinstance(members, frozenset):
            raise untranslatable("a set is needed", shape.names(source))
        text = join_members(members, separator)
        if longest is not None and len(text) > longest:
            cause = f"joined, its members need {len(text)} characters of {longest}"
            raise untranslatable(cause, shape.names(source))
        return text

    def back(text: Value) -> Value:
        return split_members(text_of(text) or "", separator)

    return Made(source, each(there), each(back), Kind.TEXT, as_set=True)


def _has_tag(argument: Any, shape: Shape) -> Made:
    """One member of a set as yes or no; the other members stay out of it."""
    source = shape.side_of(Kind.SET, "has_tag")
    shape.expect(source.other, frozenset({Kind.BOOLEAN, Kind.TEXT}), "has_tag")
    member = shape.stored_member(source, _text("has_tag", argument))

    def there(members: Value) -> Value:
        return isinstance(members, frozenset) and member in members

    def back(flag: Value) -> Value:
        return frozenset({member}) if flag in (True, "true") else frozenset()

    only = frozenset({member})
    return Made(source, each(there), each(back), Kind.BOOLEAN, as_set=True, only=only)


def _boolean(argument: Any, shape: Shape) -> Made:
    """Yes and no in the words of the other side: `boolean: [Ja, Nein]`."""
    match argument:
        case [bool() | str() | int() as first, bool() | str() | int() as second]:
            yes, no = str(text_of(first)), str(text_of(second))
        case _:
            raise UnfitError("`boolean` needs two words, e.g. `boolean: [Ja, Nein]`.")
    if yes.casefold() == no.casefold():
        raise UnfitError("`boolean` needs two different words.")
    source = shape.side_of(Kind.BOOLEAN, "boolean")
    shape.expect(source.other, _TEXTS, "boolean")
    flags = {yes.casefold(): True, no.casefold(): False}

    def back(word: Value) -> Value:
        folded = (text_of(word) or "").casefold()
        if folded not in flags:
            raise untranslatable("it shows neither of the two words", shape.names(source.other))
        return flags[folded]

    return Made(source, each(lambda flag: yes if flag else no), each(back), Kind.TEXT)


def _date(argument: Any, shape: Shape) -> Made:
    """A date as text: `date: DD.MM.YYYY`."""
    wanted = _text("date", argument)
    source = shape.side_of(Kind.DATE, "date")
    shape.expect(source.other, _TEXTS, "date")
    written = date_format(wanted)
    if written is None:
        raise UnfitError("`date` needs a form made of YYYY, MM or M, and DD or D, each once.")
    write, read = written

    def there(day: Value) -> Value:
        if not isinstance(day, date):
            raise untranslatable("it is no date", shape.names(source))
        return write(day)

    def back(text: Value) -> Value:
        day = read(text_of(text) or "")
        if day is None:
            raise untranslatable(f"it is not written as {wanted}", shape.names(source.other))
        return day

    return Made(source, each(there), each(back), Kind.TEXT)


def _day_of(argument: Any, shape: Shape) -> Made:
    """The day of a moment in a time zone: `day_of: Europe/Berlin`. No inverse."""
    source = shape.side_of(Kind.DATETIME, "day_of")
    shape.expect(source.other, frozenset({Kind.DATE, Kind.TEXT}), "day_of")
    try:
        zone = ZoneInfo(_text("day_of", argument))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnfitError("`day_of` needs a time zone, e.g. `day_of: Europe/Berlin`.") from error

    def there(moment: Value) -> Value:
        if not isinstance(moment, datetime):
            raise untranslatable("it is no moment", shape.names(source))
        return moment.astimezone(zone).date()

    return Made(source, each(there), None, Kind.DATE)


def _country_name(argument: Any, shape: Shape) -> Made:
    """A country by its name: `country_name: de`."""
    language = _text("country_name", argument)
    if country_name("DE", language) is None:
        raise UnfitError("`country_name` needs a language, e.g. `country_name: de`.")
    source = shape.side_of(Kind.COUNTRY, "country_name")
    shape.expect(source.other, _TEXTS, "country_name")

    def there(code: Value) -> Value:
        return country_name(str(code), language) or code

    def back(name: Value) -> Value:
        return country_code(str(name)) or name

    return Made(source, each(there), each(back), Kind.TEXT)


def _join_names(argument: Any, shape: Shape) -> Made:
    """Several fields as one: `join_names: " "`. Two can be split again.

    At a space the last word becomes the second field; at another separator, as in
    `King, Ada`, what follows its first occurrence.
    """
    separator = _text("join_names", argument)
    source = shape.side_of_several("join_names")
    shape.expect(source, _TEXTS, "join_names")
    shape.expect(source.other, _TEXTS, "join_names")
    if not separator:
        raise UnfitError('`join_names` needs a separator, e.g. `join_names: " "`.')

    def there(parts: Values) -> Values:
        texts = [text for part in parts if (text := text_of(part))]
        return (separator.join(texts) or None,)

    def back(whole: Values) -> Values:
        text = text_of(whole[0]) or ""
        if separator.isspace():
            *before, last = text.split() or [""]
            first, second = (" ".join(before), last) if before else (last, "")
        else:
            first, _, second = text.partition(separator.strip())
        return (first.strip() or None, second.strip() or None)

    splits = len(shape.names(source)) == 2
    return Made(source, there, back if splits else None, Kind.TEXT, guesses=splits)


def _constant(argument: Any, shape: Shape) -> Made:
    """Always the same value: `constant: crm`."""
    source = shape.one_way_source("constant")
    if shape.names(source) or not isinstance(argument, str | int | float | bool):
        raise UnfitError(f"`constant` needs a value, and no field under `{source.value}`.")
    return Made(source, lambda _none: (argument,), None, Kind.TEXT)


def _template(argument: Any, shape: Shape) -> Made:
    """A text with fields in it: `template: "{firstName} from {city}"`. No inverse."""
    source = shape.one_way_source("template")
    text = _text("template", argument)
    reads = tuple(dict.fromkeys(_PLACE.findall(text)))
    if shape.names(source) or not reads:
        cause = f"`template` needs fields in braces, and no field under `{source.value}`."
        raise UnfitError(cause, 'Type e.g. template: "{firstName} from {city}".')

    def there(values: Values) -> Values:
        shown = {name: text_of(value) for name, value in zip(reads, values, strict=True)}
        if not any(shown.values()):
            return (None,)
        return (" ".join(_PLACE.sub(lambda m: shown[m[1]] or "", text).split()),)

    return Made(source, there, None, Kind.TEXT, reads=reads)


def _case(argument: Any, shape: Shape) -> Made:
    """`case: upper`, `lower` or `title`. No inverse."""
    change = {"upper": str.upper, "lower": str.lower, "title": str.title}.get(str(argument))
    if change is None:
        raise UnfitError("`case` needs upper, lower or title.")
    return _one_way_text("case", shape, change)


def _cut(argument: Any, shape: Shape) -> Made:
    """At most so many characters: `cut: 255`. No inverse."""
    if not isinstance(argument, int) or isinstance(argument, bool) or argument < 1:
        raise UnfitError("`cut` needs a number of characters, e.g. `cut: 255`.")
    return _one_way_text("cut", shape, lambda text: text[:argument].rstrip())


def _one_way_text(name: str, shape: Shape, change: Callable[[str], str]) -> Made:
    source = shape.one_way_source(name)
    shape.expect_one(name)
    shape.expect(source, _TEXTS, name)
    shape.expect(source.other, _TEXTS, name)
    return Made(source, each(lambda value: change(text_of(value) or "")), None, Kind.TEXT)


def _text(name: str, argument: Any) -> str:
    if not isinstance(argument, str):
        raise UnfitError(f"`{name}` needs a text.", f'Type {name}: "…".')
    return argument


_MAKERS: dict[str, Callable[[Any, Shape], Made]] = {
    "boolean": _boolean,
    "case": _case,
    "constant": _constant,
    "country_name": _country_name,
    "cut": _cut,
    "date": _date,
    "day_of": _day_of,
    "has_tag": _has_tag,
    "html_text": make_html_text,
    "join": _join,
    "join_names": _join_names,
    "template": _template,
}
NAMES = tuple(sorted((*_MAKERS, "map")))
