"""Which finalist wins, and how the final's time is shared out."""

from __future__ import annotations

import dataclasses
import math
import random
from pathlib import Path

import pytest

from nas.config.final_time import LARGEST_FINAL, LEAST_FINAL, kept_for_final
from nas.config.recipe import TrainingConfig
from nas.final.choice import best_first, standard_error
from nas.final.entrants import LEAST_SELECTION, MOST_SELECTION, selection_share
from nas.records.joint_space import JointSpace
from nas.records.results import Finalist
from nas.records.trial import COMPLETED, Trial
from nas.strategies.strategy import KNOWN
from search_spaces import SPACES, Task

TASK = Task((1, 8, 8), 10)
SPACE = JointSpace(SPACES["mlp"](), TrainingConfig(), TASK)


def finalist(number: int, score: float, source: str = "random") -> Finalist:
    one = SPACE.sample(random.Random(number))
    trial = Trial(
        number, one.decisions, one.fingerprint, source=source, epochs=1, seed=0, state=COMPLETED, scores=(score,),
        seconds=1.0, parameters=1, macs=1.0, activation_bytes=1, architecture=one.architecture, recipe=one.recipe,
    )  # fmt: skip
    return Finalist(trial, score, (score,), 0, 1.0, Path("none.pt"))


def numbers(found: list[Finalist]) -> list[int]:
    return [one.trial.number for one in found]


def test_without_a_known_design_the_best_score_wins() -> None:
    assert numbers(best_first([finalist(0, 0.7), finalist(1, 0.8)], TASK, 100)) == [1, 0]


@pytest.mark.parametrize(("examples", "order"), [(100, [0, 1, 2]), (10_000, [1, 2, 0])])
def test_a_known_design_gives_way_only_to_more_than_the_noise(examples: int, order: list[int]) -> None:
    entrants = [finalist(0, 0.80, f"{KNOWN} resnet"), finalist(1, 0.82), finalist(2, 0.81)]
    assert numbers(best_first(entrants, TASK, examples)) == order


def test_a_metric_without_a_simple_error_goes_by_the_score_alone() -> None:
    entrants = [finalist(0, -0.80, f"{KNOWN} resnet"), finalist(1, -0.79)]
    task = dataclasses.replace(TASK, metric="log_loss")
    assert numbers(best_first(entrants, task, 10)) == [1, 0]


def test_the_standard_error_is_that_of_repeated_draws() -> None:
    rng = random.Random(0)
    shares = [sum(rng.random() < 0.8 for _ in range(50)) / 50 for _ in range(4_000)]
    mean = sum(shares) / len(shares)
    deviation = math.sqrt(sum((one - mean) ** 2 for one in shares) / len(shares))
    assert standard_error(0.8, "accuracy", 50) == pytest.approx(deviation, rel=0.05)


@pytest.mark.parametrize(
    ("seconds", "last", "share"), [(100, 0, MOST_SELECTION), (100, 70, 0.3), (100, 500, LEAST_SELECTION)]
)
def test_selection_gets_what_the_last_training_can_do_without(seconds: float, last: float, share: float) -> None:
    assert selection_share(seconds, last) == pytest.approx(share)


@pytest.mark.parametrize(
    ("seconds", "needs", "kept"),
    [(100, math.inf, 75), (100, 40, 40), (100, 1, LEAST_FINAL), (12, 1, 12 * LARGEST_FINAL)],
)
def test_the_final_keeps_its_share_or_what_it_needs(seconds: float, needs: float, kept: float) -> None:
    assert kept_for_final(seconds, 0.75, needs) == pytest.approx(kept)
