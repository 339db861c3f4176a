"""The numbers that learners see: architectures as blocks of features, scores as Gaussian ranks.

A block is an array with a row for each architecture. Blocks stay apart so that a learner can take some of them, and
give each a weight of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from scipy.stats import norm, rankdata

from search_spaces.architecture import Architecture
from search_spaces.encoding import encode
from search_spaces.encoding.decisions import DecisionColumns
from search_spaces.space import Space
from search_spaces.task import Task

DECISIONS, STRUCTURE, COST = "decisions", "structure", "cost"  # blocks that every architecture has
PROXIES, HISTORY, RECIPE = "proxies", "history", "recipe"  # blocks that are there only if the caller adds them
FARTHEST = 5.0  # standardised features are clipped to so many deviations
EDGE = 0.15  # share of the scores from which the slope beyond the outermost score is taken

Block = Callable[[Sequence[Architecture]], np.ndarray]  # computes one block: n architectures -> (n, d), finite, d fixed
BlockArrays = Mapping[str, np.ndarray]  # computed blocks by name, each (n, d_b)
NONE: Mapping[str, Block] = MappingProxyType({})


class Features:
    """Computes the blocks of architectures of one space.

    Args:
        extra: further blocks by name. Three names are known to the learners: `proxies` (training-free scores, see
            `proxies.as_quantiles`), `history` (earlier searches, see `transfer.past_searches`) and `recipe` (how the
            network is trained, see `recipe`).
    """

    def __init__(self, space: Space, task: Task, extra: Mapping[str, Block] = NONE) -> None:
        self.space, self.task, self.extra = space, task, extra

    def blocks(self, architectures: Sequence[Architecture]) -> dict[str, np.ndarray]:
        """The blocks of n architectures by name, each (n, d_b) and finite."""
        encoding = encode(architectures, self.space, self.task)
        known = {DECISIONS: encoding.decisions, STRUCTURE: encoding.structure, COST: encoding.cost}
        return {**known, **{name: block(architectures) for name, block in self.extra.items()}}


def recipe(places: Iterable[tuple[str, tuple[Any, ...]]]) -> Block:
    """A block of the decisions taken in the training recipe, read from each architecture's `decisions`.

    Args:
        places: (path, options) of the recipe, e.g. `("training.learning_rate", (0.001, 0.01))`.
    """
    columns = DecisionColumns(places)

    def block(architectures: Sequence[Architecture]) -> np.ndarray:
        rows = [columns.row(architecture.decisions) for architecture in architectures]
        return np.array(rows).reshape(len(rows), len(columns.names))

    return block


@dataclass(frozen=True)
class Standard:
    """Scales blocks to mean 0 and deviation 1, as measured on the rows learned from, and drops constant columns.

    Args:
        kept: by block, the indices of the columns that are not constant.
        mean, scale: by block, the mean and the deviation of these columns.
    """

    kept: Mapping[str, np.ndarray]
    mean: Mapping[str, np.ndarray]
    scale: Mapping[str, np.ndarray]

    @classmethod
    def of(cls, blocks: BlockArrays) -> Standard:
        """Measures these rows."""
        kept = {name: np.flatnonzero(block.std(0) > 1e-9) for name, block in blocks.items()}
        return cls(
            kept,
            {name: block[:, kept[name]].mean(0) for name, block in blocks.items()},
            {name: block[:, kept[name]].std(0) for name, block in blocks.items()},
        )

    def __call__(self, blocks: BlockArrays) -> dict[str, np.ndarray]:
        """Any rows in that scale, clipped to five deviations."""
        scaled = {}
        for name, kept in self.kept.items():
            values = (blocks[name][:, kept] - self.mean[name]) / self.scale[name]
            scaled[name] = np.clip(values, -FARTHEST, FARTHEST)
        return scaled


def side_by_side(blocks: BlockArrays, names: Sequence[str]) -> np.ndarray:
    """The named blocks as one array (n, d), without those that are missing; a column of zeros if none has a column."""
    rows = len(next(iter(blocks.values())))
    joined = np.hstack([np.zeros((rows, 0)), *(blocks[name] for name in names if name in blocks)])
    return joined if joined.shape[1] else np.zeros((rows, 1))


def gaussian_ranks(scores: np.ndarray) -> np.ndarray:
    """(n,) scores -> (n,) normal quantiles of their ranks; equal scores share their mean rank.

    Rank-based inverse normal transformation (Beasley et al. 2009, https://doi.org/10.1007/s10519-009-9281-0). Learners
    get these as targets: a search needs only the order of scores, and their distribution is far from normal.
    """
    return norm.ppf((rankdata(scores) - 0.5) / len(scores))


@dataclass(frozen=True)
class GaussianRanks:
    """Maps Gaussian ranks back to scores: linear between known scores, and beyond them along the outer slope.

    Args:
        known: (k,) distinct scores, ascending.
        ranks: (k,) their Gaussian ranks, ascending.
    """

    known: np.ndarray
    ranks: np.ndarray

    @classmethod
    def of(cls, scores: np.ndarray, ranks: np.ndarray | None = None) -> GaussianRanks:
        """The map for (n,) finite scores, by their own Gaussian ranks or by given (n,) ranks of the same order."""
        known, where = np.unique(scores, return_index=True)
        return cls(known, (gaussian_ranks(scores) if ranks is None else ranks)[where])

    def scores(self, ranks: np.ndarray) -> np.ndarray:
        """Gaussian ranks -> scores, of the same shape; increasing."""
        if len(self.known) < 2:
            return np.full(np.shape(ranks), self.known[0])
        inside = np.interp(ranks, self.ranks, self.known)
        width = max(2, int(np.ceil(EDGE * len(self.known))))
        low = _slope(self.ranks[:width], self.known[:width]) * np.minimum(ranks - self.ranks[0], 0)
        high = _slope(self.ranks[-width:], self.known[-width:]) * np.maximum(ranks - self.ranks[-1], 0)
        return inside + low + high

    def deviations(self, ranks: np.ndarray, std: np.ndarray) -> np.ndarray:
        """Standard deviations of ranks -> of scores: half the distance between one deviation above and one below."""
        return (self.scores(ranks + std) - self.scores(ranks - std)) / 2


def _slope(ranks: np.ndarray, known: np.ndarray) -> float:
    return float((known[-1] - known[0]) / (ranks[-1] - ranks[0]))
