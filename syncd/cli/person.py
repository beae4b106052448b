"""Who types."""

import getpass
import os
import socket


def this_person() -> str:
    """Who types this; a container may know nobody by name."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        name = str(os.getuid())
    return f"{name}@{socket.gethostname()}"
