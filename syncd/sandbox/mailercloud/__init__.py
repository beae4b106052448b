"""Mailercloud, emulated: its REST API as far as contacts, tags and opt-outs need it.

Settings, person actions and every reproduced trap: docs/sandbox-mailercloud.md.
"""

from syncd.sandbox.mailercloud.platform import Mailercloud

__all__ = ["Mailercloud"]
