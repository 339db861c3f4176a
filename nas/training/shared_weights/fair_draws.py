"""Which architecture the next step trains: every option equally often."""

from __future__ import annotations

import random
from typing import Any

from search_spaces.architecture import Architecture
from search_spaces.errors import SpaceError
from search_spaces.profile import profile
from search_spaces.space import Space
from search_spaces.task import Task


class FairDraws:
    """Draws in which the options of each place take turns, in an order shuffled anew for every round.

    So no option is trained more than another one whenever its place is met (https://arxiv.org/abs/1907.01845). A draw
    that breaks a rule or cannot be built is replaced by a sample of the space, which is not fair.
    """

    def __init__(self, space: Space, task: Task, seed: int = 0) -> None:
        self.space, self.task = space, task
        self._rng = random.Random(seed)
        self._turns: dict[str, list[int]] = {}

    def draw(self) -> Architecture:
        """The next architecture; it obeys the rules.

        Raises:
            RuleError: no sample of the space obeys its rules.
        """
        architecture = self.space.drawn(self._decide, self._rng)
        try:
            profile(architecture, self.task)
            if self.space.obeys(architecture, self.task):
                return architecture
        except SpaceError:  # some combinations of options do not build, which no rule says
            pass
        return self.space.sample(self._rng, self.task)

    def _decide(self, path: str, options: tuple[Any, ...]) -> int:
        turns = self._turns.setdefault(path, [])
        if not turns:
            turns += self._rng.sample(range(len(options)), len(options))
        return turns.pop()
