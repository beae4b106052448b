"""Postbox as a connector; its emulator, and the stage on which it is tested, are beside it."""

from syncd.testing.postbox.connector import CONNECTOR, Postbox, Settings

__all__ = ["CONNECTOR", "Postbox", "Settings"]
