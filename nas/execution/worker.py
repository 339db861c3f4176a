"""What happens inside a worker: a job becomes a training, its failures get a type, its progress is saved."""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from nas.data.dataset import TrainingData
from nas.records.job import Job
from nas.records.joint_space import JointSpace
from nas.training.begin import begin
from nas.training.fidelity import narrowed
from nas.training.health import Diverged
from nas.training.inheritance import State
from nas.training.loop import EpochReport, Training
from nas.training.memory import is_out_of_memory
from search_spaces import decide
from search_spaces.architecture import Architecture

SAVED_EVERY = 5.0  # seconds of training that a lost worker may cost; saving a large network each epoch would cost more


@dataclass(frozen=True)
class Failure:
    """Why a training ended: `oom`, `diverged` or `error`, the message, and the seconds not yet reported."""

    kind: str
    error: str
    seconds: float


class Work:
    """One candidate in training in this process.

    Args:
        joint: what is searched; the job's decisions are replayed in it.
        device: `cpu`, `cuda` or `cuda:1`.
    """

    def __init__(self, job: Job, joint: JointSpace, data: TrainingData, device: str = "cpu") -> None:
        self.job, self.joint, self.data, self.device = job, joint, data, device
        self.training: Training | None = None
        self._saved = time.monotonic()

    def epoch(self) -> EpochReport | Failure:
        """One epoch, begun from the checkpoint if there is one. Never raises for what the candidate does wrong."""
        began = time.monotonic()
        try:
            if self.training is None:
                self.training = self._begun()
            else:
                self._save(self.training)  # only now: the journal must know every epoch that a checkpoint holds
            report = self.training.epoch()
            self._lay_down(self.training)
            return report
        except Exception as error:
            self.training = None
            release(self.device)
            return Failure(*failure_of(error), seconds=time.monotonic() - began)

    @property
    def finished(self) -> bool:
        """Whether all epochs are done."""
        return self.training is not None and self.training.finished

    def _begun(self) -> Training:
        """The training at its checkpoint, or with its parent's weights, or fresh where neither can be used."""
        notices: list[str] = []
        training = self._resumed(notices) or self._heir(notices) or self._fresh()
        for text in notices:
            training.notice(text)
        return training

    def _resumed(self, notices: list[str]) -> Training | None:
        try:
            state = load(self.job.checkpoint) if self.job.checkpoint else None
            if state is None:
                return None
            training = self._fresh()
            training.load_state_dict(state)
            return training
        except Exception as error:  # torn, foreign, or of another network
            notices.append(f"the checkpoint cannot be used, so the training begins anew: {error!r:.200}")
            return None

    def _heir(self, notices: list[str]) -> Training | None:
        if not self.job.parent_weights:
            return None
        try:
            state = load(self.job.parent_weights)
            if state is None:
                raise FileNotFoundError(self.job.parent_weights)
            parent = self.joint.replay(self.job.parent)
            architecture = narrowed(parent.architecture, parent.training.fidelity.width)
            return self._fresh((architecture, state["network"]))
        except Exception as error:
            notices.append(
                f"the parent's weights cannot be used, so the training begins with fresh ones: {error!r:.200}"
            )
            return None

    def _fresh(self, parent: tuple[Architecture, State] | None = None) -> Training:
        proposal = self.joint.resolve(decide.replay(self.job.decisions))
        return begin(
            proposal.architecture,
            self.data,
            proposal.training,
            epochs=self.job.epochs,
            seed=self.job.seed,
            device=self.device,
            parent=parent,
        )

    def _lay_down(self, training: Training) -> None:
        """Where the training may end now, the weights that it is judged by are left for others to begin with."""
        if self.job.weights and (training.finished or training.epochs_done in self.job.rungs):
            save({"network": training.network.state_dict()}, self.job.weights)

    def _save(self, training: Training) -> None:
        now = time.monotonic()
        if self.job.checkpoint and not self.finished and now - self._saved >= SAVED_EVERY:
            self._saved = now
            save(training.state_dict(), self.job.checkpoint)


def warm_up() -> None:
    """What torch loads and compiles at its first step costs seconds; they belong to start-up, not to a candidate."""
    layer = torch.nn.Linear(2, 2)
    optimizer = torch.optim.AdamW(layer.parameters())
    layer(torch.ones(1, 2)).sum().backward()
    optimizer.step()


def failure_of(error: BaseException) -> tuple[str, str]:
    """Type and message of what went wrong in a training."""
    text = f"{type(error).__name__}: {error}"
    if isinstance(error, Diverged | FloatingPointError):
        return "diverged", text
    if is_out_of_memory(error):
        return "oom", text
    return "error", f"{text}{_place(error)}"


def _place(error: BaseException) -> str:
    """File and line where it was raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f" ({Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno})" if trace else ""


def save(state: dict[str, Any], checkpoint: str) -> None:
    """Writes a checkpoint whole or not at all. A disk that is full costs the checkpoint, not the training."""
    import fsspec

    system, path = fsspec.core.url_to_fs(checkpoint)
    part = f"{path}.{os.getpid()}.part"
    try:
        system.makedirs(path.rpartition("/")[0], exist_ok=True)
        with system.open(part, "wb") as file:
            torch.save(state, file)
        system.mv(part, path)
    except OSError:
        with contextlib.suppress(OSError):
            system.rm(part)


def load(checkpoint: str) -> dict[str, Any] | None:
    """The checkpoint, or None where there is none. Nothing in it is ever run.

    Raises:
        Exception: of many types: it is torn or foreign, or the storage is out of reach.
    """
    import fsspec

    try:
        with fsspec.open(checkpoint, "rb") as file:
            state: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
            return state
    except FileNotFoundError:
        return None


def remove(checkpoint: str) -> None:
    """Deletes a checkpoint if it is there; storage out of reach keeps it."""
    import fsspec

    with contextlib.suppress(OSError, ImportError, ValueError):
        system, path = fsspec.core.url_to_fs(checkpoint)
        system.rm(path)


def release(device: str) -> None:
    """Gives the device's cached memory back, so that the next candidate finds it."""
    if device.startswith("cuda"):
        torch.cuda.empty_cache()
