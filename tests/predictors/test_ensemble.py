"""What the ensemble promises beyond the contract: weights by merit, and calibrated deviations."""

from __future__ import annotations

import random

import numpy as np

from predictors import MEMBERS, PREDICTORS
from predictors.ensemble import Ensemble
from predictors.members.ridge import Ridge
from predictors.metrics import calibration_error
from search_spaces import SPACES, Task


def test_weights_go_to_the_learner_that_ranks() -> None:
    space, task = SPACES["cnn"](), Task((3, 16, 16), 10)
    pool = [space.sample(random.Random(seed)) for seed in range(60)]
    worth = np.array([sum(one.decisions.values()) for one in pool], dtype=float)

    class Nonsense(Ridge):
        def fit(self, blocks, targets):
            return super().fit(blocks, np.random.default_rng(0).permutation(targets))

    members = {"good": MEMBERS["ridge"], "bad": lambda seed: Nonsense(("cost",))}
    found = Ensemble(members, space=space, task=task).fit(pool, worth).weights
    assert found["good"] > 0.95


def test_default_deviations_are_calibrated() -> None:
    space, task = SPACES["residual"](), Task((3, 16, 16), 10)
    errors = []
    for draw in range(5):  # one draw of 80 tells too little
        pool = [space.sample(random.Random(f"{draw} {number}")) for number in range(160)]
        noise = np.random.default_rng(draw).normal(0, 1.0, 160)
        worth = np.array([sum(one.decisions.values()) for one in pool]) + noise
        found = PREDICTORS["auto"](space=space, task=task, seed=0).fit(pool[:80], worth[:80]).predict(pool[80:])
        errors.append(calibration_error(found.mean, found.std, worth[80:]))
    assert np.mean(errors) < 0.12
