"""Muon: steps of equal size in every direction of a weight matrix (https://kellerjordan.github.io/posts/muon/).

`torch.optim.Muon` takes matrices only and multiplies in bfloat16, which a CPU does slowly. This one also takes filters,
as matrices of one row per output channel, and orthogonalises all weights of one shape in one batched product.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import torch

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
STEPS = 5


def orthogonalised(matrices: torch.Tensor) -> torch.Tensor:
    """The nearest matrices with singular values of about 1 (0.7 to 1.2), for a batch `(n, rows, columns)`."""
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    if x.is_cuda:
        x = x.bfloat16()
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp_min(1e-7)
    x = _iterated(x) if x.is_cuda else _by_gram(x)
    return (x.mT if tall else x).to(matrices.dtype)


def _iterated(x: torch.Tensor) -> torch.Tensor:
    a, b, c = NEWTON_SCHULZ
    for _ in range(STEPS):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x


def _by_gram(x: torch.Tensor) -> torch.Tensor:
    """The same, and faster for long matrices: each step multiplies by a polynomial of the square `x @ x.mT` alone.

    All of them commute, so the steps are taken on squares, and the long matrices are touched twice. Squaring costs half
    the digits: float32 has them (a part in a million is lost, a part in ten thousand near rank four), bfloat16 has not.
    """
    a, b, c = NEWTON_SCHULZ
    gram = x @ x.mT
    product: torch.Tensor | None = None
    for step in range(STEPS):
        factor = torch.baddbmm(gram, gram, gram, beta=b, alpha=c)
        factor.diagonal(dim1=1, dim2=2).add_(a)
        product = factor if product is None else factor @ product
        if step + 1 < STEPS:
            gram = factor @ gram @ factor
    return product @ x if product is not None else x


class Muon(torch.optim.Optimizer):
    """Nesterov momentum, orthogonalised, for parameters of two or more dimensions.

    Args:
        lr: the root mean square of a step's change per unit, about; 0.02 suits most networks.
        weight_decay: per step and unit of learning rate.
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 0.02, momentum: float = 0.95, weight_decay: float = 0.0
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """One step for every parameter that has a gradient."""
        for group in self.param_groups:
            shapes: dict[tuple[int, int], list[torch.Tensor]] = defaultdict(list)
            for parameter in group["params"]:
                if parameter.grad is not None:
                    shapes[parameter.shape[0], parameter[0].numel()].append(parameter)
            for (rows, columns), parameters in shapes.items():
                self._step(parameters, group, max(1.0, rows / columns) ** 0.5)

    def _step(self, parameters: list[torch.Tensor], group: dict[str, Any], stretch: float) -> None:
        momentum, rate = group["momentum"], group["lr"]
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        buffers = []
        for parameter in parameters:
            state = self.state[parameter]
            if not state:
                state["momentum"] = torch.zeros_like(parameter)
            buffers.append(state["momentum"])
        torch._foreach_lerp_(buffers, gradients, 1.0 - momentum)
        ahead = torch._foreach_lerp(gradients, buffers, momentum)
        updates = orthogonalised(torch.stack([update.flatten(1) for update in ahead]))
        torch._foreach_mul_(parameters, 1.0 - rate * group["weight_decay"])
        for parameter, update in zip(parameters, updates, strict=True):
            parameter.add_(update.view(parameter.shape), alpha=-rate * stretch)
