"""A picture beside each table of this folder, drawn from the table.

.venv/bin/python results/training/pictures.py
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Bars:
    """Which columns of a table become bars.

    Args:
        names: columns that together say what a row is about.
        values: columns of numbers; each is a bar of a row.
        line: where to draw "no difference", if anywhere.
        low: where the axis begins.
    """

    title: str
    names: tuple[int, ...]
    values: tuple[int, ...]
    line: float | None = None
    low: float = 0.0


PICTURES = {
    "accumulation": Bars("Held for the backward pass, MB, by micro-batches", (0, 1), (2,)),
    "checkpointing": Bars("Held for the backward pass, MB, without and with checkpointing", (0,), (1, 2)),
    "digits": Bars("CPU seconds to the plain loop's final score, plain and default", (0,), (2, 5)),
    "ensembles": Bars("Test score of the best single network, of ensembles of 3 and 5", (0,), (3, 4, 5), low=0.8),
    "inheritance": Bars("Score after the first epoch: fresh child and heir", (0,), (3, 5), low=0.4),
    "loop_speed": Bars("Our loop over tensors and over items in a DataLoader, times as fast", (0,), (5, 6), line=1.0),
    "precision": Bars("CPU seconds of an epoch", (0, 1), (3,)),
    "schedules": Bars("Epochs to the constant rate's final score (median)", (0, 1), (4,)),
    "speed_run": Bars("CPU seconds spent: ours to .86, the untuned loop's 8 epochs without reaching it", (0, 1), (3,)),
    "stacking": Bars("Stacked over one after another, times as fast", (0, 1), (5,), line=1.0),
}


def first_table(text: str) -> list[list[str]]:
    """Rows of cells of the first table of a Markdown file, the heading first."""
    lines = itertools.takewhile(lambda line: line.startswith("|"), text[text.index("|") :].splitlines())
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if not re.match(r"^\|[-|]+$", line)]


def number(cell: str) -> float:
    """The first number of a cell, NaN where there is none."""
    found = re.search(r"-?\d[\d,]*\.?\d*", cell)
    return float(found.group().replace(",", "")) if found else float("nan")


def draw(rows: Sequence[Sequence[str]], bars: Bars, path: Path) -> None:
    heading, *rows = rows
    names = [", ".join(row[place] for place in bars.names) for row in rows]
    height = 0.8 / len(bars.values)
    figure, axis = pyplot.subplots(
        figsize=(7.5, 1.2 + 0.3 * len(rows) * max(1, len(bars.values) / 2)), layout="constrained"
    )
    for turn, place in enumerate(bars.values):
        at = [row + height * (turn - (len(bars.values) - 1) / 2) for row in range(len(rows))]
        axis.barh(at, [number(row[place]) for row in rows], height, label=heading[place])
    axis.set_yticks(range(len(names)), names, fontsize=8)
    axis.invert_yaxis()
    axis.set_xlim(left=bars.low)
    if bars.line is not None:
        axis.axvline(bars.line, color="grey", linestyle=":")
    axis.set_title(bars.title, fontsize=10)
    axis.spines[["top", "right"]].set_visible(False)
    if len(bars.values) > 1:
        figure.legend(loc="outside lower center", ncols=len(bars.values), fontsize=8)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def main() -> None:
    for name, bars in PICTURES.items():
        draw(first_table((HERE / name / "table.md").read_text()), bars, HERE / name / "table.png")


if __name__ == "__main__":
    main()
