"""Fidelity: cheaper stand-ins for a full training, by smaller pictures, fewer examples and narrower networks."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from nas.config.recipe import Fidelity
from nas.data.dataset import Split, TrainingData
from nas.data.splits import set_aside
from nas.training.augmentation import in_type_of
from nas.training.batches import resident
from search_spaces.architecture import Architecture
from search_spaces.dsl import is_cell_like

MULTIPLE = 8  # numbers of channels are multiples of it, so that attention heads and groups divide them
LEAST_VALIDATION = 10_000  # examples; of them an accuracy has a standard error of half a point at most
CHUNK = 4096  # examples resized at once


def reduced(data: TrainingData, fidelity: Fidelity) -> TrainingData:
    """The data at this fidelity; the network must be built for its task, whose input shape may be smaller.

    Examples are dropped, the same ones every time. Of a large validation split so many are kept as of the training
    split, `LEAST_VALIDATION` at least: more say nothing new of a network that has seen few.
    """
    train, validation, task = data.train, data.validation, data.task
    if fidelity.subset < 1.0:
        rng = np.random.default_rng(0)
        _, kept = set_aside("fidelity", train.targets, fidelity.subset, rng)
        train = Split(train.inputs[kept], train.targets[kept])
        share = validation_share(fidelity.subset, len(validation))
        if share < 1.0:
            _, kept = set_aside("fidelity", validation.targets, share, rng)
            validation = Split(validation.inputs[kept], validation.targets[kept])
    if fidelity.resolution < 1.0 and len(task.input_shape) > 1:
        train = Split(_shrunk(train.inputs, fidelity.resolution), train.targets)
        validation = Split(_shrunk(validation.inputs, fidelity.resolution), validation.targets)
        task = replace(task, input_shape=train.inputs.shape[1:])
    return replace(data, task=task, train=train, validation=validation)


def validation_share(subset: float, examples: int) -> float:
    """Share of a validation split of so many examples that a training on `subset` of its own is scored on."""
    return 1.0 if subset >= 1.0 else min(1.0, max(LEAST_VALIDATION / examples, subset))


def narrowed(architecture: Architecture, share: float) -> Architecture:
    """The same architecture with `share` of every cell's channels: a multiple of 8, and at least 8."""
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


def resize(x: torch.Tensor, share: float) -> torch.Tensor:
    """Pictures `(n, channels, height, width)` or series `(n, channels, length)` averaged to `share` of their sides.

    At least 4 values remain per side. The type is kept; vectors are returned unchanged.
    """
    if share >= 1.0 or x.dim() < 3:
        return x
    size = [max(4, round(side * share)) if side > 4 else side for side in x.shape[2:]]
    if x.dim() == 4:
        return in_type_of(x, F.adaptive_avg_pool2d(x.float(), (size[0], size[1])))
    return in_type_of(x, F.adaptive_avg_pool1d(x.float(), size[0]))


def _shrunk(inputs: np.ndarray, share: float) -> np.ndarray:
    whole = resident(inputs, torch.device("cpu"))
    return torch.cat([resize(part, share) for part in whole.split(CHUNK)]).numpy()
