"""How much of the budget is left: for the search phase, for the final, and in all."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from nas.config.budget import FINAL_SHARE, Budget
from nas.config.final_time import kept_for_final

CLOSING, CLOSING_SHARE = 3.0, 0.1  # seconds, and share at most, to end the workers where no final follows


@dataclass(frozen=True)
class Clock:
    """The budget against what has been spent; `elapsed` counts the time of earlier drivers of the same search as well.

    Args:
        budget: the limits.
        elapsed: seconds since the search began, without the time between an interruption and its resume.
        final_share: share of the limits that is kept for the final; 0 without one.
    """

    budget: Budget
    elapsed: Callable[[], float]
    final_share: float = FINAL_SHARE

    def reserve(self, final_needs: float = math.inf) -> float:
        """Seconds that only the final may use: its share or what it needs; 10 at least, four fifths of all at most.

        Args:
            final_needs: seconds in which the final trains all it would train; infinite where that is not known.
        """
        if self.budget.seconds is None:
            return 0.0
        if not self.final_share:
            return min(CLOSING, CLOSING_SHARE * self.budget.seconds)
        return kept_for_final(self.budget.seconds, self.final_share, final_needs)

    def left(self) -> float:
        """Seconds left in all; infinite without a limit on time, negative when it is passed."""
        return math.inf if self.budget.seconds is None else self.budget.seconds - self.elapsed()

    def left_for_search(self, final_needs: float = math.inf) -> float:
        """Seconds left for the search phase."""
        return self.left() - self.reserve(final_needs)

    def trials_left(self, begun: int) -> float:
        """Trainings that may still begin."""
        return math.inf if self.budget.trials is None else self.budget.trials - begun

    def gpu_seconds_left(self, used: float, final: bool = False) -> float:
        """GPU seconds left for the search phase, or for the final."""
        if self.budget.gpu_seconds is None:
            return math.inf
        return self.budget.gpu_seconds * (1 if final else 1 - self.final_share) - used
