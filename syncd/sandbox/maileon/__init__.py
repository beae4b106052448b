"""Maileon, emulated: the contacts API 1.0 with the traps its documents and clients show.

Settings, person actions and every reproduced trap: docs/sandbox-maileon.md.
"""

from syncd.sandbox.maileon.platform import Maileon

__all__ = ["Maileon"]
