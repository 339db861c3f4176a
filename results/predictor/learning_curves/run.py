"""Whether training losses, beside scores, tell where a training that was stopped early would have ended.

    NAS_SHARED=../shared .venv/bin/python results/predictor/learning_curves/run.py [--seeds 1]

The first 40 networks of results/training/rank_fidelity on each of two data sets, trained for 9 epochs by the default
recipe; scores and losses of each epoch are kept in `runs.jsonl`. Then some of them are taken to be complete (20 draws
each), the rest to have been stopped at a rung, and their ends are estimated by `predictors.extrapolation` from
scores alone, and with training losses beside them.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
HERE = Path(__file__).parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np
import torch

import nas.data
from nas.config.recipe import TrainingConfig
from nas.data.dataset import TrainingData
from nas.training.health import Diverged
from nas.training.loop import begin
from predictors.metrics import kendall_tau
from results.machine import describe
from results.runs import Runs, main, taken_at
from results.training.rank_fidelity.networks import MOST_MACS, networks
from search_spaces import Architecture

SHARED = Path(os.environ.get("NAS_SHARED", ROOT.parent / "shared"))
EPOCHS, RUNGS, COMPLETE, DRAWS = 9, (1, 3), (6, 12, 20), 20


def trained(architecture: Architecture, data: TrainingData, seed: int) -> dict[str, Any]:
    """Scores and losses by epoch, as many as there are before it diverges, and CPU seconds."""
    began, reports = time.process_time(), []
    training = begin(architecture, data, TrainingConfig(), epochs=EPOCHS, seed=seed)
    with contextlib.suppress(Diverged):
        while not training.finished:
            reports.append(training.epoch())
    curves = {"scores": [one.score for one in reports], "losses": [one.loss for one in reports]}
    return {**curves, "seconds": time.process_time() - began}


def collect(runs: Runs, seeds: int) -> None:
    torch.set_num_threads(1)
    for name in MOST_MACS:
        data = nas.data.load(SHARED / f"data/images/{name}.npz").search
        for number, architecture in enumerate(networks(name, data.task)):
            for seed in range(seeds):
                runs.once((name, number, seed), lambda a=architecture, d=data, s=seed: trained(a, d, s))  # type: ignore[misc]


def features(scores: np.ndarray, losses: np.ndarray, rung: int) -> dict[str, np.ndarray]:
    """What may be known of (n, epochs) trainings that came to a rung: (n, d) each, the score in front."""
    score, early = scores[:, rung - 1], losses[:, :rung]
    last, total = early[:, -1], early.sum(1)
    known = {"score": [score], "score, last loss": [score, last], "score, sum of losses": [score, total]}
    if rung > 1:
        known["score, sum, slope"] = [score, total, early[:, -1] - early[:, -2]]
    return {name: np.column_stack(columns) for name, columns in known.items()}


def estimated(known: np.ndarray, ends: np.ndarray, inside: np.ndarray, outside: np.ndarray) -> np.ndarray:
    """Ridge towards "everybody gains the same" (`predictors.extrapolation`), with other columns shrunk towards 0."""
    center, scale = known[inside].mean(0), known[inside].std(0) + 1e-9
    x, gain = (known - center) / scale, ends - known[:, 0]
    target = gain[inside] - gain[inside].mean()
    weights = np.linalg.solve(x[inside].T @ x[inside] + 4.0 * np.eye(x.shape[1]), x[inside].T @ target)
    return known[outside, 0] + gain[inside].mean() + x[outside] @ weights


def report(runs: Runs) -> str:
    out = [
        f"Taken on: {describe('torch', 'numpy')}; trainings at {taken_at(runs.lines)}.",
        "",
        "Kendall tau of the estimated ends of stopped trainings with their true ends, and the mean absolute error in "
        f"points (of 100); means over {DRAWS} draws of which trainings are complete.",
    ]
    for name in MOST_MACS:
        lines = [line for line in runs.lines if line["key"][0] == name and len(line["scores"]) == EPOCHS]
        if not lines:
            continue
        scores, losses = (np.array([line[key] for line in lines]) for key in ("scores", "losses"))
        heads = " | ".join(f"{count} complete" for count in COMPLETE)
        out += ["", f"## {name}, {len(lines)} trainings", "", f"| rung | known | {heads} |", "|---" * 5 + "|"]
        for rung in RUNGS:
            for label, known in features(scores, losses, rung).items():
                cells = [_cell(known, scores[:, -1], count) for count in COMPLETE]
                out.append(f"| epoch {rung} | {label} | {' | '.join(cells)} |")
        alone = ", ".join(
            f"{label} {kendall_tau(sign * values, scores[:, -1]):.2f}"
            for label, sign, values in (
                ("score after epoch 1", 1, scores[:, 0]), ("loss of epoch 1", -1, losses[:, 0]),
                ("score after epoch 3", 1, scores[:, 2]), ("loss of epoch 3", -1, losses[:, 2]),
                ("sum of 3 losses", -1, losses[:, :3].sum(1)),
            )
        )  # fmt: skip
        out += ["", f"Kendall tau with the end, by themselves: {alone}."]
    return "\n".join(out)


def _cell(known: np.ndarray, ends: np.ndarray, complete: int) -> str:
    taus, errors = [], []
    for draw in range(DRAWS):
        order = np.random.default_rng(draw).permutation(len(ends))
        inside, outside = order[:complete], order[complete:]
        found = estimated(known, ends, inside, outside)
        taus.append(kendall_tau(found, ends[outside]))
        errors.append(float(np.abs(found - ends[outside]).mean()))
    return f"{np.mean(taus):.3f}, {100 * np.mean(errors):.2f}"


if __name__ == "__main__":
    main(HERE, "Training losses as witnesses of where a training ends", collect, report)
