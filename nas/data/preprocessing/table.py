"""Rows of a table to one vector: a step for each column, fitted on the training part."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from nas.data.preprocessing.cells import MISSING, NO_NUMBER, columns_of, fields_of, numbers, seconds_of, words

MOST_WORDS = 100  # of a category or a text; the rarest become "any other"
KNOTS = 1_001  # of a quantile scaling at most: where most values are equal, few are left for the others
HEAVY_TAIL = 8.0  # deviations from the mean beyond which a column is scaled by its quantiles
LEAST_FOR_QUANTILES = 100  # rows
ROWS_OF_BIN, FEWEST_BINS, MOST_BINS = 200, 32, 96  # of a piecewise-linear code
ROWS_OF_VALUE = 20  # on average, at least, for such a code
TWO_PI = 2 * np.pi
DATE_PARTS = ("elapsed", "year", "week", "day")


class Step(Protocol):
    """What becomes of one column.

    Attributes:
        step: `number`, `category`, `date` or `words`.
        column: its name.
        codes: how many values it becomes: numbers are 1 each, and a code of several values stands for one column.
    """

    step: str
    column: str

    @property
    def codes(self) -> tuple[int, ...]: ...

    def apply(self, cells: Any) -> np.ndarray:
        """float64 `(n, sum of codes)`."""

    def names(self) -> list[str]:
        """Of all its values."""


@dataclass(frozen=True)
class Number:
    """A number: `(value - shift) / scale`, or the normal score of its quantile; missing ones become 0 (the middle).

    Args:
        shift, scale: mean and standard deviation of the training part, in float64.
        knots, scores: where there are any, the value is `numpy.interp(value, knots, scores)` instead.
        edges: between bins, rising. For each bin one more value says how far the number has come in it, 0 to 1: the
            piecewise-linear code of https://arxiv.org/abs/2203.05556.
        fill: what a missing value is replaced by before it is scaled: the median.
        flag: whether a second value tells with 1 that the cell was empty.
        decimal: mark in cells that are texts.
    """

    step: ClassVar[str] = "number"
    column: str
    shift: float
    scale: float
    fill: float
    flag: bool = False
    knots: tuple[float, ...] = ()
    scores: tuple[float, ...] = ()
    decimal: str = "."
    edges: tuple[float, ...] = ()

    @property
    def codes(self) -> tuple[int, ...]:
        return (1, *[1] * self.flag, *[len(self.edges) - 1] * bool(self.edges))

    def names(self) -> list[str]:
        bins = [f"{self.column} from {low:g} to {high:g}" for low, high in itertools.pairwise(self.edges)]
        return [self.column, *[f"{self.column} is missing"] * self.flag, *bins]

    def apply(self, cells: Any) -> np.ndarray:
        values = numbers(cells, self.decimal, self.column)
        missing = np.isnan(values)
        values = np.where(missing, self.fill, values)
        scaled = np.interp(values, self.knots, self.scores) if self.knots else (values - self.shift) / self.scale
        found = np.stack([scaled, missing], axis=1)[:, : 1 + self.flag].astype(np.float64)
        if not self.edges:
            return found
        edges = np.array(self.edges)
        come = np.subtract.outer(values, edges[:-1])
        come /= np.diff(edges)
        return np.concatenate([found, np.clip(come, 0.0, 1.0, out=come)], axis=1)

    @classmethod
    def fitted(cls, cells: Any, decimal: str = ".") -> Number:
        """Scaled by quantiles where a value lies over 8 deviations from the mean, else by mean and deviation.

        Such a column is cut into bins besides where it has many rows and few different values (most gains are 0): what
        is rare in it, and says most, is told apart.
        """
        values = numbers(cells, decimal)
        known = values[np.isfinite(values)]
        if not len(known):
            return cls(str(cells.name), 0.0, 1.0, 0.0, True)
        shift, scale = float(known.mean()), float(known.std()) or 1.0
        if not np.isfinite(scale):
            scale = float(np.abs(known).max())
        fill, flag = float(np.median(known)), bool(np.isnan(values).any())
        if len(known) < LEAST_FOR_QUANTILES or np.abs(known - shift).max() / scale < HEAVY_TAIL:
            return cls(str(cells.name), shift, scale, fill, flag, decimal=decimal)
        shares = np.linspace(0, 1, KNOTS)
        knots, place = np.unique(np.quantile(known, shares), return_inverse=True)
        levels = np.array([shares[place == k].mean() for k in range(len(knots))])
        from scipy.stats import norm

        scores = norm.ppf(np.clip(levels, 1e-3, 1 - 1e-3))
        return cls(str(cells.name), shift, scale, fill, flag, _floats(knots), _floats(scores), decimal, _edges(known))


def _edges(known: np.ndarray) -> tuple[float, ...]:
    """Edges of bins at quantiles of the different values, and half as many at quantiles of the rows.

    None for few rows, and none where hardly a value comes again: bins of such a column are learnt by heart.
    """
    bins, different = min(len(known) // ROWS_OF_BIN, MOST_BINS), np.unique(known)
    if bins < FEWEST_BINS or len(different) * ROWS_OF_VALUE > len(known):
        return ()
    among = np.quantile(different, np.linspace(0, 1, bins + 1), method="nearest")
    rows = np.quantile(known, np.linspace(0, 1, bins // 2 + 1), method="nearest")
    edges = np.union1d(among, rows)
    return _floats(edges[np.diff(edges, append=np.inf) > 1e-9 * np.abs(edges).max()])


@dataclass(frozen=True)
class Category:
    """A word: 1 for the word of `words` that it is, else 1 in the last place, for any other.

    A missing cell is the empty word, which may be one of `words`.
    """

    step: ClassVar[str] = "category"
    column: str
    words: tuple[str, ...]

    @property
    def codes(self) -> tuple[int, ...]:
        return (len(self.words) + 1,)

    def names(self) -> list[str]:
        return [*(f"{self.column} = {name or '(missing)'}" for name in self.words), f"{self.column} = (any other)"]

    def apply(self, cells: Any) -> np.ndarray:
        places = {name: place for place, name in enumerate(self.words)}
        found = np.array([places.get(name, len(self.words)) for name in words(cells)], np.int64)
        return np.eye(len(self.words) + 1)[found]

    @classmethod
    def fitted(cls, cells: Any) -> Category:
        """The words in alphabetical order, at most the 100 most frequent."""
        counts = Counter(words(cells))
        most = sorted(counts, key=lambda name: (-counts[name], name))[:MOST_WORDS]
        return cls(str(cells.name), tuple(sorted(most)))


@dataclass(frozen=True)
class Date:
    """A date: time elapsed, and sine and cosine of the part of the year, the week and the day that has passed.

    Args:
        format: see `cells.seconds_of`.
        parts: of `elapsed` (1 value), `year`, `week`, `day` (2 values each: sine, cosine).
        origin: middle of the training part, seconds since 1970 UTC. scale: its standard deviation in seconds.
    """

    step: ClassVar[str] = "date"
    column: str
    format: str
    parts: tuple[str, ...]
    origin: float
    scale: float

    @property
    def codes(self) -> tuple[int, ...]:
        return tuple(1 if part == "elapsed" else 2 for part in self.parts)

    def names(self) -> list[str]:
        found = []
        for part in self.parts:
            found += [part] if part == "elapsed" else [f"{part} sin", f"{part} cos"]
        return [f"{self.column} {name}" for name in found]

    def apply(self, cells: Any) -> np.ndarray:
        seconds = seconds_of(cells, self.format, self.column)
        seconds = np.where(np.isnan(seconds), self.origin, seconds)
        days = np.floor(seconds / 86_400).astype(np.int64)  # since 1970-01-01, a Thursday
        dates = days.astype("datetime64[D]")
        passed = {
            "year": (dates - dates.astype("datetime64[Y]").astype("datetime64[D]")).astype(np.float64) / 365.25,
            "week": (days + 3) % 7 / 7,
            "day": seconds % 86_400 / 86_400,
        }
        found = []
        for part in self.parts:
            if part == "elapsed":
                found.append((seconds - self.origin) / self.scale)
            else:
                found += [np.sin(TWO_PI * passed[part]), np.cos(TWO_PI * passed[part])]
        return np.stack(found, axis=1)

    @classmethod
    def fitted(cls, cells: Any, form: str) -> Date:
        """`year` where a month or more is covered, `week` for a week or more, `day` where times of day differ."""
        seconds = seconds_of(cells, form)
        known = seconds[np.isfinite(seconds)]
        covered = float(np.ptp(known))
        day = len(np.unique(known % 86_400)) > 1
        there = {"elapsed": True, "year": covered > 30 * 86_400, "week": covered > 6 * 86_400, "day": day}
        parts = [part for part in DATE_PARTS if there[part]]
        return cls(str(cells.name), form, tuple(parts), float(known.mean()), float(known.std()) or 1.0)


@dataclass(frozen=True)
class Words:
    """A text beside other columns: for each word of `words` 1 where it occurs in the cell (lower case), else 0."""

    step: ClassVar[str] = "words"
    column: str
    words: tuple[str, ...]

    @property
    def codes(self) -> tuple[int, ...]:
        return (len(self.words),)

    def names(self) -> list[str]:
        return [f"{self.column} has {name}" for name in self.words]

    def apply(self, cells: Any) -> np.ndarray:
        places = {name: place for place, name in enumerate(self.words)}
        found = np.zeros((len(cells), len(self.words)))
        for row, text in enumerate(words(cells)):
            for name in _words_in(text):
                if name in places:
                    found[row, places[name]] = 1.0
        return found

    @classmethod
    def fitted(cls, cells: Any) -> Words:
        """The 100 words that occur in most cells, and in two at least."""
        counts = Counter(name for text in words(cells) for name in set(_words_in(text)))
        most = sorted((name for name in counts if counts[name] > 1), key=lambda name: (-counts[name], name))
        return cls(str(cells.name), tuple(sorted(most[:MOST_WORDS])))


def _words_in(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


STEPS: dict[str, Any] = {step.step: step for step in (Number, Category, Date, Words)}


@dataclass(frozen=True)
class TableRules:
    """Rows of a table to float32 `(n, features)`: the values of all steps side by side, in the order of `steps`.

    Args:
        series: whether the values are the steps of a series of one channel, `(n, 1, features)`.
    """

    rules: ClassVar[str] = "table"
    steps: tuple[Any, ...]
    series: bool = False

    @property
    def input_shape(self) -> tuple[int, ...]:
        width = sum(self.codes)
        return (1, width) if self.series else (width,)

    @property
    def codes(self) -> tuple[int, ...]:
        """Of all steps, see `Step`."""
        return tuple(size for step in self.steps for size in step.codes)

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(step.column for step in self.steps)

    def names(self) -> tuple[str, ...]:
        """Of the features."""
        return tuple(name for step in self.steps for name in step.names())

    def apply(self, rows: Any) -> np.ndarray:
        table = columns_of(rows, self.columns)
        count = len(table[self.columns[0]])
        values, place = np.empty((count, sum(self.codes)), np.float32), 0
        largest = float(np.finfo(np.float32).max)
        for step in self.steps:
            width = sum(step.codes)
            values[:, place : place + width] = np.clip(step.apply(table[step.column]), -largest, largest)
            place += width
        return values.reshape(count, *self.input_shape)

    def to_dict(self) -> dict[str, Any]:
        steps = [{"step": step.step, **dataclasses.asdict(step)} for step in self.steps]
        return {
            "rules": self.rules,
            "input_shape": list(self.input_shape),
            "missing": list(MISSING),
            "no_number": list(NO_NUMBER),
            "series": self.series,
            "steps": steps,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> TableRules:
        return cls(tuple(_step(one) for one in data["steps"]), data["series"])


def _step(data: dict[str, Any]) -> Any:
    kind = STEPS[data["step"]]
    return kind(**fields_of(kind, data))


def _floats(values: Iterable[Any]) -> tuple[float, ...]:
    return tuple(map(float, values))
