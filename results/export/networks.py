"""Untrained networks of the catalogue, written in every format: what the contract test and the table look at."""

from __future__ import annotations

import importlib.util
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch.nn.modules.batchnorm import _BatchNorm

from nas.export.export import write
from nas.export.formats import FORMATS
from nas.export.formats.added import write_formats
from nas.export.formats.proof import Job
from nas.export.formats.subject import Subject
from nas.export.merged_normalisation import merged
from nas.export.model_file import model
from nas.final.record import Check
from nas.training.inference import outputs
from nas.training.whole_network import whole_network
from search_spaces import SPACES, Architecture, Space, SpaceError, Task, build
from search_spaces.catalog.darts import darts
from search_spaces.catalog.nasbench101 import nasbench101
from search_spaces.catalog.nasbench201 import nasbench201
from search_spaces.catalog.transnas_micro import transnas_micro

PICTURES = Task((3, 8, 8), 4)
TASKS = {  # where a space is at home; pictures for the others
    "tabular": Task((9,), 3, "regression", columns=(1, 4, 1, 3)),
    "mlp": Task((7,), 3, "multilabel"),
    "text": Task((10,), 3, vocabulary=17),
    "sequence": Task((2, 12), 4),
    "transformer": Task((2, 12), 2, "regression"),
    "hybrid": Task((12,), 3, vocabulary=17),
}
SHORT: dict[str, Callable[[], Space]] = {  # where a space repeats the same cell, with fewer
    "nasbench101": lambda: nasbench101(width=16, cells=1),
    "nasbench201": lambda: nasbench201(cells=1),
    "darts": lambda: darts(cells=3),
    "transnas_micro": lambda: transnas_micro(width=16),
}
DRAWS = 6  # of which the smallest is taken


def installed() -> tuple[str, ...]:
    """The formats whose packages are there."""
    return tuple(
        name for name, one in FORMATS.items() if all(importlib.util.find_spec(package) for package in one.packages)
    )


def small(name: str, task: Task, seed: int) -> Architecture:
    """The one with the fewest modules of some draws: what an exporter needs grows with them."""
    space, rng, found = SHORT.get(name, SPACES[name])(), random.Random(seed), list[tuple[int, Architecture]]()
    for _ in range(DRAWS):
        try:
            architecture = space.sample(rng, task)
            with torch.device("meta"):
                found.append((sum(1 for _ in build(architecture, task).modules()), architecture))
        except SpaceError:
            continue
    return min(found, key=lambda one: one[0])[1]


def written(
    folder: Path, architecture: Architecture, task: Task, *, merge: bool = False, formats: Sequence[str] = ()
) -> Job:
    """An untrained network with running statistics, in every format.

    Args:
        merge: whether convolutions take in the normalisation behind them.
        formats: by default all that are installed.
    """
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    inputs = rng.integers(0, task.vocabulary or 256, (64, *task.input_shape)).astype(
        np.int64 if task.vocabulary else np.uint8
    )
    network = build(architecture, task)
    held = torch.from_numpy(inputs[:32])
    shift = {} if task.vocabulary else {"mean": [128.0] * task.input_shape[0], "std": [74.0] * task.input_shape[0]}
    norms = [part for part in network.modules() if isinstance(part, _BatchNorm)]
    for norm in norms:
        norm.momentum = 1.0  # else outputs of an untrained network hardly vary, and 8 bits are too few for any
    network(held if task.vocabulary else (held.float() - 128) / 74)
    for norm in norms:
        norm.momentum = 0.1
    nothing: dict[str, list[float]] = {"mean": [], "std": [], "target_mean": [], "target_std": []}
    every = {**nothing, **shift}
    state = {f"1.{key}": value for key, value in network.state_dict().items()}
    whole = whole_network(architecture, task, every, state)
    columns = {
        "classification": (rng.integers(0, task.outputs, 32)),
        "multilabel": rng.random((32, task.outputs)) > 0.5,
    }
    targets = columns.get(task.kind, rng.normal(size=(32, task.outputs)))
    check = Check(inputs[:32], outputs(whole, inputs[:32]), np.asarray(targets))
    folder.mkdir()
    plain = model(architecture, task, whole)
    write(folder, merged(lambda: plain, task) if merge else plain)
    classes = tuple(f"class {number}" for number in range(task.outputs))
    return write_formats(folder, formats or installed(), Subject(task, check, classes, every, "noise", inputs[32:]))


def drawn(name: str, seed: int) -> tuple[Architecture, Task]:
    """A network of a space and the task that it is for; tasks take turns."""
    rng, tasks = random.Random(seed), [PICTURES, *dict.fromkeys(TASKS.values())]
    task = tasks[seed % len(tasks)]
    while True:
        try:
            architecture = SPACES[name]().sample(rng, task)
            build(architecture, task)
        except SpaceError:
            task = tasks[(tasks.index(task) + 1) % len(tasks)]  # e.g. a space for pictures only
            continue
        return architecture, task
