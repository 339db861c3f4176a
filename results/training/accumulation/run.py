"""A batch in 1, 2, 4 and 8 micro-batches: memory, time, gradient and score.

    NAS_SHARED=../shared python results/training/accumulation/run.py

The gradient of the whole batch is compared in float64: the largest difference of any weight's gradient, as a share of
the largest gradient. Batch norm sees a micro-batch at a time, so with it the sum is another gradient by nature. Memory
is what autograd holds for the backward pass of one micro-batch. Time is CPU seconds of an epoch on 2,000 training
examples of Fashion-MNIST-10k, one thread: the settings take turns, and the fastest of `EPOCHS` epochs and `SEEDS` seeds
counts.
"""

from __future__ import annotations

import os
import statistics
import time
from dataclasses import replace
from pathlib import Path

import torch

import nas.data
from nas.config.recipe import TrainingConfig
from nas.data import Split, TrainingData
from nas.training.loop import Training, begin
from nas.training.memory import kept_for_backward
from search_spaces import Architecture
from search_spaces.cells import Conv, Downsample, Head, Residual, Stem, Transformer

HERE = Path(__file__).parent
BATCH, EPOCHS, SEEDS, PARTS = 128, 3, 3, (1, 2, 4, 8)
NETWORKS = {
    "convolutions, no norm": (Conv(16, norm="none"), Downsample(32, norm="none"), Conv(32, norm="none"), Head()),
    "residual, group norm": (
        Conv(16, norm="group"),
        Residual(norm="group"),
        Residual(32, stride=2, norm="group"),
        Head(),
    ),
    "transformer, layer norm": (Conv(32, stride=4, norm="layer"), Transformer(), Transformer(), Head()),
    "residual, batch norm": (Stem(16), Residual(), Downsample(32), Residual(), Head()),
}


def begun(architecture: Architecture, data: TrainingData, parts: int, seed: int) -> Training:
    config = TrainingConfig(batch_size=BATCH, accumulate=parts, precision="float32")
    return begin(architecture, data, config, epochs=EPOCHS, seed=seed)


def gradient(architecture: Architecture, data: TrainingData, parts: int) -> torch.Tensor:
    """Of the first `BATCH` examples, in float64."""
    training = begun(architecture, data, parts, 0)
    training._network.double().train()
    x = torch.from_numpy(data.train.inputs[:BATCH]).double()
    y = torch.from_numpy(data.train.targets[:BATCH])
    training._step._gradients((x - x.mean()) / x.std(), y, y, None)
    return torch.cat([p.grad.flatten() for p in training._network.parameters() if p.grad is not None])


def main() -> None:
    torch.set_num_threads(1)
    data = nas.data.load(Path(os.environ["NAS_SHARED"]) / "data/images/fashion_mnist_10k.npz").search
    data = replace(data, train=Split(data.train.inputs[:2000], data.train.targets[:2000]))
    lines = [
        f"Batch {BATCH}. Score: mean and standard deviation of {SEEDS} seeds after {EPOCHS} epochs.",
        "",
        "| network | micro-batches | held, MB | CPU seconds of an epoch | gradient differs by | score |",
        "|---|---|---|---|---|---|",
    ]
    for name, cells in NETWORKS.items():
        architecture = Architecture(name, cells, {})
        whole = gradient(architecture, data, 1)
        seconds = dict.fromkeys(PARTS, float("inf"))
        scores: dict[int, list[float]] = {parts: [] for parts in PARTS}
        for seed in range(SEEDS):
            trainings = {parts: begun(architecture, data, parts, seed) for parts in PARTS}
            for _ in range(EPOCHS):
                for parts, training in trainings.items():
                    started = time.process_time()
                    score = training.epoch().score
                    seconds[parts] = min(seconds[parts], time.process_time() - started)
                    if training.finished:
                        scores[parts].append(score)
        for parts in PARTS:
            x = torch.zeros(BATCH // parts, *data.task.input_shape)
            held = kept_for_backward(begun(architecture, data, parts, 0)._network, x) / 2**20
            difference = float((gradient(architecture, data, parts) - whole).abs().max() / whole.abs().max())
            lines.append(
                f"| {name} | {parts} | {held:.1f} | {seconds[parts]:.2f} | {difference:.0e} | "
                f"{statistics.mean(scores[parts]):.3f} ± {statistics.stdev(scores[parts]):.3f} |"
            )
            print(lines[-1], flush=True)
    (HERE / "table.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
