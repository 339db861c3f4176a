"""Data and architectures at the fidelity of a recipe: smaller pictures, fewer examples, narrower networks."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np

from nas.config.recipe import Fidelity
from nas.data.dataset import Split, TrainingData
from nas.data.split import set_aside
from search_spaces.architecture import Architecture
from search_spaces.dsl import is_cell_like

MULTIPLE = 8  # of channels, which attention heads and groups divide


def reduced(data: TrainingData, fidelity: Fidelity) -> TrainingData:
    """The data at this fidelity. Its task has the smaller input shape, which the network must be built for."""
    train, validation, task = data.train, data.validation, data.task
    if fidelity.subset < 1.0:
        rng = np.random.default_rng(0)
        _, kept = set_aside("fidelity", train.targets, fidelity.subset, rng)
        train = Split(train.inputs[kept], train.targets[kept])
    if fidelity.resolution < 1.0 and len(task.input_shape) > 1:
        train = Split(_shrunk(train.inputs, fidelity.resolution), train.targets)
        validation = Split(_shrunk(validation.inputs, fidelity.resolution), validation.targets)
        task = replace(task, input_shape=train.inputs.shape[1:])
    return replace(data, task=task, train=train, validation=validation)


def narrowed(architecture: Architecture, share: float) -> Architecture:
    """The same architecture with that share of every cell's width."""
    if share >= 1.0:
        return architecture
    cells = tuple(_narrow(cell, share) for cell in architecture.cells)
    return replace(architecture, cells=cells)


def _narrow(node: Any, share: float) -> Any:
    if isinstance(node, tuple):
        return tuple(_narrow(part, share) for part in node)
    if not is_cell_like(node):
        return node
    values = {field.name: _narrow(getattr(node, field.name), share) for field in fields(node) if field.init}
    width = values.get("width")
    if isinstance(width, int) and width > MULTIPLE:
        values["width"] = max(MULTIPLE, round(width * share / MULTIPLE) * MULTIPLE)
    return replace(node, **values)


def _shrunk(inputs: np.ndarray, share: float) -> np.ndarray:
    """Every side averaged down to `share` of itself, in the inputs' own type."""
    import torch

    from nas.training.augmentation import resize
    from nas.training.feed import resident

    whole = resident(inputs, torch.device("cpu"))
    return torch.cat([resize(part, share) for part in whole.split(4096)]).numpy()
