"""An architecture judged on the shared weights: norms recalibrated, then a forward pass."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch.nn.modules.batchnorm import _BatchNorm

from nas.training.shared_weights.masters import SharedWeights
from search_spaces.architecture import Architecture


@torch.no_grad()
def judged(
    weights: SharedWeights,
    architecture: Architecture,
    calibration: Iterable[torch.Tensor],
    inputs: Iterable[torch.Tensor],
) -> torch.Tensor:
    """Outputs `(n, outputs)` of the architecture for all batches of `inputs`.

    Statistics that other networks left are of no use to this one. Batch norms start anew and take the plain mean over
    the batches of `calibration` (https://arxiv.org/abs/2003.11142). Other modules with buffers see these batches in
    training mode too; the rest, dropout among it, runs as in evaluation.
    """
    drawn = weights.draw(architecture)
    network = drawn.network.eval()
    norms = [module for module in network.modules() if isinstance(module, _BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    for module in network.modules():
        if any(True for _ in module.buffers(recurse=False)):
            module.training = True
    drawn.reset()
    for norm in norms:
        norm.momentum = None
    try:
        for batch in calibration:
            drawn(batch)
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
    network.eval()
    return torch.cat([drawn(batch) for batch in inputs])
