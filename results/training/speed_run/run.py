"""CPU seconds to a fixed score: one small ResNet, our defaults against an untuned loop.

    NAS_SHARED=../shared python results/training/speed_run/run.py

Fashion-MNIST-10k, a member of `residual`. The untuned loop is the plain one of ../loop_speed (AdamW at its
default rate of 1e-3, constant, one picture at a time through a DataLoader, batch 128), watched epoch by epoch. Ours is
trained with plans of 1, 2, 3, … epochs until one reaches the target; the seconds are of that last training.
"""

from __future__ import annotations

import os
import random
import sys
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader

import nas.data
from nas.config.recipe import TrainingConfig
from nas.training.inference import outputs
from nas.training.loop import begin
from nas.training.score import score
from search_spaces import SPACES, build

sys.path.insert(0, str(Path(__file__).parent.parent / "loop_speed"))
from run import Items

HERE = Path(__file__).parent
TARGET, MOST, SEEDS = 0.86, 8, 3


def untuned(architecture, data, seed: int) -> tuple[int, float, float]:
    """Epochs, CPU seconds and score when the target is reached, validation left out."""
    torch.manual_seed(seed)
    random.seed(seed)
    network = build(architecture, data.task)
    optimizer = torch.optim.AdamW(network.parameters())
    loader = DataLoader(Items(data), batch_size=128, shuffle=True)
    seconds, value = 0.0, 0.0
    for epoch in range(1, MOST + 1):
        network.train()
        started = time.process_time()
        for x, y in loader:
            optimizer.zero_grad()
            F.cross_entropy(network(x), y).backward()
            optimizer.step()
        seconds += time.process_time() - started
        value = score(data.task, outputs(network, data.validation.inputs, data), data.validation.targets)
        if value >= TARGET:
            return epoch, seconds, value
    return MOST + 1, seconds, value


def ours(architecture, data, config: TrainingConfig, seed: int) -> tuple[int, float, float]:
    for epochs in range(1, MOST + 1):
        started = time.process_time()
        training = begin(architecture, data, config, epochs=epochs, seed=seed)
        value = [training.epoch().score for _ in range(epochs)][-1]
        if value >= TARGET:
            return epochs, time.process_time() - started, value
    return MOST + 1, float("inf"), value


def main() -> None:
    torch.set_num_threads(1)
    data = nas.data.load(Path(os.environ["NAS_SHARED"]) / "data/images/fashion_mnist_10k.npz").search
    architecture = SPACES["residual"]().sample(random.Random(11))
    lines = [f"| loop | seed | epochs to {TARGET} | CPU seconds | score |", "|---|---|---|---|---|"]
    loops = {
        "untuned": lambda seed: untuned(architecture, data, seed),
        "ours, float32": lambda seed: ours(architecture, data, TrainingConfig(precision="float32"), seed),
        "ours": lambda seed: ours(architecture, data, TrainingConfig(), seed),
    }
    for name, loop in loops.items():
        for seed in range(SEEDS):
            epochs, seconds, value = loop(seed)
            reached = str(epochs) if epochs <= MOST else f"not within {MOST}"
            lines.append(f"| {name} | {seed} | {reached} | {seconds:.1f} | {value:.3f} |")
            print(lines[-1], flush=True)
        (HERE / "table.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
