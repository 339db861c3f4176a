"""What a trial costs beside its training, and how long a search takes to its first training, beside Ray's plain way.

    python results/overhead/run.py [--trials 60]

All three run the same number of the same trainings of digits, two at a time, one after the other in one run:
  ours      `nas.search` on Ray, from the call to the result, without MLflow and without a final
  plain     a function trainable under `tune.Tuner`, as Ray's own examples have it: each trial is a process of its own
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent)]

import machine

import nas
from nas.data import load
from nas.records.joint_space import JointSpace
from search_spaces import SPACES

SLOTS = 2
EPOCHS = 2
FIRST = 10  # trials of warm-up: processes start, torch compiles what it compiles


class Stopwatch(nas.Observer):
    """When each trial began and ended, on the driver."""

    def __init__(self) -> None:
        self.first_epoch: float | None = None
        self.ended: list[float] = []
        self.seconds: list[float] = []

    def epoch_ended(self, candidate: nas.Candidate, report: Any) -> None:
        self.first_epoch = self.first_epoch or time.perf_counter() - report.seconds

    def trial_ended(self, candidate: nas.Candidate) -> None:
        self.ended.append(time.perf_counter())
        self.seconds.append(candidate.seconds)


def ours(trials: int, strategy: str) -> dict[str, float]:
    watch, began = Stopwatch(), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        result = nas.search(
            "digits",
            "cnn",
            f"{trials} trials",
            strategy=strategy,
            directory=Path(folder) / "s",
            epochs=EPOCHS,
            early_stopping=False,
            tracking_uri="",
            final=False,
            executor="ray",
            observers=[watch],
        )
    assert watch.first_epoch is not None
    wall = watch.ended[-1] - watch.ended[FIRST - 1]
    trained = sum(watch.seconds[FIRST:])
    count = len(watch.seconds) - FIRST
    return {
        "what": f"ours, {strategy}",
        "trials": len(result.candidates),
        "seconds_to_first_training": watch.first_epoch - began,
        "slot_seconds_per_trial_not_training": (SLOTS * wall - trained) / count,
        "prediction_seconds_per_trial": result.spent["prediction"] / len(result.candidates),
        "training_seconds_per_trial": trained / count,
    }


def plain(trials: int) -> dict[str, float]:
    """Ray's function trainable on candidates drawn at random beforehand."""
    import random

    from nas.execution.ray import tune as ray_tune  # with the same environment: loopback, no logger files

    ray, tune = ray_tune.ray, ray_tune.tune

    dataset = load("digits")
    joint = JointSpace(SPACES["cnn"](), nas.TrainingConfig(), dataset.task)
    drawn = [dict(joint.sample(random.Random(n)).decisions) for n in range(trials)]

    def train(config: dict[str, Any], data: Any = None) -> None:
        import torch

        from nas.training.loop import begin

        torch.set_num_threads(1)
        proposal = joint.replay(config["decisions"])
        training = begin(proposal.architecture, data, proposal.training, epochs=EPOCHS, seed=0)
        seconds, first = 0.0, time.time()
        for _ in range(EPOCHS):
            report = training.epoch()
            seconds += report.seconds
            tune.report({"score": report.score, "trained": seconds, "began": first})

    began, clock = time.perf_counter(), time.time()
    with tempfile.TemporaryDirectory(prefix="plain-") as folder:
        ray.init(address="local", include_dashboard=False, num_cpus=SLOTS, log_to_driver=False, _temp_dir=folder)
        ready = time.perf_counter()
        grid = tune.Tuner(
            tune.with_resources(tune.with_parameters(train, data=dataset.search), {"cpu": 1}),
            param_space={"decisions": tune.grid_search(drawn)},
            run_config=tune.RunConfig(storage_path=f"{folder}/tune", verbose=0),
        ).fit()
        wall = time.perf_counter() - ready
        ray.shutdown()
    trained = sum(result.metrics["trained"] for result in grid)
    firsts = [result.metrics["began"] for result in grid]
    return {
        "what": "plain function trainable",
        "trials": len(grid),
        "seconds_to_first_training": min(firsts) - clock,
        "slot_seconds_per_trial_not_training": (SLOTS * wall - trained) / len(grid),
        "training_seconds_per_trial": trained / len(grid),
        "seconds": time.perf_counter() - began,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--plain-trials", type=int, default=12)
    parser.add_argument("--only", nargs="*", choices=["random", "guided", "plain"])
    options = parser.parse_args()
    import os

    print(machine.describe("torch", "ray", "optuna"), flush=True)
    measures = {
        "random": lambda: ours(options.trials, "random"),
        "guided": lambda: ours(options.trials, "guided"),
        "plain": lambda: plain(options.plain_trials),
    }
    for name in options.only or measures:
        measure = measures[name]
        row = {**measure(), "load": round(os.getloadavg()[0], 1)}
        row = {key: round(value, 3) if isinstance(value, float) else value for key, value in row.items()}
        print(json.dumps(row), flush=True)
        with open(HERE / "measurements.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps({**row, "on": machine.describe("torch", "ray", "optuna")}) + "\n")


if __name__ == "__main__":
    main()
