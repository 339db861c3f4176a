"""How much of a GPU a training holds, and what fits where."""

from __future__ import annotations

import random

import numpy as np
import pytest

from nas.config.recipe import TrainingConfig
from nas.config.search_config import SearchConfig
from nas.data import Dataset, load
from nas.errors import InputError
from nas.execution.placement import CONTEXT, gpu_share, placement_for, share_of, slots_on
from nas.records.joint_space import JointSpace
from nas.records.problem import Placement, Problem
from nas.records.proposal import Proposal
from nas.setup.machine import check_machine
from search_spaces import Choice, Space, Task
from search_spaces.cells import Conv, Head, Stem

GIB = 2**30
TASK = Task((3, 32, 32), 10)


@pytest.mark.parametrize(
    ("peak", "share"), [(0.3 * GIB, 1 / 8), (1.0 * GIB, 1 / 4), (2.0 * GIB, 1 / 2), (5 * GIB, 1 / 2), (15 * GIB, 1.0)]
)
def test_a_training_holds_what_its_predicted_memory_needs(peak: float, share: float) -> None:
    assert gpu_share(peak, 16 * GIB) == share


def test_what_shares_a_gpu_fits_into_it_together() -> None:
    rng = random.Random(0)
    for _ in range(200):
        memory, peak = rng.uniform(4, 80) * GIB, rng.uniform(0.01, 30) * GIB
        share = gpu_share(peak, memory)
        assert share == 1.0 or (CONTEXT + peak) / share <= memory


@pytest.fixture(scope="module")
def pictures() -> Dataset:
    """Many, so that a batch is as large as the recipe says."""
    rng = np.random.default_rng(0)
    inputs = rng.integers(0, 255, size=(1000, 3, 32, 32), dtype=np.uint8)
    return load((inputs, np.arange(1000) % 10))


def proposal(width: int) -> Proposal:
    space = Space("wide", Stem(width), Conv(width), Head())
    return JointSpace(space, TrainingConfig(batch_size=512), TASK).sample(random.Random(0))


def share(placement: Placement, width: int, dataset: Dataset) -> float:
    """What a training of a network of this width is to hold."""
    asked = proposal(width)
    return share_of(Problem(JointSpace(Space("any", Head()), TrainingConfig(), TASK), dataset, placement), asked)


def test_a_large_network_holds_more_than_a_small_one(pictures: Dataset) -> None:
    placement = Placement(None, 8 * GIB)
    assert share(placement, 8, pictures) == 1 / 4
    assert share(placement, 512, pictures) > 1 / 4


def test_what_was_asked_for_is_what_each_holds(pictures: Dataset) -> None:
    assert share(Placement(0.3, 0), 8, pictures) == 0.3


def test_auto_is_no_gpu_where_there_is_none_and_a_whole_one_in_process() -> None:
    assert placement_for(SearchConfig(executor="ray"), 0) == Placement(0.0, 0)
    assert placement_for(SearchConfig(executor="local"), 8 * GIB) == Placement(1.0, 8 * GIB)
    assert placement_for(SearchConfig(executor="ray"), 8 * GIB) == Placement(None, 8 * GIB)
    assert [Placement(gpus).device for gpus in (0.0, None, 0.25, 1.0)] == ["cpu", "cuda", "cuda", "cuda"]


def test_gpu_time_without_a_gpu_is_refused_on_a_joined_cluster() -> None:
    config = SearchConfig(budget="4 gpu-hours", ray_address="somewhere:6379")
    check_machine(config)
    with pytest.raises(InputError, match="no GPU is in reach"):
        placement_for(config, 0)


@pytest.mark.parametrize("precision", ["fp16", Choice("float32", "fp16")])
def test_a_number_format_that_needs_a_gpu_is_refused_before_any_training(precision) -> None:
    config = SearchConfig(training=TrainingConfig(precision=precision))
    with pytest.raises(InputError, match="fp16 needs CUDA"):
        placement_for(config, 0)
    assert placement_for(config, 8 * GIB).gpus is None


def test_slots_are_counted_node_by_node() -> None:
    nodes = [{"CPU": 3.0}, {"CPU": 8.0, "GPU": 1.0}]
    assert slots_on(nodes, cpus=2, gpus=0) == 1 + 4
    assert slots_on(nodes, cpus=1, gpus=0.1) == 8
    assert slots_on(nodes, cpus=1, gpus=0.5) == 2
    assert slots_on(nodes, cpus=16, gpus=0) == 0


@pytest.mark.parametrize("wrong", [-1, 1.5, "half", True, float("nan")])
def test_a_wrong_share_is_refused(wrong) -> None:
    with pytest.raises(InputError, match="gpus_per_trial"):
        SearchConfig(gpus_per_trial=wrong)


def test_storage_of_an_unknown_kind_is_refused_before_anything_begins() -> None:
    with pytest.raises(InputError, match="nosuch"):
        check_machine(SearchConfig(storage="nosuch://bucket/checkpoints"))
