"""What networks of different spaces have in common, as columns of one table.

A column is a fact of the network's structure or cost by its name, such as `Conv.count` or `log_macs`. It comes twice:
as it is, and relative to the space: how many deviations above the mean of networks drawn at random. So "large for this
space" means the same in every space. What a space does not have is 0. Further columns say what the task is.
"""

from __future__ import annotations

import functools
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from predictors.features import FARTHEST
from search_spaces.architecture import Architecture
from search_spaces.encoding import encode
from search_spaces.errors import SpaceError
from search_spaces.space import Space
from search_spaces.task import Task

DRAWN = 128  # networks that tell what is usual in a space
RELATIVE = "~"  # behind the name of a relative column
TASK = ("task.axes", "task.log_positions", "task.log_channels", "task.log_outputs", "task.regression", "task.tokens")


@dataclass(frozen=True)
class Usual:
    """Mean and deviation of each column over networks drawn from a space."""

    mean: np.ndarray
    deviation: np.ndarray


@dataclass(frozen=True)
class Table:
    """Columns of n networks by name: `values` is (n, len(names)), finite."""

    names: tuple[str, ...]
    values: np.ndarray

    def in_order(self, names: Sequence[str]) -> np.ndarray:
        """These columns in this order, (n, len(names)); what is not here is 0."""
        place = {name: index for index, name in enumerate(self.names)}
        out = np.zeros((len(self.values), len(names)))
        for column, name in enumerate(names):
            if name in place:
                out[:, column] = self.values[:, place[name]]
        return out


def columns(architectures: Sequence[Architecture], space: Space, task: Task) -> Table:
    """The columns of n networks of `space`.

    Raises:
        SpaceError: an architecture does not fit the task.
    """
    names, values = _own(architectures, space, task)
    usual = _usual(space, task)
    away = np.where(usual.deviation > 1e-9, (values - usual.mean) / np.maximum(usual.deviation, 1e-9), 0.0)
    of_task = np.tile(facts_of_task(task), (len(values), 1))
    relative = tuple(f"{name}{RELATIVE}" for name in names)
    return Table((*names, *relative, *TASK), np.hstack([values, np.clip(away, -FARTHEST, FARTHEST), of_task]))


def facts_of_task(task: Task) -> np.ndarray:
    """(6,) numbers named `TASK`."""
    shape = task.input_shape
    axes, positions = len(shape) - 1, math.prod(shape[1:])
    if task.vocabulary:
        axes, positions = 1, shape[0]
    channels = 1 if task.vocabulary else shape[0]
    amounts = (positions, channels, task.outputs)
    return np.array([axes, *np.log(amounts), float(task.kind == "regression"), float(task.vocabulary > 0)])


def _own(architectures: Sequence[Architecture], space: Space, task: Task) -> tuple[tuple[str, ...], np.ndarray]:
    encoding = encode(architectures, space, task)
    return (*encoding.names[1], *encoding.names[2]), np.hstack([encoding.structure, encoding.cost])


@functools.lru_cache(maxsize=64)
def _usual(space: Space, task: Task) -> Usual:
    rng, drawn = random.Random(0), []
    for _ in range(DRAWN):
        try:
            drawn.append(space.sample(rng, task))
        except SpaceError:  # rules that few networks obey
            break
    if len(drawn) < 2:
        width = _own(drawn, space, task)[1].shape[1]
        return Usual(np.zeros(width), np.zeros(width))
    values = _own(drawn, space, task)[1]
    return Usual(values.mean(0), values.std(0))
