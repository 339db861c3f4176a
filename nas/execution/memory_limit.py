"""How much memory a training's process may take, so that it fails alone and does not take the machine with it."""

from __future__ import annotations

import contextlib
import math
import os
import resource
import sys
from pathlib import Path

SAFE_SHARE = 0.8  # of the free memory that all workers together may take


def limit_worker(gib: float, cpus: float, alone: bool = False) -> None:
    """Lets this worker take `gib` GiB, or with 0 an equal share of what is free, `alone` all of it.

    Args:
        cpus: whole CPUs that each worker holds, which says how many may be beside each other.
    """
    beside = 1 if alone else max(1, (os.cpu_count() or 1) // int(cpus))
    limit_memory(gib * 2**30 or SAFE_SHARE * free_memory() / beside)


def limit_memory(size: float) -> None:
    """Lets this process take so many bytes more than it has now; beyond that an allocation raises an error in it."""
    if sys.platform == "linux":
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_DATA, (_data_bytes() + int(size), resource.RLIM_INFINITY))


def free_memory() -> float:
    """Bytes that may still be taken on this machine or in this container; infinite where nothing says so."""
    if sys.platform != "linux":
        return math.inf
    lines = Path("/proc/meminfo").read_text().splitlines()
    free = next(float(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    with contextlib.suppress(OSError, ValueError):
        group = Path("/sys/fs/cgroup")
        used = float((group / "memory.current").read_text())
        free = min(free, float((group / "memory.max").read_text()) - used)
    return max(free, 0.0)


def _data_bytes() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData"))
