"""The seed of all that tests do at random: the commit's, so that every commit explores anew."""

import os
import secrets
import subprocess
from hashlib import sha256
from pathlib import Path

VARIABLE = "SYNCD_SEED"


def _of_the_commit() -> str:
    """The hash of the tree that is checked out; outside of a checkout, any number."""
    try:
        shown = subprocess.run(
            ["git", "rev-parse", "--short=12", "HEAD^{tree}"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return secrets.token_hex(6)
    return shown.stdout.strip()


SEED = os.environ.setdefault(VARIABLE, _of_the_commit())
NUMBER = int.from_bytes(sha256(SEED.encode()).digest()[:6])  # for what wants a number


def is_drawn(name: str, one_in: int) -> bool:
    """Whether a name is among those that this seed draws."""
    return int.from_bytes(sha256(f"{SEED} {name}".encode()).digest()[:6]) % one_in == 0
