"""Stopped trainings teach what is true of short ones, and whole ones what they add."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Self

import numpy as np
import pytest

from predictors import PREDICTORS
from predictors.extrapolation import early, ends
from predictors.metrics import kendall_tau
from predictors.predictor import Prediction
from predictors.two_fidelity import TwoFidelities
from search_spaces import SPACES, Architecture, Task

TASK = Task((3, 16, 16), 10)
SPACE = SPACES["cnn"]()
ARCHITECTURES = list({a.fingerprint: a for a in (SPACE.sample(random.Random(seed)) for seed in range(420))}.values())
WORTH = {path: random.Random(path).gauss(0, 1) for a in ARCHITECTURES for path in a.decisions}
FAST = {path: random.Random(f"{path} fast").gauss(0, 1) for path in WORTH}


def total(weights: dict[str, float], architecture: Architecture) -> float:
    return sum(weights[path] * index for path, index in architecture.decisions.items())


END = np.array([total(WORTH, one) for one in ARCHITECTURES])
SHORT = END + np.array([total(FAST, one) for one in ARCHITECTURES])  # those that learn fast come first


def made() -> object:
    return PREDICTORS["auto"](space=SPACE, task=TASK, seed=0)


def situation(trainings: int, count: int) -> tuple[list[Architecture], list[tuple[float, ...]], list[bool]]:
    whole = [place < count for place in range(trainings)]
    curves = [(SHORT[i], END[i]) if whole[i] else (SHORT[i],) for i in range(trainings)]
    return ARCHITECTURES[:trainings], curves, whole


def two(curves: Sequence[Sequence[float]], whole: Sequence[bool], make: object = made) -> TwoFidelities:
    return TwoFidelities(make, early(curves, whole), np.array(whole), np.random.default_rng(0))  # type: ignore[arg-type]


def test_ends_of_stopped_trainings_are_not_taken_for_ends() -> None:
    some, curves, whole = situation(150, 50)
    scores, _ = ends(curves, whole)
    rest = ARCHITECTURES[150:]
    taus = [
        kendall_tau(predictor.fit(some, scores).predict(rest).mean, END[150:])  # type: ignore[attr-defined]
        for predictor in (made(), two(curves, whole))
    ]
    assert taus[1] > taus[0] + 0.05


def test_stopped_trainings_teach_where_few_are_whole() -> None:
    some, curves, whole = situation(100, 12)
    scores, _ = ends(curves, whole)
    alone = made().fit(some[:12], scores[:12])  # type: ignore[attr-defined]
    both = two(curves, whole).fit(some, scores)
    rest = ARCHITECTURES[100:]
    assert kendall_tau(both.predict(rest).mean, END[100:]) > kendall_tau(alone.predict(rest).mean, END[100:])


def test_what_is_expected_of_each_training_was_not_learned_from_it() -> None:
    some, curves, whole = situation(60, 20)
    noise = np.random.default_rng(0).normal(size=60)
    curves = [(value, value) if full else (value,) for value, full in zip(noise, whole, strict=True)]
    found = two(curves, whole).fit(some, ends(curves, whole)[0]).out_of_fold
    assert len(found) == 60
    assert abs(kendall_tau(found.mean, noise)) < 0.25


def test_deviations_fit_the_errors() -> None:
    some, curves, whole = situation(200, 100)
    found = two(curves, whole).fit(some, ends(curves, whole)[0]).predict(ARCHITECTURES[200:])
    inside = np.abs(found.mean - END[200:]) <= found.std
    assert 0.4 < inside.mean() < 0.95


def test_the_same_again_and_nothing_for_nothing() -> None:
    some, curves, whole = situation(40, 12)
    scores, _ = ends(curves, whole)
    first, second = (two(curves, whole).fit(some, scores) for _ in range(2))
    assert np.array_equal(first.predict(ARCHITECTURES[40:60]).mean, second.predict(ARCHITECTURES[40:60]).mean)
    assert len(first.predict([])) == 0


class Mean:
    """A predictor that does not say what it expects out of fold."""

    def fit(self, architectures: Sequence[Architecture], scores: np.ndarray) -> Self:
        self.mean = float(np.mean(scores))
        return self

    def predict(self, architectures: Sequence[Architecture]) -> Prediction:
        return Prediction(np.full(len(architectures), self.mean), np.ones(len(architectures)))


def test_any_predictor_will_do() -> None:
    some, curves, whole = situation(40, 12)
    found = two(curves, whole, Mean).fit(some, ends(curves, whole)[0])
    assert np.isfinite(found.out_of_fold.mean).all()
    assert found.predict(ARCHITECTURES[:3]).mean == pytest.approx(found.predict(ARCHITECTURES[:1]).mean[0])


def test_early_estimates_are_of_one_kind() -> None:
    curves = [(0.1 * i, 0.2 * i, 0.2 * i + 0.1) for i in range(1, 8)]
    found = early([*curves, (0.3,), (0.3, 0.6)], [True] * 7 + [False] * 2)
    assert found[2] == pytest.approx(found[8])  # a whole one counts as if stopped where the longest of the stopped was
    assert found[7] == pytest.approx(0.7, abs=0.1)
