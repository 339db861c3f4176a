"""Fixed convolutions whose shares of positive values are the features: MiniRocket (https://arxiv.org/abs/2012.08791)."""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from search_spaces.cells import layers
from search_spaces.cells.layers import Shape
from search_spaces.cells.token_mixer import length_of
from search_spaces.dsl import Whole

KERNELS = 84  # all ways to place three weights of 2 among six of -1
TAPS = 9
MOST_DILATIONS = 32
SHARPNESS = 20.0  # of a step; a hard one would let rounding, which differs by device, change the features


class PositiveShares(nn.Module):
    """(batch, channels, …positions) -> (batch, 84 * sum(levels)): how often fixed convolutions answer strongly.

    Each of the 84 kernels of length 9 is applied with each dilation to the sum of a few channels. Its answers are
    standardised with running statistics, and the shares of positions where they are above each of some levels are
    features, standardised in turn. Half of the shares leave out the positions near the border. Nothing is learned.

    Args:
        dilations: distances between taps.
        levels: number of levels for each dilation.
        seed: of the channels that each kernel sees.
    """

    kernels: torch.Tensor
    sums: torch.Tensor
    level: torch.Tensor

    def __init__(self, channels: int, dilations: tuple[int, ...], levels: tuple[int, ...], seed: int) -> None:
        super().__init__()
        self.channels = channels
        self.dilations = dilations
        self.levels = levels
        self.seed = seed
        self.answers = nn.ModuleList(nn.BatchNorm1d(KERNELS, momentum=None, affine=False) for _ in dilations)
        self.standardise = nn.BatchNorm1d(KERNELS * sum(levels), momentum=None, affine=False)
        kernels = [
            [2.0 if tap in high else -1.0 for tap in range(TAPS)] for high in itertools.combinations(range(TAPS), 3)
        ]
        self.register_buffer("kernels", torch.tensor(kernels), persistent=False)
        rng = random.Random(seed)
        sums = [[self._seen(rng) for _ in range(KERNELS)] for _ in dilations]
        self.register_buffer("sums", torch.tensor(sums).unsqueeze(3), persistent=False)
        golden = torch.arange(1, KERNELS * sum(levels) + 1, dtype=torch.float64) * 0.6180339887498949 % 1.0
        level = torch.special.ndtri(golden.clamp(0.001, 0.999)).float()
        self.register_buffer("level", level.reshape(sum(levels), KERNELS, 1), persistent=False)

    def _seen(self, rng: random.Random) -> list[float]:
        """1 for each channel that one kernel sees, at most nine of them; 0 for the rest."""
        many = int(2 ** rng.uniform(0, math.log2(min(self.channels, TAPS) + 1)))
        chosen = set(rng.sample(range(self.channels), min(many, self.channels)))
        return [float(channel in chosen) for channel in range(self.channels)]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.reshape(x.shape[0], x.shape[1], -1)
        length, shares, first = x.shape[2], [], 0
        for place, (dilation, levels) in enumerate(zip(self.dilations, self.levels, strict=True)):
            answer = self.answers[place](self._convolved(x, place))
            border = 4 * dilation if length > 8 * dilation else 0
            odd = place % 2
            for level in self.level[first : first + levels]:
                above = (answer - level).clamp(-0.5 / SHARPNESS, 0.5 / SHARPNESS)
                shares += [above[:, odd::2].mean(2), above[:, 1 - odd :: 2, border : length - border].mean(2)]
            first += levels
        return self.standardise(torch.cat(shares, dim=1) * SHARPNESS)

    def _convolved(self, x: torch.Tensor, place: int) -> torch.Tensor:
        dilation, length = self.dilations[place], x.shape[2]
        if self.channels > 1:
            summed = F.conv1d(x, self.sums[place])
            return F.conv1d(summed, self.kernels.unsqueeze(1), padding=4 * dilation, dilation=dilation, groups=KERNELS)
        padded = F.pad(x, (4 * dilation, 4 * dilation))
        taps = [padded[:, :, tap * dilation : tap * dilation + length] for tap in range(TAPS)]
        return self.kernels @ torch.cat(taps, dim=1)  # several times faster than torch's dilated convolution on a CPU


@dataclass(frozen=True)
class RandomConvolutions:
    """The features of MiniRocket: `(channels, …)` -> `(features,)`; with `Head()` a linear classifier of them.

    A series is convolved along its length, a picture row by row, and a vector as a series of one channel. The kernels
    are fixed, so only what stands behind this cell learns; it is meant to be the first.

    MiniRocket takes its levels from quantiles of the answers to training examples. A cell is built without data, so
    here the answers are standardised with running statistics, as batch normalisation has them, and the levels are
    quantiles of the standard normal distribution.

    Args:
        features: at least 84; rounded down to a multiple of it. The paper has 9,996.
        seed: of the channels that each kernel sees, where there are several.
    """

    features: Whole = 4_956
    seed: Whole = 0

    def build(self, shape: Shape) -> nn.Module:
        each = layers.whole("features", self.features, least=KERNELS) // KERNELS
        seed = layers.whole("seed", self.seed, least=0)
        series = shape if layers.positions(shape) else (1, shape[0])
        dilations, levels = dilations_of(length_of(series), each)
        shares = PositiveShares(series[0], dilations, levels, seed)
        return shares if layers.positions(shape) else nn.Sequential(nn.Unflatten(1, series), shares)


def dilations_of(length: int, each: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Dilations spread evenly on a logarithmic scale up to the whole length, and the number of levels of each.

    Args:
        length: of the series.
        each: features of one kernel: the sum of all levels.
    """
    most = min(each, MOST_DILATIONS)
    furthest = math.log2(max(length - 1, TAPS - 1) / (TAPS - 1))
    places = Counter(int(2 ** (furthest * place / max(1, most - 1)) + 1e-9) for place in range(most))
    dilations = sorted(places)
    levels = [places[dilation] * each // most for dilation in dilations]
    for place in range(each - sum(levels)):
        levels[place % len(levels)] += 1
    return tuple(dilations), tuple(levels)
