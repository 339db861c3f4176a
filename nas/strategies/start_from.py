"""Networks that the user already has are the first trials, then known designs; then another strategy goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nas.records.problem import Problem
from nas.records.proposal import Proposal
from nas.records.trial import Trial
from nas.strategies.strategy import GIVEN, KNOWN, Settings, Strategy


class StartFrom:
    """Trials begin with `settings.start_from`, then with `settings.designs`, then with what `strategy` proposes."""

    def __init__(self, settings: Settings, strategy: Strategy) -> None:
        self.first = [(GIVEN, decisions) for decisions in settings.start_from]
        self.first += [(KNOWN + name, decisions) for name, decisions in settings.designs.items()]
        self.strategy = strategy

    def propose(self, problem: Problem, trials: Sequence[Trial], number: int) -> Proposal:
        """See `Strategy`. The first ones may repeat one another or break a rule: the user asked for them.

        One that has been banned since gives its number to the strategy.
        """
        if number < len(self.first) and problem.space.permits(self.first[number][1]):
            source, decisions = self.first[number]
            return replace(problem.space.replay(decisions), source=source)
        return self.strategy.propose(problem, trials, number)
