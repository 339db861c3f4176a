"""The Gaussian process does what its formulas say."""

from __future__ import annotations

import numpy as np
import pytest

from predictors.features import gaussian_ranks
from predictors.members.gaussian_process import JITTER, GaussianProcess, _distances, _products
from predictors.metrics import calibration_error, kendall_tau

RNG = np.random.default_rng(0)
X = RNG.normal(size=(90, 6))
Y = gaussian_ranks(np.sin(2 * X[:, 0]) + X[:, 1] + 0.1 * RNG.normal(size=90))


def fitted() -> GaussianProcess:
    return GaussianProcess(("structure",)).fit({"structure": X}, Y)


def test_gradient_of_the_evidence_is_exact() -> None:
    model = fitted()
    arguments = ([_distances(X, X)], [_products(X, X)])
    at = np.array([0.4, 1.2, 0.3, 0.15])
    _, slope = model._evidence(at, *arguments)
    for place in range(4):
        step = np.zeros(4)
        step[place] = 1e-5
        up, down = (model._evidence(np.exp(np.log(at) + sign * step), *arguments)[0] for sign in (1, -1))
        assert slope[place] == pytest.approx((up - down) / 2e-5, rel=1e-4, abs=1e-5)


def test_held_out_in_closed_form_is_what_conditioning_on_the_rest_gives() -> None:
    model = fitted()
    folds = np.arange(90) % 3
    mean, std = model.held_out(folds)
    rest, out = folds != 0, folds == 0
    whole, _ = model._covariance(model.parameters, [_distances(X, X)], [_products(X, X)])
    noisy = whole[np.ix_(rest, rest)] + (model.noise + JITTER) * np.eye(rest.sum())
    np.testing.assert_allclose(mean[out], whole[np.ix_(out, rest)] @ np.linalg.solve(noisy, Y[rest]), atol=1e-6)
    assert (std > 0).all()


def test_learns_what_is_smooth_and_says_how_far_to_trust_it() -> None:
    model = GaussianProcess(("structure",)).fit({"structure": X[:60]}, Y[:60])
    mean, std = model.predict({"structure": X[60:]})
    assert kendall_tau(mean, Y[60:]) > 0.6
    assert calibration_error(mean, np.sqrt(std**2 + model.noise), Y[60:]) < 0.15
    _, far = model.predict({"structure": X[60:] + 20})
    assert far.mean() > std.mean()


def test_without_a_column_predicts_the_mean() -> None:
    model = GaussianProcess(("structure",)).fit({"structure": X[:, :0]}, Y)
    mean, std = model.predict({"structure": X[:3, :0]})
    assert mean == pytest.approx(Y.mean())
    assert std.tolist() == [1, 1, 1]
