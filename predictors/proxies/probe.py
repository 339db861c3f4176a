"""What every proxy is computed from: a freshly initialised network and one batch of the task's own data."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import cross_entropy, mse_loss

from search_spaces.architecture import Architecture
from search_spaces.network import build
from search_spaces.task import Task

NORMS = (nn.modules.batchnorm._BatchNorm, nn.LayerNorm, nn.GroupNorm)
ACTIVATIONS = (nn.ReLU, nn.ReLU6, nn.GELU, nn.SiLU, nn.Hardswish, nn.LeakyReLU, nn.ELU, nn.Tanh, nn.Sigmoid)


@dataclass(frozen=True)
class Probe:
    """A network and a batch, of which each proxy takes a copy, so that none changes what another one sees.

    Args:
        cells: the network, one module per cell, the head last. What embeds tokens is not among them.
        inputs: (batch, …) floats; for a network on tokens, the embedded ones, and what branches give that embed some.
        targets: (batch,) classes, or (batch, outputs) values; of several targets as `Task.targets` says.
        seed: of weights and noise that a proxy draws.
    """

    cells: nn.Sequential
    inputs: torch.Tensor
    targets: torch.Tensor
    task: Task
    seed: int

    @classmethod
    def of(
        cls, architecture: Architecture, task: Task, inputs: torch.Tensor, targets: torch.Tensor, seed: int = 0
    ) -> Probe:
        """A probe of `architecture` with weights drawn from `seed`, without dropout.

        Args:
            inputs: (batch, *task.input_shape), standardised as in training; tokens as whole numbers.
        """
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network: Any = build(architecture, task)
            for module in network.modules():
                if isinstance(module, nn.modules.dropout._DropoutNd):
                    module.p = 0.0
            network.train()
            if task.vocabulary or any(one.vocabulary for one in task.inputs):
                with torch.no_grad():
                    inputs = network[0](inputs)
                network = network[1:]
        return cls(network, inputs.float(), targets, task, seed)

    def network(self) -> nn.Sequential:
        """A copy of the network, in training mode."""
        return copy.deepcopy(self.cells)

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """The loss of the task."""
        if self.task.targets:
            return torch.stack(list(self._losses(outputs, targets))).sum()
        if self.task.kind == "classification":
            return cross_entropy(outputs, targets)
        return mse_loss(outputs.reshape(len(targets), -1), targets.reshape(len(targets), -1).float())

    def _losses(self, outputs: torch.Tensor, targets: torch.Tensor) -> Iterator[torch.Tensor]:
        said, true = self.task.output_slices(), self.task.target_slices()
        for one in self.task.targets:
            here, values = outputs[:, said[one.name]], targets[:, true[one.name]]
            classes = one.kind == "classification"
            yield one.weight * (cross_entropy(here, values[:, 0].long()) if classes else mse_loss(here, values.float()))


def weights(network: nn.Module) -> list[nn.Parameter]:
    """Matrices and convolution kernels, without biases and the parameters of normalisations."""
    return [parameter for parameter in network.parameters() if parameter.dim() > 1]


@contextmanager
def hooked(modules: Any, hook: Callable[..., Any]) -> Iterator[None]:
    """Inside the `with` block, `hook(module, inputs, output)` is called at each forward pass of the modules."""
    handles = [module.register_forward_hook(hook) for module in modules]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def drawn_from(seed: int) -> Iterator[None]:
    """Inside the `with` block, torch's generator starts at `seed`, and attention has a second derivative."""
    with torch.random.fork_rng(devices=[]), sdpa_kernel(SDPBackend.MATH):
        torch.manual_seed(seed)
        yield


def without_norms(network: nn.Module) -> nn.Module:
    """`network` with every normalisation replaced by the identity, in place."""
    for name, child in network.named_children():
        if isinstance(child, NORMS):
            setattr(network, name, nn.Identity())
        else:
            without_norms(child)
    return network
