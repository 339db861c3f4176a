"""A baseline after its training, and what every pick in this folder has to offer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from nas.data.dataset import TrainingData
from search_spaces.task import Task


@dataclass(frozen=True, eq=False)
class Fitted:
    """A trained baseline.

    Args:
        name: key in `BASELINES`. label: how a sentence calls it, e.g. `gradient boosting`.
        predict: inputs `(n, *task.input_shape)` in the data's own scale to outputs `(n, task.outputs)` float32, in the
            form of a network's: the largest is the predicted class (probabilities where the method has them), or values
            in the targets' own scale.
        validation_score: accuracy or R² on the validation split, of the model trained on the training split alone.
        refitted: whether `predict` belongs to a model trained on the training and the validation split together.
        seconds: of the whole training.
        note: what was reduced to keep within the time, in words; empty when nothing was.
    """

    name: str
    label: str
    predict: Callable[[np.ndarray], np.ndarray]
    validation_score: float
    refitted: bool
    seconds: float
    note: str = ""


class Baseline(Protocol):
    """What a person would have taken without a search."""

    @property
    def name(self) -> str:
        """Key in `BASELINES`."""
        ...

    @property
    def label(self) -> str:
        """How a sentence calls it."""
        ...

    def fits(self, task: Task) -> bool:
        """Whether it can do the task at all."""
        ...

    def train(self, data: TrainingData, seconds: float, seed: int = 0, refit: bool = True) -> Fitted:
        """Trains within `seconds` of wall time, as good as that allows; equal for a seed unless the time cut it short.

        Its own settings are chosen on the validation split. With `refit` the model with the best settings is trained
        once more on both splits, as a person would before the test, where the time is enough.
        """
        ...
