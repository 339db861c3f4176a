"""MiniRocket's features of series: fixed convolutions, and how often each exceeds a threshold.

Dempster, Schmidt, Webb (2021), MINIROCKET: A Very Fast (Almost) Deterministic Transform for Time Series Classification,
https://arxiv.org/abs/2012.08791. 84 kernels of 9 weights, three of them 2 and six -1, at up to 32 dilations; thresholds
are quantiles of the convolution of random training examples; the feature is the proportion of positive values. With
several channels each kernel and dilation reads the sum of a random few of them, as in the authors' multivariate code.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from nas.training.machine import cpus

TAPS = 9
KERNELS = tuple(itertools.combinations(range(TAPS), 3))  # where the three weights of 2 stand
MOST_DILATIONS = 32
MOST_CHANNELS = 9  # that one kernel reads
GOLDEN = (np.sqrt(5) + 1) / 2
BLOCK = 1 << 16  # numbers convolved at a time, so that they stay in the processor's cache
COUNTED = 255  # rows that 8 bits can count


@dataclass(frozen=True, eq=False)
class Dilation:
    """Kernels at one dilation.

    Args:
        step: distance of neighbouring taps.
        thresholds: `(84, m)` float32, m features of each kernel.
        channels: which channels each of the 84 kernels reads, or None when there is one.
        odd: whether kernels with an odd number, instead of an even one, are padded with zeros at both ends.
    """

    step: int
    thresholds: np.ndarray
    channels: tuple[tuple[int, ...], ...] | None
    odd: bool


@dataclass(frozen=True, eq=False)
class RocketFeatures:
    """The transform, fitted. `size` features, each between 0 and 1."""

    dilations: tuple[Dilation, ...]

    @property
    def size(self) -> int:
        return sum(dilation.thresholds.size for dilation in self.dilations)

    @classmethod
    def fit(cls, series: np.ndarray, features: int, rng: np.random.Generator) -> RocketFeatures:
        """Draws channels and thresholds.

        Args:
            series: `(n, channels, length)` float32, scaled.
            features: about so many; the nearest multiple of 84 below, at least 84.
        """
        channels, length = series.shape[1], max(series.shape[2], TAPS)
        quantiles = (np.arange(1, features + TAPS) * GOLDEN) % 1.0
        done, found = 0, []
        for place, (step, count) in enumerate(_dilations(length, max(1, features // len(KERNELS)))):
            subsets = tuple(_some_channels(channels, rng) for _ in KERNELS) if channels > 1 else None
            rows = rng.integers(len(series), size=len(KERNELS))
            thresholds = np.empty((len(KERNELS), count), dtype=np.float32)
            bare = Dilation(step, thresholds, subsets, odd=place % 2 == 1)
            for number, convolved in _convolutions(_time_first(series[rows]), bare):
                own = quantiles[done + number * count : done + (number + 1) * count]
                thresholds[number] = np.quantile(convolved[:, number], own)
            found.append(bare)
            done += len(KERNELS) * count
        return cls(tuple(found))

    def transform(self, series: np.ndarray) -> np.ndarray:
        """`(n, channels, length)` to `(n, size)` float32, on all cores."""
        n = len(series)
        out = np.empty((n, self.size), dtype=np.float32)
        rows = max(1, BLOCK // max(series.shape[2], TAPS))
        starts = range(0, n, rows)

        def work(start: int) -> None:
            block = _time_first(series[start : start + rows])
            out[start : start + rows] = self._of_block(block).T

        with ThreadPoolExecutor(cpus()) as pool:
            for _ in pool.map(work, starts):
                pass
        return out

    def _of_block(self, block: np.ndarray) -> np.ndarray:
        """`(channels, length, n)` to `(size, n)`."""
        length, n = block.shape[1:]
        out = np.empty((self.size, n), dtype=np.float32)
        above = np.empty((length, n), dtype=np.bool_)
        done = 0
        for dilation in self.dilations:
            count = dilation.thresholds.shape[1]
            margin = (TAPS // 2) * dilation.step
            for number, convolved in _convolutions(block, dilation):
                padded = (number % 2 == 1) == dilation.odd
                inside = convolved if padded or 2 * margin >= length else convolved[margin : length - margin]
                place = done + number * count
                for offset, threshold in enumerate(dilation.thresholds[number]):
                    flags = np.greater(inside, threshold, out=above[: len(inside)])
                    out[place + offset] = _counted(flags)
                out[place : place + count] /= len(inside)
            done += len(KERNELS) * count
        return out


def _counted(flags: np.ndarray) -> np.ndarray:
    """How many of the first axis are true: 8-bit sums of whole rows, several times as fast as `sum`."""
    bits = flags.view(np.uint8)
    total = np.add.reduce(bits[:COUNTED], axis=0, dtype=np.uint8).astype(np.float32)
    for start in range(COUNTED, len(bits), COUNTED):
        total += np.add.reduce(bits[start : start + COUNTED], axis=0, dtype=np.uint8)
    return total


def _convolutions(block: np.ndarray, dilation: Dilation) -> Iterator[tuple[int, np.ndarray]]:
    """Number of each kernel and its convolution `(length, n)` of a block `(channels, length, n)`.

    The array is written over for the next kernel.
    """
    length = block.shape[1]
    margin = (TAPS // 2) * dilation.step
    padded = np.pad(block, ((0, 0), (margin, margin), (0, 0)))
    out = np.empty(block.shape[1:], dtype=np.float32)
    if dilation.channels is None:
        taps, base = _taps(padded[0], length, dilation.step)
        pair, partial = (-1, -1), np.empty_like(out)
        for number, (i, j, k) in enumerate(KERNELS):
            if (i, j) != pair:
                pair = (i, j)
                np.add(taps[i], taps[j], out=partial)
                partial += base
            yield number, np.add(partial, taps[k], out=out)
        return
    for number, (kernel, channels) in enumerate(zip(KERNELS, dilation.channels, strict=True)):
        summed = padded[channels[0]] if len(channels) == 1 else padded[list(channels)].sum(axis=0)
        views = [summed[tap * dilation.step : tap * dilation.step + length] for tap in range(TAPS)]
        np.add(views[kernel[0]], views[kernel[1]], out=out)
        out += views[kernel[2]]
        out *= 3
        for view in views:
            out -= view
        yield number, out


def _taps(padded: np.ndarray, length: int, step: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Three times the series under each tap, and minus its sum under all nine: weights 2 = 3 - 1 and -1 = 0 - 1."""
    views = [padded[tap * step : tap * step + length] for tap in range(TAPS)]
    base = -views[0]
    for view in views[1:]:
        base -= view
    return [3 * view for view in views], base


def _dilations(length: int, per_kernel: int) -> list[tuple[int, int]]:
    """Dilations and how many features of each kernel they get, on a scale of powers of 2 up to the series' length."""
    most = min(per_kernel, MOST_DILATIONS)
    exponent = np.log2(max(1.0, (length - 1) / (TAPS - 1)))
    steps, counts = np.unique(np.logspace(0, exponent, most, base=2).astype(np.int64), return_counts=True)
    counts = (counts * per_kernel / most).astype(np.int64)
    for extra in range(per_kernel - int(counts.sum())):
        counts[extra % len(counts)] += 1
    return [(int(step), int(count)) for step, count in zip(steps, counts, strict=True)]


def _some_channels(channels: int, rng: np.random.Generator) -> tuple[int, ...]:
    """A random few; how many is uniform on a logarithmic scale."""
    count = int(2 ** rng.uniform(0, np.log2(min(channels, MOST_CHANNELS) + 1)))
    return tuple(int(channel) for channel in np.sort(rng.choice(channels, size=count, replace=False)))


def _time_first(series: np.ndarray) -> np.ndarray:
    """`(n, channels, length)` to `(channels, length, n)`; shorter than a kernel, zeros follow."""
    short = max(0, TAPS - series.shape[2])
    series = np.pad(series, ((0, 0), (0, 0), (0, short))) if short else series
    return np.ascontiguousarray(series.transpose(1, 2, 0), dtype=np.float32)
