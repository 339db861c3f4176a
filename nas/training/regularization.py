"""Regularization: dropout and stochastic depth inside the cells, mixup and cutmix of whole batches."""

from __future__ import annotations

import torch
from torch import nn

from search_spaces.cells.residual import StochasticDepth


def regularize(network: nn.Module, *, dropout: float | None, stochastic_depth: float) -> None:
    """Sets the rates of all dropout layers and residual branches of a network, in place.

    Of n residual branches the k-th is dropped with probability `stochastic_depth * k / n`
    (https://arxiv.org/abs/1603.09382).

    Args:
        dropout: probability in every dropout layer; None leaves the layers' own.
    """
    if dropout is not None:
        for module in network.modules():
            if isinstance(module, nn.Dropout | nn.Dropout1d | nn.Dropout2d | nn.Dropout3d):
                module.p = dropout
    branches = [module for module in network.modules() if isinstance(module, StochasticDepth)]
    for depth, branch in enumerate(branches, start=1):
        branch.rate = stochastic_depth * depth / len(branches)


def mix(
    x: torch.Tensor, y: torch.Tensor, rng: torch.Generator, *, mixup: float, cutmix: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """A batch mixed with itself in another order: inputs, targets of what was mixed in, share of the first targets.

    Mixup blends values (https://arxiv.org/abs/1710.09412). Cutmix pastes a box (https://arxiv.org/abs/1905.04899);
    vectors have no box, so they are blended. The whole batch gets one share. It is None when nothing is mixed: both
    methods are off, or the batch has one example.

    Args:
        x: `(n, channels, …)`. y: targets of n examples.
        mixup, cutmix: parameter alpha of Beta(alpha, alpha), which shares are drawn from; 0 is off.
    """
    alpha = mixup or cutmix
    if not alpha or len(x) < 2:
        return x, y, None
    order = torch.randperm(len(x), generator=rng, device=x.device)
    share = _beta(alpha, rng, x.device)
    if mixup or x.dim() < 3:
        return torch.lerp(x[order], x, share.to(x.dtype)), y[order], share
    inside, kept = _box(x, share, rng)
    return torch.where(inside, x[order], x), y[order], kept


def _beta(alpha: float, rng: torch.Generator, device: torch.device) -> torch.Tensor:
    """One draw of Beta(alpha, alpha), as a ratio of two Gamma draws: torch's own Beta takes no generator."""
    gammas = torch._standard_gamma(torch.full((2,), alpha, device=device), generator=rng)
    return gammas[0] / gammas.sum().clamp_min(1e-12)


def _box(x: torch.Tensor, share: torch.Tensor, rng: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """A mask of one box with area `1 - share` at a random centre, cut off at the edges; and the share outside it."""
    rank = x.dim() - 2
    side_share = (1.0 - share).clamp(0, 1) ** (1.0 / rank)
    inside = torch.ones((1,) * x.dim(), dtype=torch.bool, device=x.device)
    for axis in range(2, x.dim()):
        side = x.shape[axis]
        half = side_share * side / 2
        centre = torch.rand((), generator=rng, device=x.device) * side
        places = torch.arange(side, device=x.device) + 0.5
        within = (places > centre - half) & (places < centre + half)
        inside = inside & within.view([side if other == axis else 1 for other in range(x.dim())])
    covered = inside.expand(1, 1, *x.shape[2:]).float().mean()
    return inside, 1.0 - covered
