"""Convolutions that a CPU gets wrong in bfloat16, run in float32.

Where the stride leaves one position of the last axis, as on a map of 1 x 1 with a stride of 2, torch 2.13 gives numbers
in bfloat16 that were never computed: what lay in memory, often NaN. Where the axis is shorter than the stride these are
the gradient of the weights, and on maps of more than four rows the output itself.
`results/training/precision/narrow.md` says which convolutions are wrong.
"""

from __future__ import annotations

import weakref
from typing import Any

import torch
from torch import nn

_WATCHED: weakref.WeakSet[nn.Module] = weakref.WeakSet()  # a network is validated by a new `Forward` every epoch


class InFloat32:
    """Hooks around convolutions: one whose input is that narrow does not follow autocast on a CPU."""

    def __init__(self) -> None:
        self._without: list[torch.autocast | None] = []

    def around(self, module: nn.Module) -> None:
        """Watches every convolution in the module from now on."""
        for part in module.modules():
            if isinstance(part, nn.Conv1d | nn.Conv2d) and part not in _WATCHED:
                _WATCHED.add(part)
                part.register_forward_pre_hook(self._before)
                part.register_forward_hook(self._after, always_call=True)

    def _before(self, convolution: nn.Conv1d | nn.Conv2d, inputs: tuple[Any, ...]) -> tuple[Any, ...] | None:
        x = inputs[0]
        narrow = x.shape[-1] <= convolution.stride[-1] and convolution.stride[-1] > 1
        if not narrow or x.device.type != "cpu" or not torch.is_autocast_enabled("cpu"):
            self._without.append(None)
            return None
        without = torch.autocast("cpu", enabled=False)
        without.__enter__()
        self._without.append(without)
        return (x.float(),)

    def _after(self, convolution: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        without = self._without.pop()
        if without is not None:
            without.__exit__(None, None, None)
