"""A loss of a person's own: an `nn.Module`, a class or a function of outputs and targets."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn

from nas.config.own_code import made_of, name_of
from nas.errors import InputError

WEIGHT = "weight"  # the argument of a loss that weights of classes are given to, as torch's own losses call it


class OwnLoss:
    """`loss(outputs, targets)`, on a device; it is held to give one number.

    Args:
        data: what the recipe says, see `nas.config.own_code`.
        class_weights: of each class; empty for none. The loss gets them as `weight`.

    Raises:
        InputError: weights of classes that the loss has no argument for.
    """

    def __init__(self, data: Any, class_weights: Sequence[float], device: torch.device) -> None:
        self.name = name_of(data)
        weight = torch.tensor(list(class_weights), device=device) if class_weights else None
        made = _weighted(made_of(data), weight, self.name)
        self._loss: Callable[[torch.Tensor, torch.Tensor], Any] = (
            made.to(device) if isinstance(made, nn.Module) else made
        )

    def __call__(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """The loss of a batch, one number.

        Raises:
            InputError: it gives something else.
        """
        value = self._loss(outputs, targets)
        if isinstance(value, torch.Tensor) and value.dim() == 0:
            return value
        got = f"a tensor of shape {tuple(value.shape)}" if isinstance(value, torch.Tensor) else repr(value)[:80]
        raise InputError(
            f"The loss {self.name} must give one number for a batch, a tensor without axes, got {got}. End it by "
            "`.mean()`."
        )


def _weighted(thing: Any, weight: torch.Tensor | None, name: str) -> Any:
    """The loss itself: of a class an instance; with the weights of classes where there are some."""
    made = isinstance(thing.func if isinstance(thing, functools.partial) else thing, type)
    if weight is None:
        return thing() if made else thing
    takes = inspect.signature(thing).parameters
    if isinstance(thing, nn.Module) or WEIGHT not in takes:
        raise InputError(
            f"`class_weights` cannot reach the loss {name}, which has no argument `{WEIGHT}`. Give it one (a class in "
            f"its constructor, a function beside outputs and targets), or leave `class_weights` out."
        )
    given = functools.partial(thing, **{WEIGHT: weight})
    return given() if made else given
