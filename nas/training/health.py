"""Health of a training: NaN, an exploding loss, vanishing or infinite gradients, dead units."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from search_spaces.task import LANGUAGE, Task


class Diverged(Exception):
    """The training cannot recover and must end; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


EXPLODED = 20.0  # times the loss of a network that has learned nothing: the training is lost
EQUAL = 1e-6  # relative difference of outputs below which they count as the same


def chance_loss(task: Task) -> float:
    """Loss of a network that has learned nothing: log(classes), log(2) for labels, or 1 for standardised targets.

    Of several targets the sum of theirs, each by its weight.
    """
    if task.targets:
        return sum(one.weight * _chance(one.kind, one.outputs) for one in task.targets)
    return _chance(task.kind, task.outputs)


def _chance(kind: str, outputs: int) -> float:
    if kind == "multilabel":
        return math.log(2)
    return math.log(max(2, outputs)) if kind in ("classification", LANGUAGE) else 1.0


def check_loss(loss: float, epoch: int, task: Task | None) -> None:
    """Raises Diverged when the loss is NaN, infinite, or more than `EXPLODED` times that of an untrained network.

    Args:
        task: None where the loss is a person's own, of which it is not known how large it may be.
    """
    if not math.isfinite(loss):
        raise Diverged(f"loss became {loss} in epoch {epoch}")
    if task is None:
        return
    limit = EXPLODED * chance_loss(task)
    if loss > limit:
        raise Diverged(f"loss exploded to {loss:.3g} in epoch {epoch}; {limit:.3g} is {EXPLODED:g} times chance")


def check_gradients(norms: dict[str, float], epoch: int) -> None:
    """Raises Diverged when the gradient norm of a cell is NaN or infinite, or when all are 0."""
    sick = [name for name, norm in norms.items() if not math.isfinite(norm)]
    if sick:
        raise Diverged(f"gradient of cell {sick[-1]} is {norms[sick[-1]]} at the end of epoch {epoch}")
    if norms and not any(norms.values()):
        raise Diverged(f"no gradient reaches any cell at the end of epoch {epoch}: the network is dead")


def check_outputs(outputs: torch.Tensor, epoch: int) -> None:
    """Raises Diverged when outputs `(n, outputs)` are not finite, or the same for every example."""
    if not bool(outputs.isfinite().all()):
        raise Diverged(f"outputs are not finite after epoch {epoch}")
    spread = (outputs.amax(dim=0) - outputs.amin(dim=0)).max()
    if len(outputs) > 1 and float(spread) <= EQUAL * float(outputs.abs().max()):
        raise Diverged(f"outputs are the same for every example after epoch {epoch}: the network is dead")


def cells_of(network: nn.Module) -> dict[str, nn.Module]:
    """The network's cells by the name of their module: its children, below any wrappers with a single child."""
    prefix = ""
    while True:
        children = list(network.named_children())
        if len(children) != 1 or not isinstance(children[0][1], nn.Sequential | nn.ModuleList):
            return {prefix + name: child for name, child in children}
        prefix += children[0][0] + "."
        network = children[0][1]


def gradient_norms(network: nn.Module) -> dict[str, float]:
    """L2 norm of the gradients that the parameters of each cell now hold; cells without any are left out."""
    norms: dict[str, float] = {}
    for name, cell in cells_of(network).items():
        gradients = [parameter.grad for parameter in cell.parameters() if parameter.grad is not None]
        if gradients:
            norms[name] = float(torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients))))
    return norms


class DeadUnits:
    """Share of dead units per cell: channels whose output is the same for all positions and examples of a batch."""

    def __init__(self) -> None:
        self.shares: dict[str, torch.Tensor] = {}

    @contextmanager
    def watching(self, network: nn.Module) -> Iterator[None]:
        """Measures in the first forward pass inside the block. One batch is enough, and further ones cost time."""
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
            self.shares[name] = ((high - low) <= EQUAL * size).float().mean()

        return hook

    def by_cell(self) -> dict[str, float]:
        """Share of dead units, 0 to 1, by the name of the cell."""
        return {name: float(share) for name, share in self.shares.items()}

    def mean(self) -> float:
        """Mean over the cells, 0 to 1; 0 when nothing was measured."""
        return float(torch.stack(list(self.shares.values())).mean()) if self.shares else 0.0
