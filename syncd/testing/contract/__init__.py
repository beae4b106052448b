"""What every connector has to do, as tests that anybody can run.

A package offers a `Platform` (entry point group `syncd.platforms`) beside its `Plugin`; then

    from syncd.testing.contract import contract_tests

    TestExampleMail = contract_tests("example_mail")

are its tests for pytest, and `syncd connectors test example_mail` does the same without
pytest. docs/write-a-connector.md walks through one from an empty folder to green.
"""

from syncd.testing.contract.clock import Clock
from syncd.testing.contract.platform import Platform, platform_named, platforms
from syncd.testing.contract.promise import BrokenPromiseError, Promise, sentence
from syncd.testing.contract.run import PROMISES, Outcome, Verdict, outcomes
from syncd.testing.contract.suite import contract_tests

__all__ = [
    "PROMISES",
    "BrokenPromiseError",
    "Clock",
    "Outcome",
    "Platform",
    "Promise",
    "Verdict",
    "contract_tests",
    "outcomes",
    "platform_named",
    "platforms",
    "sentence",
]
