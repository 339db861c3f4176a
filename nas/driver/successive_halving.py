"""When a training is stopped early: asynchronous successive halving (ASHA, https://arxiv.org/abs/1810.05934), stopping
variant.

A rung is an epoch at which a training may be stopped. There it must be among the best `1/factor` of all that came by
before. Everything follows from the scores in the journal, so a resumed search stops what the uninterrupted one would
have.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterable, Sequence

from nas.records.problem import Problem
from nas.records.proposal import Proposal
from nas.records.trial import Trial


class SuccessiveHalving:
    """Rungs at `first`, `first * factor`, … below `epochs`.

    Args:
        epochs: of a whole training.
        factor: one in so many goes on at each rung.
        first: epoch of the first rung; None takes a ninth of the epochs, at least 1.
        least: a rung stops nobody before so many have come by.
    """

    def __init__(self, epochs: int, factor: int = 3, first: int | None = None, least: int = 3) -> None:
        first = first or max(1, round(epochs / factor**2))
        self.factor = factor
        self.least = least
        self.rungs: dict[int, list[float]] = {}
        while first < epochs:
            self.rungs[first] = []
            first *= factor

    def propose(self, problem: Problem, trials: Sequence[Trial]) -> Proposal | None:
        """A trial that is to be trained whole next, in place of a new one; halving never asks for any."""
        return None

    def take_up(self, trials: Iterable[Trial]) -> None:
        """Lets the trainings of a journal come by, in order of number."""
        for trial in trials:
            for epoch, score in enumerate(trial.scores, 1):
                self.is_weak(epoch, score)

    def is_weak(self, epoch: int, score: float) -> bool:
        """Whether a training with this score after this epoch (from 1) is to be stopped. Call it once per epoch."""
        rung = self.rungs.get(epoch)
        if rung is None:
            return not math.isfinite(score)
        worst = score if math.isfinite(score) else -math.inf
        weak = len(rung) >= self.least and worst < rung[-max(1, len(rung) // self.factor)]
        bisect.insort(rung, worst)
        return weak or not math.isfinite(score)


def beaten(trial: Trial, others: Iterable[Trial], costs: Sequence[str]) -> bool:
    """Whether another training was no worse after as many epochs, and costs no more by any of `costs`.

    A small network that is weak among all may still be the best of its size; one without a finite score never is.
    """
    return not math.isfinite(trial.score) or any(
        len(other.scores) >= len(trial.scores)
        and other.scores[len(trial.scores) - 1] >= trial.score
        and all(getattr(other, cost) <= getattr(trial, cost) for cost in costs)
        for other in others
        if other.number != trial.number
    )


class NeverStop(SuccessiveHalving):
    """Every training runs to its end."""

    def __init__(self) -> None:
        super().__init__(epochs=1)
