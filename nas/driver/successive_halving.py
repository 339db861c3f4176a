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

from nas.records.row import Row


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

    def take_up(self, rows: Iterable[Row]) -> None:
        """Lets the trainings of a journal come by, in order of number."""
        for row in rows:
            for epoch, score in enumerate(row.scores, 1):
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


def beaten(row: Row, others: Iterable[Row], costs: Sequence[str]) -> bool:
    """Whether another training was no worse after as many epochs, and costs no more by any of `costs`.

    A small network that is weak among all may still be the best of its size; one without a finite score never is.
    """
    return not math.isfinite(row.score) or any(
        len(other.scores) >= len(row.scores)
        and other.scores[len(row.scores) - 1] >= row.score
        and all(getattr(other, cost) <= getattr(row, cost) for cost in costs)
        for other in others
        if other.number != row.number
    )


class NeverStop(SuccessiveHalving):
    """Every training runs to its end."""

    def __init__(self) -> None:
        super().__init__(epochs=1)
