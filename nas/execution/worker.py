"""What happens inside a worker: a job becomes a training, its failures get a type, its progress is saved."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import torch

from nas.data.dataset import TrainingData
from nas.data.own_metrics import MetricFailed
from nas.records.job import LOOP, METRIC, TOO_SLOW, EpochReport, Job
from nas.records.joint_space import JointSpace
from nas.training.crossed import Crossed, begin_crossed
from nas.training.epoch_clock import TooSlow
from nas.training.health import Diverged
from nas.training.loop import Training, begin
from nas.training.memory import is_out_of_memory
from nas.training.own_loop import LoopFailed
from nas.training.storage import load, save
from search_spaces import decide

SAVED_EVERY = 5.0  # seconds of training that a lost worker may cost; saving a large network each epoch would cost more


@dataclass(frozen=True)
class Failure:
    """Why a training ended, in words, and seconds not yet reported. `kind`: see `TrialEnd.failure`.

    `epoch_seconds`: that an epoch would have taken, of one that was too slow.
    """

    kind: str
    error: str
    seconds: float
    epoch_seconds: float = 0.0


class Work:
    """One candidate in training in this process.

    Args:
        space: what is searched; the job's decisions are replayed in it.
        device: `cpu`, `cuda` or `cuda:1`.
    """

    def __init__(self, job: Job, space: JointSpace, data: TrainingData, device: str = "cpu") -> None:
        self.job, self.space, self.data, self.device = job, space, data, device
        self.training: Training | Crossed | None = None
        self._proposal = space.resolve(decide.replay(job.decisions))
        self._saved = time.monotonic()
        self._best = job.best

    def epoch(self) -> EpochReport | Failure:
        """One epoch, begun from the checkpoint if there is one. Never raises for what the candidate does wrong."""
        began = time.monotonic()
        try:
            if self.training is None:
                self.training = self._begun()
            else:
                self._save(self.training)  # only now: the journal must know every epoch that a checkpoint holds
            report = self.training.epoch(self.job.deadline)
            self._keep_weights(self.training, report.score)
            return report
        except Exception as error:
            self.close()
            self.training = None
            release(self.device)
            expected = error.seconds if isinstance(error, TooSlow) else 0.0
            return Failure(*failure_of(error), seconds=time.monotonic() - began, epoch_seconds=expected)

    def close(self) -> None:
        """Ends what may still run of it: a loop of a person's own."""
        if self.training is not None:
            self.training.close()

    @property
    def finished(self) -> bool:
        """Whether all epochs are done."""
        return self.training is not None and self.training.finished

    def _begun(self) -> Training | Crossed:
        """The training at its checkpoint, or fresh where that cannot be used."""
        try:
            state = load(self.job.checkpoint) if self.job.checkpoint else None
            training = self._fresh()
            if state is not None:
                training.load_state_dict(state)
            return training
        except Exception as error:  # a checkpoint that is torn, foreign, or of another network
            if not self.job.checkpoint:
                raise
            training = self._fresh()
            training.notice(f"the checkpoint cannot be used, so the training begins anew: {error!r:.200}")
            return training

    def _fresh(self) -> Training | Crossed:
        started = begin_crossed if self.data.crossed else begin
        return started(
            self._proposal.architecture,
            self.data,
            self._proposal.recipe,
            epochs=self.job.epochs,
            seed=self.job.seed,
            device=self.device,
        )

    def _keep_weights(self, training: Training | Crossed, score: float) -> None:
        """Keeps the whole network where it is the best so far: a search ends with it, whatever becomes of the final."""
        full = self._proposal.recipe.fidelity
        comparable = full.width >= 1 and full.resolution >= 1  # else the network is not the one that is exported
        if self.job.weights and comparable and (score > self._best or training.finished):
            self._best = max(self._best, score)
            state = training.trained_network().state_dict()
            save({"score": score, "epochs": training.epochs_done, "weights": state}, self.job.weights)

    def _save(self, training: Training | Crossed) -> None:
        now = time.monotonic()
        if self.job.checkpoint and training.continues and not self.finished and now - self._saved >= SAVED_EVERY:
            self._saved = now
            save(training.state_dict(), self.job.checkpoint)


def warm_up() -> None:
    """What torch loads and compiles at its first step costs seconds; they belong to start-up, not to a candidate."""
    layer = torch.nn.Linear(2, 2)
    optimizer = torch.optim.AdamW(layer.parameters())
    layer(torch.ones(1, 2)).sum().backward()
    optimizer.step()


def _interrupted(error: BaseException) -> bool:
    """Whether it arose from a KeyboardInterrupt."""
    chain, met = error, set[int]()
    while id(chain) not in met:
        if isinstance(chain, KeyboardInterrupt):
            return True
        met.add(id(chain))
        chain = chain.__cause__ or chain.__context__ or chain
    return False


def failure_of(error: BaseException) -> tuple[str, str]:
    """Type and message of what went wrong in a training.

    Raises:
        KeyboardInterrupt: a Ctrl-C did, which a library or a person's own code has turned into an error.
    """
    if _interrupted(error):
        raise KeyboardInterrupt from error
    text = f"{type(error).__name__}: {error}"
    if isinstance(error, Diverged | FloatingPointError):
        return "diverged", text
    if isinstance(error, MetricFailed):
        return METRIC, str(error)
    if isinstance(error, LoopFailed):
        return LOOP, str(error)
    if is_out_of_memory(error):
        return "oom", text
    if isinstance(error, TooSlow):
        return TOO_SLOW, str(error)
    return "error", f"{text}{_place(error)}"


def _place(error: BaseException) -> str:
    """File and line where it was raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f" ({Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno})" if trace else ""


def release(device: str) -> None:
    """Gives the device's cached memory back, so that the next candidate finds it."""
    if device.startswith("cuda"):
        torch.cuda.empty_cache()
