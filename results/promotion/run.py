"""Whole searches with real trainings: successive halving against promotion by the predictor, for equal training.

    NAS_SHARED=../shared .venv/bin/python results/promotion/run.py [--seeds 5] [--seconds 3000]

Both rules stop weak trainings; they differ in who is trained to the end. Halving keeps a third at each rung. Promotion
stops everybody after the first epoch, and after every eighth training it trains the one whole that the predictor
expects to end best. Each search of `guided` in `hybrid` may spend `EPOCHS_SPENT` epochs, what 40 trainings cost with
halving.
The best whole training is trained anew for twice as long, over `AGAIN` seeds, and scored on the sealed test part.
Each search is a line in `runs.jsonl`; a run goes on where the last stopped.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np
import torch

from nas.config.budget import Budget
from nas.config.recipe import Fidelity, TrainingConfig
from nas.data import Dataset, load
from nas.driver.clock import Clock
from nas.driver.driver import Driver
from nas.driver.events import Observer, Status
from nas.driver.promotion import Promotion
from nas.driver.successive_halving import SuccessiveHalving
from nas.execution.local import Local
from nas.journal.journal import Header, Journal
from nas.records.joint_space import JointSpace
from nas.records.problem import Problem
from nas.records.trial import COMPLETED
from nas.strategies import STRATEGIES
from nas.strategies.strategy import Settings
from nas.training.inference import outputs
from nas.training.loop import begin
from nas.training.score import score
from results.machine import describe
from results.runs import Runs, half_interval, main, taken_at
from search_spaces import SPACES, Space
from search_spaces.rules import max_macs

SHARED = Path(os.environ.get("NAS_SHARED", ROOT.parent / "shared")) / "data"
EPOCHS, EPOCHS_SPENT, FACTOR, AGAIN = 9, 100, 8, 2
MOST_MACS = 1_000_000
RULES = ("halving", "promotion")
SETS = {
    "digits": ("digits", None, 1.0),
    "fashion_mnist, 2,000 at half resolution": (SHARED / "images/fashion_mnist_10k.npz", 2_500, 0.5),
    "ECG5000": (SHARED / "series/ECG5000.npz", None, 1.0),
}


class Spent(Observer):
    """Ends the search phase once so many epochs are trained."""

    def __init__(self) -> None:
        self.epochs, self.driver = 0, None

    def epoch_ended(self, trial: Any, report: Any) -> None:
        self.epochs += 1
        if self.epochs >= EPOCHS_SPENT:
            self.driver.stop("budget")

    def status(self, status: Status) -> None:
        """Nothing."""


def opened(name: str) -> tuple[Dataset, TrainingConfig]:
    path, examples, resolution = SETS[name]
    recipe = TrainingConfig(fidelity=Fidelity(resolution=resolution))
    if examples is None:
        return load(path), recipe
    whole = load(path)
    train, test = whole.search.train, whole.test.open()
    part = (train.inputs[:examples], train.targets[:examples]), (test.inputs, test.targets)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "part.npz"
        np.savez(file, x_train=part[0][0], y_train=part[0][1], x_test=part[1][0], y_test=part[1][1])
        return load(file), recipe


def searched(name: str, rule: str, seed: int) -> dict[str, Any]:
    dataset, recipe = opened(name)
    hybrid = SPACES["hybrid"]()
    space = Space(hybrid.name, *hybrid.cells, rules=[*hybrid.rules, max_macs(MOST_MACS)])
    problem = Problem(JointSpace(space, recipe, dataset.task), dataset)
    settings = Settings(seed=seed)
    stopping = SuccessiveHalving(EPOCHS) if rule == "halving" else Promotion(1, FACTOR, settings)
    spent = Spent()
    with (
        tempfile.TemporaryDirectory() as folder,
        Journal.create(Path(folder) / "s", Header("{}", "hybrid", name, "", "{}")) as journal,
    ):
        clock = Clock(Budget(trials=1000), journal.elapsed, 0.0)
        strategy = STRATEGIES["guided"](settings)
        driver = Driver(problem, journal, strategy, stopping, clock, spent, epochs=EPOCHS, seed=seed)
        spent.driver = driver
        with driver.search_phase():
            Local(dataset.search).train(driver, problem)
        trials = list(journal.trials)
    best = max((trial for trial in trials if trial.state == COMPLETED), key=lambda trial: trial.score)
    test, anew = dataset.test.open(), []
    for turn in range(AGAIN):
        training = begin(best.architecture, dataset.search, TrainingConfig(), epochs=2 * EPOCHS, seed=turn)
        for _ in range(2 * EPOCHS):
            training.epoch()
        anew.append(score(dataset.task, outputs(training.network, test.inputs, dataset.search), test.targets))
    return {
        "begun": len(trials),
        "whole": sum(trial.state == COMPLETED for trial in trials),
        "epochs": spent.epochs,
        "best": best.score,
        "tests": anew,
    }


def collect(runs: Runs, seeds: int) -> None:
    torch.set_num_threads(1)
    for seed in range(seeds):
        for name in SETS:
            for rule in RULES:
                runs.once((name, rule, seed), lambda n=name, r=rule, s=seed: searched(n, r, s))


def report(runs: Runs) -> str:
    out = [
        f"Taken on: {describe('torch', 'optuna', 'scikit-learn')}; at {taken_at(runs.lines)}.",
        "",
        f"Means over seeds and their 95 % intervals, in percent. {EPOCHS_SPENT} epochs a search, {EPOCHS} a training.",
        "",
        "| data | rule | trainings begun | whole | best whole, validation | trained anew, test | seeds |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in SETS:
        for rule in RULES:
            lines = [line for line in runs.lines if line["key"][:2] == [name, rule]]
            if lines:
                begun, whole = (np.mean([line[key] for line in lines]) for key in ("begun", "whole"))
                best = _interval([line["best"] for line in lines])
                test = _interval([float(np.mean(line["tests"])) for line in lines])
                out.append(f"| {name} | {rule} | {begun:.0f} | {whole:.1f} | {best} | {test} | {len(lines)} |")
    return "\n".join(out)


def _interval(values: Sequence[float]) -> str:
    percent = 100 * np.array(values)
    return f"{percent.mean():.2f} ± {half_interval(percent):.2f}"


if __name__ == "__main__":
    main(HERE, "Who is trained whole: halving against promotion", collect, report)
