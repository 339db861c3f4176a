"""Whom the final trains next, and for how many epochs, so that what is begun ends in time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nas.execution.full_training import FullTraining
from nas.records.trial import Candidate


@dataclass(frozen=True)
class FinalConfig:
    """How the best are trained in full.

    Args:
        top: how many candidates come into the final.
        epochs: of a training, if time allows.
        least_epochs: of a training; where time does not allow that for all, fewer candidates are trained.
        seeds: trainings of each finalist; its validation score is their mean, the best one's weights are kept.
    """

    top: int = 3
    epochs: int = 30
    least_epochs: int = 1
    seeds: int = 1


class Lineup:
    """The best candidate first, then the baseline, then the others, each once; then all of them with further seeds.

    Args:
        candidates: the best first. first: the baseline.
        slots: trainings at once. seconds_left: for all of them.
        stopped: whether nothing more is to begin.

    The time left is shared out evenly among the rounds of trainings that are still to come. `anything` is to be set
    once there is a result: until then even a training for which there is no time is tried, with a single epoch.
    """

    def __init__(
        self,
        candidates: Sequence[Candidate],
        first: Candidate | None,
        config: FinalConfig,
        *,
        device: str = "cpu",
        slots: int = 1,
        seconds_left: Callable[[], float] = lambda: math.inf,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self.config, self.device, self.slots = config, device, slots
        self.seconds_left, self.stopped = seconds_left, stopped
        self.best = list(candidates[: config.top])
        ordered = [self.best[0], *([first] if first is not None else []), *self.best[1:]]
        self.candidates = {candidate.number: candidate for candidate in ordered}
        trained = self._affordable(list(self.candidates.values()))
        self.waiting = [(candidate, turn) for turn in range(config.seeds) for candidate in trained]
        self.anything = False

    def next(self) -> FullTraining | None:
        """The next training; None when there is no other, or no time for one."""
        while self.waiting:
            seconds = self.seconds_left()
            rounds = math.ceil(len(self.waiting) / self.slots)
            candidate, turn = self.waiting.pop(0)
            planned = min(self.config.epochs, epochs_that_fit(candidate, seconds / rounds))
            if self.anything and (planned < self._least(turn) or self.stopped()):
                continue
            return FullTraining(
                number=candidate.number,
                turn=turn,
                architecture=candidate.architecture,
                training=candidate.training,
                epochs=max(1, planned),
                seed=candidate.seed + turn,
                deadline=time.time() + seconds,
                device=self.device,
            )
        return None

    def _least(self, turn: int) -> int:
        """A further seed counts only if it is trained as long as the search did."""
        return self.config.least_epochs if turn else 1

    def _affordable(self, queue: list[Candidate]) -> list[Candidate]:
        """As many from the front as can each have the least number of epochs; one at least."""
        seconds, least = self.seconds_left(), self.config.least_epochs
        for length in range(len(queue), 1, -1):
            share = seconds / math.ceil(length / self.slots)
            if all(epochs_that_fit(one, share) >= least for one in queue[:length]):
                return queue[:length]
        return queue[:1]


def epochs_that_fit(candidate: Candidate, seconds: float) -> int:
    """Epochs for which there is time, judged by what the candidate's epochs took in the search."""
    if not candidate.scores or not math.isfinite(seconds):
        return 1_000_000
    each = candidate.seconds / len(candidate.scores)
    return int(seconds / max(each, 1e-9))
