"""What holds for every format that an export has, with networks of every space of the catalogue.

All networks are written first, each in every format; one clean interpreter looks at all of them.
"""

from __future__ import annotations

import importlib.util
import random
from pathlib import Path

import numpy as np
import pytest
import torch

from nas.export.export import write
from nas.export.formats import FORMATS, PYTHON
from nas.export.formats.added import write_formats
from nas.export.formats.proof import FormatProof, Job, prove_all
from nas.export.formats.subject import Subject
from nas.export.model_file import model
from nas.final.record import Check
from nas.training.inference import outputs
from nas.training.whole_network import whole_network
from search_spaces import SPACES, Architecture, SpaceError, Task, build

PICTURES = Task((3, 8, 8), 4)
TASKS = {  # where a space is at home; pictures for the others
    "tabular": Task((9,), 3, "regression"),
    "mlp": Task((7,), 3, "multilabel"),
    "text": Task((10,), 3, vocabulary=17),
    "sequence": Task((2, 12), 4),
    "transformer": Task((2, 12), 2, "regression"),
    "hybrid": Task((12,), 3, vocabulary=17),
}
DRAWS = 6  # of which the smallest is taken
NETWORKS = 20  # of each space, in `make test-slow`


def installed() -> tuple[str, ...]:
    """The formats whose packages are there."""
    return tuple(
        name for name, one in FORMATS.items() if all(importlib.util.find_spec(package) for package in one.packages)
    )


def small(name: str, task: Task, seed: int) -> Architecture:
    """The one with the fewest modules of some draws: what an exporter needs grows with them."""
    rng, found = random.Random(seed), list[tuple[int, Architecture]]()
    for _ in range(DRAWS):
        try:
            architecture = SPACES[name]().sample(rng, task)
            found.append((sum(1 for _ in build(architecture, task).modules()), architecture))
        except SpaceError:
            continue
    return min(found, key=lambda one: one[0])[1]


def written(folder: Path, architecture: Architecture, task: Task, **constants: list[float]) -> Job:
    """An untrained network with running statistics, in every format."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    inputs = rng.integers(0, task.vocabulary or 256, (64, *task.input_shape)).astype(
        np.int64 if task.vocabulary else np.uint8
    )
    network = build(architecture, task)
    held = torch.from_numpy(inputs[:32])
    shift = {} if task.vocabulary else {"mean": [128.0] * task.input_shape[0], "std": [74.0] * task.input_shape[0]}
    for _ in range(3):
        network(held if task.vocabulary else (held.float() - 128) / 74)
    nothing: dict[str, list[float]] = {"mean": [], "std": [], "target_mean": [], "target_std": []}
    every = {**nothing, **shift, **constants}
    state = {f"1.{key}": value for key, value in network.state_dict().items()}
    whole = whole_network(architecture, task, every, state)
    columns = {
        "classification": (rng.integers(0, task.outputs, 32)),
        "multilabel": rng.random((32, task.outputs)) > 0.5,
    }
    targets = columns.get(task.kind, rng.normal(size=(32, task.outputs)))
    check = Check(inputs[:32], outputs(whole, inputs[:32]), np.asarray(targets))
    folder.mkdir()
    write(folder, model(architecture, task, whole))
    classes = tuple(f"class {number}" for number in range(task.outputs))
    return write_formats(folder, installed(), Subject(task, check, classes, every, "noise", inputs[32:]))


def proved(jobs: list[Job]) -> list[list[FormatProof]]:
    """All proofs of all jobs, or a failure with what is wrong."""
    found = prove_all(jobs)
    wrong = [f"{job.directory.name}: {one}" for job, one in zip(jobs, found, strict=True) if isinstance(one, str)]
    assert not wrong, "\n".join(wrong)
    return [one for one in found if not isinstance(one, str)]


def test_every_space_in_every_format(tmp_path: Path) -> None:
    jobs = []
    for number, name in enumerate(sorted(SPACES)):
        task = TASKS.get(name, PICTURES)
        jobs.append(written(tmp_path / name, small(name, task, number), task))
    for proofs in proved(jobs):
        assert [one.name for one in proofs] == [name for name in installed() if name != PYTHON]


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(SPACES))
def test_many_networks_of_a_space_in_every_format(name: str, tmp_path: Path) -> None:
    rng, tasks, jobs = random.Random(7), [PICTURES, *dict.fromkeys(TASKS.values())], list[Job]()
    while len(jobs) < NETWORKS:
        task = tasks[len(jobs) % len(tasks)]
        try:
            architecture = SPACES[name]().sample(rng, task)
            build(architecture, task)
        except SpaceError:
            continue
        jobs.append(written(tmp_path / str(len(jobs)), architecture, task))
    proved(jobs)
