"""The order in which candidates are tried."""

from __future__ import annotations

import numpy as np

from predictors.acquisition import CHOSEN, CONSIDERED, rank, spread_out
from predictors.predictor import Prediction


def test_the_uncertain_come_before_the_slightly_better_and_the_poor_last() -> None:
    prediction = Prediction(np.array([0.8, 0.7, 0.1]), np.array([0.01, 0.4, 0.01]))
    assert rank(prediction, np.random.default_rng(0)).tolist() == [1, 0, 2]


def test_ties_are_broken_at_random_and_by_the_generator() -> None:
    equal = Prediction(np.zeros(50), np.ones(50))
    first, again, other = (rank(equal, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert (first == again).all()
    assert (first != other).any()


def test_nothing_to_rank() -> None:
    assert rank(Prediction(np.zeros(0), np.zeros(0)), np.random.default_rng(0)).tolist() == []


def ordered(mean: np.ndarray, std: np.ndarray, features: np.ndarray) -> tuple[list[int], list[int]]:
    prediction = Prediction(mean, std)
    order = rank(prediction, np.random.default_rng(0))
    return order.tolist(), spread_out(prediction, order, {"all": features}).tolist()


def test_of_two_near_copies_the_second_waits() -> None:
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
