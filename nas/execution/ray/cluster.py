"""Ray itself: its environment, its start on this machine or the cluster that is joined, and what that cluster has.

Ray reads its environment as it is imported, so whatever imports Ray imports this file before.
"""

from __future__ import annotations

import logging
import math
import os
import secrets
import shutil
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nas.config.search_config import SearchConfig
from nas.data.dataset import TrainingData
from nas.errors import InputError
from nas.execution.placement import memory_of_gpu, slots_on
from nas.execution.ray.folder import new_folder, remove_leftovers
from nas.training.machine import cpus

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

log = logging.getLogger("nas")
LOOK_AGAIN = 5.0  # seconds after which the cluster's nodes are looked up anew
GPU_ANSWERS = 60.0  # seconds that a GPU of a joined cluster may take to say how large it is
KNOCK = 10.0  # seconds that a machine may take to answer at all
LEAVE = 10.0  # seconds after which a start of Ray that has still not come to an end is left alone


class Cluster:
    """A Ray cluster of this machine alone, which starts in a thread of its own, or the joined one at `ray_address`.

    Raises:
        InputError: no cluster answers at that address.
    """

    def __init__(self, config: SearchConfig, data: TrainingData) -> None:
        _silence_ray()
        remove_leftovers()
        self.folder = new_folder()
        self.ours = not ray.is_initialized()
        self.joined = config.ray_address is not None or not self.ours
        self._error: BaseException | None = None
        self._gpu_memory: int | None = None
        self._started, self._over = threading.Event(), threading.Event()
        self._arguments = _arguments(config, data, self.folder)
        if config.ray_address is not None and self.ours:
            self._join(config.ray_address)
        elif self.ours:
            threading.Thread(target=self._start, name="ray-start", daemon=True).start()

    def _join(self, address: str) -> None:
        try:
            knock(address)
            ray.init(**self._arguments)
        except (OSError, RuntimeError, ValueError) as error:
            shutil.rmtree(self.folder, ignore_errors=True)
            reason = str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__
            raise InputError(
                f"No Ray cluster answers at {address!r}: {reason} Start one by `ray start --head`, or leave "
                "`--ray-address` out."
            ) from None
        self._started.set()

    def _start(self) -> None:
        try:
            ray.init(**self._arguments)
        except BaseException as error:
            self._error = error
        self._started.set()
        self._over.wait()  # Ray's processes end with the thread that began them

    def ready(self, seconds: float = math.inf) -> Path | None:
        """Waits for Ray's start: a folder for Tune's own files, or None when it has not started in so many seconds."""
        if self.ours and not self._started.wait(None if math.isinf(seconds) else max(0.0, seconds)):
            return None
        if self._error is not None:
            raise self._error
        return self.folder / "tune"

    def gpu_memory(self) -> int:
        """Bytes of a GPU in reach; 0 where there is none that PyTorch can use."""
        if self._gpu_memory is None:
            self._gpu_memory = self._asked_gpu_memory() if self.joined else memory_of_gpu()
        return self._gpu_memory

    def _asked_gpu_memory(self) -> int:
        if not ray.cluster_resources().get("GPU"):
            return 0
        asked = ray.remote(num_cpus=0, num_gpus=1)(memory_of_gpu).remote()
        try:
            return int(ray.get(asked, timeout=GPU_ANSWERS))
        except ray.exceptions.GetTimeoutError:
            ray.cancel(asked, force=True)
            raise InputError(
                f"No whole GPU of the cluster was free for {GPU_ANSWERS:.0f} s, so it is not known how many trainings "
                "fit on one. Say so by `--gpus-per-trial`, e.g. 0.5."
            ) from None

    def close(self) -> None:
        """Ends what was started here; a joined cluster goes on."""
        if self.ours and self._started.wait(LEAVE):
            ray.shutdown()
            self._over.set()
        shutil.rmtree(self.folder, ignore_errors=True)


def knock(address: str) -> None:
    """Raises OSError where nothing listens at `host:port`: Ray itself would try for minutes. Other addresses pass."""
    host, _, port = address.rpartition(":")
    if host and port.isdigit() and "/" not in host:
        socket.create_connection((host.strip("[]"), int(port)), timeout=KNOCK).close()


def slots_of(cpus: float) -> Callable[[float], int]:
    """A function that says how many trainings of so many GPUs fit on the cluster's nodes as they are now."""
    known: tuple[float, list[dict[str, float]]] = (-math.inf, [])

    def slots(gpus: float) -> int:
        nonlocal known
        if time.monotonic() - known[0] > LOOK_AGAIN:
            known = (time.monotonic(), [node["Resources"] for node in ray.nodes() if node["Alive"]])
        return slots_on(known[1], cpus, gpus)

    return slots


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
        "num_cpus": cpus(),  # Ray itself overlooks CPU affinity, by which SLURM and `taskset` share a machine out
        "object_store_memory": store,
        "_temp_dir": str(folder),
        **quiet,
    }
