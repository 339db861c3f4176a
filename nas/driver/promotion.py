"""Who is trained whole where all trainings are short: after every so many, the one that is expected to end best.

Successive halving promotes by the score at a rung (https://arxiv.org/abs/1810.05934); here the predictor may choose,
which sees the short trainings of all others as well. Everything follows from the trials.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from nas.records.problem import Problem
from nas.records.proposal import Proposal
from nas.records.trial import STOPPED, Trial
from nas.strategies.history import History
from nas.strategies.ranking import Ranking
from nas.strategies.strategy import Settings

PROMOTED = "promoted"  # source of a trial that is trained whole; its attribute: the number of the short one


class Promotion:
    """Every training but a promoted one is stopped at the rung.

    Args:
        rung: epoch, from 1.
        factor: one in so many is trained whole; the first one after twice as many, when there is something to learn.
        settings: the predictor, its seed and earlier searches; None promotes the best score at the rung.
    """

    def __init__(self, rung: int = 1, factor: int = 20, settings: Settings | None = None) -> None:
        self.rung = rung
        self.factor = factor
        self.settings = settings
        self._history: History | None = None

    def take_up(self, trials: Iterable[Trial]) -> None:
        """Nothing: what is due follows from the trials at each call."""

    def is_weak(self, epoch: int, score: float) -> bool:
        """Whether a training with this score after this epoch is to be stopped. Not asked of promoted ones."""
        return epoch >= self.rung or not math.isfinite(score)

    def propose(self, problem: Problem, trials: Sequence[Trial]) -> Proposal | None:
        """What is to be trained whole next, to all epochs and from the beginning; None while no promotion is due."""
        history = History.of(problem, trials, self._history)
        if history is not self._history:
            self._promoted: set[int] = set()
            self._short: list[Trial] = []
            self._seen = self._usable = 0
        self._history = history
        new, ended = trials[self._seen :], history.usable[self._usable :]
        self._seen, self._usable = len(trials), len(history.usable)
        self._promoted.update(trial.attributes[PROMOTED] for trial in new if trial.source == PROMOTED)
        self._short += [trial for trial in ended if trial.source != PROMOTED and trial.state == STOPPED]
        if len(self._promoted) >= len(self._short) // self.factor - 1:
            return None
        left = [trial for trial in self._short if trial.number not in self._promoted]
        chosen = left[int(np.argmax(self._expected(history, left)))]
        return replace(history.proposal(chosen), source=PROMOTED, attributes={PROMOTED: chosen.number})

    def _expected(self, history: History, left: Sequence[Trial]) -> np.ndarray:
        """(n,) scores at the end of whole trainings, from all trainings so far, their own short ones among them."""
        if self.settings is None:
            return np.array([trial.scores[self.rung - 1] for trial in left])
        settings, problem = self.settings, history.problem
        ranking = Ranking(problem.space, problem.objectives, settings.seed, settings.predictor, settings.earlier)
        return ranking.expected(history.observations(), [history.proposal(trial) for trial in left])
