"""A training of the final, here or on a worker: its epochs one by one, then its weights."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from nas.config.recipe import Fidelity, TrainingConfig
from nas.data.dataset import TrainingData
from nas.execution.worker import failure_of, release
from nas.records.job import EpochReport
from nas.training.epoch_clock import TooSlow
from nas.training.loop import begin
from nas.training.storage import load, save
from search_spaces.architecture import Architecture

SPARE = 1.05  # an epoch is begun only where one that takes so many times the last one's seconds fits
LATE = 8.0  # seconds that a final may end late by, so that there is a network at all
SAVED_EVERY = 1.0  # seconds between two savings of what an epoch has reached


@dataclass(frozen=True)
class FullTraining:
    """What is to be trained, and for how long.

    Args:
        number: of the trial.
        turn: which of its trainings, each with a seed of its own.
        deadline: in seconds since 1970; the training ends with the last epoch that fits, after one at least.
        weights: file for the weights after each epoch, so that a training that is cut off has not been for nothing.
        cut: whether it is cut off at its deadline; else `LATE` seconds after it, while no training has ended an epoch.
        most_epochs: where it is to use its time: `epochs` is planned anew after every epoch, up to so many; 0 keeps it.
        start_from: file of a state dict of the whole network to begin with; where there is none, the weights
            are drawn.
        keep_best: whether what it leaves is how it was at its best epoch; else after the last.
    """

    number: int
    turn: int
    architecture: Architecture
    recipe: TrainingConfig
    epochs: int
    seed: int
    deadline: float
    device: str = "cpu"
    weights: str = ""
    cut: bool = True
    most_epochs: int = 0
    start_from: str = ""
    keep_best: bool = False

    def seconds_left(self, anything: bool) -> float:
        """Until it is cut off; `anything`: whether some training has ended an epoch, so that there is a result."""
        return self.deadline - time.time() + (0.0 if self.cut or anything else LATE)


@dataclass(frozen=True)
class Trained:
    """What a full training leaves.

    Args:
        scores: one per epoch, up to the one that the weights are of. seconds: that it took.
        weights: state dict of the whole network, normalisation included, on the CPU.
        gradient_flow: norm of the gradients of each cell with weights after the last epoch, by place in the network.
    """

    scores: tuple[float, ...]
    seconds: float
    weights: Mapping[str, torch.Tensor]
    gradient_flow: Mapping[str, float]

    @classmethod
    def saved(cls, place: str) -> Trained | None:
        """What a training that was cut off has left at `place`; None where it left nothing of use."""
        try:
            state = load(place) if place else None
            return None if state is None else cls(**{**state, "scores": tuple(state["scores"])})
        except Exception:  # torn, or of another version: there is nothing to be had
            return None


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
    began = saved = time.monotonic()
    recipe = dataclasses.replace(job.recipe, fidelity=Fidelity())  # what is exported has seen the data as they are
    scores: list[float] = []
    best: dict[str, Any] = {}

    def trained() -> dict[str, Any]:
        weights = {name: value.cpu().clone() for name, value in training.trained_network().state_dict().items()}
        seconds, flow = time.monotonic() - began, dict(training.gradient_flow)
        return {"scores": list(scores), "seconds": seconds, "weights": weights, "gradient_flow": flow}

    ending = contextlib.ExitStack()
    try:
        training = begin(job.architecture, data, recipe, epochs=job.epochs, seed=job.seed, device=job.device)
        ending.callback(training.close)
        weights = load(job.start_from) if job.start_from else None  # a worker elsewhere may not have the file
        if weights is not None:
            training.start_from(weights)
        while not training.finished:
            report = training.epoch(job.deadline + (0.0 if job.cut or scores else LATE))
            scores.append(report.score)
            if job.keep_best and report.score >= max(scores):
                best = trained()
            if job.weights and (len(scores) == 1 or time.monotonic() - saved > SAVED_EVERY):
                save(best or trained(), job.weights)
                saved = time.monotonic()
            if job.most_epochs:
                training.epochs = _replanned(job, training.epochs_done, report.seconds)
            yield report
            if stopped() or job.deadline - time.time() < SPARE * report.seconds:
                break
        left = best or trained()
        yield Trained(**{**left, "scores": tuple(left["scores"])})
    except TooSlow as error:  # what an earlier epoch has reached lies in `job.weights`
        yield Trained.saved(job.weights) or Failed(str(error))
    except Exception as error:
        release(job.device)
        yield Failed(failure_of(error)[1])
    finally:
        ending.close()


def _replanned(job: FullTraining, done: int, seconds: float) -> int:
    """Epochs that end in time, by what the last one took; the schedule of the learning rate follows them."""
    more = int((job.deadline - time.time()) / (SPARE * max(seconds, 1e-9)))
    return max(done, min(job.most_epochs, done + more))
