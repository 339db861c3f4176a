"""Running sums over a journal's trials, so that no decision of the driver costs time in proportion to their number."""

from __future__ import annotations

from collections import Counter

from nas.records.trial import Trial


class Totals:
    """Counts and sums of trials; each change of a trial is told once.

    Attributes:
        states: trials by state.
        seconds: slot seconds by state.
        gpu_seconds: seconds of whole GPUs that trainings held.
        begun: trials whose training was begun at least once.
        best: the eligible trial that ranks first, see `Trial.rank`.
    """

    def __init__(self) -> None:
        self.states: Counter[str] = Counter()
        self.seconds: dict[str, float] = {}
        self.gpu_seconds = 0.0
        self.begun = 0
        self.best: Trial | None = None

    def change(self, old: Trial | None, new: Trial) -> None:
        """`new` takes the place of `old`."""
        if old is not None:
            self._add(old, -1)
        self._add(new, 1)
        if new.eligible and (self.best is None or self.best.number == new.number or new.rank < self.best.rank):
            self.best = new

    def _add(self, trial: Trial, sign: int) -> None:
        self.states[trial.state] += sign
        self.seconds[trial.state] = self.seconds.get(trial.state, 0.0) + sign * trial.seconds
        self.gpu_seconds += sign * trial.seconds * trial.gpus
        self.begun += sign * (trial.attempts > 0)
