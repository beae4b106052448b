"""While a connector is called: what may come out of it, and how it is told."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from syncd.errors import SyncdError
from syncd.testing.contract.promise import BrokenPromiseError, NotAskedError


def told(error: BaseException) -> str:
    """An error with its class, as an author wants to see it."""
    return f"{type(error).__name__}({str(error)!r})"


class calling:  # noqa: N801 - reads as a statement
    """While it is open, nothing but the errors of syncd may come out of the connector."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None: ...

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        expected = (SyncdError, BrokenPromiseError, NotAskedError, GeneratorExit)
        if isinstance(error, Exception) and not isinstance(error, expected):
            raise BrokenPromiseError(
                f"`{self._what}` crashed with {type(error).__name__} in {place(trace)}. Only"
                " errors of `syncd.errors` may leave a connector: they say what to do next"
            ) from error


def place(trace: TracebackType | None) -> str:
    """File and line where something was raised."""
    frames = traceback.extract_tb(trace)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"


@contextmanager
def unless_raised(what: str) -> Iterator[None]:
    """Nothing at all may be raised here, not even an error of syncd."""
    try:
        yield
    except SyncdError as error:
        raise BrokenPromiseError(f"{what} raised {told(error)}") from error
