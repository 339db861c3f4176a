"""A predictor earns its slots by evidence, and loses them without."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Self

import numpy as np
import pytest

from predictors import PREDICTORS, probation
from predictors.metrics import kendall_tau
from predictors.predictor import Prediction
from search_spaces import SPACES, Architecture, Task, profile

TASK = Task((3, 16, 16), 10)
SPACE = SPACES["cnn"]()
ARCHITECTURES = [SPACE.sample(random.Random(seed)) for seed in range(60)]
MACS = np.array([profile(architecture, TASK).macs for architecture in ARCHITECTURES], dtype=float)
RIVALS = {"macs": MACS}


class Oracle:
    """Predicts what it is told for each architecture, plus noise."""

    def __init__(self, truth: np.ndarray, noise: float, seed: int = 5) -> None:
        rng = np.random.default_rng(seed)
        self.known = dict(zip(map(id, ARCHITECTURES), truth + rng.normal(0, noise, len(truth)), strict=True))

    def fit(self, architectures: Sequence[Architecture], scores: np.ndarray) -> Self:
        return self

    def predict(self, architectures: Sequence[Architecture]) -> Prediction:
        mean = np.array([self.known[id(architecture)] for architecture in architectures])
        return Prediction(mean, np.ones_like(mean))


def scores(seed: int = 0, count: int = 60) -> np.ndarray:
    """Nothing to do with the number of multiply-adds."""
    return np.random.default_rng(seed).normal(size=count)


def evidence(noise: float, count: int, truth: np.ndarray | None = None) -> probation.Evidence:
    truth = scores() if truth is None else truth
    rivals = {name: values[:count] for name, values in RIVALS.items()}
    rng = np.random.default_rng(0)
    return probation.assess(lambda: Oracle(truth, noise), ARCHITECTURES[:count], truth[:count], rivals, rng)


def test_a_good_predictor_gets_most_slots() -> None:
    found = evidence(0.3, 30)
    assert found.trusted
    assert found.share == pytest.approx(probation.MOST, abs=0.05)
    assert found.interval[0] < found.tau < found.interval[1]
    assert found.recall >= 0.5
    assert found.recall_interval[0] <= found.recall <= found.recall_interval[1] <= 1
    assert found.recall > found.recalls["macs"]


def test_share_grows_with_evidence() -> None:
    shares = [evidence(1.0, count).share for count in (8, 20, 60)]
    assert shares == sorted(shares)
    assert shares[-1] > 0.5


def test_few_trainings_are_no_evidence() -> None:
    assert evidence(0.0, probation.FEWEST - 1) == probation.Evidence(
        0.0, (-1.0, 1.0), 0.0, {"macs": kendall_tau(MACS[:7], scores()[:7])}, 0.0, False, 7
    )


def test_what_does_not_beat_a_count_gets_no_slots() -> None:
    truth = np.log(MACS) + np.random.default_rng(1).normal(0, 0.05, len(MACS))
    found = evidence(float(np.log(MACS).std()), 60, truth)
    assert found.tau > 0.3
    assert found.rivals["macs"] > found.tau
    assert found.share == 0


def test_equal_scores_teach_nothing() -> None:
    assert not evidence(0.1, 20, np.zeros(60)).trusted


def test_a_rival_that_is_not_finite_is_left_out() -> None:
    values = np.full(20, np.nan)
    found = probation.assess(
        lambda: Oracle(scores(), 0.3), ARCHITECTURES[:20], scores()[:20], {"proxy": values}, np.random.default_rng(0)
    )
    assert found.rivals == {}
    assert found.trusted


def test_learned_from_shuffled_labels_the_default_predictor_has_lost_its_slots_within_thirty_trainings() -> None:
    shares = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        shuffled = rng.permutation(MACS[:30])
        rivals = {"macs": MACS[:30]}
        made = lambda: PREDICTORS["auto"](space=SPACE, task=TASK, seed=seed)  # noqa: B023, E731 - called at once
        shares.append(probation.assess(made, ARCHITECTURES[:30], shuffled, rivals, rng).share)
    assert np.mean(shares) < 0.1
    assert np.median(shares) == 0


def test_the_default_predictor_is_trusted_where_there_is_something_to_learn() -> None:
    decided = np.array([sum(architecture.decisions.values()) for architecture in ARCHITECTURES[:40]], dtype=float)
    rivals = {"macs": MACS[:40]}
    made = lambda: PREDICTORS["auto"](space=SPACE, task=TASK, seed=0)  # noqa: E731
    assert probation.assess(made, ARCHITECTURES[:40], decided, rivals, np.random.default_rng(0)).share > 0.4


def test_bootstrap_tau_of_the_sample_itself_is_kendalls() -> None:
    truth = scores(count=30)
    guess = truth + scores(seed=1, count=30)
    counts = np.random.default_rng(0).multinomial(30, np.full(30, 1 / 30), size=200)
    drawn = probation._taus([guess], truth, counts)
    assert drawn.mean() == pytest.approx(kendall_tau(guess, truth), abs=0.05)
    assert probation._taus([guess], truth, np.ones((1, 30)))[0, 0] == pytest.approx(kendall_tau(guess, truth))
