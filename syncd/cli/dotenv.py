"""`.env`: secrets beside the configuration, for those who start commands by hand.

What the environment holds already stays; containers and service managers read such a file
themselves, and then nothing here changes anything.
"""

import os
import re
from pathlib import Path

_LINE = re.compile(r"""\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*""")
_OURS: set[str] = set()  # names that came from a file, and may change when it is read again
_FILES: dict[Path, None] = {}  # those that were read, in order


def read(path: Path) -> None:
    """Take over what the file holds, if there is one; a line that is none is passed over.

    Quotes around a value are taken off, ` #` after an unquoted one begins a comment.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return
    _FILES[path.absolute()] = None
    for line in lines:
        found = None if line.lstrip().startswith("#") else _LINE.fullmatch(line)
        if found is None:
            continue
        name, value = found.groups()
        if name in _OURS or name not in os.environ:
            os.environ[name] = _unquoted(value)
            _OURS.add(name)


def forget() -> None:
    """Take nothing for ours any more; what is set stays set."""
    _OURS.clear()
    _FILES.clear()


def files() -> list[Path]:
    """The files that were read."""
    return list(_FILES)


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return re.split(r"\s#", value, maxsplit=1)[0].rstrip()
