"""Near-twins do not follow each other where others are nearly as good."""

from __future__ import annotations

import numpy as np

from predictors import acquisition
from predictors.batch import CHOSEN, CONSIDERED, spread_out
from predictors.predictor import Prediction


def ordered(mean: np.ndarray, std: np.ndarray, features: np.ndarray) -> tuple[list[int], list[int]]:
    prediction = Prediction(mean, std)
    order = acquisition.rank(prediction, np.random.default_rng(0), method="ucb")
    return order.tolist(), spread_out(prediction, order, {"all": features}).tolist()


def test_of_two_near_twins_the_second_waits() -> None:
    features = np.array([[0.0, 0.0], [0.01, 0.0], [3.0, 0.0], [0.0, 3.0], [-3.0, 0.0]])
    mean, std = np.array([1.0, 0.99, 0.8, 0.79, 0.2]), np.full(5, 1.0)
    before, after = ordered(mean, std, features)
    assert before == [0, 1, 2, 3, 4]
    assert after[0] == 0
    assert set(after[1:3]) == {2, 3}
    assert after[3:] == [1, 4]  # the last one is far from all, and too bad


def test_what_is_certain_keeps_its_order() -> None:
    rng = np.random.default_rng(0)
    before, after = ordered(rng.normal(size=50), np.zeros(50), rng.normal(size=(50, 3)))
    assert before == after


def test_nothing_is_lost_and_the_rest_stays_where_it_was() -> None:
    rng = np.random.default_rng(0)
    before, after = ordered(rng.normal(size=400), rng.random(400), rng.normal(size=(400, 5)))
    assert sorted(after) == list(range(400))
    assert before[0] == after[0]
    assert before[CONSIDERED:] == after[CONSIDERED:]
    waiting = after[CHOSEN:CONSIDERED]
    assert waiting == [one for one in before[:CONSIDERED] if one in set(waiting)]


def test_few_and_equal_ones_do_no_harm() -> None:
    for count in (0, 1, 2, 3, 10):
        before, after = ordered(np.zeros(count), np.ones(count), np.zeros((count, 2)))
        assert sorted(after) == sorted(before)
