"""Muon: momentum whose update of each weight matrix is orthogonalised (https://kellerjordan.github.io/posts/muon/).

`torch.optim.Muon` takes matrices only and multiplies in bfloat16, which is slow on a CPU. This one also takes filters,
as matrices with one row per output channel. It orthogonalises all weights of one shape in one batched product.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import torch

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)  # coefficients of the iteration's polynomial, from the source above
STEPS = 5  # iterations


def orthogonalised(matrices: torch.Tensor) -> torch.Tensor:
    """Approximates the nearest orthogonal matrices of a batch `(n, rows, columns)`: singular values of 0.7 to 1.2."""
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    if x.is_cuda:
        x = x.bfloat16()
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp_min(1e-7)
    x = _iterated(x) if x.is_cuda else _by_gram(x)
    return (x.mT if tall else x).to(matrices.dtype)


def _iterated(x: torch.Tensor) -> torch.Tensor:
    """Newton-Schulz iteration of wide matrices with a norm of at most 1."""
    a, b, c = NEWTON_SCHULZ
    for _ in range(STEPS):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x


def _by_gram(x: torch.Tensor) -> torch.Tensor:
    """The same result as `_iterated`, faster for long matrices: it iterates on the Gram matrix `x @ x.mT`.

    Every iteration multiplies x by a polynomial of the Gram matrix, and these polynomials commute. So they are
    multiplied with each other first, and the long matrices are used only twice. Squaring costs half of the digits. In
    float32 the error is about 1e-6 (1e-4 for matrices of rank four); bfloat16 has too few digits for it.
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
    """The optimizer, with Nesterov momentum, for parameters of two or more dimensions.

    Args:
        lr: learning rate; 0.02 suits most networks. The spectral norm of an update is about `lr * stretch`, where
            `stretch` is 1, or sqrt(rows / columns) for matrices with more rows than columns.
        momentum: weight of the old average of the gradients, 0 to 1.
        weight_decay: per step and unit of learning rate, as in AdamW.
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 0.02, momentum: float = 0.95, weight_decay: float = 0.0
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Updates every parameter that has a gradient; `closure` is ignored."""
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
