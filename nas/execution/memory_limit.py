"""Memory limit of a worker process, so that a training that needs too much fails alone and the machine goes on."""

from __future__ import annotations

import contextlib
import resource
import sys
from pathlib import Path

from nas.training.machine import cpus as usable_cpus
from nas.training.machine import free_memory

SAFE_SHARE = 0.8  # of the free memory that all workers together may allocate


def limit_worker(gib: float, cpus: float, alone: bool = False) -> None:
    """Limits this process to what one worker may have.

    Args:
        gib: the limit in GiB; 0 gives each worker an equal share of the memory that is free.
        cpus: whole CPUs that each worker holds; so many of them as this process may use run beside each other.
        alone: whether no other worker trains meanwhile, so that this one may have all of the free memory.
    """
    workers = 1 if alone else max(1, usable_cpus() // int(cpus))
    limit_memory(gib * 2**30 or SAFE_SHARE * free_memory() / workers)


def limit_memory(size: float) -> None:
    """Lets this process allocate `size` bytes more than it has now; beyond that an allocation raises MemoryError.

    Linux only; elsewhere nothing is limited.
    """
    if sys.platform == "linux":
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_DATA, (_data_bytes() + int(size), resource.RLIM_INFINITY))


def _data_bytes() -> int:
    """Bytes of this process's data segment, which is what RLIMIT_DATA counts."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData"))
