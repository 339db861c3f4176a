"""How many threads trees are grown with. More are slower on a busy machine: each waits for the last at every level.

Measured on two cores beside other work: 30 rounds on adult take 3.4 s with one thread, 45 s with two.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from nas.training.machine import cpus

REPEATS = 4
CROWDED = 1.25  # processes that want a core, for each core
FEW_NUMBERS = 200_000  # one thread is enough for so many, and always faster


def fastest(numbers: int, run: Callable[[int], object]) -> int:
    """All cores where nobody else wants them and they do a small piece of work sooner every time, else 1.

    Args:
        numbers: rows times columns of the whole work. run: the piece, with so many threads.
    """
    crowded = hasattr(os, "getloadavg") and os.getloadavg()[0] > CROWDED * cpus()
    if cpus() == 1 or numbers < FEW_NUMBERS or crowded:
        return 1
    run(1)  # what is loaded on first use is not part of the comparison
    alone = min(_seconds(run, 1) for _ in range(REPEATS))
    together = all(_seconds(run, cpus()) < alone for _ in range(REPEATS))
    return cpus() if together else 1


def _seconds(run: Callable[[int], object], count: int) -> float:
    began = time.monotonic()
    run(count)
    return time.monotonic() - began
