"""Every connector that we give away, and the test platform, keep what they promise."""

from syncd.testing.contract import contract_tests

TestPostbox = contract_tests("postbox")
TestGhl = contract_tests("ghl")
TestMaileon = contract_tests("maileon")
TestMailercloud = contract_tests("mailercloud")
