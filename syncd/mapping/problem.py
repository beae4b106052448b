"""What is wrong in a file: where, what, and what to type instead."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from syncd.model.spec import FieldSpec, ResourceSpec

UNKEPT_HINT = "Name another field, or delete the line."


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to repair.

    Attributes:
        where: `file:line`.
        hint: what to type; empty if the message says it all.
    """

    where: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        text = f"{self.message}  {self.hint}" if self.hint else self.message
        return f"{self.where}: {text}" if self.where else text


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint with the known words that look most like a mistyped one; empty if none does.

    >>> did_you_mean("FirstNme", ["firstName", "lastName"])
    'Did you mean `firstName` or `lastName`?'
    >>> did_you_mean("x", ["firstName"])
    ''
    """
    by_folded = {name.casefold(): name for name in known}
    close = get_close_matches(word.casefold(), by_folded)
    names = " or ".join(f"`{by_folded[folded]}`" for folded in close)
    return f"Did you mean {names}?" if names else ""


def unkept_told(spec: FieldSpec) -> str:
    """A field that is there, and why nothing can be done with it.

    >>> unkept_told(FieldSpec("custom.Photo", kept=False, native="FILE_UPLOAD"))
    '`custom.Photo`, but of type FILE_UPLOAD, which cannot be kept in step'
    """
    kind = f"type {spec.native}" if spec.native else "a type"
    return f"`{spec.name}`, but of {kind}, which cannot be kept in step"


def withheld_told(name: str, resource: ResourceSpec) -> str:
    """Why a name that the platform itself uses is none for rules; empty if it uses none such."""
    own = {known.casefold(): known for known in resource.withheld}
    known = own.get(name.casefold())
    return f"`{known}` is no field for rules: {resource.withheld[known]}" if known else ""
