"""Whom the final trains next, and for how many epochs, so that what is begun ends in time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from nas.config.final_time import FINALISTS
from nas.data.dataset import FOLDS, TrainingData
from nas.execution.full_training import FullTraining
from nas.records.trial import Trial
from nas.training.epoch_clock import VALIDATION_COST
from nas.training.fidelity import validation_share


@dataclass(frozen=True)
class FinalConfig:
    """How the best are trained in full.

    Args:
        top: how many trials come into the final.
        epochs: of a training, if time allows.
        least_epochs: of a training; where time does not allow that for all, fewer are trained.
        seeds: trainings of each finalist; its validation score is their mean, the best one's weights are kept.
        share: of the final's time, for choosing among the finalists; the rest trains the winner on all of the data.
    """

    top: int = FINALISTS
    epochs: int = 30
    least_epochs: int = 1
    seeds: int = 1
    share: float = 1.0


class Schedule:
    """The best trials first, then the first random one, each once; then all with further seeds.

    Args:
        trials: the best first.
        first: the first random one, None for none.
        folder: for the weights that trainings leave.
        slots: trainings at once.
        seconds_left: for all of them.
        stopped: whether nothing more is to begin.
        stretch: what an epoch of a trial costs here, to one of the search.
        fallback: whether there is a network already, so that no training has to be tried for which there is no time.

    All that are still to come get equally many epochs, as many as end in the time left.
    """

    def __init__(
        self,
        trials: Sequence[Trial],
        first: Trial | None,
        config: FinalConfig,
        *,
        folder: Path,
        device: str = "cpu",
        slots: int = 1,
        seconds_left: Callable[[], float] = lambda: math.inf,
        stopped: Callable[[], bool] = lambda: False,
        stretch: Callable[[Trial], float] = lambda trial: 1.0,
        fallback: bool = False,
    ) -> None:
        self.config, self.folder, self.device, self.slots = config, folder, device, slots
        self.seconds_left, self.stopped, self.stretch = seconds_left, stopped, stretch
        self.best = list(trials[: config.top])
        ordered = [*self.best, *([first] if first is not None else [])]
        self.trials = {trial.number: trial for trial in ordered}
        trained = self._affordable(list(self.trials.values()))
        self._waiting = [(trial, turn) for turn in range(config.seeds) for trial in trained]
        self._anything, self._begun = fallback, False

    def skip(self) -> None:
        """Nothing more is trained."""
        self._waiting.clear()

    def has_result(self) -> None:
        """From now on only trainings for which there is time are begun."""
        self._anything = True

    def next(self) -> FullTraining | None:
        """The next training; None when there is no other, or no time for one."""
        while self._waiting:
            seconds = self.seconds_left()
            planned = self._epochs([trial for trial, _ in self._waiting], seconds)
            trial, turn = self._waiting.pop(0)
            if self._anything and (planned < self._least(turn) or self.stopped()):
                continue
            if self._begun and seconds <= 0:
                continue
            self._begun = True
            return FullTraining(
                number=trial.number,
                turn=turn,
                architecture=trial.architecture,
                recipe=trial.recipe,
                epochs=max(1, planned),
                seed=trial.seed + turn,
                deadline=time.time() + (seconds if self._anything else max(0.0, seconds)),
                device=self.device,
                weights=str(self.folder / f"{trial.number:04d}-{turn}-unfinished.pt"),
                cut=self._anything,
            )
        return None

    def _least(self, turn: int) -> int:
        """A further seed counts only if it is trained as long as the search did."""
        return self.config.least_epochs if turn else 1

    def _affordable(self, queue: list[Trial]) -> list[Trial]:
        """As many from the front as can each have the least number of epochs; one at least."""
        seconds, least = self.seconds_left(), self.config.least_epochs
        lengths = range(len(queue), 1, -1)
        return next((queue[:one] for one in lengths if self._epochs(queue[:one], seconds) >= least), queue[:1])

    def _epochs(self, queue: Sequence[Trial], seconds: float) -> int:
        """Epochs of each of these trainings, with which they all end in so many seconds."""
        if not math.isfinite(seconds):
            return self.config.epochs
        costs = [self.stretch(trial) * trial.seconds / max(1, len(trial.scores)) for trial in queue]
        return min(self.config.epochs, int(seconds / max(in_rounds(costs, self.slots), 1e-9)))


def in_rounds(costs: Sequence[float], slots: int) -> float:
    """What trainings cost that are begun in this order, `slots` at a time: the dearest of each round."""
    return sum(max(costs[first : first + slots]) for first in range(0, len(costs), slots))


def stretch(subset: float, data: TrainingData) -> float:
    """What an epoch on all training examples costs, to one of the search on a share of them, or on all folds.

    Both with their validation.
    """
    train, validation = len(data.train), len(data.validation)
    extra = VALIDATION_COST * validation
    searched = subset * train + validation_share(subset, validation) * extra
    return (train + extra) / (searched * (FOLDS if data.crossed else 1))
