"""Boosted regression trees as plain arrays: fitted by scikit-learn, kept and used without it and without pickle.

Friedman 2001, https://doi.org/10.1214/aos/1013203451.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

TREES, RATE, DEPTH, LEAF = 300, 0.04, 4, 15
SHARE_OF_ROWS, SHARE_OF_COLUMNS = 0.6, 0.08
LEAF_MARK = -1


@dataclass(frozen=True)
class Trees:
    """A sum of trees.

    Args:
        column: of each node of each tree, the column it asks about, -1 in a leaf; (trees, nodes), padded with leaves.
        threshold: values up to it go to the left.
        left, right: the node that comes next.
        value: what a leaf adds.
        start: the value before the first tree.
    """

    column: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    value: np.ndarray
    start: float

    @classmethod
    def fitted(cls, values: np.ndarray, targets: np.ndarray, seed: int) -> Trees:
        """Learns from (n, d) rows and their (n,) targets."""
        from sklearn.ensemble import GradientBoostingRegressor

        learned = GradientBoostingRegressor(
            n_estimators=TREES, learning_rate=RATE, max_depth=DEPTH, min_samples_leaf=LEAF, subsample=SHARE_OF_ROWS,
            max_features=SHARE_OF_COLUMNS, random_state=seed,
        ).fit(values.astype(np.float32), targets)  # fmt: skip
        trees = [one.tree_ for one in learned.estimators_[:, 0]]
        shape = (len(trees), max(tree.node_count for tree in trees))
        column, left, right = np.full(shape, LEAF_MARK, np.int16), np.zeros(shape, np.int16), np.zeros(shape, np.int16)
        threshold, value = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        for index, tree in enumerate(trees):
            nodes = slice(0, tree.node_count)
            leaf = tree.children_left == LEAF_MARK
            column[index, nodes] = np.where(leaf, LEAF_MARK, tree.feature)
            left[index, nodes] = np.where(leaf, 0, tree.children_left)
            right[index, nodes] = np.where(leaf, 0, tree.children_right)
            threshold[index, nodes] = tree.threshold
            value[index, nodes] = np.where(leaf, RATE * tree.value[:, 0, 0], 0.0)
        return cls(column, threshold, left, right, value, float(targets.mean()))

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """(n, d) rows -> (n,) sums."""
        values = np.asarray(values, dtype=np.float32)
        trees = np.arange(len(self.column))[:, None]
        rows = np.arange(len(values))[None, :]
        node = np.zeros((len(self.column), len(values)), dtype=np.int64)
        while True:
            column = self.column[trees, node]
            inner = column != LEAF_MARK
            if not inner.any():
                return self.start + self.value[trees, node].sum(0, dtype=float)
            lower = values[rows, np.where(inner, column, 0)] <= self.threshold[trees, node]
            following = np.where(lower, self.left[trees, node], self.right[trees, node])
            node = np.where(inner, following, node)

    def arrays(self) -> dict[str, np.ndarray]:
        """All of it, for a file."""
        return {name: np.asarray(getattr(self, name)) for name in self.__dataclass_fields__}

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray]) -> Trees:
        """What `arrays` gave. Raises KeyError or ValueError for anything else."""
        found = {name: arrays[name] for name in cls.__dataclass_fields__}
        start = float(found.pop("start"))
        shapes = {array.shape for array in found.values()}
        if len(shapes) != 1 or len(next(iter(shapes))) != 2:
            raise ValueError(f"trees of different shapes: {shapes}")
        nodes = found["left"].shape[1]
        if any(found[side].min() < 0 or found[side].max() >= nodes for side in ("left", "right")):
            raise ValueError("a node that is not there")
        inner = found["column"] != LEAF_MARK
        own = np.arange(nodes)[None, :]
        if (inner & ((found["left"] <= own) | (found["right"] <= own))).any():  # else a walk would never end
            raise ValueError("a node that comes before its parent")
        return cls(**found, start=start)
