"""Candidates a minute with one slot and with two, and the share of the slots' time that went into trainings.

    python results/overhead/slots.py [--trials 40] [--slots 1 2]

The same trainings of digits (space `cnn`, drawn at random by one seed, none stopped early) on Ray, which is given so
many CPUs. Counted from the end of the first `FIRST` trainings, when every worker has started.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent)]

import machine

import nas
from nas.driver import time_account as statement

FIRST = 6


class Watch(nas.Observer):
    """When each trial ended, and how long it trained."""

    def __init__(self) -> None:
        self.ended: list[float] = []
        self.trained: list[float] = []

    def trial_ended(self, candidate: nas.Candidate) -> None:
        self.ended.append(time.perf_counter())
        self.trained.append(candidate.seconds)


def measure(slots: int, trials: int, epochs: int) -> dict[str, Any]:
    from nas.execution.ray import cluster as ray_cluster

    watch = Watch()
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory(prefix="slots-") as temporary:
        ray_cluster.ray.init(
            address="local", num_cpus=slots, include_dashboard=False, log_to_driver=False, _temp_dir=temporary
        )
        try:
            result = nas.search(
                "digits",
                "cnn",
                f"{trials} trials",
                strategy="random",
                directory=Path(folder) / "search",
                epochs=epochs,
                early_stopping=False,
                executor="ray",
                tracking_uri="",
                final=False,
                gpus_per_trial=0,
                observers=[watch],
            )
        finally:
            ray_cluster.ray.shutdown()
    seconds = watch.ended[-1] - watch.ended[FIRST - 1]
    return {
        "slots": slots,
        "trials": trials,
        "candidates_per_minute": 60 * (trials - FIRST) / seconds,
        "training_seconds_per_trial": sum(watch.trained[FIRST:]) / (trials - FIRST),
        "in_training": sum(watch.trained[FIRST:]) / (slots * seconds),
        "in_training_as_stated": statement.utilisation(result.spent),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--slots", type=int, nargs="*", default=[1, 2])
    options = parser.parse_args()
    on = machine.describe("torch", "ray")
    for slots in options.slots:
        row = {**measure(slots, options.trials, options.epochs), "load": os.getloadavg()[0]}
        row = {name: round(value, 3) if isinstance(value, float) else value for name, value in row.items()}
        print(json.dumps(row), flush=True)
        with open(HERE / "slots.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps({**row, "seed": 0, "epochs": options.epochs, "on": on}) + "\n")


if __name__ == "__main__":
    main()
