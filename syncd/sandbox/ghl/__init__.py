"""GoHighLevel, emulated."""

from syncd.sandbox.ghl.platform import Ghl

__all__ = ["Ghl"]
