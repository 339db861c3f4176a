"""A predictor that ranks before it has learned from this run: the shipped ranking, then the ranking beside the rest.

Before `fit` it says what the ranking expects. After it the ranking is a column for the learners, as an earlier search
would be, a learner of its own in the stack, and what is expected of a network before the first label. So its weight
follows from this run's own trainings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import numpy as np

from predictors.ensemble import Ensemble, Make
from predictors.features import HISTORY, NONE, Block
from predictors.members.ridge import Ridge
from predictors.predictor import Prediction
from predictors.pretrained.ranker import SHIPPED, load_ranker
from search_spaces.architecture import Architecture
from search_spaces.space import Space
from search_spaces.task import Task

OPINION = "pretrained"  # the learner that knows nothing but the ranking, and earlier searches where there are


class Pretrained:
    """See `Predictor`; `predict` works before `fit`, in Gaussian ranks.

    Args:
        members: learners of the stack beside the ranking.
        ranker: file of the ranking.
        space, task, seed, extra: as of `Ensemble`.
    """

    def __init__(
        self,
        members: Mapping[str, Make],
        ranker: Path = SHIPPED,
        *,
        space: Space,
        task: Task,
        seed: int = 0,
        extra: Mapping[str, Block] = NONE,
    ) -> None:
        self.ranker, self.space, self.task = load_ranker(ranker), space, task
        earlier = extra.get(HISTORY)

        def history(architectures: Sequence[Architecture]) -> np.ndarray:
            own = self.opinion(architectures)[:, None]
            return own if earlier is None else np.hstack([own, earlier(architectures)])

        self._stack = Ensemble(
            {**members, OPINION: lambda seed: Ridge((HISTORY,))},
            space=space, task=task, seed=seed, extra={**extra, HISTORY: history}, prior=HISTORY,
        )  # fmt: skip

    def opinion(self, architectures: Sequence[Architecture]) -> np.ndarray:
        """(n,) Gaussian ranks that the ranking expects, whatever this run has shown."""
        return self.ranker(architectures, self.space, self.task)

    @property
    def weights(self) -> dict[str, float]:
        """Of each learner by name; empty before `fit`."""
        return self._stack.weights

    @property
    def out_of_fold(self) -> Prediction | None:
        """What was predicted for each architecture by learners that had not seen it; None before `fit`."""
        return self._stack.out_of_fold

    def fit(self, architectures: Sequence[Architecture], scores: np.ndarray) -> Self:
        """Learns from at least two architectures and their (n,) finite scores; see `Ensemble.fit`."""
        self._stack.fit(architectures, scores)
        return self

    def predict(self, architectures: Sequence[Architecture]) -> Prediction:
        """What is expected of m architectures: in the unit of the scores, before `fit` in Gaussian ranks."""
        if self._stack.weights:
            return self._stack.predict(architectures)
        mean = self.opinion(architectures)
        return Prediction(mean, np.ones(len(mean)))
