"""Ensembles: the average of several networks' outputs, and the greedy selection of members."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from nas.data.metrics import score_or_nan
from search_spaces.task import Task


class Average(nn.Module):
    """Averages the outputs `(batch, outputs)` of several networks with the same inputs.

    Args:
        probabilities: whether the outputs are logits of classes. Then probabilities are averaged, and the logarithm
            of the average is returned; otherwise the outputs themselves are averaged.
    """

    def __init__(self, members: nn.ModuleList, probabilities: bool) -> None:
        super().__init__()
        self.members = members
        self.probabilities = probabilities

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        outputs = torch.stack([member(x) for member in self.members])
        if self.probabilities:
            return torch.logsumexp(torch.log_softmax(outputs, dim=-1), dim=0) - torch.log(
                torch.tensor(float(len(self.members)))
            )
        return outputs.mean(dim=0)


def average(outputs: Sequence[np.ndarray], task: Task) -> np.ndarray:
    """The same average as `Average`, of outputs `(n, task.outputs)` that were computed before; float64."""
    stacked = np.stack(outputs).astype(np.float64)
    if task.kind != "classification":
        return stacked.mean(axis=0)
    stacked -= stacked.max(axis=-1, keepdims=True)
    shares = np.exp(stacked)
    shares /= shares.sum(axis=-1, keepdims=True)
    return np.log(shares.mean(axis=0) + 1e-12)


def select(outputs: Sequence[np.ndarray], targets: np.ndarray, task: Task, size: int) -> tuple[int, ...]:
    """Indices of `size` members, chosen greedily: each time the one with which the average scores best.

    This prefers members that err on different examples (https://doi.org/10.1145/1015330.1015432). Each is taken at most
    once; of equal ones the first is taken.

    Args:
        outputs: `(n, task.outputs)` of each candidate on the validation split, best candidate first.
        targets: of the validation split.
    """
    chosen: list[int] = []
    while len(chosen) < min(size, len(outputs)):
        rest = [index for index in range(len(outputs)) if index not in chosen]
        scores = [_quality([outputs[i] for i in (*chosen, index)], targets, task) for index in rest]
        chosen.append(rest[max(range(len(rest)), key=scores.__getitem__)])
    return tuple(chosen)


def _quality(members: Sequence[np.ndarray], targets: np.ndarray, task: Task) -> tuple[float, float]:
    """Score, and among equal scores the mean log-probability of the true class."""
    mean = average(members, task)
    value = score_or_nan(task, mean, targets)
    value = -math.inf if math.isnan(value) else value
    if task.kind != "classification":
        return value, 0.0
    return value, float(mean[np.arange(len(targets)), targets].mean())
