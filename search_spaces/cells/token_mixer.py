"""Blocks that mix positions without attention: a gated linear recurrence, or a gated short convolution."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from search_spaces.cells import layers
from search_spaces.cells.layers import Shape
from search_spaces.cells.residual import StochasticDepth
from search_spaces.cells.transformer import LearnedPositions, TransformerBlock
from search_spaces.dsl import Flag, Real, Whole, Word
from search_spaces.errors import SpaceError


class GatedRecurrence(nn.Module):
    """h[t] = a[t] h[t-1] + (1 - a[t]) v[t] on (batch, positions, channels), with gates that see the input only.

    The minGRU (https://arxiv.org/abs/2410.01201) with an output gate as in Griffin (https://arxiv.org/abs/2402.19427).
    Since no gate waits for h, all positions come out of log2(length) steps of a parallel scan. The first memories of
    the channels are spread from one position to `length` (https://arxiv.org/abs/1804.11188).
    """

    def __init__(self, width: int, length: int) -> None:
        super().__init__()
        self.width = width
        self.length = length
        self.inputs = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)
        with torch.no_grad():
            self.inputs.bias[:width] = torch.linspace(1, max(length - 1, 1), width).log()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        gate, value, out = self.inputs(x).chunk(3, dim=-1)
        keep = torch.sigmoid(gate)
        state = (1 - keep) * value
        step = 1
        while step < self.length:  # after it, `state` holds the last 2 * step inputs and `keep` their decay
            state = state + keep * F.pad(state, (0, 0, step, 0))[:, : self.length]
            keep = keep * F.pad(keep, (0, 0, step, 0))[:, : self.length]
            step *= 2
        return self.output(state * F.silu(out))


class GatedConvolution(nn.Module):
    """A convolution of each channel between two gates, on (batch, positions, channels): out * conv(into * value).

    The short convolution of H3 and Hyena (https://arxiv.org/abs/2212.14052, https://arxiv.org/abs/2302.10866).
    """

    def __init__(self, width: int, kernel: int, causal: bool) -> None:
        super().__init__()
        self.width = width
        self.kernel = kernel
        self.causal = causal
        self.inputs = nn.Linear(width, 3 * width)
        self.conv = nn.Conv1d(width, width, kernel, groups=width)
        self.output = nn.Linear(width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        into, value, out = self.inputs(x).chunk(3, dim=-1)
        before = self.kernel - 1 if self.causal else self.kernel // 2
        mixed = self.conv(F.pad((into * value).transpose(1, 2), (before, self.kernel - 1 - before)))
        return self.output(out * mixed.transpose(1, 2))


@dataclass(frozen=True)
class TokenMixer:
    """A pre-norm block that mixes positions, then a feed-forward layer; a picture is read row by row.

    Its cost grows with the number of positions, where that of attention grows with their square.

    Args:
        width: channels out, reached by a 1x1 convolution in front; 0 keeps the channels of the input.
        kind: recurrence (of all earlier positions) or convolution (of `kernel` positions).
        kernel: of the convolution; at least 1.
        causal: of the convolution: it sees earlier positions only. A recurrence always does.
        mlp_ratio: how many times wider the feed-forward layer is than the block; above 0.
        dropout: in the feed-forward layer, at least 0 and below 1.
    """

    width: Whole = 0
    kind: Word = "recurrence"
    kernel: Whole = 3
    causal: Flag = False
    mlp_ratio: Real = 2
    activation: Word = "gelu"
    dropout: Real = 0.0

    def build(self, shape: Shape) -> nn.Module:
        width = layers.width_of(self.width, shape)
        layers.one_of("kind", self.kind, ("recurrence", "convolution"))
        kernel = layers.whole("kernel", self.kernel)
        mixer: nn.Module = GatedConvolution(width, kernel, bool(self.causal))
        if self.kind == "recurrence":
            mixer = GatedRecurrence(width, length_of(shape))
        feed_forward = feed_forward_of(width, self.mlp_ratio, self.activation, self.dropout)
        return pre_norm_block(shape, width, mixer, feed_forward, nn.Identity())


def length_of(shape: Shape) -> int:
    """Positions of a shape in raster order; 1 for a vector."""
    length = 1
    for size in shape[1:]:
        length *= size
    return length


def feed_forward_of(width: int, ratio: float, activation: str, dropout: float) -> nn.Module:
    """Two linear layers, the middle `ratio` times as wide."""
    if isinstance(ratio, bool) or not isinstance(ratio, int | float) or not ratio > 0:
        raise SpaceError(f"`mlp_ratio` must be a number above 0, got {ratio!r}. Use e.g. 2.")
    hidden = max(1, round(width * ratio))
    parts = [nn.Linear(width, hidden), layers.activation(activation), nn.Linear(hidden, width)]
    return nn.Sequential(*parts, *([nn.Dropout(dropout)] if layers.share("dropout", dropout) else []))


def pre_norm_block(
    shape: Shape, width: int, mixer: nn.Module, feed_forward: nn.Module, positions: nn.Module
) -> TransformerBlock:
    """A block with `mixer` in the place of attention."""
    return TransformerBlock(
        projection=nn.Identity() if width == shape[0] else layers.conv(shape, width, 1, bias=True),
        positions=positions,
        attention=mixer,
        feed_forward=feed_forward,
        norm1=nn.LayerNorm(width),
        norm2=nn.LayerNorm(width),
        depth=StochasticDepth(),
        pre_norm=True,
    )


def learned_positions(kind: str, shape: Shape, width: int) -> nn.Module:
    """A learned vector for each position, or nothing."""
    layers.one_of("positions", kind, ("none", "learned"))
    return LearnedPositions(length_of(shape), width) if kind == "learned" else nn.Identity()
