"""Does warm-up + cosine reach a score sooner than a constant learning rate that was tuned as well?

    NAS_SHARED=../shared python results/training/schedules/run.py

Three networks, AdamW, Fashion-MNIST-10k (2,000 of its training examples, 2,000 validation). For each network and
schedule the learning rate is the best of three by the final score of one seed; then `SEEDS` others run for `EPOCHS`
epochs. The score to reach is the median final score of the constant rate. Epochs to it count whole epochs; a run that
never gets there counts as one epoch more than there were. Cosine is run with plans of `EPOCHS` and of half as many
epochs, since its score comes at the end of its plan.
"""

from __future__ import annotations

import os
import random
import statistics
from dataclasses import replace
from pathlib import Path

import torch

import nas.data
from nas.config.recipe import TrainingConfig
from nas.data import Split
from nas.training.loop import begin
from search_spaces import SPACES

HERE = Path(__file__).parent
EPOCHS, SEEDS = 6, 5
RATES = (2e-3, 5e-3, 1.2e-2)
PLAIN = TrainingConfig(optimizer="adamw", ema=0.0, batch_size=32)
PLANS = {
    "constant": (EPOCHS, replace(PLAIN, schedule="constant", warmup=0.0)),
    "warm-up + cosine": (EPOCHS, PLAIN),
    "warm-up + cosine, half the plan": (EPOCHS // 2, PLAIN),
    "constant, averaged weights": (EPOCHS, replace(PLAIN, schedule="constant", warmup=0.0, ema=0.98)),
}
NETWORKS = (("mlp", 1), ("cnn", 2), ("residual", 11))


def scores(architecture, data, epochs: int, config: TrainingConfig, seed: int) -> list[float]:
    training = begin(architecture, data, config, epochs=epochs, seed=seed)
    return [training.epoch().score for _ in range(epochs)]


def epochs_to(curve: list[float], target: float) -> int:
    return next((epoch for epoch, value in enumerate(curve, start=1) if value >= target), len(curve) + 1)


def main() -> None:
    torch.set_num_threads(1)
    data = nas.data.load(Path(os.environ["NAS_SHARED"]) / "data/images/fashion_mnist_10k.npz").search
    data = replace(data, train=Split(data.train.inputs[:2000], data.train.targets[:2000]))
    lines = [
        "| network | schedule | learning rate | score to reach | epochs to it, median (range) | final score, median |",
        "|---|---|---|---|---|---|",
    ]
    for space, seed in NETWORKS:
        architecture = SPACES[space]().sample(random.Random(seed))
        curves, rates = {}, {}
        for name, (epochs, config) in PLANS.items():
            if "half" in name:
                rates[name] = rates["warm-up + cosine"]
            elif "averaged" in name:
                rates[name] = rates["constant"]
            else:
                tried = {
                    rate: scores(architecture, data, epochs, replace(config, learning_rate=rate), 0)[-1]
                    for rate in RATES
                }
                rates[name] = max(tried, key=tried.__getitem__)
            chosen = replace(config, learning_rate=rates[name])
            curves[name] = [scores(architecture, data, epochs, chosen, number) for number in range(1, SEEDS + 1)]
        target = statistics.median(curve[-1] for curve in curves["constant"])
        for name, runs in curves.items():
            needed = sorted(epochs_to(run, target) for run in runs)
            final = statistics.median(run[-1] for run in runs)
            lines.append(
                f"| {space} | {name} | {rates[name]:g} | {target:.3f} | {statistics.median(needed)} ({needed[0]} to "
                f"{needed[-1]}) | {final:.3f} |"
            )
            print(lines[-1], flush=True)
        (HERE / "table.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
