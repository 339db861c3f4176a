"""A table as it was read: a DataFrame of raw cells, and where each row stands in the file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from nas.errors import InputError


@dataclass(frozen=True, eq=False)
class Frame:
    """Raw rows of a table.

    Args:
        cells: texts as they stand in a text file (empty cells are ""), typed values of other sources.
        name: of the data set. path: of the file, None for objects.
        reading: how the file was read, to be shown. notes: what to know of it.
        line: from a row's number, from 0, to its line in the file, from 1; None where there are no lines.
        named: whether the columns' names stand in the source.
        targets: columns that are known to be predicted; kind: what they are, else `auto`.
        classes: names of the classes 0, 1, … where the source has them.
        layout: what an example is, else `auto`.
        row_each: whether each row is an example for certain, also where rows look like steps of series.
    """

    cells: pd.DataFrame
    name: str
    path: Path | None = None
    reading: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    line: Callable[[int], int] | None = None
    named: bool = True
    targets: tuple[str, ...] = ()
    kind: str = "auto"
    classes: tuple[str, ...] = ()
    layout: str = "auto"
    row_each: bool = False

    def __post_init__(self) -> None:
        names = [str(name) for name in self.cells.columns]
        twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
        if twice:
            raise InputError(f"{self.name}: columns named twice: {', '.join(map(repr, twice))}. Rename one of each.")
        self.cells.columns = pd.Index(names)

    def at(self, row: int) -> str:
        """Where a row stands, in the words of a message: as an editor counts, where there is a file."""
        if self.path is None:
            return f"{self.name}, row {row + 1}"
        return f"{self.path}, line {self.line(row)}" if self.line else f"{self.path}, row {row + 1}"


@dataclass(frozen=True, eq=False)
class FrameParts:
    """A table, and those of further parts: `validation`, `test`."""

    main: Frame
    others: dict[str, Frame]
