"""The most frequent class, or the mean of the targets: what nobody should be behind."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from nas.baselines.examples import joined
from nas.baselines.fitted import Fitted
from nas.data.dataset import Split, TrainingData
from nas.training.score import score
from search_spaces.task import LANGUAGE, Task


@dataclass(frozen=True)
class Majority:
    """Ignores the inputs. Needs no time."""

    name: str = "majority"
    label: str = "the most frequent class or mean"

    def fits(self, task: Task) -> bool:
        """Every task of which one thing is said."""
        return task.kind != LANGUAGE

    def train(self, data: TrainingData, seconds: float, seed: int = 0, refit: bool = True) -> Fitted:
        """Counts, or averages."""
        began = time.monotonic()
        outputs = Constant.of(data.train, data.task)
        value = score(data.task, outputs(data.validation.inputs), data.validation.targets)
        if refit:
            outputs = Constant.of(joined(data), data.task)
        return Fitted(self.name, self.label, outputs, value, refit, time.monotonic() - began)


@dataclass(frozen=True, eq=False)
class Constant:
    """The same outputs for every input: shares of the classes, or means."""

    outputs: np.ndarray

    @classmethod
    def of(cls, split: Split, task: Task) -> Constant:
        """Of the targets of a split."""
        if task.kind == "classification":
            shares = np.bincount(split.targets, minlength=task.outputs) / len(split)
            return cls(shares.astype(np.float32))
        return cls(split.targets.reshape(len(split), task.outputs).mean(axis=0, dtype=np.float64).astype(np.float32))

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """`(n, …)` to `(n, outputs)`."""
        return np.repeat(self.outputs[None], len(inputs), axis=0)
