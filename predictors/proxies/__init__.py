"""Training-free scores (proxies) of a freshly initialised network on one batch of the task's own data.

None is trusted by itself: they are features of a predictor, and rivals when it is on probation. How well they rank
stands in results/predictor/proxies.md and results/hybrid_proxies. A new one is a function of a `Probe` and a line in
`PROXIES`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch

from predictors.features import gaussian_ranks
from predictors.proxies.gradients import fisher, grad_norm, grasp, jacov, l2_norm, snip, synflow, trainable_depth, zico
from predictors.proxies.probe import Probe
from predictors.proxies.signals import expressivity, nwot, progressivity, trainability, zen
from search_spaces.architecture import Architecture
from search_spaces.task import Task

PROXIES: dict[str, Callable[[Probe], float]] = {
    "synflow": synflow,
    "jacov": jacov,
    "nwot": nwot,
    "snip": snip,
    "grad_norm": grad_norm,
    "grasp": grasp,
    "fisher": fisher,
    "zen": zen,
    "zico": zico,
    "expressivity": expressivity,
    "progressivity": progressivity,
    "trainability": trainability,
    "l2_norm": l2_norm,
    "trainable_depth": trainable_depth,
}


def measure(
    architecture: Architecture,
    task: Task,
    inputs: np.ndarray,
    targets: np.ndarray,
    *,
    names: Sequence[str] = tuple(PROXIES),
    seed: int = 0,
) -> dict[str, float]:
    """Proxies of one architecture by name.

    A proxy that cannot be computed is NaN and raises nothing: the network may be dead, or hold an operation without a
    second derivative.

    Args:
        inputs: (batch, *task.input_shape), standardised as in training; tokens as whole numbers.
        targets: (batch,) classes or (batch, …) values.
        names: which of `PROXIES` to compute.
        seed: of the weights and of all noise; torch's own generator stays as it is.
    """
    batch = torch.as_tensor(np.array(inputs))
    probe = Probe.of(architecture, task, batch, torch.as_tensor(np.array(targets)), seed)
    return {name: _finite(PROXIES[name], probe) for name in names}


def as_quantiles(values: Mapping[str, np.ndarray]) -> np.ndarray:
    """(n,) values of each proxy over one pool -> (n, proxies) Gaussian ranks within that pool, NaN the worst."""
    columns = [gaussian_ranks(np.where(np.isfinite(column), column, -np.inf)) for column in values.values()]
    return np.array(columns).reshape(len(values), -1).T


def _finite(proxy: Callable[[Probe], float], probe: Probe) -> float:
    try:
        value = proxy(probe)
    except (RuntimeError, NotImplementedError, ValueError, IndexError):  # what torch raises on shapes and derivatives
        return float("nan")
    return value if np.isfinite(value) else float("nan")
