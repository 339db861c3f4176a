"""Networks that the user already has are the first trials; then another strategy goes on from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nas.records.problem import Problem
from nas.records.proposal import Proposal
from nas.records.trial import Trial
from nas.strategies.strategy import GIVEN, Settings, Strategy


class StartFrom:
    """Trial `number` is `settings.start_from[number]` while there is one, then what `strategy` proposes."""

    def __init__(self, settings: Settings, strategy: Strategy) -> None:
        self.start_from = settings.start_from
        self.strategy = strategy

    def propose(self, problem: Problem, trials: Sequence[Trial], number: int) -> Proposal:
        """See `Strategy`. These may repeat one another or break a rule: the user asked for them."""
        if number < len(self.start_from):
            return replace(problem.space.replay(self.start_from[number]), source=GIVEN)
        return self.strategy.propose(problem, trials, number)
