"""What a connector takes for granted although no document settles it, and what a probe found."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Assumption:
    """One unverified fact that the code relies on.

    Attributes:
        key: short stable name, e.g. `tags-add`; docs/connect-<platform>.md lists it.
        text: what is assumed, in one sentence.
        otherwise: what follows for the user if it does not hold, and what to set then.
    """

    key: str
    text: str
    otherwise: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What a probe of a live account learned about one assumption.

    Attributes:
        holds: None if the platform's answers do not tell.
        remark: what was seen; never a value of a contact.
    """

    assumption: Assumption
    holds: bool | None
    remark: str = ""
