"""When a search has enough before its budget is spent: a score is reached, or nothing better has come for long."""

from __future__ import annotations

from dataclasses import dataclass

from nas.records.trial import Trial

STOP_AT, PATIENCE = "stop_at", "patience"  # why a search ended


@dataclass(frozen=True)
class Goal:
    """What is enough; None is no such rule.

    Args:
        score: of the best training, on the validation split; higher is better.
        trials: trainings that ended in a row without a better best.
    """

    score: float | None = None
    trials: int | None = None

    def reached(self, best: Trial | None, ended: int) -> str:
        """Which rule says so, or "".

        Args:
            best: the best training so far. ended: how many trainings have ended.
        """
        if best is None:
            return ""
        if self.score is not None and best.score >= self.score:
            return STOP_AT
        return PATIENCE if self.trials is not None and ended - best.finished >= self.trials else ""


NO_GOAL = Goal()
