"""The winner as the mean of several networks, trained like it from other seeds."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import nas
from nas.config.search_config import SearchConfig
from nas.data import Dataset, load
from nas.export.load import load as load_winner
from nas.final.further_members import further_members, state_of_members
from nas.final.refit import Refit
from nas.records.results import Finalist
from nas.training.inference import outputs
from nas.training.whole_network import constants_of, whole_network, wrapped
from search_spaces import Architecture, Task, build, profile
from search_spaces.cells import MLP, Conv, Head, Members, Stem
from tests.nas.final.test_refit import Watched, trainings, winner_of


def with_members(
    dataset: Dataset, winner: Finalist, directory: Path, seconds: float = 60.0, stopped: Any = bool, **how: Any
) -> tuple[Finalist, Watched]:
    watched = Watched()
    refit = Refit(watched, **how)  # type: ignore[arg-type]
    trained = trainings(winner, refit, directory, stopped)
    return further_members(dataset, winner, trained, directory, seconds), watched


@pytest.fixture
def refitted(tmp_path: Path) -> tuple[Dataset, Finalist]:
    """A winner that has seen all examples, or says so."""
    dataset = load("digits")
    winner = winner_of(dataset, tmp_path, 2)
    return dataset, dataclasses.replace(winner, refitted=True, validation_score=0.5)


def test_it_is_the_mean_of_networks_that_were_trained_from_other_seeds(
    refitted: tuple[Dataset, Finalist], tmp_path: Path
) -> None:
    dataset, winner = refitted
    found, watched = with_members(dataset, winner, tmp_path, members=3)
    every = len(dataset.search.train) + len(dataset.search.validation)
    assert found.members == 3 and found.trial is winner.trial
    assert [(job.epochs, count) for job, count in watched.jobs] == [(2, every)] * 2
    assert len({winner.trial.seed, *(job.seed for job, _ in watched.jobs)}) == 3
    assert (
        profile(found.architecture, dataset.task).parameters
        == 3 * profile(winner.architecture, dataset.task).parameters
    )
    constants = constants_of(dataset.search)
    state = torch.load(found.weights, weights_only=True)
    network = whole_network(found.architecture, dataset.task, constants, state)
    some = dataset.search.validation.inputs[:50]
    apart = []
    for number in range(3):
        of_one = {
            name.replace(f"0.members.{number}.", ""): value
            for name, value in state.items()
            if f"0.members.{number}." in name
        }
        apart.append(outputs(whole_network(winner.architecture, dataset.task, constants, of_one), some))
    assert np.allclose(outputs(network, some), np.mean(apart, axis=0), atol=1e-5)
    assert not np.allclose(apart[0], apart[1], atol=1e-2)


def test_it_stays_one_without_time_when_told_to_stop_or_trained_on_a_part(
    refitted: tuple[Dataset, Finalist], tmp_path: Path
) -> None:
    dataset, winner = refitted
    assert with_members(dataset, winner, tmp_path, seconds=0.01, members=3)[0] is winner
    assert with_members(dataset, winner, tmp_path, stopped=lambda: True, members=3)[0] is winner
    assert with_members(dataset, winner, tmp_path)[0] is winner
    slow_at_the_end = {"members": 3, "predicting": 100.0}
    assert with_members(dataset, winner, tmp_path, **slow_at_the_end)[0] is winner
    alone = dataclasses.replace(winner, refitted=False)
    assert with_members(dataset, alone, tmp_path, members=3)[0] is alone


def test_a_member_that_is_worse_than_the_winner_does_not_count(
    refitted: tuple[Dataset, Finalist], tmp_path: Path
) -> None:
    dataset, winner = refitted
    better = dataclasses.replace(winner, validation_score=1.1)
    found, watched = with_members(dataset, better, tmp_path, members=3)
    assert found is better and len(watched.jobs) == 1


@pytest.mark.parametrize("mirrored", [False, True])
def test_weights_of_whole_networks_become_those_of_members(mirrored: bool) -> None:
    task = Task((3, 8, 8), 2, "regression")
    one = Architecture("own", (Stem(4), Conv(6), Head()), {})
    constants: dict[str, Any] = {
        "mean": [0.1, 0.2, 0.3], "std": [1.0, 2.0, 3.0], "target_mean": [5.0, 6.0], "target_std": [2.0, 3.0]
    }  # fmt: skip
    constants |= {"mirrored": [1.0]} if mirrored else {}
    wholes = [wrapped(build(one, task), constants).eval() for _ in range(3)]
    state = state_of_members([whole.state_dict() for whole in wholes])
    together = whole_network(Architecture("own", (Members(one.cells, 3),), {}), task, constants, state)
    x = torch.randn(5, 3, 8, 8)
    with torch.no_grad():
        mean = torch.stack([whole(x) for whole in wholes]).mean(0)
        assert torch.allclose(together(x), mean, atol=1e-5)


def test_members_of_cells_without_a_head_get_one_each() -> None:
    task = Task((5,), 3)
    network = build(Architecture("own", (Members((MLP(4),), 2),), {}), task)
    assert network(torch.randn(7, 5)).shape == (7, 3)


def test_a_search_with_time_left_exports_the_mean_and_can_begin_from_it(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 260)
    data = (rng.normal(size=(260, 6)).astype(np.float32) + y[:, None], y)
    asked = {"executor": "local", "tracking_uri": "", "baselines": ("off",), "known": "off"}
    found = nas.search(data, "mlp", "20s", directory=tmp_path / "s", epochs=2, **asked)
    assert found.final is not None and found.exported is not None
    winner = found.final.winner
    assert winner.members > 1
    assert f"the mean of {winner.members} networks" in _table(found)
    exported = Architecture.from_json((found.exported / "architecture.json").read_text())
    assert isinstance(exported.cells[0], Members)
    assert f"the mean of {winner.members} networks" in (found.exported / "card.md").read_text()
    network = load_winner(found.directory)
    assert sum(one.numel() for one in network.parameters()) == profile(exported, Task((6,), 2)).parameters
    again = nas.search(
        data, "mlp", "2 trials", directory=tmp_path / "t", start_from=[found.exported], final=False, epochs=1, **asked
    )
    assert again.candidates[0].architecture.fingerprint == winner.trial.architecture.fingerprint


def test_a_winner_stays_one_where_it_is_asked_for_or_size_or_speed_counts() -> None:
    assert SearchConfig().averages
    assert not SearchConfig(ensemble="off").averages
    assert not SearchConfig(limits={"parameters": 1e6}).averages
    assert not SearchConfig(objectives=("score", "macs")).averages


def _table(found: Any) -> str:
    from rich.console import Console

    from nas.report.outcome import final_table

    console = Console(width=200)
    with console.capture() as shown:
        console.print(final_table(found.final, "accuracy"))
    return shown.get()
