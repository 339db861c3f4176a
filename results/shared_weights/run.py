"""How well shared weights rank networks of `hybrid` that were trained alone, and what a step on slices costs.

    NAS_SHARED=../shared .venv/bin/python results/shared_weights/run.py fashion_mnist_10k --seconds 150 --seed 0

The networks and their scores are those of results/training/rank_fidelity (5 epochs, two seeds, their mean). Shared
weights are trained by draws that keep its limit on multiply-adds, on the same training split, and never see the
validation split. `--draws sandwich` trains the largest of 64 drawn networks by the targets, then the smallest and two
fair draws by what the largest says (https://arxiv.org/abs/1903.05134). With `--steps N` every network is also trained
for N steps of its own, once from its part of the shared weights and once from scratch. Each run is one line of
runs.jsonl; README.md is written from it.
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
from results.machine import describe
from results.runs import write_readme
from results.training.rank_fidelity.networks import MOST_MACS, hybrid_then, networks
from results.training.rank_fidelity.networks import rows as trainings
from search_spaces import Architecture, Space, Task, build, profile
from search_spaces.rules import max_macs

SHARED = Path(os.environ.get("NAS_SHARED", ROOT.parent / "shared"))
RATE, WARMUP = 3e-3, 0.1
RESAMPLES = 2_000


def smoothed(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(outputs, targets, label_smoothing=0.1)


def drawn_batch(
    x: torch.Tensor, y: torch.Tensor, batch: int, rng: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """A batch, of which every other picture is mirrored."""
    rows = torch.randint(len(x), (batch,), generator=rng).to(x.device)
    flipped = (torch.rand(batch, 1, 1, 1, generator=rng) < 0.5).to(x.device)
    return torch.where(flipped, x[rows].flip(3), x[rows]), y[rows]


def trained(
    network: torch.nn.Module,
    x: torch.Tensor,
    y: torch.Tensor,
    xv: torch.Tensor,
    targets: torch.Tensor,
    steps: int,
    batch: int,
    seed: int,
) -> float:
    """Validation accuracy after `steps` of its own, at a rate that falls to 0 by a cosine."""
    rng = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    network.train()
    for _ in range(steps):
        xb, yb = drawn_batch(x, y, batch, rng)
        optimizer.zero_grad()
        smoothed(network(xb), yb).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    network.eval()
    with torch.no_grad():
        return float((torch.cat([network(one) for one in xv.split(256)]).argmax(1) == targets).float().mean())


def measured(
    name: str, seconds: float, seed: int, how: str = "fair", device: str = "cpu", batch: int = 64, steps: int = 0
) -> dict[str, Any]:
    """One run: shared weights trained for so long, then every network judged."""
    rows = trainings(name)
    data = nas.data.load(SHARED / f"data/images/{name}.npz").search
    architectures = networks(name, data.task)
    alone = np.array([np.mean([row[f"full {one}"]["epochs"][-1]["averaged"] for one in (0, 1)]) for row in rows])
    mean, std = (torch.tensor(one).reshape(-1, 1, 1) for one in (data.mean, data.std))
    x, xv = ((torch.from_numpy(s.inputs).float() - mean) / std for s in (data.train, data.validation))
    y = torch.from_numpy(np.asarray(data.train.targets)).long()

    space = hybrid_then()
    space = Space(space.name, *space.cells, rules=[*space.rules, max_macs(MOST_MACS[name])])
    weights, draws = SharedWeights(space, data.task, device=device), FairDraws(space, data.task, seed)
    x, y, xv = x.to(device), y.to(device), xv.to(device)
    by_targets, by_largest = SharedStep(weights, smoothed), SharedStep(weights, F.cross_entropy)
    some = sorted((draws.draw() for _ in range(64)), key=lambda one: profile(one, data.task).macs)
    rng = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    clock = time.process_time if device == "cpu" else time.monotonic
    began = clock()
    while (share := (clock() - began) / seconds) < 1:
        xb, yb = drawn_batch(x, y, batch, rng)
        rate = RATE * min(share / WARMUP, 1.0) * 0.5 * (1 + math.cos(math.pi * share))
        if how == "fair":
            by_targets(draws.draw(), xb, yb, rate)
            continue
        by_targets(some[-1], xb, yb, rate)
        largest = weights.draw(some[-1])
        largest.network.eval()
        with torch.no_grad():
            said = largest(xb).softmax(1)
        for other in (some[0], draws.draw(), draws.draw()):
            by_largest(other, xb, said, rate)
    began = clock()
    calibration = list(x[torch.randperm(len(x), generator=rng)[: 4 * 256].to(device)].split(256))
    targets = torch.from_numpy(np.asarray(data.validation.targets)).to(device)
    shared = [
        float((judged(weights, one, calibration, xv.split(256)).argmax(1) == targets).float().mean())
        for one in architectures
    ]
    each = (clock() - began) / len(architectures)
    later: dict[str, list[float]] = {"tuned": [], "scratch": []}
    for number, one in enumerate(architectures if steps else []):
        for key, scores in later.items():
            torch.manual_seed(seed + number)
            network = build(one, data.task).to(device)
            if key == "tuned":
                network.load_state_dict(weights.state_dict(one))
            scores.append(trained(network, x, y, xv, targets, steps, batch, seed))
    return {
        "data": name,
        "seconds": seconds,
        "seed": seed,
        "draws": how,
        "batch": batch,
        "device": torch.cuda.get_device_name() if device == "cuda" else "cpu",
        "steps": by_targets.done + by_largest.done,
        "skipped": by_targets.skipped + by_largest.skipped,
        "numbers": weights.numbers,
        "judged_seconds": each,
        "alone": alone.tolist(),
        "shared": shared,
        "parameters": [row["parameters"] for row in rows],
        "overhead": [] if device == "cuda" else overhead(weights, architectures[:12], data.task, x[:64], y[:64]),
        "own_steps": steps,
        **later,
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
        "| pictures | draws, CPU s, seed | steps | skipped | tau with networks alone | 95 % | tau of parameters "
        "| tau after own steps: from its part, from scratch | alone | shared | CPU s to judge one "
        "| step on slices / plain: median, most |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for run in runs:
        alone, shared, size = (np.array(run[key]) for key in ("alone", "shared", "parameters"))
        low, high = interval(shared, alone)
        over = f"{np.median(run['overhead']):.2f}, {max(run['overhead']):.2f}" if run["overhead"] else ""
        later = [kendall_tau(np.array(run[key]), alone) for key in ("tuned", "scratch") if run[key]]
        own = f"{run['own_steps']}: {', '.join(f'{tau:.2f}' for tau in later)}" if later else ""
        lines.append(
            f"| {run['data']} | {run['draws']}, {run['seconds']:.0f}, {run['seed']} | {run['steps']:,} "
            f"| {run['skipped']} | "
            f"{kendall_tau(shared, alone):.2f} | {low:.2f} to {high:.2f} | {kendall_tau(size, alone):.2f} | "
            f"{own} | "
            f"{alone.min():.3f} to {alone.max():.3f} | {shared.min():.3f} to {shared.max():.3f} | "
            f"{run['judged_seconds']:.2f} | {over} |"
        )
    return "\n".join([*lines, "", f"Taken on: {runs[-1]['machine']}."])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", choices=MOST_MACS)
    parser.add_argument("--seconds", type=float, default=150)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--draws", choices=("fair", "sandwich"), default="fair")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=0, help="of each network's own, from its part and from scratch")
    parser.add_argument("--out", type=Path, help="write the line there, and no README")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    line = measured(chosen.data, chosen.seconds, chosen.seed, chosen.draws, chosen.device, chosen.batch, chosen.steps)
    with (chosen.out or HERE / "runs.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")
    if chosen.out:
        return
    text = report([json.loads(line) for line in (HERE / "runs.jsonl").read_text().splitlines()])
    print(text)
    write_readme(HERE, "Shared weights on hybrid networks", text)


if __name__ == "__main__":
    main()
