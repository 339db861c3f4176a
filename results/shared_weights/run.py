"""How well shared weights rank networks of `hybrid` that were trained alone, and what a step on slices costs.

    NAS_SHARED=../shared .venv/bin/python results/shared_weights/run.py fashion_mnist_10k --seconds 150 --seed 0

The networks and their scores are those of results/training/rank_fidelity (5 epochs, two seeds, their mean). Shared
weights are trained by fair draws that keep its limit on multiply-adds, on the same training split, and never see the
validation split. Each run is one line of runs.jsonl; README.md is written from it.
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
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np
import torch
import torch.nn.functional as F

import nas.data
from nas.training.shared_weights import FairDraws, SharedStep, SharedWeights, judged
from predictors.metrics import kendall_tau
from results.hybrid_proxies.run import networks
from results.machine import describe
from results.runs import write_readme
from results.training.rank_fidelity.run import MOST_MACS
from search_spaces import SPACES, Architecture, Space, Task, build
from search_spaces.rules import max_macs

SHARED = Path(os.environ.get("NAS_SHARED", ROOT.parent / "shared"))
TRAINED = ROOT / "results/training/rank_fidelity"
BATCH, RATE, WARMUP = 64, 3e-3, 0.1
RESAMPLES = 2_000


def measured(name: str, seconds: float, seed: int) -> dict[str, Any]:
    """One run: shared weights trained for so long, then every network judged."""
    rows = [json.loads(line) for line in (TRAINED / f"{name}.jsonl").read_text().splitlines()]
    data = nas.data.load(SHARED / f"data/images/{name}.npz").search
    drawn = networks(data, name, max(row["number"] for row in rows))
    architectures = [drawn[row["number"] - 1] for row in rows]
    alone = np.array([np.mean([row[f"full {one}"]["epochs"][-1]["averaged"] for one in (0, 1)]) for row in rows])
    mean, std = (torch.tensor(one).reshape(-1, 1, 1) for one in (data.mean, data.std))
    x, xv = ((torch.from_numpy(s.inputs).float() - mean) / std for s in (data.train, data.validation))
    y = torch.from_numpy(np.asarray(data.train.targets)).long()

    space = SPACES["hybrid"]()
    space = Space(space.name, *space.cells, rules=[*space.rules, max_macs(MOST_MACS[name])])
    weights, draws = SharedWeights(space, data.task), FairDraws(space, data.task, seed)
    step = SharedStep(weights, lambda outputs, targets: F.cross_entropy(outputs, targets, label_smoothing=0.1))
    rng = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    began = time.process_time()
    while (share := (time.process_time() - began) / seconds) < 1:
        rows_now = torch.randint(len(x), (BATCH,), generator=rng)
        flipped = torch.rand(BATCH, 1, 1, 1, generator=rng) < 0.5
        rate = RATE * min(share / WARMUP, 1.0) * 0.5 * (1 + math.cos(math.pi * share))
        step(draws.draw(), torch.where(flipped, x[rows_now].flip(3), x[rows_now]), y[rows_now], rate)
    began = time.process_time()
    calibration = list(x[torch.randperm(len(x), generator=rng)[: 4 * 256]].split(256))
    shared = [
        float((judged(weights, one, calibration, xv.split(256)).argmax(1).numpy() == data.validation.targets).mean())
        for one in architectures
    ]
    each = (time.process_time() - began) / len(architectures)
    return {
        "data": name,
        "seconds": seconds,
        "seed": seed,
        "steps": step.done,
        "skipped": step.skipped,
        "numbers": weights.numbers,
        "judged_seconds": each,
        "alone": alone.tolist(),
        "shared": shared,
        "parameters": [row["parameters"] for row in rows],
        "overhead": overhead(weights, architectures[:12], data.task, x[:BATCH], y[:BATCH]),
        "machine": describe("torch"),
    }


def overhead(
    weights: SharedWeights, some: list[Architecture], task: Task, x: torch.Tensor, y: torch.Tensor
) -> list[float]:
    """CPU time of a step on slices over that of the network alone with torch's AdamW: least of 5, for each network."""
    step, result = SharedStep(weights, F.cross_entropy), []
    for architecture in some:
        network = build(architecture, task).train()
        optimizer = torch.optim.AdamW(network.parameters(), lr=0.0)

        def plain(network: Any = network, optimizer: Any = optimizer) -> None:
            optimizer.zero_grad()
            F.cross_entropy(network(x), y).backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()

        times: tuple[list[float], list[float]] = ([], [])
        for _ in range(6):
            for took, run in zip(times, (plain, lambda a=architecture: step(a, x, y, 0.0)), strict=True):
                began = time.process_time()
                run()
                took.append(time.process_time() - began)
        result.append(min(times[1][1:]) / min(times[0][1:]))
    return result


def interval(some: np.ndarray, others: np.ndarray) -> tuple[float, float]:
    """95 % of Kendall's tau when networks are drawn with replacement."""
    rng, n = np.random.default_rng(0), len(some)
    picks = rng.integers(0, n, (RESAMPLES, n))
    low, high = np.quantile([kendall_tau(some[pick], others[pick]) for pick in picks], (0.025, 0.975))
    return float(low), float(high)


def report(runs: list[dict[str, Any]]) -> str:
    lines = [
        "| pictures | CPU s, seed | steps | skipped | tau with networks alone | 95 % | tau of parameters | alone "
        "| shared | CPU s to judge one | step on slices / plain: median, most |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for run in runs:
        alone, shared, size = (np.array(run[key]) for key in ("alone", "shared", "parameters"))
        low, high = interval(shared, alone)
        lines.append(
            f"| {run['data']} | {run['seconds']:.0f}, {run['seed']} | {run['steps']:,} | {run['skipped']} | "
            f"{kendall_tau(shared, alone):.2f} | {low:.2f} to {high:.2f} | {kendall_tau(size, alone):.2f} | "
            f"{alone.min():.3f} to {alone.max():.3f} | {shared.min():.3f} to {shared.max():.3f} | "
            f"{run['judged_seconds']:.2f} | {np.median(run['overhead']):.2f}, {max(run['overhead']):.2f} |"
        )
    return "\n".join([*lines, "", f"Taken on: {runs[-1]['machine']}."])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", choices=MOST_MACS)
    parser.add_argument("--seconds", type=float, default=150)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    with (HERE / "runs.jsonl").open("a") as file:
        file.write(json.dumps(measured(chosen.data, chosen.seconds, chosen.seed)) + "\n")
    text = report([json.loads(line) for line in (HERE / "runs.jsonl").read_text().splitlines()])
    print(text)
    write_readme(HERE, "Shared weights on hybrid networks", text)


if __name__ == "__main__":
    main()
