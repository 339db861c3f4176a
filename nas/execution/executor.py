"""What an executor sees of a driver, and what it offers: trainings of the search, and full trainings of the final."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from nas.data.dataset import TrainingData
from nas.execution.full_training import FullTraining, NextJob, Step
from nas.records.job import EpochReport, Job, Later, TrialEnd
from nas.records.problem import Placement, Problem


class TimeLeft(Protocol):
    """How long trainings may go on in seconds, and whether nothing more will be handed out."""

    @property
    def seconds(self) -> float: ...
    @property
    def over(self) -> bool: ...


class Driving(Protocol):
    """The four calls by which an executor asks and tells; see `nas.driver.driver.Driver`."""

    def next(self) -> Job | Later | None: ...
    def epoch_ended(self, number: int, report: EpochReport) -> bool: ...
    def trial_ended(self, number: int, end: TrialEnd) -> None: ...
    def capacity(self, slots: int, lacking: str = "") -> TimeLeft: ...


class WorkersLost(RuntimeError):
    """All workers are gone; with new ones the search can go on."""


@dataclass(frozen=True)
class FullTrainings:
    """Where the final's trainings run.

    Args:
        slots: trainings at once.
        train: `train(next_job, data, stopped)` trains what `next_job` says on `data` until it says None. It yields each
            training's epochs as they end, then how it ended. `stopped` says whether running trainings are to end
            after their epoch.
    """

    slots: int
    train: Callable[[NextJob, TrainingData, Callable[[], bool]], Iterator[tuple[FullTraining, Step]]]


class Executor(Protocol):
    """Where trainings run."""

    def gpu_memory(self) -> int:
        """Bytes of a GPU in reach, 0 without one."""

    def train(self, driver: Driving, problem: Problem) -> None:
        """Trains what the driver hands out until it has no more.

        Raises:
            WorkersLost: the driver may be given to it again.
        """

    def train_in_full(self, placement: Placement, trainings: int, seconds: float, threads: int) -> FullTrainings:
        """Where so many full trainings should run, with so many seconds for them.

        Args:
            threads: of torch for each on a CPU.
        """

    def close(self) -> None:
        """Ends the workers; may be called more than once."""
