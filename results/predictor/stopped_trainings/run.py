"""What trainings that were stopped early teach about whole ones, on NAS-Bench-201, CIFAR-10.

    NAS_SHARED=../shared .venv/bin/python results/predictor/stopped_trainings/run.py [--seeds 20] [--seconds 600]

A stopped training is the table's training of 12 epochs, a whole one that of 200. Networks are drawn; either so many of
them are trained whole, or, as in a search, those whose 12 epochs score best. Ranked are 3,000 others of the 9,445, of
which none computes the same, by their test score. Structure, cost and decisions; no proxies.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[2]))

import numpy as np
import pandas

from predictors import PREDICTORS
from predictors.extrapolation import early, ends
from predictors.metrics import calibration_error, kendall_tau, top_k_recall
from predictors.two_fidelity import TwoFidelities
from results.machine import describe
from results.predictor.run import SHARED, TEST, Data, datasets
from results.runs import Runs, half_interval, main, taken_at

NAME = "nasbench201 c10, 9,445"
SITUATIONS = {  # trainings, of which whole, and whether those are the best of them
    "300, of which 100 drawn ones whole": (300, 100, False),
    "60, of which 30 drawn ones whole": (60, 30, False),
    "150, of which the best 50 whole": (150, 50, True),
    "90, of which the best 25 whole": (90, 25, True),
    "60, of which the best 12 whole": (60, 12, True),
}
LEARNED = ("whole ones only", "estimated ends as labels", "two fidelities")


def one(data: Data, short: np.ndarray, situation: str, learned: str, seed: int) -> dict[str, Any]:
    """Draws, learns and ranks once; `short` holds every network's score after 12 epochs."""
    trainings, count, best = SITUATIONS[situation]
    rng = np.random.default_rng(seed)
    rows = rng.choice(data.rows, trainings, replace=False)
    rows = rows[np.argsort(-short[rows])] if best else rows
    whole = np.arange(trainings) < count
    others = data.rows[~np.isin(data.groups[data.rows], data.groups[rows])]
    test = rng.choice(others, min(TEST, len(others)), replace=False)
    curves = [(short[row], data.labels[row]) if full else (short[row],) for row, full in zip(rows, whole, strict=True)]
    make = partial(PREDICTORS["auto"], space=data.space, task=data.task, seed=seed)
    taught = rows[whole] if learned == LEARNED[0] else rows
    scores = data.labels[taught] if learned == LEARNED[0] else ends(curves, whole.tolist())[0]
    predictor: Any = make()
    if learned == LEARNED[2]:
        predictor = TwoFidelities(make, early(curves, whole.tolist()), whole, rng)
    began = time.process_time()
    predictor.fit([data.architectures[row] for row in taught], scores)
    fitted = time.process_time() - began
    found = predictor.predict([data.architectures[row] for row in test])
    return {
        "tau": kendall_tau(found.mean, data.ranked[test]),
        "recall": top_k_recall(found.mean, data.ranked[test], len(test) // 20),
        "calibration": calibration_error(found.mean, found.std, data.labels[test]),
        "seconds": round(fitted, 3),
    }


def collect(runs: Runs, seeds: int) -> None:
    data = dict(datasets({"nasbench201"}))[NAME]
    short = pandas.read_csv(SHARED / "bench/nasbench201.csv.gz").c10_val_12.to_numpy()
    for situation in SITUATIONS:
        for learned in LEARNED:
            for seed in range(seeds):
                run: Callable[[], dict[str, Any]] = partial(one, data, short, situation, learned, seed)
                runs.once((situation, learned, seed), run)


def report(runs: Runs) -> str:
    out = [f"Taken on: {describe('numpy', 'scikit-learn')}; at {taken_at(runs.lines)}.", ""]
    for situation in SITUATIONS:
        out += [
            f"## {situation}",
            "",
            "| learned from | Kendall tau | best 5 % | calibration error | CPU s a fit | seeds |",
            "|---|---|---|---|---|---|",
        ]
        for learned, lines in runs.by_name(situation).items():
            taus, recalls = (np.array([line[key] for line in lines]) for key in ("tau", "recall"))
            rest = " | ".join(f"{np.mean([line[key] for line in lines]):.3f}" for key in ("calibration", "seconds"))
            intervals = " | ".join(f"{one.mean():.3f} ± {half_interval(one):.3f}" for one in (taus, recalls))
            out.append(f"| {learned} | {intervals} | {rest} | {len(lines)} |")
        out.append("")
    return "\n".join(out)


if __name__ == "__main__":
    main(HERE, "Stopped trainings as teachers", collect, report)
