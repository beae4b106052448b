"""Days and moments as people type them."""

from datetime import UTC, datetime

from syncd.errors import ConfigError


def moment(text: str | None, option: str) -> datetime:
    """A day or a moment, in UTC where no zone is given; now if there is none.

    Raises:
        ConfigError: it is neither.
    """
    if text is None:
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError as cause:
        raise ConfigError(
            f"`{option}` is no day and no moment.",
            hint="Type 2026-01-31, or 2026-01-31T08:00+01:00; without a zone it is UTC.",
        ) from cause
    return found if found.tzinfo else found.replace(tzinfo=UTC)
