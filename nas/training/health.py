"""Signs that a training is sick: NaN, an exploding loss, gradients that vanish or burst, units that are dead."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from search_spaces.task import Task


class Diverged(Exception):
    """A training that cannot recover. Its candidate ends here, with this reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


EXPLODED = 20.0  # times the loss of a network that has learned nothing


def chance_loss(task: Task) -> float:
    """Loss of a network that knows only the average: log(classes), or 1 for standardised targets."""
    return math.log(max(2, task.outputs)) if task.kind == "classification" else 1.0


def check_loss(loss: float, epoch: int, task: Task) -> None:
    """Raises Diverged when the mean loss of an epoch is NaN, infinite, or far above that of knowing nothing."""
    if not math.isfinite(loss):
        raise Diverged(f"loss became {loss} in epoch {epoch}")
    limit = EXPLODED * chance_loss(task)
    if loss > limit:
        raise Diverged(f"loss exploded to {loss:.3g} in epoch {epoch}; {limit:.3g} is {EXPLODED:g} times chance")


def check_flow(norms: dict[str, float], epoch: int) -> None:
    """Raises Diverged when a gradient is NaN or infinite, or when none reaches any cell."""
    sick = [name for name, norm in norms.items() if not math.isfinite(norm)]
    if sick:
        raise Diverged(f"gradient of cell {sick[-1]} is {norms[sick[-1]]} at the end of epoch {epoch}")
    if norms and not any(norms.values()):
        raise Diverged(f"no gradient reaches any cell at the end of epoch {epoch}: the network is dead")


def check_outputs(outputs: torch.Tensor, epoch: int) -> None:
    """Raises Diverged when the outputs are not finite, or the same for every example."""
    if not bool(outputs.isfinite().all()):
        raise Diverged(f"outputs are not finite after epoch {epoch}")
    spread = (outputs.amax(dim=0) - outputs.amin(dim=0)).max()
    if len(outputs) > 1 and float(spread) <= 1e-6 * float(outputs.abs().max()):
        raise Diverged(f"outputs are the same for every example after epoch {epoch}: the network is dead")


def cells_of(network: nn.Module) -> dict[str, nn.Module]:
    """The network's cells by name: its direct children, below any wrapper with a single child."""
    prefix = ""
    while True:
        children = list(network.named_children())
        if len(children) != 1 or not isinstance(children[0][1], nn.Sequential | nn.ModuleList):
            return {prefix + name: child for name, child in children}
        prefix += children[0][0] + "."
        network = children[0][1]


def gradient_norms(network: nn.Module) -> dict[str, float]:
    """Norm of the gradients now held by each cell that has weights."""
    norms: dict[str, float] = {}
    for name, cell in cells_of(network).items():
        gradients = [parameter.grad for parameter in cell.parameters() if parameter.grad is not None]
        if gradients:
            norms[name] = float(torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients))))
    return norms


class DeadUnits:
    """Share of units per cell whose output does not change over a batch: they carry nothing to the next cell."""

    def __init__(self) -> None:
        self.shares: dict[str, torch.Tensor] = {}

    @contextmanager
    def watching(self, network: nn.Module) -> Iterator[None]:
        """Measures during the first forward pass inside the block: one batch says enough, and each costs as much."""
        handles = [
            cell.register_forward_hook(self._measure(name))
            for name, cell in cells_of(network).items()
            if any(True for _ in cell.parameters())
        ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _measure(self, name: str):  # type: ignore[no-untyped-def]
        def hook(module: nn.Module, inputs: object, output: object) -> None:
            if name in self.shares or not isinstance(output, torch.Tensor) or output.dim() < 2 or len(output) < 2:
                return
            units = output.detach().float().transpose(0, 1).flatten(1)
            low, high = torch.aminmax(units, dim=1)
            size = torch.maximum(low.abs(), high.abs())
            self.shares[name] = ((high - low) <= 1e-6 * size).float().mean()

        return hook

    def by_cell(self) -> dict[str, float]:
        return {name: float(share) for name, share in self.shares.items()}

    def mean(self) -> float:
        """Mean over the cells, 0 to 1; 0 when nothing was measured."""
        return float(torch.stack(list(self.shares.values())).mean()) if self.shares else 0.0
