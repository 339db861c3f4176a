"""Small networks and data that train in a fraction of a second."""

from __future__ import annotations

import functools

import numpy as np
import torch
from torch import nn

from nas.data import Dataset, Split, TrainingData, load
from search_spaces.task import Task


@functools.cache
def digits() -> Dataset:
    return load("digits")


def few(data: TrainingData, train: int = 128, validation: int = 64) -> TrainingData:
    """The first examples of a training set, on which an epoch takes milliseconds."""
    return TrainingData(
        data.task,
        Split(data.train.inputs[:train], data.train.targets[:train]),
        Split(data.validation.inputs[:validation], data.validation.targets[:validation]),
        data.mean,
        data.std,
        data.target_mean,
        data.target_std,
    )


def regression() -> TrainingData:
    """y = 300 + 100 * mean(x): a scale that a fresh network is far from."""
    x = np.random.default_rng(0).random((200, 5)).astype(np.float32)
    return load((x, 300.0 + 100.0 * x.mean(axis=1))).search


def series(examples: int = 96, length: int = 24) -> TrainingData:
    """Slow waves against fast ones."""
    rng = np.random.default_rng(0)
    labels = np.arange(examples) % 2
    time = np.linspace(0, 6.28, length)
    x = np.sin(time[None] * (1 + 2 * labels[:, None]) + rng.random((examples, 1)))[:, None].astype(np.float32)
    return load((x, labels)).search


def cnn(outputs: int = 10, seed: int = 0, norm: bool = True) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Sequential(nn.Conv2d(1, 24, 3, padding=1), nn.BatchNorm2d(24) if norm else nn.Identity(), nn.ReLU()),
        nn.Sequential(nn.Conv2d(24, 48, 3, 2, 1), nn.BatchNorm2d(48) if norm else nn.Identity(), nn.ReLU()),
        nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(48, outputs)),
    )


def mlp(task: Task, seed: int = 0, dropout: float = 0.0) -> nn.Sequential:
    torch.manual_seed(seed)
    features = int(np.prod(task.input_shape))
    return nn.Sequential(
        nn.Flatten(), nn.Linear(features, 32), nn.ReLU(), nn.Dropout(dropout), nn.Linear(32, task.outputs)
    )


class Hungry(nn.Module):
    """Runs out of memory for more than so many examples at once."""

    def __init__(self, network: nn.Module, most: int) -> None:
        super().__init__()
        self.network, self.most = network, most

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if len(x) > self.most:
            raise torch.OutOfMemoryError("not enough memory")
        return self.network(x)
