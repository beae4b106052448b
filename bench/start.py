"""What a start takes: `syncd status` as a whole process."""

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from bench.rehearsal import Rehearsal

TRIES = 9
EMPTY_S, FULL_S = 0.6, 0.9


def starts(r: Rehearsal, size: int) -> list[tuple[str, str, str, bool]]:
    """Without a store, and with the one of a rehearsal."""
    with tempfile.TemporaryDirectory() as name:
        bare = replace(r, folder=Path(name) / "bare")
        shutil.copytree(r.folder, bare.folder, ignore=shutil.ignore_patterns("syncd.db*"))
        return [
            _start(bare, "without a store", EMPTY_S),
            _start(r, f"with a store of {size:,} contacts a side", FULL_S),
        ]


def _start(r: Rehearsal, where: str, goal_s: float) -> tuple[str, str, str, bool]:
    ran = sorted((r.syncd("status") for _ in range(TRIES)), key=lambda one: one.cpu_s)
    middle = ran[TRIES // 2]
    return (
        f"`syncd status` {where}, the whole process",
        f"{middle.cpu_s:.2f} s of a processor, peak {middle.peak_mb:.0f} MB",
        f"at most {goal_s} s",
        all(one.code == 0 for one in ran) and middle.cpu_s <= goal_s,
    )
