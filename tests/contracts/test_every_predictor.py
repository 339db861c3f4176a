"""What holds for every predictor in the registry, on a space where the answer is known."""

from __future__ import annotations

import random

import numpy as np
import pytest

from predictors import PREDICTORS
from predictors.metrics import kendall_tau
from predictors.predictor import Predictor
from search_spaces import SPACES, Architecture, Task, profile

TASK = Task((3, 16, 16), 10)
SPACE = SPACES["cnn"]()
POOL = [SPACE.sample(random.Random(seed)) for seed in range(70)]
LEARNED, OTHERS = POOL[:40], POOL[40:]


def worth(architecture: Architecture) -> float:
    """More multiply-adds are better, with a known effect of one decision on top."""
    first = next(iter(architecture.decisions.values()))
    return float(np.log(profile(architecture, TASK).macs)) + 0.3 * first


SCORES = np.array([worth(architecture) for architecture in POOL])
every = pytest.mark.parametrize("name", PREDICTORS)


def made(name: str, seed: int = 0) -> Predictor:
    return PREDICTORS[name](space=SPACE, task=TASK, seed=seed)


@every
def test_ranks_what_it_has_not_seen(name: str) -> None:
    prediction = made(name).fit(LEARNED, SCORES[:40]).predict(OTHERS)
    assert kendall_tau(prediction.mean, SCORES[40:]) > 0.5


@every
def test_means_are_in_the_unit_of_the_scores(name: str) -> None:
    prediction = made(name).fit(LEARNED, 100 + 5 * SCORES[:40]).predict(OTHERS)
    assert np.abs(prediction.mean - (100 + 5 * SCORES[40:])).mean() < 5 * SCORES.std()
    assert (prediction.std > 0).all()


@every
def test_same_seed_same_prediction(name: str) -> None:
    first, second = (made(name, seed=3).fit(LEARNED, SCORES[:40]).predict(OTHERS) for _ in range(2))
    np.testing.assert_array_equal(first.mean, second.mean)
    np.testing.assert_array_equal(first.std, second.std)


@every
@pytest.mark.parametrize("count", [2, 3, 7])
def test_few_labels_are_enough(name: str, count: int) -> None:
    assert len(made(name).fit(LEARNED[:count], SCORES[:count]).predict(OTHERS)) == len(OTHERS)


@every
def test_constant_scores_and_repeated_architectures_do_no_harm(name: str) -> None:
    prediction = made(name).fit([LEARNED[0]] * 6, np.full(6, 0.5)).predict(OTHERS[:3])
    np.testing.assert_allclose(prediction.mean, 0.5)


@every
def test_fitting_again_forgets(name: str) -> None:
    predictor = made(name).fit(LEARNED, -SCORES[:40])
    again = predictor.fit(LEARNED, SCORES[:40]).predict(OTHERS)
    np.testing.assert_array_equal(again.mean, made(name).fit(LEARNED, SCORES[:40]).predict(OTHERS).mean)


@every
def test_no_architectures_no_predictions(name: str) -> None:
    assert len(made(name).fit(LEARNED[:5], SCORES[:5]).predict([])) == 0


@every
def test_predicting_before_learning_says_so(name: str) -> None:
    if name == "pretrained":
        assert np.isfinite(made(name).predict(OTHERS).mean).all()
        return
    with pytest.raises(RuntimeError, match="fit"):
        made(name).predict(OTHERS)


@every
@pytest.mark.parametrize("scores", [[0.1], [0.1, 0.2, 0.3], [0.1, float("nan")], [0.1, float("inf")]])
def test_scores_that_do_not_fit_are_refused(name: str, scores: list[float]) -> None:
    with pytest.raises(ValueError, match="score"):
        made(name).fit(LEARNED[:2] if len(scores) > 1 else LEARNED[:1], np.array(scores))
