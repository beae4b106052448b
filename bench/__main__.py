"""`make bench`: every figure that the project reports, measured as its users would see it.

Ratios and counts are what to quote; seconds are of this machine, today.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from bench import (
    codecs,
    engine,
    forecasts,
    kills,
    limits,
    lists,
    many_pairs,
    matching,
    rest,
    stores,
)
from bench.machine import described


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured line.

    Attributes:
        goal: what the project promises; met: whether the measurement keeps it.
    """

    measure: str
    measured: str
    goal: str
    met: bool


Measuring = Callable[[bool], Sequence[tuple[str, str, str, bool]]]
MEASUREMENTS: dict[str, Measuring] = {
    "engine": engine.measure,
    "rest": rest.measure,
    "codecs": codecs.measure,
    "stores": stores.measure,
    "matching": matching.measure,
    "limits": limits.measure,
    "forecasts": forecasts.measure,
    "lists": lists.measure,
    "kills": kills.measure,
    "many-pairs": many_pairs.measure,
}


def main() -> int:
    """Run the measurements and print them; 1 if a promise was not kept."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", choices=sorted(MEASUREMENTS), action="append")
    parser.add_argument("--quick", action="store_true", help="a tenth of the size, to try it")
    chosen = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(described())
    figures: list[Figure] = []
    for name in chosen.only or MEASUREMENTS:
        console.print(f"measuring: {name} …", style="dim")
        figures.extend(Figure(*line) for line in MEASUREMENTS[name](chosen.quick))
    table = Table("measure", "measured", "goal", "met")
    for figure in figures:
        table.add_row(figure.measure, figure.measured, figure.goal, "yes" if figure.met else "NO")
    console.print(table)
    return 0 if all(figure.met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
