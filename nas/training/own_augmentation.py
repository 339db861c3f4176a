"""An augmentation of a person's own: a function of a batch of inputs, or of inputs and targets."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch

from nas.config.own_code import made_of, name_of
from nas.errors import InputError

ChangeBatch = Callable[[torch.Tensor, torch.Tensor], tuple[torch.Tensor, torch.Tensor]]


def own_augmentation(data: Any, numbers: bool = True) -> ChangeBatch:
    """A function of a batch's inputs and targets that gives both as the person's function changes them.

    The function may write into its arguments, which are copies. It draws from torch's global generator, which is seeded
    anew for every epoch.

    Args:
        data: what the recipe says, see `nas.config.own_code`.
        numbers: whether inputs are numbers, which the function gets as float32 in the data's own scale; else tokens.

    Raises:
        InputError: it takes neither one nor two arguments.
    """
    function, name = made_of(data), name_of(data)
    function = function() if isinstance(function, type) else function
    count = _arguments(function)
    if count not in (1, 2):
        raise InputError(
            f"The augmentation {name} must take a batch of inputs, or inputs and targets; it takes {count} arguments."
        )

    def change(inputs: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        inputs = inputs.float() if numbers else inputs
        found = function(inputs) if count == 1 else function(inputs, targets)
        x, y = (found, targets) if count == 1 else _pair(found, name)
        _check(x, inputs, name)
        if not isinstance(y, torch.Tensor) or len(y) != len(targets):
            raise InputError(f"The augmentation {name} must give one target per example ({len(targets)}).")
        return x, y

    return change


def _arguments(function: Any) -> int:
    """How many arguments it must be given, at least one."""
    takes = [
        one
        for one in inspect.signature(getattr(function, "forward", function)).parameters.values()
        if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
    ]
    needed = [one for one in takes if one.default is one.empty]
    return max(1, len(needed)) if takes else 0


def _pair(found: Any, name: str) -> tuple[Any, Any]:
    if isinstance(found, tuple | list) and len(found) == 2:
        return found[0], found[1]
    raise InputError(
        f"The augmentation {name} takes inputs and targets, so it must give both as a pair, got {type(found).__name__}."
    )


def _check(found: Any, given: torch.Tensor, name: str) -> None:
    if isinstance(found, torch.Tensor) and found.shape == given.shape:
        return
    got = tuple(found.shape) if isinstance(found, torch.Tensor) else type(found).__name__
    raise InputError(f"The augmentation {name} must give inputs of shape {tuple(given.shape)}, got {got}.")
