"""The default recipe against a plain loop on digits: seconds to a score, and candidates a minute of a search.

    python results/training/digits/run.py

First table: `NETWORKS` random `hybrid` networks, `EPOCHS` epochs of a plain PyTorch loop (DataLoader over normalised
tensors, AdamW at a constant 1e-3, float32) and of the default recipe. CPU seconds, validation included, until each has
the plain loop's final score; the two take turns, epoch by epoch. Second table: searches of `BUDGET` in process, with
the default recipe and with a plain one (AdamW at a constant 1e-3, float32, no averaged weights, smoothing or clipping).
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

import nas
import nas.data
from nas.data import TrainingData
from nas.training.loop import begin
from search_spaces import SPACES, Architecture, build

HERE = Path(__file__).parent
NETWORKS, EPOCHS, BUDGET, SEEDS = 4, 18, "40s", 2
PLAIN = nas.TrainingConfig(
    optimizer="adamw", learning_rate=1e-3, schedule="constant", warmup=0.0, weight_decay=0.01, label_smoothing=0.0,
    clip=0.0, ema=0.0, precision="float32",
)  # fmt: skip
Curve = list[tuple[float, float]]


def plain_loop(architecture: Architecture, data: TrainingData) -> Callable[[], float]:
    """One epoch of it, and its score."""
    mean, std = torch.tensor(data.mean).view(-1, 1, 1), torch.tensor(data.std).view(-1, 1, 1)
    x, v = ((torch.from_numpy(split.inputs).float() - mean) / std for split in (data.train, data.validation))
    y, w = torch.from_numpy(data.train.targets), torch.from_numpy(data.validation.targets)
    torch.manual_seed(0)
    network = build(architecture, data.task)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3)
    loader = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True)

    def epoch() -> float:
        network.train()
        for inputs, targets in loader:
            optimizer.zero_grad()
            F.cross_entropy(network(inputs), targets).backward()
            optimizer.step()
        network.eval()
        with torch.inference_mode():
            return float((network(v).argmax(1) == w).float().mean())

    return epoch


def ours(architecture: Architecture, data: TrainingData) -> Callable[[], float]:
    training = begin(architecture, data, nas.TrainingConfig(), epochs=EPOCHS, seed=0)
    return lambda: training.epoch().score


def curves(*loops: Callable[[], float]) -> list[Curve]:
    """CPU seconds so far and score, after each epoch."""
    found: list[Curve] = [[] for _ in loops]
    for _ in range(EPOCHS):
        for loop, curve in zip(loops, found, strict=True):
            started = time.process_time()
            score = loop()
            curve.append((time.process_time() - started + (curve[-1][0] if curve else 0.0), score))
    return found


def seconds_to(target: float, curve: Curve) -> float:
    return next((seconds for seconds, score in curve if score >= target), float("inf"))


def to_a_score(data: TrainingData) -> list[str]:
    lines = [
        "| network | plain: final score | CPU s to it | of all epochs | default: final | CPU s to plain's | all |",
        "|---|---|---|---|---|---|---|",
    ]
    rng, times, finals = random.Random(0), [], []
    for number in range(NETWORKS):
        architecture = SPACES["hybrid"]().sample(rng)
        plain, default = curves(plain_loop(architecture, data), ours(architecture, data))
        target = plain[-1][1]
        times.append((seconds_to(target, plain), seconds_to(target, default)))
        finals.append((target, default[-1][1]))
        lines.append(
            f"| {number} | {target:.3f} | {times[-1][0]:.1f} | {plain[-1][0]:.1f} | {default[-1][1]:.3f} | "
            f"{times[-1][1]:.1f} | {default[-1][0]:.1f} |"
        )
        print(lines[-1], flush=True)
    ratio = statistics.median(one / other for one, other in times)
    means = [statistics.mean(column) for column in zip(*finals, strict=True)]
    return [
        *lines,
        "",
        f"Median of plain / default to that score: {ratio:.2f}x. Final: {means[0]:.4f}, {means[1]:.4f}.",
    ]


def searches() -> list[str]:
    lines = [f"| recipe | seed | candidates in {BUDGET} | best, validation |", "|---|---|---|---|"]
    for seed in range(SEEDS):
        for name, recipe in (("plain", PLAIN), ("default", nas.TrainingConfig())):
            with tempfile.TemporaryDirectory() as folder:
                result = nas.search(
                    "digits", "hybrid", BUDGET, directory=Path(folder) / "s", seed=seed, training=recipe,
                    executor="local", tracking_uri="", final=False,
                )  # fmt: skip
            ended = sum(one.finished for one in result.candidates)
            lines.append(f"| {name} | {seed} | {ended} | {result.best.score:.3f} |")
            print(lines[-1], flush=True)
    return lines


def main() -> None:
    torch.set_num_threads(1)
    lines = [*to_a_score(nas.data.load("digits").search), "", *searches()]
    (HERE / "table.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
