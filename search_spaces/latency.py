"""Seconds that a network takes for one example on this machine, as a sum over its cells.

Unlike a profile it is taken by the clock, so it belongs to the machine too. Each (cell, input shape) is timed once.
"""

from __future__ import annotations

import functools
import time
from typing import Any

import torch

from search_spaces.architecture import Architecture
from search_spaces.profile import complete, profile
from search_spaces.task import Task

WARM_UPS = 2
REPEATS = 7


def latency(architecture: Architecture, task: Task) -> float:
    """Seconds for one example on the CPU with as many threads as torch now uses.

    A sum over cells leaves out what they gain by running in a row, so it serves to compare networks of one space. Time
    the built network where the absolute number counts.
    """
    shapes = profile(architecture, task).shapes
    cells = complete(architecture.cells, task)
    return sum(cell_seconds(cell, shape) for cell, shape in zip(cells, shapes, strict=False))


@functools.lru_cache(maxsize=50_000)
def cell_seconds(cell: Any, shape: tuple[int, ...]) -> float:
    """The fastest of a few forward passes on one example: other work on the machine can only make one slower."""
    with torch.random.fork_rng(devices=[]), torch.inference_mode():
        module = cell.build(shape).eval()
        example = torch.zeros((1, *shape))
        best = float("inf")
        for run in range(WARM_UPS + REPEATS):
            start = time.perf_counter()
            module(example)
            if run >= WARM_UPS:
                best = min(best, time.perf_counter() - start)
    return best
