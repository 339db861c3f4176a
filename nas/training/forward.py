"""A network's forward pass: each cell in the number format it is fastest in, checkpointed where memory is short."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from nas.training.checkpointing import run_checkpointed
from nas.training.precision import Precision
from search_spaces.cells.residual import StochasticDepth

QUICK_IN_HALF = (
    _BatchNorm,
    nn.ReLU,
    nn.ReLU6,
    nn.SiLU,
    nn.Hardswish,
    nn.MaxPool1d,
    nn.MaxPool2d,
    nn.AvgPool1d,
    nn.AvgPool2d,
    nn.Identity,
    nn.Dropout,
    StochasticDepth,
)


def suits_half(cell: nn.Module) -> bool:
    """Whether a CPU with matrix units for bfloat16 runs the cell faster so: dense convolutions and what goes with them.

    Measured on a Xeon with AMX, forward and backward: dense convolutions 3.5 to 9 times as fast, batch norm 1.6; but
    depthwise convolutions 0.3, attention 0.3 and recurrent layers 0.5 (results/training/precision).
    """
    leaves = [module for module in cell.modules() if not any(True for _ in module.children())]
    convolutions = [leaf for leaf in leaves if isinstance(leaf, nn.Conv1d | nn.Conv2d)]
    others = [leaf for leaf in leaves if not isinstance(leaf, nn.Conv1d | nn.Conv2d)]
    return (
        bool(convolutions)
        and all(convolution.groups == 1 for convolution in convolutions)
        and all(isinstance(leaf, QUICK_IN_HALF) for leaf in others)
    )


class Forward(nn.Module):
    """Runs a network; shares its weights.

    Args:
        checkpointing: keep only each cell's input for the backward pass.
    """

    def __init__(self, network: nn.Module, precision: Precision, checkpointing: bool = False) -> None:
        super().__init__()
        self.network = network
        self.precision = precision
        self.checkpointing = checkpointing
        self.cells = tuple(network) if isinstance(network, nn.Sequential) else (network,)
        self.in_half = tuple(not precision.by_cell or suits_half(cell) for cell in self.cells)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Float32 outputs."""
        if self.precision.dtype == torch.float32 or not any(self.in_half):
            return (run_checkpointed(self.cells, x) if self.checkpointing else self.network(x)).float()
        for cell, half in zip(self.cells, self.in_half, strict=True):
            with torch.autocast(x.device.type, self.precision.dtype, enabled=half):
                x = x if half or not x.is_floating_point() else x.float()
                x = run_checkpointed((cell,), x) if self.checkpointing else cell(x)
        return x.float()
