"""Proxies computed from gradients: of the loss with respect to the weights, or of the outputs to the inputs.

W are the weights (see `probe.weights`), L is the loss of the task on the batch.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from predictors.proxies.probe import Probe, drawn_from, hooked, weights, without_norms

SMALL = 1e-5


def l2_norm(probe: Probe) -> float:
    """Sum over layers of ‖W‖₂, which measures size alone (https://arxiv.org/abs/2101.08134)."""
    return float(sum(weight.detach().norm() for weight in weights(probe.network())))


def grad_norm(probe: Probe) -> float:
    """Sum over layers of ‖∂L/∂W‖₂ (https://arxiv.org/abs/2101.08134)."""
    _, slopes = _slopes(probe)
    return float(sum(slope.norm() for slope in slopes))


def snip(probe: Probe) -> float:
    """Sum of |W · ∂L/∂W|, the change of the loss if a weight were removed, to first order (SNIP).

    https://arxiv.org/abs/1810.02340.
    """
    values, slopes = _slopes(probe)
    return float(sum((value * slope).abs().sum() for value, slope in zip(values, slopes, strict=True)))


def grasp(probe: Probe) -> float:
    """Sum of -W · (H g), with g the gradient of the loss and H its Hessian (GraSP, https://arxiv.org/abs/2002.07376)."""
    network = probe.network()
    values = weights(network)
    with drawn_from(probe.seed):
        loss = probe.loss(network(probe.inputs), probe.targets)
        first = torch.autograd.grad(loss, values, create_graph=True, allow_unused=True)
        known = [(value, slope) for value, slope in zip(values, first, strict=True) if slope is not None]
        product = torch.stack([(slope.detach() * slope).sum() for _, slope in known]).sum()
        second = torch.autograd.grad(product, [value for value, _ in known], allow_unused=True)
    return float(sum(-(v.detach() * s).sum() for (v, _), s in zip(known, second, strict=True) if s is not None))


def fisher(probe: Probe) -> float:
    """Fisher information of the output channels, summed over the weights that lead to each channel.

    For a channel with activations a it is ½ mean over the batch of (Σ_positions a · ∂L/∂a)²
    (https://arxiv.org/abs/1906.04113, as in https://arxiv.org/abs/2101.08134).
    """
    network = probe.network()
    layers = [module for module in network.modules() if _has_weight(module)]
    total: list[torch.Tensor] = []

    def keep(module: nn.Module, inputs: object, output: torch.Tensor) -> None:
        if not isinstance(output, torch.Tensor) or not output.requires_grad:
            return
        value = output.detach().clone()
        channel = 1 if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Conv3d) else value.dim() - 1
        kept = tuple(axis for axis in range(1, value.dim()) if axis != channel)
        weight: Any = module.weight
        share = weight[0].numel()

        def add(slope: torch.Tensor) -> None:
            product = (value * slope).sum(kept) if kept else value * slope
            total.append(0.5 * share * (product**2).mean(0).sum())

        output.register_hook(add)

    with drawn_from(probe.seed), hooked(layers, keep):
        probe.loss(network(probe.inputs), probe.targets).backward()
    return float(sum(total))


def synflow(probe: Probe) -> float:
    """log Σ |W · ∂R/∂W|, with R the sum of the outputs (SynFlow, https://arxiv.org/abs/2006.05467).

    All weights are made positive, normalisations are left out and the input is all ones. In double precision, because
    products over many layers overflow single precision.
    """
    network = without_norms(probe.network()).double()
    with torch.no_grad():
        for value in network.state_dict().values():
            value.abs_()
    ones = torch.ones((1, *probe.inputs.shape[1:]), dtype=torch.float64)
    values = weights(network)
    with drawn_from(probe.seed):
        slopes = torch.autograd.grad(network(ones).sum(), values, allow_unused=True)
    score = sum((v.detach() * s).abs().sum() for v, s in zip(values, slopes, strict=True) if s is not None)
    return float(torch.log(torch.as_tensor(score)))


def jacov(probe: Probe) -> float:
    """-Σ (log(v + k) + 1/(v + k)), with v the eigenvalues of the correlations between the examples' input gradients.

    k is `SMALL`. A network with uncorrelated gradients tells the examples apart (https://arxiv.org/abs/2006.04647v1).
    """
    inputs = probe.inputs.clone().requires_grad_(True)
    with drawn_from(probe.seed):
        (slope,) = torch.autograd.grad(probe.network()(inputs).sum(), inputs)
    values = torch.linalg.eigvalsh(torch.corrcoef(slope.flatten(1).double()))
    return float(-(torch.log(values + SMALL) + 1 / (values + SMALL)).sum())


def zico(probe: Probe) -> float:
    """Σ over layers of log Σ (mean |g| / std g), g the gradients on two half batches.

    ZiCo, https://arxiv.org/abs/2301.11300.
    """
    half = len(probe.inputs) // 2
    first, second = (_slopes(probe, part)[1] for part in (slice(half), slice(half, 2 * half)))
    score = 0.0
    for a, b in zip(first, second, strict=True):
        spread = (a - b).abs() / 2
        known = spread > 0
        total = ((a.abs() + b.abs())[known] / 2 / spread[known]).sum()
        score += float(torch.log(total)) if total > 0 else 0.0
    return score


def trainable_depth(probe: Probe) -> float:
    """Number of layers whose weights get a gradient, a measure of size (https://github.com/ondratybl/VKDNW)."""
    return float(sum(bool(slope.abs().sum() > 0) for slope in _slopes(probe)[1]))


def _slopes(probe: Probe, rows: slice = slice(None)) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """The weights, and the gradient of the loss with respect to each, 0 if the loss does not depend on it.

    `rows` selects a part of the batch.
    """
    network = probe.network()
    values = weights(network)
    with drawn_from(probe.seed):
        loss = probe.loss(network(probe.inputs[rows]), probe.targets[rows])
        slopes = torch.autograd.grad(loss, values, allow_unused=True)
    found = [value.detach() for value in values]
    filled = zip(found, slopes, strict=True)
    return found, [torch.zeros_like(value) if slope is None else slope for value, slope in filled]


def _has_weight(module: nn.Module) -> bool:
    weight = getattr(module, "weight", None)
    return isinstance(weight, torch.Tensor) and weight.dim() > 1 and not isinstance(module, nn.Embedding)
