"""Optimizers of the recipe, with weight decay for weights only."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from nas.config.own_code import made_of, name_of
from nas.errors import InputError
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


def _own(data: Any, parameters: Named, rate: float, weight_decay: float) -> torch.optim.Optimizer:
    """One optimizer of any class. Arguments that a person has given it go before the recipe's."""
    make, name = made_of(data), name_of(data)
    given = make.keywords if isinstance(make, functools.partial) else {}
    takes = inspect.signature(make).parameters
    closure = inspect.signature(getattr(make, "func", make).step).parameters.get("closure")
    if closure is not None and closure.default is inspect.Parameter.empty:
        raise InputError(
            f"The optimizer {name} asks for the loss several times a step. Use it in a loop of your own (`train=`)."
        )
    arguments = {}
    if "lr" in takes and "lr" not in given and (rate or takes["lr"].default is inspect.Parameter.empty):
        if not rate:
            raise InputError(f"The optimizer {name} has no learning rate of its own. Say `learning_rate`, e.g. 0.01.")
        arguments["lr"] = rate
    groups: Any = [parameter for _, parameter in parameters]
    if "weight_decay" in takes:
        groups = decay_groups(parameters, given.get("weight_decay", weight_decay))
    try:
        return make(groups, **arguments)
    except (TypeError, ValueError) as error:
        raise InputError(f"The optimizer {name} cannot be made: {error}") from error


Make = Callable[[Named, float, float], list[torch.optim.Optimizer]]
OPTIMIZERS: dict[str, Make] = {
    "adamw": _adamw,  # https://arxiv.org/abs/1711.05101
    "sgd": _sgd,  # Nesterov momentum, https://proceedings.mlr.press/v28/sutskever13.html
    "muon": _muon,  # https://kellerjordan.github.io/posts/muon/
}
DEFAULT_RATES = {"adamw": 5e-3, "sgd": 0.1, "muon": 0.02}
STATE_TENSORS = {"adamw": 2, "sgd": 1, "muon": 1}  # kept beside each weight, each of its size


def make_optimizers(
    name: Any, network: nn.Module, learning_rate: float, weight_decay: float
) -> list[torch.optim.Optimizer]:
    """The optimizers that together train every parameter with `requires_grad`.

    Args:
        name: of `OPTIMIZERS`, or a person's own, see `nas.config.own_code`.
        learning_rate: at its peak; 0 takes the default of the optimizer.
        weight_decay: per step and unit of learning rate.
    """
    parameters = [(path, parameter) for path, parameter in network.named_parameters() if parameter.requires_grad]
    if not parameters:
        return []
    if name in OPTIMIZERS:
        optimizers = OPTIMIZERS[name](parameters, learning_rate or DEFAULT_RATES[name], weight_decay)
    else:
        optimizers = [_own(name, parameters, learning_rate, weight_decay)]
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["initial_lr"] = group["lr"]
    return optimizers
