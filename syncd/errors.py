"""The tree of errors, grouped by what the caller does next.

A text says what happened, with numbers; what was *not* done; the hint says what
to type next. Neither ever holds a value of a contact or a secret.
"""

from datetime import datetime


class SyncdError(Exception):
    """Every error that this project raises on purpose."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}  {self.hint}" if self.hint else self.message


class TransientError(SyncdError):
    """Try again: nothing is known to be wrong with the request."""


class StoppedError(TransientError):
    """Somebody asked the run to stop; it goes on later where it stopped."""


class InDoubtError(TransientError):
    """A write was sent and its answer was lost: look before trying again."""


class ThrottledError(TransientError):
    """Wait: the platform refuses for now and has done nothing.

    Attributes:
        retry_after_s: seconds to wait, as far as the platform says; None if it does not.
    """

    def __init__(self, message: str, *, retry_after_s: float | None = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class AccountError(SyncdError):
    """Stop this account: credentials, a right, the location or the day's budget."""


class SpentError(AccountError):
    """Leave this account alone for today: the platform permits no more for this class of work.

    Attributes:
        until: when the platform's next day has begun at the latest.
    """

    def __init__(self, message: str, *, until: datetime, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.until = until


class FieldsChangedError(AccountError):
    """Open the pair anew: a field of an account is gone, or is another one under its name.

    Attributes:
        fields: their names; account: the name of the account, once that is known.
        missing: the fields are gone; else one of the name may be there.
    """

    def __init__(
        self,
        message: str,
        *,
        fields: tuple[str, ...],
        account: str = "",
        missing: bool = False,
        hint: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.fields = fields
        self.account = account
        self.missing = missing


class RecordError(SyncdError):
    """Park one record: the platform refuses what it holds.

    Attributes:
        code: short stable word for the cause, as `status` counts it.
        fields: names of the fields at fault, as far as the platform says.
        holder: the record that has one of their values already, if that is why and it is known.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "refused",
        fields: tuple[str, ...] = (),
        holder: str | None = None,
        hint: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.fields = fields
        self.holder = holder


class StaleError(SyncdError):
    """Plan again: the platform no longer is as it was when the op was planned."""


class DuplicateError(StaleError):
    """A create met a record that exists already: plan again as a match.

    Attributes:
        remote_id: the record that is in the way, if the platform names it.
        fields: names of all fields whose values both have, of those that the platform keeps
            apart; empty if nobody knows. Without a key among them the two are no match.
    """

    def __init__(
        self,
        message: str,
        *,
        remote_id: str | None = None,
        fields: tuple[str, ...] = (),
        hint: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.remote_id = remote_id
        self.fields = fields


class OptedOutError(StaleError):
    """A write met an address that the platform knows to have opted out."""


class PairHeldError(SyncdError):
    """Ask a person: a guard holds the run, and nothing was sent.

    Attributes:
        releasable: whether that person may let the run go on as it is.
    """

    def __init__(self, message: str, *, releasable: bool = True, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.releasable = releasable


class BusyError(SyncdError):
    """Another process works on this pair: try again when it is done."""


class LeaseLostError(SyncdError):
    """Another worker took this pair over: stop without writing anything more."""


class ConfigError(SyncdError):
    """Fix a file.

    Attributes:
        where: `file:line` as far as known.
    """

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(f"{where}: {message}" if where else message, hint=hint)
        self.where = where


class StoreError(SyncdError):
    """The state store cannot be used: locked, full, or of a newer version."""


class InvariantError(SyncdError):
    """Stop: we are wrong. What must always hold does not."""
