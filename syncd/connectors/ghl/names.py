"""Users and calendars by the names that people know them by."""

from collections.abc import Mapping
from dataclasses import dataclass

from syncd.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Named:
    """Who or what an id stands for; an empty text is one that GHL does not show."""

    name: str
    email: str = ""


def id_of(wanted: str, known: Mapping[str, Named], noun: str) -> str:
    """The id behind a name or an e-mail address, both without regard to case; an id stands.

    Raises:
        ConfigError: nobody is called so, or several are, whose ids it lists.
    """
    if wanted in known:
        return wanted
    key = wanted.strip().casefold()
    found = sorted(
        remote_id
        for remote_id, named in known.items()
        if key and key in (named.name.strip().casefold(), named.email.strip().casefold())
    )
    match found:
        case [remote_id]:
            return remote_id
        case []:
            raise ConfigError(f"GHL has no {noun} called '{wanted}' among {len(known)}")
        case _:
            raise ConfigError(
                f"GHL has {len(found)} {noun}s called '{wanted}': {', '.join(found)}",
                hint="Write the id of one instead of the name.",
            )
