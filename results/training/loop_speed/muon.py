"""A step of Muon with its products taken on the matrices, as published, and on their squares, as here.

    python results/training/loop_speed/muon.py

The five networks of run.py, random gradients, one thread: the fastest of thirty steps, taken in turns.
"""

from __future__ import annotations

import random
import time
from pathlib import Path
from unittest import mock

import torch

from nas.training import muon
from nas.training.optimizers import make_optimizers
from search_spaces import SPACES, Task, build

HERE, TASK, STEPS = Path(__file__).parent, Task((1, 28, 28), 10), 30
NETWORKS = (("mlp", 1), ("cnn", 1), ("residual", 2), ("hybrid", 0), ("transformer", 1))


def main() -> None:
    torch.set_num_threads(1)
    lines = ["| network | matrices, ms | squares, ms | gain |", "|---|---|---|---|"]
    for space, seed in NETWORKS:
        torch.manual_seed(0)
        network = build(SPACES[space]().sample(random.Random(seed)), TASK)
        for parameter in network.parameters():
            parameter.grad = torch.randn_like(parameter)
        optimizer = make_optimizers("muon", network, 0.0, 0.01)[0]
        best = {"_iterated": float("inf"), "_by_gram": float("inf")}
        for _ in range(STEPS):
            for name in best:
                with mock.patch.object(muon, "_by_gram", getattr(muon, name)):
                    started = time.perf_counter()
                    optimizer.step()
                    best[name] = min(best[name], time.perf_counter() - started)
        before, now = (1000 * seconds for seconds in best.values())
        lines.append(f"| {space} | {before:.2f} | {now:.2f} | {before / now:.1f}x |")
        print(lines[-1])
    (HERE / "muon.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
