"""Memory and time of a training step with and without activation checkpointing, and the predicted memory beside it.

    python results/training/checkpointing/run.py

Memory is what autograd holds for the backward pass, measured by watching it keep tensors; weights are not in it.
Time is the fastest of twenty steps, taken in turns, in CPU seconds of one thread. Batch 32 of 3 x 32 x 32.
"""

from __future__ import annotations

import time
from pathlib import Path

import torch
import torch.nn.functional as F

from nas.config.recipe import TrainingConfig
from nas.training.forward import Forward
from nas.training.memory import kept_for_backward, predicted
from nas.training.precision import Precision
from search_spaces import Architecture, Task, build
from search_spaces.cells import Downsample, Head, Residual, Stem, Transformer

HERE = Path(__file__).parent
TASK, BATCH = Task((3, 32, 32), 10), 32
NETWORKS = {
    "residual, 18 blocks": (
        Stem(16),
        *[Residual(16)] * 6,
        Downsample(32),
        *[Residual(32)] * 6,
        Downsample(64),
        *[Residual(64)] * 6,
        Head(),
    ),
    "transformer, 8 blocks": (Stem(32), Downsample(64), Downsample(64), *[Transformer(64)] * 8, Head()),
}


def step(forward: Forward, x: torch.Tensor, y: torch.Tensor) -> float:
    started = time.process_time()
    forward.zero_grad()
    F.cross_entropy(forward(x), y).backward()
    return time.process_time() - started


def main() -> None:
    torch.set_num_threads(1)
    x, y = torch.randn(BATCH, *TASK.input_shape), torch.randint(0, 10, (BATCH,))
    lines = [
        "| network | held, MB | held with checkpointing, MB | saved | predicted, MB | predicted with, MB | more time |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, cells in NETWORKS.items():
        architecture = Architecture(name, cells, {})
        network = build(architecture, TASK)
        forwards = [Forward(network, Precision(torch.float32), checkpointing) for checkpointing in (False, True)]
        held = [kept_for_backward(network, x, checkpointing=flag) / 2**20 for flag in (False, True)]
        guess = [
            predicted(architecture, TASK, TrainingConfig(checkpointing=flag), BATCH).activations / 2**20
            for flag in (False, True)
        ]
        times = [[step(forward, x, y) for forward in forwards] for _ in range(21)][1:]
        plain, checkpointed = (min(column) for column in zip(*times, strict=True))
        lines.append(
            f"| {name} | {held[0]:.0f} | {held[1]:.0f} | {1 - held[1] / held[0]:.0%} | {guess[0]:.0f} | "
            f"{guess[1]:.0f} | {checkpointed / plain - 1:+.0%} |"
        )
    text = "\n".join(lines) + "\n"
    (HERE / "table.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
