"""The last season, or the last value, over and over: what a forecast has to be better than."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from nas.baselines.fitted import Fitted
from nas.data.dataset import TrainingData
from nas.training.score import score
from search_spaces.task import Task


@dataclass(frozen=True)
class SeasonalNaive:
    """Says that each step is what it was one season before. Needs no time.

    Source: https://otexts.com/fpp3/simple-methods.html
    """

    name: str = "seasonal_naive"
    label: str = "repeating the last season"

    def fits(self, task: Task) -> bool:
        """Forecasts of series with a season."""
        return task.forecast is not None and task.forecast.season > 1

    def train(self, data: TrainingData, seconds: float, seed: int = 0, refit: bool = True) -> Fitted:
        """Nothing is learned."""
        assert data.task.forecast is not None  # noqa: S101 - see `fits`
        return _fitted(self.name, self.label, data, data.task.forecast.season, refit)


@dataclass(frozen=True)
class LastValue:
    """Says that nothing changes any more. Needs no time."""

    name: str = "last_value"
    label: str = "repeating the last value"

    def fits(self, task: Task) -> bool:
        """Forecasts."""
        return task.forecast is not None

    def train(self, data: TrainingData, seconds: float, seed: int = 0, refit: bool = True) -> Fitted:
        """Nothing is learned."""
        return _fitted(self.name, self.label, data, 1, refit)


@dataclass(frozen=True, eq=False)
class Repeated:
    """Values of the window, by their places in its channels laid end to end."""

    places: tuple[int, ...]

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """`(n, channels, window)` to `(n, outputs)`."""
        return np.ascontiguousarray(inputs.reshape(len(inputs), int(np.prod(inputs.shape[1:])))[:, self.places])


def _fitted(name: str, label: str, data: TrainingData, repeats: int, refit: bool) -> Fitted:
    began, task = time.monotonic(), data.task
    assert task.forecast is not None  # noqa: S101 - see `fits`
    predict = Repeated(task.forecast.places(task.input_shape[1], repeats))
    value = score(task, predict(data.validation.inputs), data.validation.targets)
    return Fitted(name, label, predict, value, refit, time.monotonic() - began)
