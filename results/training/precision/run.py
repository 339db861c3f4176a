"""Whole trainings in float32, bfloat16 and `auto` on this CPU: memory, time and score.

    NAS_SHARED=../shared python results/training/precision/run.py

Samples of named spaces, Fashion-MNIST-10k (2,000 training examples), `EPOCHS` epochs, `SEEDS` seeds, one thread.
Memory is what autograd holds for the backward pass of a batch. Time is CPU seconds of an epoch, validation included:
the formats take turns, and the fastest epoch counts.
"""

from __future__ import annotations

import os
import random
import statistics
import time
from dataclasses import replace
from pathlib import Path

import torch

import nas.data
from nas.config.recipe import TrainingConfig
from nas.data import Split, TrainingData
from nas.training.loop import begin
from nas.training.memory import kept_for_backward
from nas.training.precision import multiplies_bfloat16
from search_spaces import SPACES, Architecture

HERE = Path(__file__).parent
BATCH, EPOCHS, SEEDS = 128, 3, 3
NETWORKS = (("mlp", 1), ("residual", 2), ("hybrid", 0), ("transformer", 1))
FORMATS = ("float32", "bf16", "auto")


def measured(architecture: Architecture, data: TrainingData, seed: int) -> dict[str, tuple[float, float, float]]:
    """Megabytes held, fastest epoch's CPU seconds and last score, by format."""
    x = torch.zeros(BATCH, *data.task.input_shape)
    trainings = {
        name: begin(architecture, data, TrainingConfig(precision=name, batch_size=BATCH), epochs=EPOCHS, seed=seed)
        for name in FORMATS
    }
    seconds, scores = dict.fromkeys(FORMATS, float("inf")), dict.fromkeys(FORMATS, 0.0)
    held = {name: kept_for_backward(training._step.forward, x) / 2**20 for name, training in trainings.items()}
    for _ in range(EPOCHS):
        for name, training in trainings.items():
            started = time.process_time()
            scores[name] = training.epoch().score
            seconds[name] = min(seconds[name], time.process_time() - started)
    return {name: (held[name], seconds[name], scores[name]) for name in FORMATS}


def main() -> None:
    torch.set_num_threads(1)
    data = nas.data.load(Path(os.environ["NAS_SHARED"]) / "data/images/fashion_mnist_10k.npz").search
    data = replace(data, train=Split(data.train.inputs[:2000], data.train.targets[:2000]))
    lines = [
        f"CPU with matrix units for bfloat16: {'yes' if multiplies_bfloat16() else 'no'}. Score: mean and standard "
        f"deviation of {SEEDS} seeds after {EPOCHS} epochs.",
        "",
        "| network | format | held for a batch, MB | CPU seconds of an epoch | score |",
        "|---|---|---|---|---|",
    ]
    for space, sample in NETWORKS:
        architecture = SPACES[space]().sample(random.Random(sample))
        runs = [measured(architecture, data, seed) for seed in range(SEEDS)]
        for name in FORMATS:
            held, seconds, scores = zip(*(run[name] for run in runs), strict=True)
            lines.append(
                f"| {space} | {name} | {held[0]:.1f} | {min(seconds):.2f} | {statistics.mean(scores):.3f} ± "
                f"{statistics.stdev(scores):.3f} |"
            )
            print(lines[-1], flush=True)
    (HERE / "table.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
