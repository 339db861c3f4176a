"""Trainings on Ray Tune: many at once, on this machine or on a cluster.

Tune places trainings, keeps worker processes warm and isolates their crashes. It decides nothing: `Bridge` passes its
questions on to the driver. What a worker does is in `worker.py`; `Worker.step` arranges that a hung one ends itself.
"""

from __future__ import annotations

import contextlib
import dataclasses
import faulthandler
import functools
import json
import logging
import math
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from nas.config.search_config import SearchConfig
from nas.data.dataset import TrainingData
from nas.driver.interrupt import listen_again
from nas.execution.executor import Driving, FullTrainings, WorkersLost
from nas.execution.local import in_this_process
from nas.execution.memory_limit import limit_worker
from nas.execution.placement import full_training_gpus
from nas.execution.ray.cluster import Cluster, slots_of
from nas.execution.ray.full import OnWorkers
from nas.execution.ray.shipping import modules_to_ship
from nas.execution.worker import Failure, Work, warm_up
from nas.records.job import EpochReport, Job, TrialEnd
from nas.records.joint_space import JointSpace
from nas.records.problem import Placement, Problem
from search_spaces.space import Space

# isort: split
import ray
from ray import tune
from ray.tune.schedulers import FIFOScheduler
from ray.tune.search import Searcher

log = logging.getLogger("nas")
GRACE = 1.0  # seconds that a worker may go on after the search phase has ended
LATE = 2.5  # seconds after which the driver ends what its workers have not
TRIALS_PER_TUNER = 1000  # Tune's own records grow with each
WORTH_WORKERS = 20.0  # seconds of a final from which on workers on CPUs, with 3 to 6 of their start, are the faster way


@contextlib.contextmanager
def executor(config: SearchConfig, data: TrainingData) -> Iterator[OnRay]:
    """Ray, which starts in the background, or the cluster that is joined."""
    cluster = Cluster(config, data)
    try:
        yield OnRay(config, data, cluster)
    finally:
        cluster.close()


class OnRay:
    """Trains on the workers of a cluster."""

    def __init__(self, config: SearchConfig, data: TrainingData, cluster: Cluster) -> None:
        self.config, self.data, self.cluster = config, data, cluster

    def gpu_memory(self) -> int:
        return self.cluster.gpu_memory()

    def close(self) -> None:
        self.cluster.close()

    def train(self, driver: Driving, problem: Problem) -> None:
        ready = [job for job in (driver.next(),) if isinstance(job, Job)]  # while Ray starts
        folder = self.cluster.ready(driver.capacity(0).seconds)
        listen_again()
        if folder is None:
            log.warning("Ray had not started when the time of the search phase was over.")
            return
        space = problem.space
        plain = JointSpace(Space(space.space.name, *space.space.cells), space.training, space.task)  # rules stay here
        for module in modules_to_ship((space.space.cells, space.training, self.data.metric)):
            ray.cloudpickle.register_pickle_by_value(module)
        slots = slots_of(self.config.cpus_per_trial)
        while True:
            bridge = Bridge(driver, slots, ready)
            try:
                self._fit(bridge, plain, problem.placement.device, folder)
            except (RuntimeError, tune.TuneError) as error:
                if bridge.raised is not None:
                    raise
                raise WorkersLost(str(error)) from error
            if bridge.over:
                return

    def _fit(self, bridge: Bridge, space: JointSpace, device: str, folder: Path) -> None:
        """One Tuner, until the search phase is over or it has had its share of trials."""
        cpus = self.config.cpus_per_trial
        worker = tune.with_parameters(
            Worker, space=space, data=self.data, device=device, cpus=cpus, memory=self.config.memory_per_trial
        )
        tuner = tune.Tuner(
            tune.with_resources(worker, functools.partial(_held, cpus=cpus)),
            tune_config=tune.TuneConfig(
                search_alg=bridge,
                scheduler=Scheduler(bridge),
                num_samples=TRIALS_PER_TUNER + 1,
                reuse_actors=True,
                trial_name_creator=lambda trial: trial.trial_id,
                trial_dirname_creator=lambda trial: trial.trial_id,
            ),
            run_config=tune.RunConfig(
                name=secrets.token_hex(4),
                storage_path=str(folder),
                verbose=0,
                callbacks=[Callback(bridge)],
                stop=End(bridge),
                failure_config=tune.FailureConfig(max_failures=0),
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
            ),
        )
        tuner.fit()
        if bridge.raised is not None:
            raise bridge.raised

    def train_in_full(self, placement: Placement, trainings: int, seconds: float, threads: int) -> FullTrainings:
        gpus, cpus = full_training_gpus(placement), self.config.cpus_per_trial
        started = self.cluster.ready(0.0) is not None
        slots = max(1, slots_of(cpus)(gpus)) if started else 1
        if not started or (not gpus and (trainings == 1 or slots == 1 or seconds < WORTH_WORKERS)):
            return in_this_process(threads)
        return FullTrainings(slots, OnWorkers(slots, cpus, gpus, self.config.memory_per_trial))


def _held(config: dict[str, Any], cpus: float) -> tune.PlacementGroupFactory:
    """What Tune reserves for a trial. A worker process is used again by trials that hold as much."""
    return tune.PlacementGroupFactory([{"CPU": cpus, "GPU": json.loads(config["job"])["gpus"]}])


class Bridge(Searcher):
    """Tune asks it for the next trial and tells it what came of each. Errors are kept: they would end Tune."""

    def __init__(self, driver: Driving, slots: Callable[[float], int], ready: list[Job]) -> None:
        super().__init__(metric="score", mode="max")
        self.ready = ready
        self.driver = driver
        self.slots = slots
        self.raised: BaseException | None = None
        self.over = False
        self.handed_out = 0
        self.jobs: dict[str, Job] = {}
        self.epochs: dict[str, int] = {}
        self.heard: dict[str, float] = {}  # when the trial was last known to make progress
        self.controller: Any = None
        self._each = ready[0].gpus if ready else 0.0  # GPUs that a training holds in the mean

    def __reduce__(self) -> Any:
        """Tune pickles what it is given into files that nothing ever reads; live objects stay out of them."""
        return (object, ())

    def set_search_properties(self, *args: Any, **kwargs: Any) -> bool:
        return True

    def suggest(self, trial_id: str) -> Any:
        return self._guarded(lambda: self._suggest(trial_id), otherwise=Searcher.FINISHED)

    def _suggest(self, trial_id: str) -> Any:
        if self.handed_out >= TRIALS_PER_TUNER:
            return Searcher.FINISHED
        if len(self.jobs) > self._slots():  # one more than fit is ready for the first that ends
            return None
        job = self.ready.pop() if self.ready else self.driver.next()
        if not isinstance(job, Job):
            self.over = self.over or job is None
            return Searcher.FINISHED if job is None else None
        self.handed_out += 1
        self.jobs[trial_id] = job
        self.epochs[trial_id] = 0
        return {"job": json.dumps(dataclasses.asdict(job))}

    def _slots(self) -> int:
        """How many trainings of the size of those that are out fit at once."""
        if self.jobs:
            self._each = sum(job.gpus for job in self.jobs.values()) / len(self.jobs)
        slots = self.slots(self._each)
        held = f": its CPUs, and {self._each:g} of a GPU" if self._each else " (`cpus_per_trial`)"
        self.driver.capacity(slots, "" if slots else f"no node of the Ray cluster has what one training holds{held}.")
        return slots

    def started(self, trial_id: str) -> None:
        """A worker has it now."""
        self.heard[trial_id] = time.monotonic()

    def at_an_end(self) -> bool:
        """Whether all that is out is to be given up: it never began and shall not, or its time has long been over."""
        if self.raised is not None:
            return True
        left = self.driver.capacity(self.slots(self._each))
        if not left.over:
            return False
        self.over = True
        if left.seconds < -LATE:
            for trial_id in list(self.jobs):
                self.died(trial_id, "")
        if any(trial_id in self.heard for trial_id in self.jobs):
            return False
        self._kill_workers()
        return True

    def _kill_workers(self) -> None:
        """Also those that have not come to be, for which Tune would wait up to 10 s; it has no public name for them."""
        manager = getattr(getattr(self.controller, "_tune_controller", None), "_actor_manager", None)
        for actor, _ in getattr(manager, "_live_actors_to_ray_actors_resources", {}).values():
            ray.kill(actor)

    def keep_going(self, trial_id: str, result: dict[str, Any]) -> bool:
        """Takes in an epoch's result, once."""
        report = _report(result)
        self.heard[trial_id] = time.monotonic()
        if report is None or trial_id not in self.jobs or report.epoch <= self.epochs[trial_id]:
            return True
        self.epochs[trial_id] = report.epoch
        return self._guarded(lambda: self.driver.epoch_ended(self.jobs[trial_id].number, report), otherwise=False)

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        self._guarded(lambda: self._complete(trial_id, result or {}, error), otherwise=None)

    def _complete(self, trial_id: str, result: dict[str, Any], error: bool) -> None:
        job = self.jobs.get(trial_id)
        if job is None or error:  # `died` has the reason
            return
        if result.get("failure"):
            end = TrialEnd(result["failure"], result["error"], result["unreported"], result["epoch_seconds"])
        else:
            self.keep_going(trial_id, result)
            end = TrialEnd()
        self.driver.trial_ended(job.number, end)
        del self.jobs[trial_id]

    def died(self, trial_id: str, trace: str) -> None:
        """Its process has gone, or never came to be; `trace` is what Ray says of it."""
        job = self.jobs.pop(trial_id, None)
        if job is not None:
            silent = time.monotonic() - self.heard.get(trial_id, time.monotonic())
            end = _death(job, silent, trace)
            self._guarded(lambda: self.driver.trial_ended(job.number, end), otherwise=None)

    def _guarded(self, action: Callable[[], Any], otherwise: Any) -> Any:
        if self.raised is not None:
            return otherwise
        try:
            return action()
        except BaseException as error:
            self.raised = error
            return otherwise

    def save(self, checkpoint_path: str) -> None:
        """Nothing: the journal is the record."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing: the journal is the record."""


class Scheduler(FIFOScheduler):
    """Asks after each epoch whether the training is to go on; the rule itself is the driver's."""

    def __init__(self, bridge: Bridge) -> None:
        super().__init__()
        self.bridge = bridge

    def choose_trial_to_run(self, tune_controller: Any) -> Any:
        self.bridge.controller = tune_controller
        return super().choose_trial_to_run(tune_controller)

    def on_trial_result(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> str:
        return self.CONTINUE if self.bridge.keep_going(trial.trial_id, result) else self.STOP


class Callback(tune.Callback):
    """Tells when a worker begins with a trial, and when it is gone."""

    def __init__(self, bridge: Bridge) -> None:
        self.bridge = bridge

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        self.bridge.started(trial.trial_id)

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        self.bridge.died(trial.trial_id, _said_of(trial))


def _said_of(trial: Any) -> str:
    """Ray's words on why a trial ended; `trial.get_error` does not have them yet when callbacks are called."""
    try:
        return Path(trial.error_file).read_text(encoding="utf-8")
    except (OSError, TypeError):
        return ""


class End(tune.Stopper):
    """Ends Tune where what is out would hold it up."""

    def __init__(self, bridge: Bridge) -> None:
        self.bridge = bridge

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        return False

    def stop_all(self) -> bool:
        return self.bridge.at_an_end()


class Worker(tune.Trainable):
    """A process that trains one job after another; a step is an epoch."""

    def setup(  # type: ignore[override]
        self, config: dict[str, Any], space: Any, data: Any, device: str, cpus: float, memory: float
    ) -> None:
        import torch

        torch.set_num_threads(int(cpus))
        warm_up()
        self.space, self.data, self.device, self.cpus, self.memory = space, data, device, cpus, memory
        self._trace = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process
        self._take(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self.work.close()
        self._take(new_config)
        return True

    def _take(self, config: dict[str, Any]) -> None:
        self.job = Job(**json.loads(config["job"]))
        self.work = Work(self.job, self.space, self.data, self.device)
        if self.device == "cpu":
            limit_worker(self.memory, self.cpus, self.job.alone)
        elif self.job.gpus < 1:
            import torch

            torch.cuda.set_per_process_memory_fraction(self.job.gpus)  # beyond it this training fails, not another

    def step(self) -> dict[str, Any]:
        left = self.job.deadline - time.time() + GRACE
        alarm = max(0.1, min(left, self.job.patience))
        faulthandler.dump_traceback_later(alarm, exit=True, file=self._trace)  # needs neither the GIL nor the driver
        try:
            report = self.work.epoch()
        finally:
            faulthandler.cancel_dump_traceback_later()
        if isinstance(report, Failure):
            unreported = report.seconds
            return {
                "score": -math.inf,
                "failure": report.kind,
                "error": report.error,
                "unreported": unreported,
                "epoch_seconds": report.epoch_seconds,
                "done": True,
            }
        return {**dataclasses.asdict(report), "done": self.work.finished}

    def cleanup(self) -> None:
        self.work.close()
        faulthandler.cancel_dump_traceback_later()


def _report(result: dict[str, Any]) -> EpochReport | None:
    names = [field.name for field in dataclasses.fields(EpochReport)]
    return EpochReport(**{name: result[name] for name in names}) if all(name in result for name in names) else None


def _death(job: Job, silent: float, trace: str) -> TrialEnd:
    """What a worker's death means: it could not begin, it ended itself because it hung, or something ended it."""
    if "creation task" in trace:
        reason = next((line for line in reversed(trace.strip().splitlines()) if line.strip()), "")
        return TrialEnd("error", f"a worker could not be set up: {reason.strip()}", silent)
    if silent >= 0.95 * job.patience:
        text = f"an epoch took longer than {job.patience:.0f} s, so the training was ended as hung"
        return TrialEnd("timeout", text, silent)
    return TrialEnd("lost", "the worker process died: killed from outside, or a crash in native code", silent)
