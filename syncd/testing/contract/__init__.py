"""What every connector has to do, as tests that anybody can run.

A package offers a `Stage` (entry point group `syncd.stages`) beside its `Plugin`; then

    from syncd.testing.contract import contract_tests

    TestPostbox = contract_tests("postbox")

are its tests for pytest, and `syncd connectors test postbox` does the same without
pytest. docs/write-a-connector.md walks through one from an empty folder to green.
"""

from syncd.testing.contract.clock import Clock
from syncd.testing.contract.promise import BrokenPromiseError, Promise, sentence
from syncd.testing.contract.run import PROMISES, Outcome, Verdict, outcomes
from syncd.testing.contract.stage import Stage, stage_named, stages
from syncd.testing.contract.suite import contract_tests

__all__ = [
    "PROMISES",
    "BrokenPromiseError",
    "Clock",
    "Outcome",
    "Promise",
    "Stage",
    "Verdict",
    "contract_tests",
    "outcomes",
    "sentence",
    "stage_named",
    "stages",
]
