"""A training of the final, here or on a worker: its epochs one by one, then its weights."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import torch

from nas.config.recipe import TrainingConfig
from nas.data.dataset import TrainingData
from nas.execution.worker import failure_of, release
from nas.training.begin import begin
from nas.training.fidelity import Fidelity
from nas.training.loop import EpochReport
from search_spaces.architecture import Architecture

EARLY = 0.9  # a training begins its last epoch only if so much of it fits


@dataclass(frozen=True)
class FullTraining:
    """What is to be trained, and for how long.

    Args:
        number: of the candidate; turn: which of its trainings, each with a seed of its own.
        deadline: in seconds since 1970; the training ends with the last epoch that fits, after one at least.
    """

    number: int
    turn: int
    architecture: Architecture
    training: TrainingConfig
    epochs: int
    seed: int
    deadline: float
    device: str = "cpu"


@dataclass(frozen=True)
class Trained:
    """What a full training leaves.

    Args:
        scores: one per epoch. seconds: that it took.
        weights: state dict of the whole network, normalisation included, on the CPU.
        gradient_flow: norm of the gradients of each cell with weights after the last epoch, by place in the network.
    """

    scores: tuple[float, ...]
    seconds: float
    weights: Mapping[str, torch.Tensor]
    gradient_flow: Mapping[str, float]


@dataclass(frozen=True)
class Failed:
    """A training that came to nothing, and why."""

    error: str


Step = EpochReport | Trained | Failed
NextJob = Callable[[], FullTraining | None]


def train_in_full(job: FullTraining, data: TrainingData, stopped: Callable[[], bool]) -> Iterator[Step]:
    """A report after every epoch, then `Trained`; or `Failed`: what a candidate does wrong costs its own place only.

    Args:
        stopped: whether the epoch that has just ended was the last one.
    """
    began = time.monotonic()
    recipe = dataclasses.replace(job.training, fidelity=Fidelity())  # what is exported has seen the data as they are
    scores: list[float] = []
    try:
        training = begin(job.architecture, data, recipe, epochs=job.epochs, seed=job.seed, device=job.device)
        while not training.finished:
            report = training.epoch()
            scores.append(report.score)
            yield report
            if stopped() or job.deadline - time.time() < EARLY * report.seconds:
                break
        weights = training.trained_network().cpu().state_dict()
        yield Trained(tuple(scores), time.monotonic() - began, weights, dict(training.gradient_flow))
    except Exception as error:
        release(job.device)
        yield Failed(failure_of(error)[1])


def one_after_another(
    next_job: NextJob, data: TrainingData, stopped: Callable[[], bool]
) -> Iterator[tuple[FullTraining, Step]]:
    """Trains in this process what `next_job` says, until it says None."""
    while (job := next_job()) is not None:
        for step in train_in_full(job, data, stopped):
            yield job, step
