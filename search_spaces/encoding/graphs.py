"""The part of the structure block for graphs inside cells: which operations lie on the paths from input to output.

Operation counts, shortest and longest paths with a subset of operations, and degrees are GRAF's
(https://github.com/gabikadlecova/zc_combine). Unlike GRAF, edges that do not reach the output are left out first, and
skips have no length, so that equal networks have equal features.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from search_spaces.architecture import canonical, cell_text
from search_spaces.space import Space
from search_spaces.tree import cells_within, is_open

ZERO, SKIP = "zero", "skip"
MOST_FOR_ALL_SUBSETS = 5
Edges = tuple[tuple[int, int, str], ...]


class GraphFeatures:
    """Columns for the graphs of one space; none where no graph of the space is open.

    Per operation: live edges with it. Per group of operations (all groups of up to five operations, else each alone and
    all but each): number of paths, shortest and longest path with these operations only. Per operation: greatest, least
    and mean number along a path. Degrees of input and output.
    """

    def __init__(self, space: Space) -> None:
        graphs = [cell for cell in cells_within(space.cells) if _is_graph(cell) and is_open(cell)]
        labels = {label for graph in graphs for label in _labels(graph)} - {ZERO, SKIP}
        self.labels = tuple(sorted(labels))
        self.any = bool(graphs)
        self.place = {label: place for place, label in enumerate(self.labels)}
        self.groups = _groups(len(self.labels))
        self.names = self._names() if self.any else ()
        self._known: dict[Any, np.ndarray] = {}

    def row(self, cells: tuple[Any, ...]) -> np.ndarray:
        """Mean over the graphs of a network: (g,)."""
        if not self.any:
            return np.zeros(0)
        rows = [self._graph(cell) for cell in cells if _is_graph(cell)]
        return np.mean(rows, axis=0) if rows else np.zeros(len(self.names))

    def _names(self) -> tuple[str, ...]:
        groups = ["+".join(self.labels[i] for i in np.flatnonzero(group)) or SKIP for group in self.groups]
        names = [f"edges[{label}]" for label in (*self.labels, SKIP, ZERO)]
        names += [f"{what}[{group}]" for what in ("paths", "shortest", "longest") for group in groups]
        names += [f"{what}[{label}]" for what in ("most", "least", "mean") for label in self.labels]
        names += [f"{what}[{label}]" for what in ("from_input", "into_output") for label in (*self.labels, SKIP)]
        return (*names, "degree", "dead")

    def _graph(self, cell: Any) -> np.ndarray:
        row = self._known.get(cell)
        if row is None:
            row = self._known[cell] = self._features(*edges_of(cell))
        return row

    def _features(self, edges: Edges, end: int) -> np.ndarray:
        live = _live(edges, end)
        sign = (*self.labels, SKIP)
        counts = [sum(label == name for *_, label in live) for name in sign]
        paths, shortest, longest = self._by_group(live, end)
        most, least, mean = self._along(live, end)
        outward = [sum(source == 0 and label == name for source, _, label in live) for name in sign]
        inward = [sum(target == end and label == name for _, target, label in live) for name in sign]
        inner = len({target for _, target, _ in live})
        shape = [len(live) / max(inner, 1), float(not live)]
        along = (most, least, mean, outward, inward, shape)
        return np.concatenate([counts, [len(edges) - len(live)], np.log1p(paths), shortest, longest, *along])

    def _by_group(self, live: Edges, end: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Number, least and greatest length of the paths that use the operations of each group, and skips, only."""
        size = len(self.groups)
        paths, low, high = (
            np.zeros((size, end + 1)),
            np.full((size, end + 1), np.inf),
            np.full((size, end + 1), -np.inf),
        )
        paths[:, 0], low[:, 0], high[:, 0] = 1, 0, 0
        for source, target, label in live:
            place = self.place.get(label)
            step = 0 if label == SKIP else 1
            may = np.ones(size, bool) if place is None else self.groups[:, place]
            paths[:, target] += np.where(may, paths[:, source], 0)
            low[:, target] = np.where(may, np.minimum(low[:, target], low[:, source] + step), low[:, target])
            high[:, target] = np.where(may, np.maximum(high[:, target], high[:, source] + step), high[:, target])
        none = paths[:, end] == 0
        return paths[:, end], np.where(none, end + 1, low[:, end]), np.where(none, -1, high[:, end])

    def _along(self, live: Edges, end: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Greatest, least and mean number of each operation along a path from input to output."""
        size = len(self.labels)
        most, least = np.full((end + 1, size), -np.inf), np.full((end + 1, size), np.inf)
        paths, total = np.zeros(end + 1), np.zeros((end + 1, size))
        most[0], least[0], paths[0] = 0, 0, 1
        for source, target, label in live:
            step = np.zeros(size)
            if label in self.place:
                step[self.place[label]] = 1
            most[target] = np.maximum(most[target], most[source] + step)
            least[target] = np.minimum(least[target], least[source] + step)
            total[target] += total[source] + paths[source] * step
            paths[target] += paths[source]
        if not paths[end]:
            return np.full(size, -1.0), np.full(size, -1.0), np.full(size, -1.0)
        return most[end], least[end], total[end] / paths[end]


def edges_of(cell: Any) -> tuple[Edges, int]:
    """(source, target, label) of a graph's edges by target, and its last node; node 0 is the input."""
    edges = []
    for place, node in enumerate(cell.nodes, 1):
        edges += [(source, place, _label(op)) for op, source in zip(node.ops, node.sources, strict=True)]
    end = len(cell.nodes)
    if getattr(cell, "output", "last") == "concat":
        edges += [(place, end + 1, SKIP) for place in range(1, end + 1)]
        end += 1
    return tuple(edges), end


def _is_graph(cell: Any) -> bool:
    return hasattr(cell, "nodes") and hasattr(cell, "build")


def _label(op: Any) -> str:
    """A word for an operation: zero, skip, or what it is in its simplest form."""
    cells = op if isinstance(op, tuple) else (op,)
    if any(type(cell).__name__ == "Zero" for cell in cells):
        return ZERO
    return "|".join(map(cell_text, canonical(cells))) or SKIP


def _labels(graph: Any) -> set[str]:
    """Labels of the operations that a graph of a space may hold, except those with open fields."""
    cells = [cell for cell in cells_within(graph.nodes) if hasattr(cell, "build") and not is_open(cell)]
    return {_label(cell) for cell in cells}


def _groups(count: int) -> np.ndarray:
    """(groups, count) of bool: which operations belong to each group; the first group is empty."""
    if count <= MOST_FOR_ALL_SUBSETS:
        return np.array(list(itertools.product([False, True], repeat=count)), dtype=bool).reshape(2**count, count)
    one = np.eye(count, dtype=bool)
    return np.concatenate([np.zeros((1, count), bool), one, ~one, np.ones((1, count), bool)])


def _live(edges: Edges, end: int) -> Edges:
    """Edges that lie on a path from input to output without a zero operation."""
    forward, backward = {0}, {end}
    for source, target, label in sorted(edges, key=lambda edge: edge[1]):
        if label != ZERO and source in forward:
            forward.add(target)
    for source, target, label in sorted(edges, key=lambda edge: -edge[1]):
        if label != ZERO and target in backward:
            backward.add(source)
    return tuple(e for e in edges if e[2] != ZERO and e[0] in forward and e[1] in backward)
