"""What the driver costs at 10, 100 and 1,000 simulated workers: proposals, reports, journal writes, memory.

    python results/scale/run.py [--trials 20000] [--strategy random]

Workers are simulated: a training takes no time of its own, its scores are made up, and up to WORKERS are out at once.
Measured is the driver alone: proposing, writing the journal (fsync at each commit), the stopping rule, the strategy.
"""

from __future__ import annotations

import argparse
import heapq
import json
import os
import platform
import random
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from nas.config.budget import Budget
from nas.config.recipe import TrainingConfig
from nas.driver.clock import Clock
from nas.driver.driver import Driver
from nas.driver.events import Observer
from nas.driver.successive_halving import SuccessiveHalving
from nas.journal.journal import Header, Journal
from nas.records.job import EpochReport, Job, TrialEnd
from nas.records.joint_space import JointSpace
from nas.records.problem import Problem
from nas.strategies import STRATEGIES, Settings
from search_spaces import SPACES, Task

EPOCHS = 4
POINTS = 10  # of a curve over the trials
TASK = Task((3, 32, 32), 10)


def simulate(workers: int, trials: int, strategy: str, space: str, place: Path) -> dict[str, float]:
    """Plays `trials` trainings on `workers` slots; seconds of the driver and its memory."""
    joint = JointSpace(SPACES[space](), TrainingConfig(), TASK)
    with tempfile.TemporaryDirectory(dir=place) as folder:
        with Journal.create(Path(folder) / "search", Header("{}", space, "simulated", "", "{}")) as journal:
            clock = Clock(Budget(trials=trials), journal.elapsed, 0.0)
            proposer, halving = STRATEGIES[strategy](Settings(seed=0)), SuccessiveHalving(EPOCHS)
            driver = Driver(Problem(joint), journal, proposer, halving, clock, Observer(), epochs=EPOCHS, seed=0)
            driver.capacity(workers)
            began, processor = time.perf_counter(), time.process_time()
            proposals, memory, reports = play(driver, workers, each=max(1, trials // POINTS))
            wall, processor = time.perf_counter() - began, time.process_time() - processor
        size = sum(path.stat().st_size for path in Path(folder).rglob("*"))
    return {
        "workers": workers,
        "trials": len(journal),
        "reports": reports,
        "milliseconds_per_trial": 1000 * wall / len(journal),
        "processor_milliseconds_per_trial": 1000 * processor / len(journal),
        "trials_per_second": len(journal) / wall,
        "slowest_proposal_seconds": max(proposals),
        "milliseconds_per_proposal": [round(1000 * value, 3) for value in medians(proposals, POINTS)],
        "memory_mib": memory,
        "journal_bytes_per_trial": size / len(journal),
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def medians(values: list[float], parts: int) -> list[float]:
    """Of each of so many equal parts, in order."""
    size = -(-len(values) // parts)
    return [statistics.median(values[start : start + size]) for start in range(0, len(values), size)]


def memory_mib() -> int:
    """Memory that this process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


def play(driver: Driver, workers: int, each: int) -> tuple[list[float], list[int], int]:
    """An event loop in simulated time: (end of the epoch, number, epoch).

    Returns seconds of each proposal, memory after every `each` of them, and how many epochs were reported.
    """
    rng = random.Random(0)
    events: list[tuple[float, int, int]] = []
    proposals: list[float] = []
    memory: list[int] = []
    now, reports, over = 0.0, 0, False
    while True:
        while not over and len(events) < workers:
            began = time.perf_counter()
            job = driver.next()
            over = job is None
            if not isinstance(job, Job):
                break
            proposals.append(time.perf_counter() - began)
            if len(proposals) % each == 0:
                memory.append(memory_mib())
            heapq.heappush(events, (now + rng.random(), job.number, 1))
        if not events:
            return proposals, memory, reports
        now, number, epoch = heapq.heappop(events)
        score = random.Random(number).random() * (1 - 0.5**epoch)
        report = EpochReport(epoch, score, 1.0, 1.0, 1.0, 0.1, 1.0, 0.0)
        reports += 1
        if driver.epoch_ended(number, report) and epoch < EPOCHS:
            heapq.heappush(events, (now + rng.random(), number, epoch + 1))
        else:
            driver.trial_ended(number, TrialEnd())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=5_000)
    parser.add_argument("--workers", type=int, nargs="*", default=[10, 100, 1_000])
    parser.add_argument("--strategy", default="random")
    parser.add_argument("--space", default="hybrid")
    parser.add_argument("--place", type=Path, default=Path(__file__).parent, help="where the journal is written")
    options = parser.parse_args()
    for workers in options.workers:
        row = simulate(workers, options.trials, options.strategy, options.space, options.place)
        row |= {"strategy": options.strategy, "space": options.space, "place": options.place.name}
        row |= {"python": platform.python_version(), "cpus": os.cpu_count(), "load": round(os.getloadavg()[0], 1)}
        print(json.dumps(row), flush=True)
        with open(Path(__file__).parent / "measurements.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
