"""How much of a GPU a training holds, and what fits where."""

from __future__ import annotations

import random

import pytest

from nas.config.recipe import TrainingConfig
from nas.config.search_config import AUTO, SearchConfig
from nas.driver.slot_log import Offered
from nas.errors import InputError
from nas.execution.executor import Workers
from nas.execution.placement import CONTEXT, Placement, gpu_share, placed, slots_on
from nas.records.joint_space import JointSpace
from search_spaces import Choice, Space, Task
from search_spaces.cells import Conv, Head, Stem

GIB = 2**30
TASK = Task((3, 32, 32), 10)


@pytest.mark.parametrize(
    ("peak", "share"), [(0.1 * GIB, 1 / 8), (1.0 * GIB, 1 / 8), (2.0 * GIB, 1 / 4), (5 * GIB, 1 / 2), (15 * GIB, 1.0)]
)
def test_a_training_holds_what_its_predicted_memory_needs(peak: float, share: float) -> None:
    assert gpu_share(peak, 16 * GIB) == share


def test_what_shares_a_gpu_fits_into_it_together() -> None:
    rng = random.Random(0)
    for _ in range(200):
        memory, peak = rng.uniform(4, 80) * GIB, rng.uniform(0.01, 30) * GIB
        share = gpu_share(peak, memory)
        assert share == 1.0 or (CONTEXT + peak) / share <= memory


def proposal(width: int):
    space = Space("wide", Stem(width), Conv(width), Head())
    return JointSpace(space, TrainingConfig(batch_size=512), TASK).sample(random.Random(0))


def test_a_large_network_holds_more_than_a_small_one() -> None:
    placement = Placement(AUTO, 8 * GIB, TASK, examples=50_000)
    assert placement.share(proposal(8)) == 1 / 8
    assert placement.share(proposal(512)) > 1 / 8


def test_what_was_asked_for_is_what_each_holds() -> None:
    assert Placement(0.3, 0, TASK, 100).share(proposal(8)) == 0.3


def workers(memory: int) -> Workers:
    return Workers(lambda trials, joint, config: None, lambda: memory)


@pytest.fixture(scope="module")
def digits():
    from nas.data import load

    return load("digits")


def test_auto_is_no_gpu_where_there_is_none_and_a_whole_one_in_process(digits) -> None:
    config, placement = placed(SearchConfig(executor="ray"), workers(0), digits)
    assert (config.gpus_per_trial, placement.gpus) == (0.0, 0.0)
    config, placement = placed(SearchConfig(executor="local"), workers(8 * GIB), digits)
    assert (config.gpus_per_trial, placement.gpus) == (AUTO, 1.0)
    assert placed(SearchConfig(executor="ray"), workers(8 * GIB), digits)[1].gpus == AUTO


def test_gpu_time_without_a_gpu_is_refused_on_a_joined_cluster(digits) -> None:
    config = SearchConfig(budget="4 gpu-hours", ray_address="somewhere:6379")
    config.validate()
    with pytest.raises(InputError, match="no GPU is in reach"):
        placed(config, workers(0), digits)


@pytest.mark.parametrize("precision", ["fp16", Choice("float32", "fp16")])
def test_a_number_format_that_needs_a_gpu_is_refused_before_any_training(digits, precision) -> None:
    config = SearchConfig(training=TrainingConfig(precision=precision))
    with pytest.raises(InputError, match="fp16 needs CUDA"):
        placed(config, workers(0), digits)
    assert placed(config, workers(8 * GIB), digits)[1].gpus == AUTO


def test_slots_are_counted_node_by_node() -> None:
    nodes = [{"CPU": 3.0}, {"CPU": 8.0, "GPU": 1.0}]
    assert slots_on(nodes, cpus=2, gpus=0) == 1 + 4
    assert slots_on(nodes, cpus=1, gpus=0.1) == 8
    assert slots_on(nodes, cpus=1, gpus=0.5) == 2
    assert slots_on(nodes, cpus=16, gpus=0) == 0


def test_what_was_offered_follows_the_slots_as_they_changed() -> None:
    offered = Offered()
    assert offered.slot_seconds(0.0, 10.0) == 10.0
    offered.change(2.0, 4)
    offered.change(8.0, 2)
    assert offered.slot_seconds(0.0, 10.0) == 4 * 8 + 2 * 2
    assert offered.slot_seconds(4.0, 6.0) == 8


@pytest.mark.parametrize("wrong", [-1, 1.5, "half", True, float("nan")])
def test_a_wrong_share_is_refused(wrong) -> None:
    with pytest.raises(InputError, match="gpus_per_trial"):
        SearchConfig(gpus_per_trial=wrong).validate()


def test_storage_of_an_unknown_kind_is_refused_before_anything_begins() -> None:
    with pytest.raises(InputError, match="nosuch"):
        SearchConfig(storage="nosuch://bucket/checkpoints").validate()
