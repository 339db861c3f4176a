"""Optimizers of the recipe, with weight decay for weights only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from nas.training.muon import Muon

Named = list[tuple[str, nn.Parameter]]


def _is_weight(name: str, parameter: nn.Parameter) -> bool:
    """Whether it is a matrix or filter; vectors (norms, biases) and embeddings of positions and tokens are not."""
    return parameter.dim() > 1 and "position" not in name and "token" not in name


def decay_groups(parameters: Named, weight_decay: float) -> list[dict[str, Any]]:
    """Parameter groups: weights with weight decay, all other parameters without it."""
    decayed = [parameter for name, parameter in parameters if _is_weight(name, parameter)]
    plain = [parameter for name, parameter in parameters if not _is_weight(name, parameter)]
    groups = [{"params": decayed, "weight_decay": weight_decay}, {"params": plain, "weight_decay": 0.0}]
    return [group for group in groups if group["params"]]


def _adamw(parameters: Named, rate: float, weight_decay: float) -> list[torch.optim.Optimizer]:
    groups = decay_groups(parameters, weight_decay)
    return [torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.99), fused=True)]


def _sgd(parameters: Named, rate: float, weight_decay: float) -> list[torch.optim.Optimizer]:
    groups = decay_groups(parameters, weight_decay)
    return [torch.optim.SGD(groups, lr=rate, momentum=0.9, nesterov=True, fused=True)]


def _muon(parameters: Named, rate: float, weight_decay: float) -> list[torch.optim.Optimizer]:
    """Muon for weights, AdamW for the rest; both learning rates differ from their defaults by the same factor."""
    matrices = [(name, parameter) for name, parameter in parameters if _is_weight(name, parameter)]
    rest = [(name, parameter) for name, parameter in parameters if not _is_weight(name, parameter)]
    optimizers: list[torch.optim.Optimizer] = []
    if matrices:
        optimizers.append(Muon(decay_groups(matrices, weight_decay), lr=rate))
    if rest:
        optimizers.extend(_adamw(rest, rate / DEFAULT_RATES["muon"] * DEFAULT_RATES["adamw"], weight_decay))
    return optimizers


Make = Callable[[Named, float, float], list[torch.optim.Optimizer]]
OPTIMIZERS: dict[str, Make] = {
    "adamw": _adamw,  # https://arxiv.org/abs/1711.05101
    "sgd": _sgd,  # Nesterov momentum, https://proceedings.mlr.press/v28/sutskever13.html
    "muon": _muon,  # https://kellerjordan.github.io/posts/muon/
}
DEFAULT_RATES = {"adamw": 5e-3, "sgd": 0.1, "muon": 0.02}
STATE_TENSORS = {"adamw": 2, "sgd": 1, "muon": 1}  # kept beside each weight, each of its size


def make_optimizers(
    name: str, network: nn.Module, learning_rate: float, weight_decay: float
) -> list[torch.optim.Optimizer]:
    """The optimizers that together train every parameter with `requires_grad`.

    Args:
        learning_rate: at its peak; 0 takes the default of the named optimizer.
        weight_decay: per step and unit of learning rate.
    """
    parameters = [(path, parameter) for path, parameter in network.named_parameters() if parameter.requires_grad]
    rate = learning_rate or DEFAULT_RATES[name]
    optimizers = OPTIMIZERS[name](parameters, rate, weight_decay) if parameters else []
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["initial_lr"] = group["lr"]
    return optimizers
