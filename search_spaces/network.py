"""From an architecture and a task to the network: an `nn.Module` with fresh weights."""

from __future__ import annotations

from torch import nn

from search_spaces.architecture import Architecture
from search_spaces.profile import complete, profile
from search_spaces.task import Task


def build(architecture: Architecture, task: Task) -> nn.Module:
    """The network, freshly initialised: (batch, *task.input_shape) -> (batch, task.outputs).

    Weights come from torch's global generator. Inputs are taken as they are: normalisation is not part of the network.

    Raises:
        SpaceError: a cell cannot take the shape it gets; names the cell, the shape and the reason.
    """
    shapes = profile(architecture, task).shapes
    cells = complete(architecture.cells, task)
    return nn.Sequential(*(cell.build(shape) for cell, shape in zip(cells, shapes, strict=False)))
