"""The winner's last training: as long as it helps, then on the validation split as well."""

from __future__ import annotations

import dataclasses
import math
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from nas.config.recipe import TrainingConfig
from nas.data import Dataset, load
from nas.data.dataset import TrainingData
from nas.execution.full_training import FullTraining, Step, Trained
from nas.execution.local import in_this_process
from nas.final.choice import standard_error
from nas.final.finalists import write_weights
from nas.final.refit import LastTrainings, Refit, last_training, lengths, settled
from nas.records.joint_space import JointSpace
from nas.records.results import Finalist
from nas.records.trial import COMPLETED, Trial
from nas.training.loop import begin
from search_spaces import SPACES


def winner_of(dataset: Dataset, directory: Path, epochs: int) -> Finalist:
    joint = JointSpace(SPACES["mlp"](), TrainingConfig(), dataset.task)
    one = joint.sample(random.Random(0))
    training = begin(one.architecture, dataset.search, one.recipe, epochs=epochs, seed=0)
    reports = [training.epoch() for _ in range(epochs)]
    scores = tuple(report.score for report in reports)
    trial = Trial(
        0, one.decisions, one.fingerprint, source="random", epochs=epochs, seed=0, state=COMPLETED, scores=scores,
        seconds=0.2 * epochs, parameters=1, macs=1.0, activation_bytes=1, architecture=one.architecture,
        recipe=one.recipe,
    )  # fmt: skip
    write_weights(training.trained_network().state_dict(), directory / "winner.pt")
    return Finalist(trial, scores[-1], scores, 0, 0.2 * epochs, directory / "winner.pt")


class Watched:
    """Trains in this process and remembers what was asked for."""

    slots = 1

    def __init__(self) -> None:
        self.jobs: list[tuple[FullTraining, int]] = []

    def train(
        self, next_job: Callable[[], FullTraining | None], data: TrainingData, stopped: Callable[[], bool]
    ) -> Iterator[tuple[FullTraining, Step]]:
        for job, step in in_this_process(1).train(next_job, data, stopped):
            if not self.jobs or self.jobs[-1][0] is not job:
                self.jobs.append((job, len(data.train)))
            yield job, step


def trainings(winner: Finalist, refit: Refit, directory: Path, stopped: Callable[[], bool] = bool) -> LastTrainings:
    return LastTrainings(
        refit, winner.trial, directory / "unfinished.pt", "cpu", stopped, lambda trial, report: None
    )  # fmt: skip


def last(dataset: Dataset, winner: Finalist, directory: Path, **how: Any) -> tuple[Finalist, Watched]:
    watched = Watched()
    refit = Refit(watched, **how)  # type: ignore[arg-type]
    return last_training(dataset, winner, trainings(winner, refit, directory), directory, 60.0), watched


def noise(seed: int = 0) -> Dataset:
    """Labels that no input tells: a training that is longer only learns the examples by heart."""
    rng = np.random.default_rng(seed)
    return load((rng.normal(size=(300, 8)).astype(np.float32), rng.integers(0, 2, 300)))


def test_a_network_that_learns_is_trained_for_longer_and_on_all_examples(tmp_path: Path) -> None:
    dataset = load("digits")
    winner = winner_of(dataset, tmp_path, 1)
    found, watched = last(dataset, winner, tmp_path, most_epochs=8)
    examples = len(dataset.search.train), len(dataset.search.train) + len(dataset.search.validation)
    assert [count for _, count in watched.jobs] == list(examples)
    assert watched.jobs[0][0].keep_best
    assert found.refitted
    assert found.validation_score > winner.validation_score + 0.03
    assert found.weights.exists()


def test_the_score_is_that_of_the_epoch_which_is_kept_and_of_the_next_four(tmp_path: Path) -> None:
    dataset = noise()
    winner = winner_of(dataset, tmp_path, 1)
    winner = dataclasses.replace(winner, validation_score=-math.inf)
    found, watched = last(dataset, winner, tmp_path, most_epochs=30)
    job, _ = watched.jobs[0]
    training = begin(job.architecture, dataset.search, job.recipe, epochs=30, seed=0)
    scores = [training.epoch().score for _ in range(30)]
    assert found.validation_score == settled(scores, scores.index(max(scores)) + 1) < max(scores)
    assert max(scores) > scores[-1]  # else this test says nothing


def test_a_training_that_was_best_early_is_not_made_longer(tmp_path: Path) -> None:
    dataset = noise()
    winner = dataclasses.replace(winner_of(dataset, tmp_path, 2), validation_score=1.0)  # none can be better
    found, watched = last(dataset, winner, tmp_path, most_epochs=30)
    assert [job.epochs for job, _ in watched.jobs] == [30, 2]
    assert not watched.jobs[1][0].start_from
    assert found.validation_score == 1.0


def test_where_few_examples_cannot_say_that_the_end_was_worse_a_new_network_has_all_epochs(tmp_path: Path) -> None:
    dataset, said = noise(), set()
    for epochs in (12, 18, 24):
        winner = dataclasses.replace(winner_of(dataset, tmp_path, 1), validation_score=-math.inf)
        _, watched = last(dataset, winner, tmp_path, most_epochs=epochs)
        (first, _), (second, _) = watched.jobs  # so few epochs are one training
        training = begin(first.architecture, dataset.search, first.recipe, epochs=first.epochs, seed=0)
        scores = [training.epoch().score for _ in range(first.epochs)]
        kept = scores.index(max(scores)) + 1
        worth = settled(scores, kept)
        held = worth - np.mean(scores[-4:]) <= standard_error(worth, "accuracy", len(dataset.search.validation))
        if not second.start_from:
            assert second.epochs == (first.epochs if held else kept)
            said.add(held)
    assert True in said  # else this test says nothing


def test_a_score_that_was_lucky_does_not_keep_a_network_from_longer_trainings(tmp_path: Path) -> None:
    dataset = load("digits")
    winner = winner_of(dataset, tmp_path, 1)
    learnt, _ = last(dataset, winner, tmp_path, most_epochs=8)
    lucky = dataclasses.replace(winner, validation_score=learnt.validation_score + 0.01)
    found, _ = last(dataset, lucky, tmp_path, most_epochs=8)
    assert found.validation_score == learnt.validation_score and found.epochs > winner.epochs


def test_without_time_the_winner_stays_as_it_was(tmp_path: Path) -> None:
    dataset = noise()
    winner = winner_of(dataset, tmp_path, 1)
    refit = Refit(in_this_process(1), speed_up=1e-6)
    assert last_training(dataset, winner, trainings(winner, refit, tmp_path), tmp_path, 1.0) is winner


def test_with_time_for_less_than_one_pass_it_goes_on_with_a_part_of_the_examples(tmp_path: Path) -> None:
    dataset = load("digits")
    winner = winner_of(dataset, tmp_path, 1)
    everything = len(dataset.search.train) + len(dataset.search.validation)
    slow = dataclasses.replace(winner, trial=dataclasses.replace(winner.trial, seconds=100.0))  # 60 are left
    found, watched = last(dataset, slow, tmp_path, most_epochs=8)
    [(job, count)] = watched.jobs
    assert 0.2 * everything < count < 0.6 * everything
    assert job.epochs == 1 and job.start_from == str(winner.weights)
    assert found.refitted and found.validation_score == winner.validation_score


def test_what_is_kept_is_not_changed_by_later_epochs(tmp_path: Path) -> None:
    dataset = noise()
    winner = winner_of(dataset, tmp_path, 1)
    _, watched = last(dataset, dataclasses.replace(winner, validation_score=-1.0), tmp_path, most_epochs=20)
    job = dataclasses.replace(watched.jobs[0][0], deadline=time.time() + 600)
    *_, (_, kept) = in_this_process(1).train(iter([job, None]).__next__, dataset.search, lambda: False)
    assert isinstance(kept, Trained)
    again = begin(job.architecture, dataset.search, job.recipe, epochs=20, seed=job.seed)
    for _ in kept.scores:
        again.epoch()
    for name, value in again.trained_network().state_dict().items():
        torch.testing.assert_close(kept.weights[name], value)


@pytest.mark.parametrize(
    ("most", "had", "found"),
    [(100, 3, [11, 33, 100]), (100, 9, [33, 100]), (100, 40, [100]), (40, 1, [40]), (41, 3, [13, 41]), (1, 1, [1])],
)
def test_shorter_trainings_go_before_a_long_one(most: int, had: int, found: list[int]) -> None:
    assert lengths(most, had, 40.0) == found


def test_a_longer_training_that_is_no_better_is_the_last(tmp_path: Path) -> None:
    trained = []
    for seed in range(5):
        dataset = noise(seed)
        winner = dataclasses.replace(winner_of(dataset, tmp_path, 1), validation_score=2.0)
        _, watched = last(dataset, winner, tmp_path, most_epochs=100)
        trained.append([job.epochs for job, _ in watched.jobs])
    assert all(epochs in ([11, 33, 1], [11, 33, 100, 1]) for epochs in trained)
    assert any(100 not in epochs for epochs in trained)  # of noise, a longer one may be lucky


def test_the_best_of_many_alike_epochs_counts_as_what_they_are_on_average() -> None:
    rng = np.random.default_rng(0)
    own, counted = [], []
    for _ in range(400):
        scores = list(0.9 + 0.01 * rng.normal(size=40))
        kept = int(np.argmax(scores)) + 1
        own.append(scores[kept - 1])
        counted.append(settled(scores, kept))
    assert np.mean(own) > 0.92  # the best of 40 looks 2 deviations better than it is
    assert abs(np.mean(counted) - 0.9) < 0.008
    assert settled([0.5, 0.7, 0.8], 3) == 0.8  # nothing says that the last one was lucky
