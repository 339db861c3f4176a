"""The structure block of an encoding: how a resolved network is made, whatever space it is from.

A network is a chain of cells. Each has a kind, open fields, a resolution level and a share of the cost. The numbers of
one (cell, input shape) are computed once; a row sums up those of its cells.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections import defaultdict
from typing import Any

import numpy as np

from search_spaces.architecture import Architecture
from search_spaces.cells.facts import Facts, facts
from search_spaces.encoding.graphs import GraphFeatures
from search_spaces.profile import Profile, complete
from search_spaces.space import Space
from search_spaces.task import Task
from search_spaces.tree import cells_within, outcomes

LEVELS = 5
CHAIN = ("width", "area", "macs")
SUMMARY = ("min", "max", "mean", "last", "slope", "spread")
OVERALL = ("narrowings", "widenings", "shortest_level", "longest_level")


class Structure:
    """Columns and rows of the structure block for one space and task.

    The columns per kind of cell (its class, or the module of a `Custom`): count, share of multiply-adds and of
    parameters, first and last place, longest run, count by resolution level. Per open field: mean, least and greatest.
    Overall: profile of widths, areas and cost along the depth. For graphs inside cells see `GraphFeatures`.
    """

    def __init__(self, space: Space, task: Task) -> None:
        self.task = task
        self.area = math.prod(task.input_shape[1:])
        inside = [cell for cell in cells_within(space.cells) if hasattr(cell, "build")]
        kinds = {type(cell).__name__ for cell in inside} | {"Head"} | ({"Embed"} if task.vocabulary else set())
        self.kinds = {kind: place for place, kind in enumerate(sorted(kinds))}
        self.fields = {name: place for place, name in enumerate(sorted(_open_fields(inside)))}
        self.graphs = GraphFeatures(space)
        self.names = self._names()
        self._known: dict[Any, tuple[np.ndarray, ...]] = {}
        self._levels: dict[tuple[int, ...], int] = {}

    def row(self, architecture: Architecture, known: Profile) -> np.ndarray:
        """The structure of one architecture: (s,), finite."""
        cells = complete(architecture.cells, self.task)
        parts = [self._cell(cell, shape) for cell, shape in zip(cells, known.shapes, strict=False)]
        counts, macs, parameters = (np.array([part[i] for part in parts]) for i in range(3))
        level = np.array([self._level(shape) for shape in known.shapes[1:]])
        return np.concatenate(
            [
                *_by_kind(counts, macs, parameters, level),
                self._by_field([part[3] for part in parts]),
                *self._chain(known),
                self.graphs.row(cells),
            ]
        )

    def _names(self) -> tuple[str, ...]:
        per_kind = ("count", "macs", "parameters", "first", "last", "run", *(f"level{i}" for i in range(LEVELS)))
        names = [f"{kind}.{what}" for what in per_kind for kind in self.kinds]
        names += [f"{field}.{what}" for what in ("mean", "min", "max") for field in self.fields]
        names += [f"{what}.{summary}" for what in CHAIN for summary in SUMMARY]
        names += [f"{what}.level{i}" for what in ("macs", "parameters", "layers") for i in range(LEVELS)]
        return (*names, *OVERALL, *self.graphs.names)

    def _level(self, shape: tuple[int, ...]) -> int:
        """How often the positions were halved in each direction."""
        level = self._levels.get(shape)
        if level is None:
            ranks = max(1, len(shape) - 1)
            shrink = self.area / max(1, math.prod(shape[1:]))
            level = self._levels[shape] = min(round(math.log2(max(shrink, 1.0)) / ranks), LEVELS - 1)
        return level

    def _cell(self, cell: Any, shape: tuple[int, ...]) -> tuple[np.ndarray, ...]:
        key = (cell, shape)
        if key not in self._known:
            counts, macs, parameters = np.zeros((3, len(self.kinds)))
            values = np.full((3, len(self.fields)), np.nan)
            found: dict[int, list[float]] = defaultdict(list)
            for part, fact in _parts(cell, shape):
                kind = self.kinds.get(type(part).__name__)
                if kind is not None:
                    counts[kind] += 1
                    macs[kind] += fact.macs
                    parameters[kind] += fact.parameters
                for name, value in _field_values(part):
                    if name in self.fields:
                        found[self.fields[name]].append(value)
            for place, numbers in found.items():
                values[:, place] = sum(numbers) / len(numbers), min(numbers), max(numbers)
            self._known[key] = (counts, macs, parameters, values)
        return self._known[key]

    def _by_field(self, parts: list[np.ndarray]) -> np.ndarray:
        if not self.fields:
            return np.zeros(0)
        values = np.array(parts)
        here = ~np.isnan(values[:, 0])
        known = np.maximum(here.sum(0), 1)
        mean = np.where(here, values[:, 0], 0.0).sum(0) / known
        least = np.where(here, values[:, 1], np.inf).min(0)
        most = np.where(here, values[:, 2], -np.inf).max(0)
        some = here.any(0)
        return np.concatenate([mean, np.where(some, least, 0.0), np.where(some, most, 0.0)])

    def _chain(self, known: Profile) -> list[np.ndarray]:
        shapes = known.shapes[1:-1] or known.shapes[1:]
        cells = known.cells[: len(shapes)]
        amounts: list[list[float]] = [
            [shape[0] for shape in shapes],
            [math.prod(shape[1:]) for shape in shapes],
            [1.0 + cell.macs for cell in cells],
        ]
        chain = np.log2(amounts)
        level = np.array([self._level(shape) for shape in shapes])
        shares = []
        for weights in ([c.macs for c in cells], [c.parameters for c in cells], [c.layers for c in cells]):
            by_level = np.bincount(level, weights=weights, minlength=LEVELS)
            shares.append(by_level / max(by_level.sum(), 1.0))
        lengths = np.bincount(level, minlength=LEVELS)
        change = chain[:2, 1:] - chain[:2, :-1]
        overall = [(change[1] < 0).sum(), (change[0] > 0).sum(), lengths[level].min(), lengths.max()]
        return [_summaries(chain), *shares, np.array(overall, dtype=float)]


def _by_kind(counts: np.ndarray, macs: np.ndarray, parameters: np.ndarray, level: np.ndarray) -> list[np.ndarray]:
    """Counts, cost shares, places and runs of each kind of cell, from (cells, kinds) arrays."""
    total = counts.sum(0)
    present = counts > 0
    n = len(counts)
    some = present.any(0)
    first = np.where(some, present.argmax(0) / n, 1.0)
    last = np.where(some, 1 - present[::-1].argmax(0) / n, 0.0)
    run = np.zeros(counts.shape[1])
    longest = run.copy()
    for here in present:
        run = (run + 1) * here
        longest = np.maximum(longest, run)
    by_level = np.zeros((LEVELS, counts.shape[1]))
    np.add.at(by_level, level, counts)
    shares = [amounts.sum(0) / max(amounts.sum(), 1.0) for amounts in (macs, parameters)]
    return [total, *shares, first, last, longest, *by_level]


def _summaries(values: np.ndarray) -> np.ndarray:
    """`SUMMARY` of each row, all in one go, since a call of NumPy costs more than the few numbers in it."""
    n = values.shape[1]
    at = _evenly(n)
    mean = values.sum(1) / n
    slope = values @ at / max(float(at @ at), 1e-9)  # `at` sums to 0, so the mean need not be taken off
    away = values - mean[:, None]
    spread = np.sqrt((away * away).sum(1) / n)
    return np.stack([values.min(1), values.max(1), mean, values[:, -1], slope, spread], axis=1).ravel()


@functools.cache
def _evenly(n: int) -> np.ndarray:
    """n numbers from -1 to 1; 0 alone."""
    return np.linspace(-1, 1, n) if n > 1 else np.zeros(1)


def _parts(cell: Any, shape: tuple[int, ...]) -> list[tuple[Any, Facts]]:
    """The cell, or where it is a compound the cells in it, each with its facts."""
    if not hasattr(cell, "parts"):
        return [(cell, facts(cell, shape))]
    found = [(cell, facts(cell, shape))]
    for part, inner in cell.parts(shape).cells:
        found += _parts(part, inner)
    return found


def _open_fields(cells: list[Any]) -> set[str]:
    """`Kind.field`, or `Kind.field=word`, of everything that is not the same in all cells of a kind in the space."""
    values: dict[tuple[str, str], set[Any]] = defaultdict(set)
    for cell in cells:
        for field in dataclasses.fields(cell):
            options = outcomes(getattr(cell, field.name))
            values[type(cell).__name__, field.name].update(o for o in options if isinstance(o, int | float | str))
    names: set[str] = set()
    for (kind, place), seen in values.items():
        if len(seen) > 1:
            for value in seen:
                names.update(name for name, _ in _named(kind, place, value))
    return names


def _field_values(cell: Any) -> list[tuple[str, float]]:
    kind = type(cell).__name__
    return [pair for f in dataclasses.fields(cell) for pair in _named(kind, f.name, getattr(cell, f.name))]


def _named(kind: str, field: str, value: Any) -> list[tuple[str, float]]:
    """The column of a field's value and the number in it: logarithms of numbers, 1 for a word."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return [(f"{kind}.{field}={value}", 1.0)] if isinstance(value, str | bool) else []
    return [(f"{kind}.{field}", math.copysign(math.log1p(abs(value)), value))]
