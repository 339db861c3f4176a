"""Earlier searches speak, and are listened to as far as they help."""

from __future__ import annotations

import random

import numpy as np

from predictors import PREDICTORS
from predictors.metrics import kendall_tau
from predictors.transfer import past_searches
from search_spaces import SPACES, Architecture, Task

TASK = Task((3, 16, 16), 10)
SPACE = SPACES["cnn"]()
POOL = [SPACE.sample(random.Random(seed)) for seed in range(110)]


def worth(architecture: Architecture) -> float:
    """Something the features hold only in part: a fixed random value for each decision."""
    return sum(random.Random(f"{path}{index}").gauss(0, 1) for path, index in architecture.decisions.items())


SCORES = np.array([worth(architecture) for architecture in POOL])


def make(extra: dict | None = None):
    return PREDICTORS["auto"](space=SPACE, task=TASK, seed=0, extra=extra or {})


def test_a_related_search_helps_with_few_labels() -> None:
    noisy = SCORES[:70] + np.random.default_rng(0).normal(0, 0.5, 70)
    block = past_searches(make, [(POOL[:70], noisy)])
    assert block(POOL[:4]).shape == (4, 1)
    new, test = slice(70, 82), slice(82, 110)
    alone = make().fit(POOL[new], SCORES[new]).predict(POOL[test]).mean
    warm = make({"history": block}).fit(POOL[new], SCORES[new]).predict(POOL[test]).mean
    assert kendall_tau(warm, SCORES[test]) > kendall_tau(alone, SCORES[test]) + 0.05


def test_an_unrelated_search_does_little_harm() -> None:
    block = past_searches(make, [(POOL[:40], np.random.default_rng(0).normal(size=40))])
    new, test = slice(40, 80), slice(80, 110)
    alone = make().fit(POOL[new], SCORES[new]).predict(POOL[test]).mean
    warm = make({"history": block}).fit(POOL[new], SCORES[new]).predict(POOL[test]).mean
    assert kendall_tau(warm, SCORES[test]) > kendall_tau(alone, SCORES[test]) - 0.1


def test_a_search_of_few_trainings_says_nothing() -> None:
    assert past_searches(make, [(POOL[:2], SCORES[:2])])(POOL[:3]).shape == (3, 0)
