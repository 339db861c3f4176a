"""Running sums over a journal's trials, so that no decision of the driver costs time in proportion to their number."""

from __future__ import annotations

import math
from collections import Counter

from nas.records.row import GPUS, Row
from nas.records.trial import COMPLETED, STOPPED


class Tally:
    """Counts and sums of rows; each change of a row is told once.

    Attributes:
        states: trials by state.
        seconds: slot seconds by state.
        gpu_seconds: seconds of whole GPUs that trainings held.
        begun: trials whose training was begun at least once.
        best: the usable row with the best score, fully trained before stopped early, the earlier one on a tie.
    """

    def __init__(self) -> None:
        self.states: Counter[str] = Counter()
        self.seconds: Counter[str] = Counter()
        self.gpu_seconds = 0.0
        self.begun = 0
        self.best: Row | None = None

    def change(self, old: Row | None, new: Row) -> None:
        """`new` takes the place of `old`."""
        if old is not None:
            self.states[old.state] -= 1
            self.seconds[old.state] -= old.seconds  # type: ignore[assignment]
            self.gpu_seconds -= old.seconds * old.attributes.get(GPUS, 0.0)
            self.begun -= old.attempts > 0
        self.states[new.state] += 1
        self.seconds[new.state] += new.seconds  # type: ignore[assignment]
        self.gpu_seconds += new.seconds * new.attributes.get(GPUS, 0.0)
        self.begun += new.attempts > 0
        if _usable(new) and (self.best is None or self.best.number == new.number or _order(new) < _order(self.best)):
            self.best = new

    def total_seconds(self) -> float:
        """Slot seconds of all trials."""
        return float(sum(self.seconds.values()))


def _usable(row: Row) -> bool:
    return row.state in (COMPLETED, STOPPED) and math.isfinite(row.score)


def _order(row: Row) -> tuple[bool, float, int]:
    return (row.state != COMPLETED, -row.score, row.number)
