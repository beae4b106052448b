"""Every connector that we give away, and the test platform, keep what they promise."""

from syncd.connectors.registry import installed
from syncd.testing.contract import contract_tests
from syncd.testing.contract.run import PROMISES

TestExampleMail = contract_tests("example_mail")
TestGhl = contract_tests("ghl")
TestMaileon = contract_tests("maileon")
TestMailercloud = contract_tests("mailercloud")


def test_each_of_them_is_asked_every_promise() -> None:
    asked = {"example_mail": TestExampleMail, "ghl": TestGhl}
    asked |= {"maileon": TestMaileon, "mailercloud": TestMailercloud}
    assert installed().keys() <= asked.keys()
    for suite in asked.values():
        assert sum(name.startswith("test_") for name in vars(suite)) == len(PROMISES) == 14
