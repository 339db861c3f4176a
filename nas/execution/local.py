"""Trainings one after another in this process, for tests, debuggers and very short searches."""

from __future__ import annotations

import contextlib
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

from nas.config.search_config import SearchConfig
from nas.data.dataset import TrainingData
from nas.execution.executor import Driving, FullTrainings
from nas.execution.full_training import Failed, FullTraining, NextJob, Step, Trained, train_in_full
from nas.execution.placement import memory_of_gpu
from nas.execution.worker import Failure, Work
from nas.records.job import LATER, Job, TrialEnd
from nas.records.problem import Placement, Problem
from nas.training.machine import torch_threads

GRACE = 1.0  # seconds that an epoch may go on after its time is over


@contextlib.contextmanager
def executor(config: SearchConfig, data: TrainingData) -> Iterator[Local]:
    """This process."""
    yield Local(data, int(config.cpus_per_trial))


class Local:
    """Trains in this process with so many threads."""

    def __init__(self, data: TrainingData, threads: int = 1) -> None:
        self.data, self.threads = data, threads

    def gpu_memory(self) -> int:
        return memory_of_gpu()

    def close(self) -> None:
        """There is nothing to end."""

    def train(self, driver: Driving, problem: Problem) -> None:
        driver.capacity(1)
        with torch_threads(self.threads):
            while (job := driver.next()) is not None:
                if job is LATER:
                    raise RuntimeError("Nothing is in training, yet the next training must wait for it.")
                assert isinstance(job, Job)  # noqa: S101 - for the type checker
                _train(driver, Work(job, problem.space, self.data, problem.placement.device))

    def train_in_full(self, placement: Placement, trainings: int, seconds: float, threads: int) -> FullTrainings:
        return in_this_process(threads)


def in_this_process(threads: int) -> FullTrainings:
    """Full trainings here, one after another, each with so many threads of torch."""
    return FullTrainings(1, lambda next_job, data, stopped: one_after_another(next_job, data, stopped, threads))


def one_after_another(
    next_job: NextJob, data: TrainingData, stopped: Callable[[], bool], threads: int = 1
) -> Iterator[tuple[FullTraining, Step]]:
    """Trains in this process what `next_job` says, until it says None; a training that outlasts its time is cut off."""
    anything = False
    while (job := next_job()) is not None:
        with torch_threads(threads):
            steps = train_in_full(job, data, stopped)
            step: Step | None = None
            while not isinstance(step, Trained | Failed):
                try:
                    with at_most(max(0.1, job.seconds_left(anything) + GRACE)):
                        step = next(steps)
                    anything = anything or not isinstance(step, Failed)
                except Overtime:
                    step = Failed("it did not end in time")
                yield job, step


class Overtime(BaseException):
    """An epoch took too long. No `Exception`, so that nothing in between takes it for one of its own."""


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raises Overtime in its body after so many seconds; only in the main thread, and not inside native code."""
    if threading.current_thread() is not threading.main_thread() or math.isinf(seconds):
        yield
        return

    def ring(signum: int, frame: FrameType | None) -> None:
        raise Overtime

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _train(driver: Driving, work: Work) -> None:
    """One training to its end. A second Ctrl-C leaves it unfinished in the journal, for a resume to take up."""
    try:
        _epochs(driver, work)
    finally:
        work.close()


def _epochs(driver: Driving, work: Work) -> None:
    number = work.job.number
    while True:
        began = time.monotonic()
        try:
            with at_most(min(work.job.patience, max(0.1, work.job.deadline - time.time() + GRACE))):
                report = work.epoch()
        except Overtime:
            end = TrialEnd("timeout", "the epoch did not end in time", time.monotonic() - began)
            driver.trial_ended(number, end)
            return
        if isinstance(report, Failure):
            driver.trial_ended(number, TrialEnd(report.kind, report.error, report.seconds, report.epoch_seconds))
            return
        if not driver.epoch_ended(number, report) or work.finished:
            driver.trial_ended(number, TrialEnd())
            return
