"""Sets and dates as one text, and back."""

import re
from collections.abc import Callable, Iterable
from datetime import date

_TOKEN = re.compile(r"YYYY|MM|DD|M|D")
_DIGITS = {"YYYY": r"\d{4}", "MM": r"\d\d", "DD": r"\d\d", "M": r"\d\d?", "D": r"\d\d?"}


def join_members(members: Iterable[str], separator: str) -> str:
    """Members in order, joined; what could end a member within it is escaped by a backslash.

    >>> join_members({"vip", "Berlin, Mitte"}, ", ")
    'Berlin\\\\, Mitte, vip'
    """
    mark = separator.strip() or separator

    def escaped(member: str) -> str:
        return member.replace("\\", "\\\\").replace(mark[0], f"\\{mark[0]}")

    return separator.join(map(escaped, sorted(members, key=lambda m: (m.casefold(), m))))


def split_members(text: str, separator: str) -> frozenset[str]:
    """The inverse of `join_members`; white space around the separator does not count.

    >>> sorted(split_members("vip,Berlin\\\\, Mitte ,, vip", ", "))
    ['Berlin, Mitte', 'vip']
    """
    mark = separator.strip() or separator
    literal, end = re.escape(mark[0]), re.escape(mark)
    members = [""]
    for found in re.finditer(rf"\\([\\]|{literal})|({end})|(.)", text, re.DOTALL):
        if found[2]:
            members.append("")
        else:
            members[-1] += found[1] or found[3]
    return frozenset(member for m in members if (member := m.strip()))


def date_format(form: str) -> tuple[Callable[[date], str], Callable[[str], date | None]] | None:
    """How to write and read a date in a form of YYYY, MM or M, and DD or D; None if it is none.

    >>> write, read = date_format("DD.MM.YYYY")
    >>> write(date(1990, 4, 3)), read("03.04.1990"), read("1990-04-03")
    ('03.04.1990', datetime.date(1990, 4, 3), None)
    """
    tokens: list[str] = _TOKEN.findall(form)
    if sorted(token[0] for token in tokens) != ["D", "M", "Y"]:
        return None
    literals = _TOKEN.split(form)
    pattern = re.escape(literals[0]) + "".join(
        f"(?P<{token[0]}>{_DIGITS[token]}){re.escape(literal)}"
        for token, literal in zip(tokens, literals[1:], strict=True)
    )
    reader = re.compile(pattern, re.ASCII)

    def write(day: date) -> str:
        parts = {"Y": day.year, "M": day.month, "D": day.day}
        return _TOKEN.sub(lambda m: str(parts[m[0][0]]).zfill(len(m[0])), form)

    def read(text: str) -> date | None:
        found = reader.fullmatch(text.strip())
        if not found:
            return None
        try:
            return date(int(found["Y"]), int(found["M"]), int(found["D"]))
        except ValueError:
            return None

    return write, read
