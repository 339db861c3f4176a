"""Whether an epoch will end in time, by what its first steps took; so that none is begun in vain, or not for long."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

FIRST = 3  # steps after which the rest is judged; not by the first of them, which loads and chooses kernels
LONG = 2.0  # seconds after which two will do
VALIDATION_COST = 1 / 3  # of an example, to a training step on one
SPARE = 1.1  # an epoch that should take up to so many times what is left is let be: steps differ
GRACE = 1.0  # seconds that an epoch may end late


class TooSlow(RuntimeError):
    """An epoch would not end in time.

    Args:
        seconds: that it would take. left: that there were when it began. steps: after which that was known.
    """

    def __init__(self, seconds: float, left: float, steps: int) -> None:
        super().__init__(
            f"one epoch takes about {seconds:.3g} s, by its first {steps} steps, and {max(0.0, left):.3g} s were left"
        )
        self.seconds, self.left = seconds, left


class EpochClock:
    """Looks at the clock between the steps of one epoch.

    Args:
        steps: of the epoch. validation: examples of the validation split, to those of a step.
        deadline: in seconds since 1970; infinite for none.
        now: seconds since 1970.
    """

    def __init__(
        self, steps: int, validation: float, deadline: float = math.inf, now: Callable[[], float] = time.time
    ) -> None:
        self.steps, self.validation, self.deadline, self.now = steps, validation, deadline, now
        self.began = now()
        self._after_first = self.began

    def step_ended(self, done: int) -> None:
        """Call it after each step; `done` of them have ended.

        Raises:
            TooSlow: the epoch would end too late.
        """
        if math.isinf(self.deadline):
            return
        now = self.now()
        if done == 1:
            self._after_first = now
        if done == 1 or (done < FIRST and now - self.began < LONG):
            return
        each = (now - self._after_first) / (done - 1)
        rest = (self.steps - done + VALIDATION_COST * self.validation) * each
        left = self.deadline - self.began
        if now - self.began + rest > max(SPARE * left, left + GRACE):
            raise TooSlow(now - self.began + rest, left, done)
