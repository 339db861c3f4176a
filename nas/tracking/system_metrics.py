"""How busy the driver's machine is while a search runs: CPU and memory, and each NVIDIA GPU where it can be read.

MLflow's own readers are used, so that names are those of its page "System metrics". Its monitor is not: it writes to
the store from a thread of its own, and waits for a store that is down. Workers elsewhere are not seen.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

log = logging.getLogger("nas")
EVERY = 10.0  # seconds between two samples
PREFIX = "system/"  # by which MLflow knows them
Tell = Callable[[Mapping[str, float]], None]


class SystemMetrics:
    """Samples on a thread of its own, every ten seconds and once at the end.

    Args:
        tell: is given each sample on that thread; must not wait.
        every: seconds between two samples.
    """

    def __init__(self, tell: Tell, every: float = EVERY) -> None:
        self.tell, self.every = tell, every
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="system metrics", daemon=True)

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Takes the last sample; waits for it so long at most."""
        self._ended.set()
        self._thread.join(seconds)

    def _work(self) -> None:
        try:
            readers = _readers()
            _sample(readers)  # the first says nothing: use of a CPU is that since the last look
            while not self._ended.wait(self.every):
                self.tell(_sample(readers))
            self.tell(_sample(readers))
        except Exception as error:  # a search needs none of it
            log.info("How busy this machine is cannot be read: %r", error)


def _readers() -> list[Any]:
    from mlflow.system_metrics.metrics.cpu_monitor import CPUMonitor
    from mlflow.system_metrics.metrics.gpu_monitor import GPUMonitor

    readers: list[Any] = [CPUMonitor()]
    try:
        readers.append(GPUMonitor())
    except (ImportError, RuntimeError):  # no NVIDIA GPU, or `nvidia-ml-py` is not installed
        log.info("Use of GPUs is not logged.")
    return readers


def _sample(readers: list[Any]) -> dict[str, float]:
    found: dict[str, float] = {}
    for reader in readers:
        reader.collect_metrics()
        found |= {f"{PREFIX}{name}": float(value) for name, value in reader.aggregate_metrics().items()}
        reader.clear_metrics()
    return found
