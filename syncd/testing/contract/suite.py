"""The promises as tests for pytest, which is not needed for anything else here."""

import unittest
from collections.abc import Callable
from typing import Any

from syncd.testing.contract.platform import Platform, platform_named
from syncd.testing.contract.promise import (
    BrokenPromiseError,
    NotAskedError,
    Promise,
    sentence,
)
from syncd.testing.contract.run import PROMISES, ask


def contract_tests(connector: str | type[Platform]) -> type[Any]:
    """One test per promise, for a test file that needs nothing else:

        from syncd.testing.contract import contract_tests

        TestExampleMail = contract_tests("example_mail")

    Args:
        connector: the name under which a package offers a platform, or the platform itself.

    Raises:
        ConfigError: there is no such platform.
    """
    platform = platform_named(connector) if isinstance(connector, str) else connector
    tests = {f"test_{promise.name}": _test(promise, platform) for promise in PROMISES}
    return type(f"Test{platform.__name__}", (), tests)


def _test(promise: Promise, platform: type[Platform]) -> Callable[[Any], None]:
    def test(_: Any) -> None:
        __tracebackhide__ = True
        try:
            ask(promise, platform)
        except NotAskedError as reason:
            raise unittest.SkipTest(str(reason)) from reason
        except BrokenPromiseError as broken:
            raise BrokenPromiseError(
                f"{sentence(str(broken))}\n\n"
                f"  Promise: {promise.text}\n  The rule: {promise.read}\n"
                f"  The guide: {promise.anchor}"
            ) from broken.__cause__

    test.__doc__ = promise.text
    return test
