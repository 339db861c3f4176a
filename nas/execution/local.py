"""Trainings one after another in this process, for tests, debuggers and very short searches."""

from __future__ import annotations

import contextlib
import math
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType

from nas.config.search_config import SearchConfig
from nas.data.dataset import TrainingData
from nas.driver.driver import Trials
from nas.execution.executor import Workers
from nas.execution.placement import memory_of_gpu
from nas.execution.worker import Failure, Work
from nas.records.job import LATER, Job
from nas.records.joint_space import JointSpace
from nas.training.threads import torch_threads

GRACE = 1.0  # seconds that an epoch may go on after the search phase has ended


@contextlib.contextmanager
def workers(config: SearchConfig, data: TrainingData) -> Iterator[Workers]:
    """This process."""
    yield Workers(lambda trials, joint, settled: run(trials, joint, data, settled), memory_of_gpu)


def run(trials: Trials, joint: JointSpace, data: TrainingData, config: SearchConfig) -> None:
    """Trains what `trials` hands out until it has no more."""
    trials.slots = 1
    device = "cuda" if config.gpus_per_trial else "cpu"
    with torch_threads(int(config.cpus_per_trial)):
        while (job := trials.next()) is not None:
            if job is LATER:
                raise RuntimeError("Nothing is in training, yet the next training must wait for it.")
            assert isinstance(job, Job)  # noqa: S101 - for the type checker
            _train(trials, Work(job, joint, data, device))


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


def _train(trials: Trials, work: Work) -> None:
    number = work.job.number
    while True:
        began = time.monotonic()
        try:
            with at_most(min(work.job.patience, max(0.1, work.job.deadline - time.time() + GRACE))):
                report = work.epoch()
        except Overtime:
            trials.trial_ended(number, "timeout", "the epoch did not end in time", time.monotonic() - began)
            return
        except KeyboardInterrupt:
            trials.stop("interrupted")
            trials.trial_ended(number, seconds=time.monotonic() - began)
            raise
        if isinstance(report, Failure):
            trials.trial_ended(number, report.kind, report.error, report.seconds)
            return
        if not trials.keep_going(number, report) or work.finished:
            trials.trial_ended(number)
            return
