"""A worker's memory is its share of what the control group leaves, by the CPUs that the process may use."""

from __future__ import annotations

import subprocess
import sys

import pytest

from nas.execution import memory_limit

GIB = 2**30


@pytest.mark.parametrize(
    ("gib", "cpus", "alone", "expected"),
    [(0.0, 1, False, 4.0), (0.0, 4, False, 16.0), (0.0, 1, True, 32.0), (1.5, 1, False, 1.5), (0.0, 16, False, 32.0)],
)
def test_equal_shares(monkeypatch: pytest.MonkeyPatch, gib: float, cpus: int, alone: bool, expected: float) -> None:
    """40 GiB are free, and the process may use 8 CPUs of however many the machine has."""
    limits: list[float] = []
    monkeypatch.setattr(memory_limit, "usable_cpus", lambda: 8)
    monkeypatch.setattr(memory_limit, "free_memory", lambda: 40 * GIB)
    monkeypatch.setattr(memory_limit, "limit_memory", limits.append)
    memory_limit.limit_worker(gib, cpus, alone)
    assert limits == [pytest.approx(expected * GIB)]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process")
def test_an_allocation_beyond_the_limit_raises_memory_error() -> None:
    code = (
        "from nas.execution.memory_limit import limit_memory\n"
        "limit_memory(2**28)\n"
        "small = bytearray(2**24)\n"
        "try:\n"
        "    large = bytearray(2**29)\n"
        "except MemoryError:\n"
        "    print('refused')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "refused\n"
