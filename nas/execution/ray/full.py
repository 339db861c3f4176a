"""The final's trainings on Ray, several at once.

An actor streams its training's epochs back as they end; one that does not end in time is killed, and costs its own
place only. Ray has been started by then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from nas.data.dataset import TrainingData
from nas.execution.full_training import Failed, FullTraining, NextJob, Step, Trained, train_in_full
from nas.execution.memory_limit import limit_worker
from nas.execution.ray import cluster  # noqa: F401 - sets the environment that Ray reads as it is imported

# isort: split
import ray

GRACE = 2.0  # seconds that a training may go on after its deadline
POLL = 0.5  # seconds between two looks at the deadlines


class Trainer:
    """A worker process that trains one job after another; `stop` is heard while one is in training."""

    def __init__(self, cpus: float, memory: float) -> None:
        import torch

        torch.set_num_threads(int(cpus))
        self.cpus, self.memory = cpus, memory
        self.stopped = False

    def train(self, job: FullTraining, data: TrainingData) -> Iterator[Step]:
        if job.device == "cpu":
            limit_worker(self.memory, self.cpus)
        yield from train_in_full(job, data, lambda: self.stopped)

    def stop(self) -> None:
        self.stopped = True


class OnWorkers:
    """Trains what `next_job` says, so many at once, until it says None; see `full_training.one_after_another`."""

    def __init__(self, slots: int, cpus: float, gpus: float, memory: float = 0.0) -> None:
        self.slots = slots
        actor: Any = ray.remote(Trainer)
        self._trainer = lambda: actor.options(num_cpus=cpus, num_gpus=gpus, max_concurrency=2).remote(cpus, memory)

    def __call__(
        self, next_job: NextJob, data: TrainingData, stopped: Callable[[], bool]
    ) -> Iterator[tuple[FullTraining, Step]]:
        shared, told, anything = ray.put(data), False, False
        idle: list[Any] = []
        running: dict[Any, tuple[Any, FullTraining]] = {}
        try:
            while True:
                while len(running) < self.slots and (job := next_job()) is not None:
                    trainer = idle.pop() if idle else self._trainer()
                    running[trainer.train.options(num_returns="streaming").remote(job, shared)] = (trainer, job)
                if not running:
                    return
                if stopped() and not told:
                    told = True
                    for trainer, _ in running.values():
                        trainer.stop.remote()
                ready, waiting = ray.wait(list(running), timeout=POLL)
                for stream in [*ready, *(late for late in waiting if running[late][1].seconds_left(anything) < -GRACE)]:
                    trainer, job = running[stream]
                    step = _next(stream) if stream in ready else Failed("it did not end in time")
                    anything = anything or not isinstance(step, Failed)
                    if not isinstance(step, Trained | Failed):
                        yield job, step
                        continue
                    del running[stream]
                    idle.append(trainer) if isinstance(step, Trained) else ray.kill(trainer)
                    yield job, step
        finally:
            for trainer in [*idle, *(trainer for trainer, _ in running.values())]:
                ray.kill(trainer)


def _next(stream: Any) -> Step:
    """The training's next step; a worker that has died has failed."""
    try:
        step: Step = ray.get(next(stream))
        return step
    except (ray.exceptions.RayError, StopIteration) as error:
        return Failed(f"its worker was lost: {type(error).__name__}")
