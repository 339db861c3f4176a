"""What holds for every space in `SPACES`; a new space is tested from here without a test of its own."""

from __future__ import annotations

import contextlib
import io
import random
import subprocess
import sys

import pytest
import torch

from search_spaces import SPACES, Architecture, Space, Task, build
from search_spaces.profile import profile
from search_spaces.tree import is_open

TASKS = [Task((1, 8, 8), 10), Task((3, 32, 32), 10), Task((1, 28, 28), 10)]
OTHERS = [Task((7,), 3, columns=(1, 3, 2, 1)), Task((3, 20), 2, "regression"), Task((12,), 2, vocabulary=50)]
SAMPLES = 3


@pytest.fixture(params=sorted(SPACES))
def space(request: pytest.FixtureRequest) -> Space:
    return SPACES[request.param]()


def examples(task: Task) -> torch.Tensor:
    if task.vocabulary:
        return torch.randint(task.vocabulary, (2, *task.input_shape)).float()
    return torch.randn(2, *task.input_shape)


@pytest.mark.parametrize("task", TASKS + OTHERS, ids=lambda task: str(task.input_shape))
def test_samples_build_and_train(space: Space, task: Task) -> None:
    rng = random.Random(1)
    torch.manual_seed(0)
    for _ in range(SAMPLES):
        architecture = space.sample(rng, task)
        network = build(architecture, task)
        output = network(examples(task))
        assert output.shape == (2, task.outputs)
        assert torch.isfinite(output).all()
        output.square().mean().backward()
        assert sum(p.numel() for p in network.parameters()) == profile(architecture, task).parameters


def test_decisions_lead_back_to_the_architecture(space: Space) -> None:
    rng = random.Random(2)
    for architecture in (space.sample(rng) for _ in range(20)):
        assert not is_open(architecture.cells)
        assert space.replay(architecture.decisions) == architecture
        assert Architecture.from_json(architecture.to_json()) == architecture


def test_size_is_a_count_of_decision_sequences(space: Space) -> None:
    size = space.size()
    if size > 20_000:
        pytest.skip(f"{size:,} architectures are too many to enumerate")
    distinct = {tuple(architecture.decisions.items()) for architecture in space.enumerate()}
    assert len(distinct) == size


def test_mutation_and_crossover_stay_inside(space: Space) -> None:
    rng = random.Random(3)
    first, second = space.sample(rng), space.sample(rng)
    for child in (space.mutate(first, rng), space.crossover(first, second, rng)):
        assert space.replay(child.decisions) == child
    assert any(space.mutate(first, rng) != first for _ in range(5))


DRAW = """
import random
from search_spaces import SPACES
for name in sorted(SPACES):
    space, rng = SPACES[name](), random.Random(7)
    for _ in range(5):
        a = space.sample(rng)
        print(name, a.fingerprint, space.mutate(a, rng).fingerprint)
"""


def test_a_seed_gives_the_same_samples_in_another_process() -> None:
    ran = subprocess.run([sys.executable, "-c", DRAW], capture_output=True, text=True, check=True)
    here = io.StringIO()
    with contextlib.redirect_stdout(here):
        exec(DRAW, {})
    assert ran.stdout == here.getvalue()
    assert len(set(ran.stdout.split())) > 5 * len(SPACES)
