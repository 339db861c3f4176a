"""The decisions block of an encoding: which option was taken at each place of an open tree, as columns of numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np


class DecisionColumns:
    """Where the options of each place stand in a row.

    Args:
        places: (path, options) of each, see `search_spaces.tree.places`.

    A place has a column for each option: 1 taken, 0 not, all 0 where the place was not reached. A place whose options
    are three numbers or more has one more column with the value, from 0 to 1, as a logarithm where all are positive;
    the mean of the options where the place was not reached. Decisions at other places are left out.
    """

    def __init__(self, places: Iterable[tuple[str, tuple[Any, ...]]]) -> None:
        names: list[str] = []
        self.first: dict[str, int] = {}
        self.values: dict[str, tuple[int, tuple[float, ...]]] = {}
        unreached: list[float] = []
        for path, options in places:
            self.first[path] = len(names)
            names += [f"{path}={index}" for index in range(len(options))]
            unreached += [0.0] * len(options)
            scale = _scale(options)
            if scale:
                self.values[path] = (len(names), scale)
                names.append(f"{path}~")
                unreached.append(sum(scale) / len(scale))
        self.names = tuple(names)
        self.unreached = np.array(unreached)

    def row(self, decisions: Mapping[str, int]) -> np.ndarray:
        """(columns,) of these decisions."""
        row = self.unreached.copy()
        for path, index in decisions.items():
            first = self.first.get(path)
            if first is None:
                continue
            row[first + index] = 1.0
            if path in self.values:
                column, scale = self.values[path]
                row[column] = scale[index]
        return row


def _scale(options: tuple[Any, ...]) -> tuple[float, ...]:
    """The options as numbers from 0 to 1, by logarithms where all are positive; empty where they are no numbers."""
    if len(options) < 3 or any(isinstance(option, bool) or not isinstance(option, int | float) for option in options):
        return ()
    values = [math.log(option) for option in options] if min(options) > 0 else [float(option) for option in options]
    low, high = min(values), max(values)
    return tuple((value - low) / (high - low) for value in values)
