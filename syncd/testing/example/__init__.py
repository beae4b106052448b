"""ExampleMail as a connector; beside it its emulator, and the platform that tests it."""

from syncd.testing.example.connector import CONNECTOR, ExampleMail, Settings

__all__ = ["CONNECTOR", "ExampleMail", "Settings"]
