"""Proxies: values known by hand, and no network that breaks them."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
import torch

from predictors.proxies import PROXIES, as_quantiles, measure
from predictors.proxies.probe import Probe, weights
from search_spaces import SPACES, Architecture, Task
from search_spaces.catalog.nasbench201 import nasbench201
from search_spaces.cells import MLP, Conv, Downsample, Head, Recurrent, Residual, Stem, Transformer, Zero
from search_spaces.space import Space

TASK = Task((3, 8, 8), 4)
RNG = np.random.default_rng(0)
INPUTS = RNG.normal(size=(16, 3, 8, 8)).astype(np.float32)
TARGETS = RNG.integers(0, 4, 16)


def net(*cells: object) -> Architecture:
    return Space("test", *cells).sample(random.Random(0))


SMALL = net(Stem(8), Conv(8), Downsample(), Residual(16), Head())


def value(name: str, architecture: Architecture = SMALL, seed: int = 0) -> float:
    return measure(architecture, TASK, INPUTS, TARGETS, names=[name], seed=seed)[name]


@pytest.mark.parametrize("name", PROXIES)
def test_finite_and_the_same_for_the_same_seed(name: str) -> None:
    first = value(name)
    assert math.isfinite(first)
    state = torch.random.get_rng_state()
    assert value(name) == first
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize("space", ["hybrid", "transformer", "residual", "nasbench201"])
def test_every_catalogue_network_has_every_proxy(space: str) -> None:
    opened = nasbench201(cells=1, width=4) if space == "nasbench201" else SPACES[space]()
    task = Task((3, 16, 16), 4)
    inputs = RNG.normal(size=(8, 3, 16, 16)).astype(np.float32)
    architecture = opened.sample(random.Random(3))
    found = measure(architecture, task, inputs, TARGETS[:8])
    assert set(found) == set(PROXIES)
    assert sum(math.isfinite(one) for one in found.values()) >= len(PROXIES) - 2


@pytest.mark.parametrize("task", [Task((20,), 3), Task((4, 24), 3), Task((4, 24), 1, "regression")])
def test_series_vectors_and_regression(task: Task) -> None:
    cells = (
        (MLP(16), MLP(16), Head()) if len(task.input_shape) == 1 else (Recurrent(8), Transformer(8, heads=2), Head())
    )
    inputs = RNG.normal(size=(8, *task.input_shape)).astype(np.float32)
    targets = RNG.normal(size=(8, 1)) if task.kind == "regression" else RNG.integers(0, 3, 8)
    found = measure(net(*cells), task, inputs, targets)
    assert sum(math.isfinite(one) for one in found.values()) >= len(PROXIES) - 3


def test_tokens_are_embedded_first() -> None:
    task = Task((12,), 3, vocabulary=20)
    found = measure(net(Transformer(8, heads=2), Head()), task, RNG.integers(0, 20, (8, 12)), RNG.integers(0, 3, 8))
    assert math.isfinite(found["jacov"])
    assert math.isfinite(found["grad_norm"])


def test_inputs_that_are_not_finite_give_nan_and_no_exception() -> None:
    found = measure(SMALL, TASK, INPUTS * np.nan, TARGETS)
    assert math.isnan(found["grad_norm"])
    assert math.isnan(found["jacov"])


def test_synflow_of_two_linear_layers_is_known() -> None:
    task = Task((3,), 2)
    architecture = net(MLP(4), Head())
    probe = Probe.of(architecture, task, torch.ones(2, 3), torch.zeros(2, dtype=torch.long))
    layers = [weight.detach().double().abs() for weight in weights(probe.network())]
    biases = [p.detach().double().abs() for p in probe.network().parameters() if p.dim() == 1]
    assert len(layers) == 2
    found = measure(architecture, task, np.ones((2, 3), np.float32), np.zeros(2, int), names=["synflow"])["synflow"]
    through = float((layers[1] @ layers[0]).sum())
    assert found >= math.log(2 * through) - 1e-9 if biases else found == pytest.approx(math.log(2 * through))


def slopes(probe: Probe, moved: float = 0.0, along: list[torch.Tensor] | None = None) -> list[torch.Tensor]:
    """Gradients of the loss in the weights, which may have been moved first."""
    network = probe.network()
    values = weights(network)
    with torch.no_grad():
        for weight, step in zip(values, along or [], strict=False):
            weight += moved * step
    return list(torch.autograd.grad(probe.loss(network(probe.inputs), probe.targets), values))


def test_gradient_scores_are_their_formulas_by_another_way() -> None:
    """Gradients of a smooth network, and a Hessian times a vector by differences of gradients."""
    task = Task((6,), 3)
    architecture = net(MLP(8, activation="gelu"), MLP(8, activation="gelu"), Head())
    x, y = RNG.normal(size=(12, 6)).astype(np.float32), RNG.integers(0, 3, 12)
    probe = Probe.of(architecture, task, torch.from_numpy(x), torch.from_numpy(y))
    values, first = [one.detach() for one in weights(probe.network())], slopes(probe)
    step = 1e-2
    ahead, behind = (slopes(probe, sign * step, first) for sign in (1, -1))
    curved = [(a - b) / (2 * step) for a, b in zip(ahead, behind, strict=True)]
    found = measure(architecture, task, x, y, names=["grad_norm", "snip", "grasp"])
    assert found["grad_norm"] == pytest.approx(float(sum(one.norm() for one in first)), rel=1e-4)
    known = sum((v * g).abs().sum() for v, g in zip(values, first, strict=True))
    assert found["snip"] == pytest.approx(float(known), rel=1e-4)
    known = -sum((v * h).sum() for v, h in zip(values, curved, strict=True))
    assert found["grasp"] == pytest.approx(float(known), rel=0.02)


def test_units_count_as_on_above_zero_whatever_the_activation() -> None:
    scores = [value("nwot", net(Stem(8, activation=name), Head())) for name in ("relu", "gelu", "silu")]
    assert scores[0] == scores[1] == scores[2]


def test_a_network_that_passes_nothing_on_breaks_no_proxy() -> None:
    dead = net(Stem(8), Zero(), Head())
    found = measure(dead, TASK, INPUTS, TARGETS)
    assert set(found) == set(PROXIES)
    assert math.isnan(found["jacov"])


def test_size_moves_what_measures_size() -> None:
    wide = net(Stem(16), Conv(16), Downsample(), Residual(32), Head())
    for name in ("l2_norm", "synflow"):
        assert value(name, wide) > value(name)
    deep = net(Stem(8), Conv(8), Conv(8), Conv(8), Downsample(), Residual(16), Head())
    assert value("trainable_depth", deep) == value("trainable_depth") + 2


def test_examples_alike_score_low_where_proxies_tell_examples_apart() -> None:
    same = np.repeat(INPUTS[:1], 16, axis=0) + 1e-6 * INPUTS
    for name in ("jacov", "nwot"):
        alike = measure(SMALL, TASK, same, TARGETS, names=[name])[name]
        assert math.isnan(alike) or alike < value(name)  # NaN: nothing tells them apart, the matrix is singular


def test_quantiles_keep_the_order_and_rank_nan_last() -> None:
    found = as_quantiles({"a": np.array([1.0, 100.0, np.nan, 5.0])})
    assert found.shape == (4, 1)
    assert list(np.argsort(found[:, 0])) == [2, 0, 3, 1]
