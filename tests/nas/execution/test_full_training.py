"""Trainings of the final: where their weights begin."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from nas.config.recipe import TrainingConfig
from nas.data import load
from nas.execution.full_training import FullTraining, Trained, train_in_full
from nas.final.finalists import write_weights
from nas.records.job import EpochReport
from search_spaces import SPACES

ARCHITECTURE = SPACES["mlp"]().sample(random.Random(0))


def scores(epochs: int, seed: int, start_from: str = "") -> tuple[tuple[float, ...], Trained]:
    job = FullTraining(
        0, 0, ARCHITECTURE, TrainingConfig(), epochs, seed, time.time() + 600, start_from=start_from
    )  # fmt: skip
    *reports, trained = train_in_full(job, load("digits").search, lambda: False)
    assert isinstance(trained, Trained)
    return tuple(report.score for report in reports if isinstance(report, EpochReport)), trained


def test_the_winner_goes_on_where_it_stood(tmp_path: Path) -> None:
    before, trained = scores(12, 0)
    write_weights(trained.weights, tmp_path / "winner.pt")
    drawn, _ = scores(1, 1)
    after, _ = scores(1, 1, str(tmp_path / "winner.pt"))
    assert after[0] > drawn[0]
    assert after[0] == pytest.approx(before[-1], abs=0.05)


def test_where_the_weights_are_out_of_reach_they_are_drawn(tmp_path: Path) -> None:
    assert scores(1, 1, str(tmp_path / "elsewhere.pt"))[0] == scores(1, 1)[0]
