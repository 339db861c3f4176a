"""Architectures -> arrays: what was decided, how the network is made, and what it costs.

There are three blocks because learners treat them differently: a Gaussian process needs a length scale for each, a
linear model does best on the first alone. Columns are fixed for a space and a task, so that rows of different calls can
be stacked. The structure block follows the idea of GRAF (https://github.com/gabikadlecova/zc_combine): counts, paths
and degrees are read from the network itself, so that no space needs features of its own.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from search_spaces.architecture import Architecture
from search_spaces.encoding.decisions import DecisionColumns
from search_spaces.encoding.structure import Structure
from search_spaces.profile import Profile, profile
from search_spaces.space import Space
from search_spaces.task import Task
from search_spaces.tree import places

KEPT_ROWS = 100_000
COST = ("log_parameters", "log_macs", "log_activation_bytes", "log_layers", "log_cells")


@dataclass(frozen=True)
class Encoding:
    """Arrays of n architectures, all finite float64.

    Args:
        decisions: (n, d). Which options were taken, see `DecisionColumns`.
        structure: (n, s). Counts, shares, paths and profiles of the resolved network.
        cost: (n, c). Logarithms of parameters, multiply-adds, activation bytes, layers and cells.
        names: of the columns, in the same order.
    """

    decisions: np.ndarray
    structure: np.ndarray
    cost: np.ndarray
    names: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]

    def __len__(self) -> int:
        return len(self.cost)

    @property
    def blocks(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The three arrays."""
        return self.decisions, self.structure, self.cost


def encode(architectures: Sequence[Architecture], space: Space, task: Task) -> Encoding:
    """The arrays of `architectures`, which must be of `space`; rows once made are remembered.

    Raises:
        SpaceError: an architecture does not fit the task.
    """
    return _encoder(space, task).encode(architectures)


class _Encoder:
    """What is the same for all architectures of a space, and the rows made so far."""

    def __init__(self, space: Space, task: Task) -> None:
        self.task = task
        self.columns = DecisionColumns(places(space.cells))
        self.structure = Structure(space, task)
        self.names = (self.columns.names, self.structure.names, COST)
        self.rows: dict[Any, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}

    def encode(self, architectures: Sequence[Architecture]) -> Encoding:
        if len(self.rows) > KEPT_ROWS:
            self.rows.clear()
        rows = [self._row(architecture) for architecture in architectures]
        widths = [len(names) for names in self.names]
        blocks = [
            np.array([row[block] for row in rows]).reshape(len(rows), width) for block, width in enumerate(widths)
        ]
        return Encoding(blocks[0], blocks[1], blocks[2], self.names)

    def _row(self, architecture: Architecture) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        key = tuple(architecture.decisions.items()) or architecture.fingerprint
        row = self.rows.get(key)
        if row is None:
            facts = profile(architecture, self.task)
            structure = self.structure.row(architecture, facts)
            row = self.rows[key] = (self.columns.row(architecture.decisions), structure, _cost(facts))
        return row


def _cost(facts: Profile) -> np.ndarray:
    amounts = (facts.parameters, facts.macs, facts.activation_bytes, facts.layers, len(facts.cells))
    return np.log1p(np.array(amounts, dtype=float))


@functools.lru_cache(maxsize=16)
def _encoder(space: Space, task: Task) -> _Encoder:
    return _Encoder(space, task)
