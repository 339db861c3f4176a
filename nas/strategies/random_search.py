"""Random search: every candidate drawn afresh. The baseline that any other strategy must beat (https://arxiv.org/abs/1902.07638)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from nas.records.problem import Problem
from nas.records.proposal import Proposal
from nas.records.trial import Trial
from nas.strategies.history import History
from nas.strategies.novelty import novel

RANDOM = "random"


class RandomSearch:
    """Each decision by a fair die."""

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self._history: History | None = None

    def propose(self, problem: Problem, trials: Sequence[Trial], number: int) -> Proposal:
        """See `Strategy`."""
        self._history = History.of(problem, trials, self._history)
        return novel(self._history, self.seed, number, lambda rng: drawn(problem, rng))


def drawn(problem: Problem, rng: random.Random) -> Proposal:
    """A random candidate."""
    return replace(problem.space.sample(rng), source=RANDOM)
