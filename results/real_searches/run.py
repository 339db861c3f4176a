"""Whole searches with real trainings, by strategy: what is proposed, what is found, and what it is worth trained anew.

    NAS_SHARED=../shared .venv/bin/python results/real_searches/run.py [--seeds 8] [--seconds 600]

`hybrid` on CIFAR-10-10k at half resolution: 4,000 training examples, 1,000 for validation, `TRIALS` trainings of
`EPOCHS` epochs each in process, none stopped early, so that all scores can be compared. The best of each search is
trained anew for twice as many epochs over `AGAIN` seeds and scored on 3,000 other examples. Each search is a line in
`runs.jsonl`; a run goes on where the last stopped.
"""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np
import torch

import nas
from nas.config.recipe import Fidelity
from nas.data import Split, load
from nas.report.curves import plot_curves
from nas.training.loop import begin
from results.machine import describe
from results.runs import Runs, half_interval, main, taken_at

SHARED = Path(os.environ.get("NAS_SHARED", ROOT.parent / "shared"))
STRATEGIES = ("guided", "evolution", "random", "tpe")
TRIALS, EPOCHS, AGAIN, PARTS = 60, 4, 2, 3
MOST_MACS = 2_000_000
RECIPE = nas.TrainingConfig(fidelity=Fidelity(resolution=0.5))


def data() -> tuple[tuple[np.ndarray, np.ndarray], Split]:
    """Arrays to search on, and other examples for the test."""
    whole = load(SHARED / "data/images/cifar10_10k.npz").search
    x, y = whole.train.inputs, whole.train.targets
    return (x[:5000], y[:5000]), Split(x[5000:], y[5000:])


def search(arrays: tuple[np.ndarray, np.ndarray], others: Split, strategy: str, seed: int) -> dict[str, Any]:
    """Scores and sources in order of proposal, and tests of the best trained anew."""
    with tempfile.TemporaryDirectory() as folder:
        result = nas.search(
            arrays, "hybrid", f"{TRIALS} trials", directory=Path(folder) / "s", seed=seed, strategy=strategy,
            epochs=EPOCHS, training=RECIPE, limits={"macs": MOST_MACS}, executor="local", tracking_uri="",
            early_stopping=False, final=False,
        )  # fmt: skip
    held_out = replace(load(arrays).search, validation=others)
    tests = []
    for turn in range(AGAIN):
        training = begin(result.best.architecture, held_out, RECIPE, epochs=2 * EPOCHS, seed=turn)
        tests.append([training.epoch().score for _ in range(2 * EPOCHS)][-1])
    return {
        "scores": [round(one.score, 4) if one.usable else None for one in result.candidates],
        "sources": [one.source for one in result.candidates],
        "tests": tests,
    }


def collect(runs: Runs, seeds: int) -> None:
    torch.set_num_threads(1)
    arrays, others = data()
    for seed in range(seeds):
        for strategy in STRATEGIES:
            runs.once((strategy, seed), lambda s=strategy, n=seed: search(arrays, others, s, n))  # type: ignore[misc]


def report(runs: Runs) -> str:
    """A table, and the picture of the best score so far."""
    parts = [f"{TRIALS * part // PARTS + 1} to {TRIALS * (part + 1) // PARTS}" for part in range(PARTS)]
    out = [
        f"Taken on: {describe('torch', 'optuna', 'scikit-learn')}; at {taken_at(runs.lines)}.",
        "",
        "Means over seeds and their 95 % intervals; in percent.",
        "",
        f"| strategy | mean score of trials {' | of '.join(parts)} | best score | trained anew, test | seeds |",
        "|---" * (PARTS + 4) + "|",
    ]
    curves = {}
    for strategy in STRATEGIES:
        lines = [line for line in runs.lines if line["key"][0] == strategy]
        if not lines:
            continue
        scores = 100 * np.array([line["scores"] for line in lines], dtype=float)
        curves[strategy] = np.fmax.accumulate(scores, axis=1)
        figures = [np.nanmean(part, axis=1) for part in np.array_split(scores, PARTS, axis=1)]
        figures += [curves[strategy][:, -1], 100 * np.mean([line["tests"] for line in lines], axis=1)]
        out.append(f"| {strategy} | {' | '.join(map(_interval, figures))} | {len(lines)} |")
    shares = [
        np.mean([source == "predictor" for source in line["sources"]])
        for line in runs.lines
        if line["key"][0] == "guided"
    ]
    out += ["", f"Of the trials of `guided` {100 * np.mean(shares):.0f} % were the predictor's."]
    plot_curves(curves, HERE / "searches.png", "best validation accuracy so far, %", xlabel="networks trained")
    return "\n".join(out)


def _interval(values: np.ndarray) -> str:
    return f"{values.mean():.2f} ± {half_interval(values):.2f}"


if __name__ == "__main__":
    main(HERE, "Whole searches with real trainings", collect, report)
