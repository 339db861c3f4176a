"""Trainings on Ray Tune: many at once, on this machine or on a cluster. The only file that imports Ray.

Tune places trainings, keeps worker processes warm and isolates their crashes. It decides nothing: `Bridge` passes its
questions on to `Trials`. What a worker does is in `worker.py`; `Worker.step` arranges that a hung one ends itself.
"""

from __future__ import annotations

import contextlib
import dataclasses
import faulthandler
import json
import logging
import math
import os
import secrets
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from nas.config import SearchConfig
from nas.data.dataset import TrainingData
from nas.errors import InputError
from nas.evaluation.process_memory import free_memory, limit_memory
from nas.evaluation.ray_folder import new_folder, remove_leftovers
from nas.evaluation.shipping import modules_to_ship
from nas.evaluation.worker import Failure, Work, warm_up
from nas.interrupt import listen_again
from nas.joint import JointSpace
from nas.journal import JournalError
from nas.training.loop import EpochReport
from nas.trials import Job, Trials
from search_spaces.space import Space

QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_DISABLE_IMPORT_WARNING": "1",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_STRICT_METRIC_CHECKING": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",  # Tune would swallow Ctrl-C; ours finishes the search
    "TUNE_GLOBAL_CHECKPOINT_S": "1000000",  # the journal is the record; Tune's own is never read
    "TUNE_MAX_PENDING_TRIALS_PG": "1000",  # `Bridge` itself keeps one trial ready beside those in training
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "1",  # a CPU training must not see the GPUs
}
LOCAL = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # every socket on loopback
    "RAY_AUTH_MODE": "token",
    "RAY_memory_monitor_refresh_ms": "0",  # it would end the whole fit; a worker limits itself instead
}
for _name, _value in {**QUIET, **LOCAL}.items():
    os.environ.setdefault(_name, _value)
os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))

import ray  # noqa: E402
from ray import tune  # noqa: E402
from ray.tune.schedulers import FIFOScheduler  # noqa: E402
from ray.tune.search import Searcher  # noqa: E402

log = logging.getLogger("nas")
GRACE = 2.0  # seconds that a worker may go on after the search phase has ended
TRIALS_PER_TUNER = 1000  # Tune's own records grow with each
CRASHES = 5
SAFE_SHARE = 0.8  # of the free memory that all workers together may take


@contextlib.contextmanager
def workers(config: SearchConfig, data: TrainingData) -> Iterator[Callable[[Trials, JointSpace], None]]:
    """Yields the function that trains what `trials` hands out until it has no more. Ray starts in the background."""
    cluster = Cluster(config, data)
    try:
        yield lambda trials, joint: run(trials, joint, data, config, cluster)
    finally:
        cluster.close()


def run(trials: Trials, joint: JointSpace, data: TrainingData, config: SearchConfig, cluster: Cluster) -> None:
    """Trains what `trials` hands out until it has no more."""
    ready = [job for job in (trials.next(),) if isinstance(job, Job)]  # while Ray starts
    folder = cluster.ready()
    listen_again()
    plain = JointSpace(Space(joint.space.name, *joint.space.cells), joint.training, joint.task)  # rules stay here
    for module in modules_to_ship(joint.space.cells):
        ray.cloudpickle.register_pickle_by_value(module)
    for _ in range(CRASHES):
        try:
            while not trials.over():
                _fit(Bridge(trials, slots_of(config), ready), plain, data, config, folder)
            return
        except (RuntimeError, tune.TuneError) as error:
            if isinstance(error, JournalError):
                raise
            trials.observer.message(f"Ray Tune stopped ({error}); the search goes on with new workers.")
            trials.abandon("lost", str(error))
            ready.clear()
    trials.stop("failures")


def _fit(bridge: Bridge, joint: JointSpace, data: TrainingData, config: SearchConfig, folder: Path) -> None:
    """One Tuner, until the search phase is over or it has had its share of trials."""
    worker = tune.with_parameters(
        Worker,
        joint=joint,
        data=data,
        device=device_of(config),
        cpus=config.cpus_per_trial,
        memory=config.memory_per_trial,
    )
    tuner = tune.Tuner(
        tune.with_resources(worker, {"cpu": config.cpus_per_trial, "gpu": config.gpus_per_trial}),
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
            failure_config=tune.FailureConfig(max_failures=0),
            checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
        ),
    )
    tuner.fit()
    if bridge.raised is not None:
        raise bridge.raised


class Bridge(Searcher):
    """Tune asks it for the next trial and tells it what came of each. Errors are kept: they would end Tune."""

    def __init__(self, trials: Trials, slots: Callable[[], int], ready: list[Job]) -> None:
        super().__init__(metric="score", mode="max")
        self.ready = ready
        self.trials = trials
        self.slots = slots
        self.raised: BaseException | None = None
        self.handed_out = 0
        self.jobs: dict[str, Job] = {}
        self.epochs: dict[str, int] = {}
        self.heard: dict[str, float] = {}  # when the trial was last known to make progress

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
        self.trials.slots = self.slots()
        if len(self.jobs) > self.trials.slots:
            return None
        job = self.ready.pop() if self.ready else self.trials.next()
        if not isinstance(job, Job):
            return Searcher.FINISHED if job is None else None
        self.handed_out += 1
        self.jobs[trial_id] = job
        self.epochs[trial_id] = 0
        return {"job": json.dumps(dataclasses.asdict(job))}

    def started(self, trial_id: str) -> None:
        """A worker has it now."""
        self.heard[trial_id] = time.monotonic()

    def keep_going(self, trial_id: str, result: dict[str, Any]) -> bool:
        """Takes in an epoch's result, once."""
        report = _report(result)
        self.heard[trial_id] = time.monotonic()
        if report is None or trial_id not in self.jobs or report.epoch <= self.epochs[trial_id]:
            return True
        self.epochs[trial_id] = report.epoch
        return self._guarded(lambda: self.trials.keep_going(self.jobs[trial_id].number, report), otherwise=False)

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        self._guarded(lambda: self._complete(trial_id, result or {}, error), otherwise=None)

    def _complete(self, trial_id: str, result: dict[str, Any], error: bool) -> None:
        job = self.jobs.get(trial_id)
        if job is None or error:  # `died` has the reason
            return
        if result.get("failure"):
            self.trials.trial_ended(job.number, result["failure"], result["error"], result["unreported"])
        else:
            self.keep_going(trial_id, result)
            self.trials.trial_ended(job.number)
        del self.jobs[trial_id]

    def died(self, trial_id: str, trace: str) -> None:
        """Its process has gone, or never came to be; `trace` is what Ray says of it."""
        job = self.jobs.pop(trial_id, None)
        if job is not None:
            silent = time.monotonic() - self.heard.get(trial_id, time.monotonic())
            kind, text = _death(job, silent, trace)
            self._guarded(lambda: self.trials.trial_ended(job.number, kind, text, silent), otherwise=None)

    def _guarded(self, action: Callable[[], Any], otherwise: Any) -> Any:
        try:
            return action()
        except BaseException as error:
            self.raised = self.raised or error
            self.trials.stop("failures")
            return otherwise

    def save(self, checkpoint_path: str) -> None:
        """Nothing: the journal is the record."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing: the journal is the record."""


class Scheduler(FIFOScheduler):
    """Asks after each epoch whether the training is to go on; the rule itself is `nas.stopping`."""

    def __init__(self, bridge: Bridge) -> None:
        super().__init__()
        self.bridge = bridge

    def on_trial_result(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> str:
        return self.CONTINUE if self.bridge.keep_going(trial.trial_id, result) else self.STOP


class Callback(tune.Callback):
    """Tells when a worker begins with a trial, and when it is gone."""

    def __init__(self, bridge: Bridge) -> None:
        self.bridge = bridge

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        self.bridge.started(trial.trial_id)

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        self.bridge.died(trial.trial_id, str(trial.get_error() or ""))


class Worker(tune.Trainable):
    """A process that trains one job after another; a step is an epoch."""

    def setup(  # type: ignore[override]
        self, config: dict[str, Any], joint: Any, data: Any, device: str, cpus: float, memory: float
    ) -> None:
        import torch

        torch.set_num_threads(int(cpus))
        warm_up()
        self.joint, self.data, self.device, self.cpus, self.memory = joint, data, device, cpus, memory
        self._trace = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process
        self._take(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self._take(new_config)
        return True

    def _take(self, config: dict[str, Any]) -> None:
        self.job = Job(**json.loads(config["job"]))
        self.work = Work(self.job, self.joint, self.data, self.device)
        if self.device == "cpu":
            beside = 1 if self.job.alone else max(1, (os.cpu_count() or 1) // int(self.cpus))
            limit_memory(self.memory * 2**30 or SAFE_SHARE * free_memory() / beside)

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
                "done": True,
            }
        return {**dataclasses.asdict(report), "done": self.work.finished}

    def cleanup(self) -> None:
        faulthandler.cancel_dump_traceback_later()


def _report(result: dict[str, Any]) -> EpochReport | None:
    names = [field.name for field in dataclasses.fields(EpochReport)]
    return EpochReport(**{name: result[name] for name in names}) if all(name in result for name in names) else None


def _death(job: Job, silent: float, trace: str) -> tuple[str, str]:
    """What a worker's death means: it could not begin, it ended itself because it hung, or something ended it."""
    if "creation task" in trace:
        reason = next((line for line in reversed(trace.strip().splitlines()) if line.strip()), "")
        return "error", f"a worker could not be set up: {reason.strip()}"
    if silent >= 0.95 * job.patience:
        return "timeout", f"an epoch took longer than {job.patience:.0f} s, so the training was ended as hung"
    return "lost", "the worker process died: killed from outside, or a crash in native code"


def device_of(config: SearchConfig) -> str:
    """The device follows from what was asked for, not from what a worker happens to see."""
    return "cuda" if config.gpus_per_trial else "cpu"


def slots_of(config: SearchConfig) -> Callable[[], int]:
    """How many trainings fit on the cluster as it is now; looked up at most every few seconds."""
    known = (0.0, 0)

    def slots() -> int:
        nonlocal known
        if time.monotonic() - known[0] > 5:
            total = ray.cluster_resources()
            count = total.get("CPU", 0) // config.cpus_per_trial
            if config.gpus_per_trial:
                count = min(count, total.get("GPU", 0) // config.gpus_per_trial)
            known = (time.monotonic(), max(1, int(count)))
        return known[1]

    return slots


class Cluster:
    """A Ray cluster of this machine alone, or the one at `ray_address`; it starts in a thread of its own."""

    def __init__(self, config: SearchConfig, data: TrainingData) -> None:
        _silence_ray()
        remove_leftovers()
        self.folder = new_folder()
        self.ours = not ray.is_initialized()
        self._error: BaseException | None = None
        self._started, self._over = threading.Event(), threading.Event()
        self._arguments = _arguments(config, data, self.folder)
        self._thread = threading.Thread(target=self._start, name="ray-start", daemon=True)
        if self.ours:
            self._thread.start()

    def _start(self) -> None:
        try:
            ray.init(**self._arguments)
        except BaseException as error:
            self._error = error
        self._started.set()
        self._over.wait()  # Ray's processes end with the thread that began them

    def ready(self) -> Path:
        """Waits until Ray has started; a folder for Tune's own files."""
        if self.ours:
            self._started.wait()
        if isinstance(self._error, ConnectionError):
            raise InputError(f"No Ray cluster answers at {self._arguments.get('address')!r}: {self._error}")
        if self._error is not None:
            raise self._error
        return self.folder / "tune"

    def close(self) -> None:
        if self.ours:
            self._started.wait()
            ray.shutdown()
            self._over.set()
        shutil.rmtree(self.folder, ignore_errors=True)


def _silence_ray() -> None:
    """What Ray says of a lost worker stands, typed, in the journal; on the terminal it would drown the progress."""
    for name in ("ray", "ray.tune", "ray.air"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    module = sys.modules.get("ray._private.worker")
    if hasattr(module, "print_to_stdstream"):  # private, and nothing breaks where it is gone
        setattr(module, "print_to_stdstream", lambda data, **_: log.debug("%s", data.get("lines")))  # noqa: B010


def _arguments(config: SearchConfig, data: TrainingData, folder: Path) -> dict[str, Any]:
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    if config.ray_address:
        return {"address": config.ray_address, **quiet}
    arrays = (data.train.inputs, data.train.targets, data.validation.inputs, data.validation.targets)
    store = int(1.3 * sum(array.nbytes for array in arrays)) + 100 * 2**20
    return {
        "address": "local",
        "include_dashboard": False,
        "object_store_memory": store,
        "_temp_dir": str(folder),
        **quiet,
    }
