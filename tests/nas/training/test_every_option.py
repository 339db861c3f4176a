"""Every cell takes two steps with every option, and with every pair of options that can be asked for together."""

from __future__ import annotations

import itertools
import math
import random
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from nas.config.recipe import TrainingConfig
from nas.data import TrainingData, load
from nas.training.augmentation import AUGMENTATIONS
from nas.training.health import Diverged
from nas.training.loop import Training
from nas.training.optimizers import OPTIMIZERS
from nas.training.schedule import SCHEDULES
from search_spaces.cells import (
    CELLS,
    MLP,
    Branch,
    Branches,
    CellStack,
    Conv,
    Custom,
    Graph,
    Head,
    Members,
    NextToken,
    Node,
    Skip,
    VertexGraph,
)
from search_spaces.cells.facts import facts
from search_spaces.profile import complete

OPTIONS: list[dict[str, Any]] = [
    {},
    *({"optimizer": name} for name in OPTIMIZERS),
    *({"schedule": name} for name in SCHEDULES),
    {"augmentation": "auto"},
    {"augmentation": "+".join(AUGMENTATIONS)},
    {"mixup": 0.3},
    {"cutmix": 1.0},
    {"label_smoothing": 0.0, "weight_decay": 0.0, "clip": 0.0, "warmup": 0.0},
    {"dropout": 0.3, "stochastic_depth": 0.3},
    {"ema": 0.9, "test_time_flip": True},
    {"precision": "bf16"},
    {"accumulate": 2},
    {"checkpointing": True},
    {"channels_last": False},
]
VALUES: dict[str, tuple[Any, ...]] = {
    "optimizer": tuple(OPTIMIZERS),
    "schedule": tuple(SCHEDULES),
    "augmentation": ("none", "auto"),
    "mixup": (0.0, 0.3),
    "cutmix": (0.0, 1.0),
    "label_smoothing": (0.0, 0.1),
    "clip": (0.0, 1.0),
    "dropout": (None, 0.3),
    "stochastic_depth": (0.0, 0.3),
    "ema": (0.0, 0.9),
    "precision": ("float32", "bf16", "auto"),
    "accumulate": (1, 2),
    "checkpointing": (False, True),
    "channels_last": (False, "auto"),
    "test_time_flip": (False, True),
}
SHAPES = [(6,), (2, 12), (1, 8, 8)]


class Scaled(nn.Module):
    """A module of the user's own."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.weight.reshape((1, -1) + (1,) * (x.dim() - 2))


def example_data(shape: tuple[int, ...]) -> TrainingData:
    """24 examples of two classes that differ in their mean; two steps of 8 are left after the splits."""
    labels = np.arange(24) % 2
    x = np.random.default_rng(0).normal(size=(24, *shape)) + labels.reshape(-1, *(1,) * len(shape))
    layout = {1: "features", 2: "series", 3: "images"}[len(shape)]
    return load((x.astype(np.float32), labels), layout=layout).search


def example(name: str) -> Any:
    """The cell as it is by default."""
    if name == "Custom":
        return Custom(Scaled)
    if name == "Graph":
        return Graph((Node((Conv(4), MLP(4)), (0, 0)), Node((Skip(),), (1,))))
    if name == "Branches":
        return Branches((Branch("one", (Conv(4),)), Branch("two", (MLP(4), Head("max")))), 4, 2)
    if name == "CellStack":
        both = Node((Skip(), Conv()), (0, 1))
        return CellStack((both,), (both,), width=4, cells=2)
    if name == "VertexGraph":
        return VertexGraph((1, 1, 1, 1, 0, 1), (Conv(), Skip()))
    if name == "NextToken":
        return NextToken((Conv(8),), width=8)
    if name == "Members":
        return Members((Conv(8),), 2)
    return CELLS[name]()


def network(name: str, data: TrainingData) -> nn.Module:
    """The cell by itself, and a head where it is none."""
    cells = complete((example(name),), data.task)
    shape, modules = data.task.input_shape, []
    torch.manual_seed(0)
    for cell in cells:
        modules.append(cell.build(shape))
        shape = facts(cell, shape).shape
    return nn.Sequential(*modules)


def two_steps(name: str, shape: tuple[int, ...], options: dict[str, Any]) -> None:
    data = example_data(shape)
    training = Training(network(name, data), data, TrainingConfig(batch_size=8, **options), epochs=1, seed=0)
    if name == "Zero":
        with pytest.raises(Diverged, match="same for every example"):
            training.epoch()
        return
    report = training.epoch()
    assert training._batches.steps == 2
    assert math.isfinite(report.loss) and 0 <= report.score <= 1


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("name", sorted(CELLS))
def test_two_steps_of_every_cell_with_every_option(name: str, options: dict[str, Any]) -> None:
    for shape in SHAPES:
        two_steps(name, shape, options)


def rows_with_every_pair() -> list[dict[str, Any]]:
    """Recipes that together hold every pair of values of two options, but for those that exclude each other."""
    rng, names = random.Random(0), sorted(VALUES)
    missing = {
        frozenset(((one, a), (other, b)))
        for one, other in itertools.combinations(names, 2)
        for a, b in itertools.product(VALUES[one], VALUES[other])
        if not ({one, other} == {"mixup", "cutmix"} and a and b)
    }
    rows: list[dict[str, Any]] = []
    while missing:
        drawn = [{name: rng.choice(VALUES[name]) for name in names} for _ in range(200)]
        valid = [row for row in drawn if not (row["mixup"] and row["cutmix"])]
        rows.append(max(valid, key=lambda row: len(covered(row) & missing)))
        missing -= covered(rows[-1])
    return rows


def covered(row: dict[str, Any]) -> set[frozenset[Any]]:
    return {frozenset(pair) for pair in itertools.combinations(row.items(), 2)}


@pytest.mark.parametrize("name", sorted(CELLS))
def test_two_steps_of_every_cell_with_every_pair_of_options(name: str) -> None:
    for number, options in enumerate(rows_with_every_pair()):
        two_steps(name, SHAPES[number % len(SHAPES)], options)
