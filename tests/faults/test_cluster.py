"""A Ray cluster of several nodes (separate raylets on this machine): one is killed in mid-search, one is added."""

from __future__ import annotations

import os
import time

import pytest
import spaces

import nas
from nas.errors import InputError, SearchFailed
from nas.journal import journal as journals
from nas.records.problem import Placement

pytestmark = pytest.mark.faults


def started(**head):
    from nas.execution.ray import cluster as ray_cluster  # sets Ray's environment before Ray is imported

    assert ray_cluster.ray is not None
    from ray.cluster_utils import Cluster

    return Cluster(initialize_head=True, head_node_args={"include_dashboard": False, **head})


@pytest.fixture
def cluster():
    found = started(num_cpus=1)
    yield found
    found.shutdown()


@pytest.fixture(scope="module")
def with_gpu():
    """One node of three CPUs and a GPU that Ray believes in; nothing ever looks for CUDA."""
    found = started(num_cpus=3, num_gpus=1)
    yield found
    found.shutdown()


class Meddler(nas.Observer):
    """Adds a node, and kills one, when so many trials have ended."""

    def __init__(self, cluster, add_at: int, kill_at: int) -> None:
        self.cluster, self.add_at, self.kill_at = cluster, add_at, kill_at
        self.ended, self.slots = 0, []
        self.doomed = cluster.add_node(num_cpus=1)

    def status(self, status) -> None:
        self.slots.append(status.slots)

    def trial_ended(self, trial) -> None:
        self.ended += trial.finished > 0
        if self.ended == self.add_at:
            self.cluster.add_node(num_cpus=1)
        if self.ended == self.kill_at:
            self.cluster.remove_node(self.doomed, allow_graceful=False)


def test_a_lost_node_costs_no_trial_and_an_added_one_is_used(cluster, tmp_path, injected) -> None:
    meddler = Meddler(cluster, add_at=4, kill_at=10)
    began = time.monotonic()
    result = nas.search(
        "digits",
        spaces.small(),
        "40 trials",
        strategy="random",
        epochs=4,
        directory=tmp_path / "search",
        ray_address=cluster.address,
        storage=(tmp_path / "checkpoints").as_uri(),
        tracking_uri="",
        final=False,
        observers=[meddler],
    )
    ended = [candidate for candidate in result.candidates if candidate.state in ("completed", "stopped")]
    injected(
        "kill of a cluster's node, another added",
        2,
        outcome=f"{len(ended)} of 40 trainings, on {max(meddler.slots)} nodes at most",
        lost=40 - len(ended),
        repeated=sum(len(candidate.scores) > candidate.epochs for candidate in ended),
    )
    assert result.ended == "budget", time.monotonic() - began
    assert [c.number for c in result.candidates if c.state not in ("completed", "stopped")] == []
    assert len(result.candidates) == 40
    assert max(meddler.slots) == 3
    assert os.environ.get("RAY_ADDRESS") is None


class Together(nas.Observer):
    """How many trainings were seen between two of their epochs at once."""

    def __init__(self) -> None:
        self.most, self.slots, self.messages = 0, set(), []
        self.trained: set[int] = set()

    def status(self, status) -> None:
        self.slots.add(status.slots)

    def epoch_ended(self, trial, report) -> None:
        self.trained.add(trial.number)
        self.most = max(self.most, len(self.trained))

    def trial_ended(self, trial) -> None:
        self.trained.discard(trial.number)

    def message(self, text: str) -> None:
        self.messages.append(text)


@pytest.mark.slow
def test_small_trainings_share_a_gpu_by_their_predicted_memory(with_gpu, tmp_path, monkeypatch) -> None:
    from nas.execution.ray import cluster as ray_cluster

    monkeypatch.setattr(ray_cluster.Cluster, "gpu_memory", lambda self: 16 * 2**30)
    monkeypatch.setattr(Placement, "device", property(lambda self: "cpu"))
    seen = Together()
    result = nas.search(
        "digits",
        spaces.slow(),  # long enough to be seen side by side
        "3 trials, 1 gpu-hours",
        strategy="random",
        epochs=2,
        early_stopping=False,
        directory=tmp_path / "search",
        ray_address=with_gpu.address,
        tracking_uri="",
        final=False,
        observers=[seen],
    )
    rows = journals.read(tmp_path / "search").trials
    assert [row.attributes["gpus"] for row in rows] == [1 / 8] * 3
    assert all(candidate.state == "completed" for candidate in result.candidates)
    assert seen.most >= 2
    assert max(seen.slots) == 3  # eight would fit on the GPU, three on the CPUs


def test_what_no_node_can_hold_is_waited_for_in_time_only_and_told(with_gpu, tmp_path, injected) -> None:
    seen = Together()
    with pytest.raises(SearchFailed, match="no node of the Ray cluster"):
        nas.search(
            "digits",
            spaces.small(),
            "20s",
            directory=tmp_path / "search",
            ray_address=with_gpu.address,
            cpus_per_trial=64,
            tracking_uri="",
            final=False,
            observers=[seen],
        )
    assert any("no node of the Ray cluster" in text for text in seen.messages)
    took = journals.read(tmp_path / "search").elapsed
    injected("no node can hold a training, time limit of 20 s", outcome=f"told, ended after {took:.1f} s")
    assert took <= 30


def test_an_address_where_nothing_answers_leaves_nothing_behind(tmp_path, injected) -> None:
    with pytest.raises(InputError, match=r"127\.0\.0\.1:1"):
        nas.search("digits", spaces.small(), "10m", directory=tmp_path / "search", ray_address="127.0.0.1:1")
    assert not (tmp_path / "search").exists()
    injected("no Ray cluster at the address", outcome="refused before anything was written")
