"""A network's forward pass: each cell in the number format it is fastest in, checkpointed where memory is short."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint

from nas.training.narrow_convolutions import InFloat32
from nas.training.precision import Precision
from search_spaces.cells.residual import StochasticDepth

QUICK_IN_HALF = (
    _BatchNorm,
    nn.ReLU,
    nn.ReLU6,
    nn.GELU,
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
    """Whether a CPU that multiplies bfloat16 runs the cell faster in it: dense convolutions with simple layers.

    Measured forward and backward (results/training/precision): on a Xeon with AMX, in bfloat16 dense convolutions ran
    3.5 to 9 times as fast and batch norm 1.6 times, but depthwise convolutions 0.3, attention 0.3 and recurrent layers
    0.5 times; on an EPYC with AVX-512 dense convolutions 1.9 to 5 times, batch norm 0.7, attention 0.3.
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
    """Runs a network, whose weights it shares.

    Args:
        precision: number format, of every cell or of those that gain by it.
        checkpointing: see `run_checkpointed`.
    """

    def __init__(self, network: nn.Module, precision: Precision, checkpointing: bool = False) -> None:
        super().__init__()
        self.network = network
        self.precision = precision
        self.checkpointing = checkpointing
        self.cells = tuple(network) if isinstance(network, nn.Sequential) else (network,)
        self.in_half = tuple(not precision.by_cell or suits_half(cell) for cell in self.cells)
        if precision.dtype == torch.bfloat16:
            for cell, half in zip(self.cells, self.in_half, strict=True):
                if half:
                    InFloat32().around(cell)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Float32 outputs `(batch, outputs)`."""
        if self.precision.dtype == torch.float32 or not any(self.in_half):
            return (run_checkpointed(self.cells, x) if self.checkpointing else self.network(x)).float()
        for cell, half in zip(self.cells, self.in_half, strict=True):
            with torch.autocast(x.device.type, self.precision.dtype, enabled=half):
                x = x if half or not x.is_floating_point() else x.float()
                x = run_checkpointed((cell,), x) if self.checkpointing else cell(x)
        return x.float()


def run_checkpointed(cells: Iterable[nn.Module], x: torch.Tensor) -> torch.Tensor:
    """The cells one after another with activation checkpointing (https://arxiv.org/abs/1604.06174).

    Only each cell's input is kept, and the cell runs again in the backward pass. Gradients and running statistics are
    those of an ordinary forward pass.
    """
    for cell in cells:

        def contexts(cell: nn.Module = cell) -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
            return nullcontext(), _statistics_kept(cell)

        x = checkpoint(cell, x, use_reentrant=False, context_fn=contexts)
    return x


@contextmanager
def _statistics_kept(cell: nn.Module) -> Iterator[None]:
    """Inside the block, batch norms leave their running statistics alone: the first run has updated them already."""
    norms = [module for module in cell.modules() if isinstance(module, _BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
            if norm.num_batches_tracked is not None:
                norm.num_batches_tracked.sub_(1)
