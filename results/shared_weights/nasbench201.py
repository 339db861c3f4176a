"""How well shared weights rank networks of NAS-Bench-201 by their recorded CIFAR-10 score.

    NAS_SHARED=../shared .venv/bin/python results/shared_weights/nasbench201.py --seconds 900 --steps 40

Shared weights of the whole space are trained by fair draws on the training split of CIFAR-10-10k, on pictures of half
the size, and judge networks drawn from the table on the validation split. Beside them: a short training of each of
these networks alone, from scratch. Each run is a line of nasbench201.jsonl; nasbench201.md is written from it.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE)]

import numpy as np
import torch
import torch.nn.functional as F
from run import RATE, SHARED, WARMUP, drawn_batch, interval, smoothed, trained

import nas.data
from nas.benchmark.table import read_known
from nas.training.shared_weights import FairDraws, SharedStep, SharedWeights, judged
from predictors.metrics import kendall_tau
from results.machine import describe
from search_spaces import Task, build, profile
from search_spaces.catalog import load_space

NETWORKS, SIZE = 60, 16
SCORE = "c10_val_200_mean"


def measured(seconds: float, steps: int, batch: int, seed: int) -> dict[str, Any]:
    """One run: shared weights trained for so long, every network judged, then trained alone for so many steps."""
    data = nas.data.load(SHARED / "data/images/cifar10_10k.npz").search
    space, task = load_space("nasbench201"), Task((3, SIZE, SIZE), 10)
    table = read_known(SHARED / "bench/nasbench201.csv.gz", space)
    rows = np.random.default_rng(seed).choice(len(table), NETWORKS, replace=False)
    architectures = [space.replay(table.decisions[row]) for row in rows]
    recorded = table.columns[SCORE][rows]
    mean, std = (torch.tensor(one).reshape(-1, 1, 1) for one in (data.mean, data.std))
    x, xv = (
        F.avg_pool2d((torch.from_numpy(split.inputs).float() - mean) / std, 2)
        for split in (data.train, data.validation)
    )
    y, targets = (torch.from_numpy(np.asarray(split.targets)).long() for split in (data.train, data.validation))
    weights, draws = SharedWeights(space, task), FairDraws(space, task, seed)
    step, rng = SharedStep(weights, smoothed), torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    began = time.process_time()
    while (share := (time.process_time() - began) / seconds) < 1:
        rate = RATE * min(share / WARMUP, 1.0) * 0.5 * (1 + math.cos(math.pi * share))
        step(draws.draw(), *drawn_batch(x, y, batch, rng), rate)
    calibration = list(x[torch.randperm(len(x), generator=rng)[: 4 * 256]].split(256))
    shared = [
        float((judged(weights, one, calibration, xv.split(256)).argmax(1) == targets).float().mean())
        for one in architectures
    ]
    alone, began = [], time.process_time()
    for number, one in enumerate(architectures):
        torch.manual_seed(seed + number)
        alone.append(trained(build(one, task), x, y, xv, targets, steps, batch, seed))
    return {
        "seconds": seconds, "seed": seed, "batch": batch, "steps": step.done, "skipped": step.skipped,
        "recorded": recorded.tolist(), "shared": shared, "alone": alone, "own_steps": steps,
        "alone_seconds": (time.process_time() - began) / NETWORKS,
        "parameters": [profile(one, task).parameters for one in architectures],
        "machine": describe("torch"),
    }  # fmt: skip


def report(runs: list[dict[str, Any]]) -> str:
    lines = [
        "# Shared weights on NAS-Bench-201",
        "",
        f"Kendall's tau with the recorded validation accuracy on CIFAR-10 (200 epochs, `{SCORE}`) of {NETWORKS} "
        "networks drawn from the table, and its 95 % interval. Trained on 16 x 16 pictures of CIFAR-10-10k. "
        f"{runs[-1]['machine']}.",
        "",
        "| CPU s of shared weights, seed | steps | by shared weights | by parameters | each alone: steps, CPU s "
        "| by it |",
        "|---|---|---|---|---|---|",
    ]
    for run in runs:
        recorded = np.array(run["recorded"])
        cells = []
        for what in ("shared", "parameters", "alone"):
            values = np.array(run[what], dtype=float)
            low, high = interval(values, recorded)
            cells.append(f"{kendall_tau(values, recorded):.2f} ({low:.2f} to {high:.2f})")
        lines.append(
            f"| {run['seconds']:.0f}, {run['seed']} | {run['steps']:,} | {cells[0]} | {cells[1]} "
            f"| {run['own_steps']}, {run['alone_seconds']:.1f} | {cells[2]} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=900)
    parser.add_argument("--steps", type=int, default=40, help="of each network alone")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    with (HERE / "nasbench201.jsonl").open("a") as file:
        file.write(json.dumps(measured(chosen.seconds, chosen.steps, chosen.batch, chosen.seed)) + "\n")
    text = report([json.loads(line) for line in (HERE / "nasbench201.jsonl").read_text().splitlines()])
    (HERE / "nasbench201.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
