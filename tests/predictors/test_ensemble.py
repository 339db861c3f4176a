"""What the ensemble promises beyond the contract: weights by merit, and calibrated deviations."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np

from predictors import MEMBERS, PREDICTORS
from predictors.ensemble import Ensemble, prior_share
from predictors.features import gaussian_ranks
from predictors.members.ridge import Ridge
from predictors.metrics import calibration_error, kendall_tau
from search_spaces import SPACES, Task
from search_spaces.architecture import Architecture


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


def test_a_prior_counts_less_with_every_label_and_by_how_well_it_ranks_them() -> None:
    shares = [prior_share(0.3, labels) for labels in (1, 5, 20, 100)]
    assert shares == sorted(shares, reverse=True) and 0 < shares[-1] < 0.03 and 0.2 < shares[0] < 0.3
    assert prior_share(-0.3, 20) == 0.0
    assert prior_share(0.0, 20) < prior_share(0.3, 20) < prior_share(0.9, 20) < 1


def test_with_few_labels_what_was_expected_before_them_counts() -> None:
    space, task = SPACES["cnn"](), Task((3, 16, 16), 10)
    pool = [space.sample(random.Random(seed)) for seed in range(60)]
    worth = np.array([sum(one.decisions.values()) for one in pool], dtype=float)
    known = {one.fingerprint: rank for one, rank in zip(pool, gaussian_ranks(worth), strict=True)}

    def expected(architectures: Sequence[Architecture]) -> np.ndarray:
        return np.array([[known[one.fingerprint]] for one in architectures])

    members = {"ridge": MEMBERS["ridge"]}
    alone = Ensemble(members, space=space, task=task).fit(pool[:4], worth[:4])
    told = Ensemble(members, space=space, task=task, extra={"known": expected}, prior="known").fit(pool[:4], worth[:4])
    wrong = Ensemble(members, space=space, task=task, extra={"known": lambda them: -expected(them)}, prior="known").fit(
        pool[:20], worth[:20]
    )
    taus = [kendall_tau(one.predict(pool[20:]).mean, worth[20:]) for one in (alone, told)]
    assert taus[1] > taus[0] + 0.1
    assert alone.share == wrong.share == 0.0 < told.share
