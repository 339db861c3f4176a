"""Our loop against two plain PyTorch loops, in training examples per CPU second.

    NAS_SHARED=../shared python results/training/loop_speed/run.py [--repeats 3]

The same five networks (samples of named spaces), data (Fashion-MNIST-10k), batch size, optimizer and crop in all three:

- ours: `Training`, one epoch, its validation left out of the time
- tensors: `DataLoader` over a `TensorDataset` of ready normalised float tensors, augmentation per batch
- items: `DataLoader` over a dataset whose `__getitem__` turns one picture to a tensor, crops and normalises it

One thread, CPU seconds; the loops take turns, and the fastest of the repeats counts.
"""

from __future__ import annotations

import argparse
import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

import nas.data
from nas.config.recipe import TrainingConfig
from nas.data import TrainingData
from nas.training.augmentation import crop
from nas.training.loop import Training
from search_spaces import SPACES, build
from search_spaces.profile import profile

HERE = Path(__file__).parent
BATCH, RATE = 128, 5e-3
NETWORKS = (("mlp", 1), ("cnn", 1), ("residual", 2), ("hybrid", 0), ("transformer", 1))


class Items(Dataset):
    """As in most tutorials: every picture is handled by itself."""

    def __init__(self, data: TrainingData) -> None:
        self.data = data
        self.mean = torch.tensor(data.mean).view(-1, 1, 1)
        self.std = torch.tensor(data.std).view(-1, 1, 1)

    def __len__(self) -> int:
        return len(self.data.train)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        picture = torch.from_numpy(self.data.train.inputs[index]).float()
        padded = F.pad(picture, (3, 3, 3, 3), mode="replicate")
        top, left = random.randint(0, 6), random.randint(0, 6)
        picture = padded[:, top : top + picture.shape[1], left : left + picture.shape[2]]
        return (picture - self.mean) / self.std, int(self.data.train.targets[index])


def plain_loop(network: nn.Module, loader: DataLoader, augment: bool) -> float:
    """Seconds of one epoch of the loop that everybody writes."""
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=0.01)
    rng = torch.Generator().manual_seed(0)
    network.train()
    started, total = time.process_time(), 0.0
    for x, y in loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(network(crop(x, rng) if augment else x), y, label_smoothing=0.05)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimizer.step()
        total += loss.item()
    return time.process_time() - started


def ours(network: nn.Module, data: TrainingData) -> float:
    config = TrainingConfig(optimizer="adamw", ema=0.0, batch_size=BATCH, learning_rate=RATE, augmentation="crop")
    training = Training(network, data, config, epochs=2, seed=0)
    started = time.process_time()
    training._train(1, torch.Generator().manual_seed(0))
    return time.process_time() - started


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--examples", type=int, default=1024)
    options = parser.parse_args()
    torch.set_num_threads(1)
    whole = nas.data.load(Path(os.environ["NAS_SHARED"]) / "data/images/fashion_mnist_10k.npz").search
    rows = slice(0, options.examples)
    train = nas.data.Split(whole.train.inputs[rows], whole.train.targets[rows])
    data = TrainingData(whole.task, train, whole.validation, whole.mean, whole.std)
    x = (torch.from_numpy(train.inputs).float() - data.mean[0]) / data.std[0]
    tensors = DataLoader(TensorDataset(x, torch.from_numpy(train.targets)), batch_size=BATCH, shuffle=True)
    items = DataLoader(Items(data), batch_size=BATCH, shuffle=True)
    loops: dict[str, Callable[[nn.Module], float]] = {
        "ours": lambda network: ours(network, data),
        "tensors": lambda network: plain_loop(network, tensors, augment=True),
        "items": lambda network: plain_loop(network, items, augment=False),
    }
    lines = [
        "| network | multiply-adds | ours, examples per CPU second | tensors in a DataLoader | items in a DataLoader "
        "| over tensors | over items |",
        "|---|---|---|---|---|---|---|",
    ]
    for space, seed in NETWORKS:
        architecture = SPACES[space]().sample(random.Random(seed))
        seconds = dict.fromkeys(loops, float("inf"))
        for _ in range(options.repeats):
            for name, loop in loops.items():
                torch.manual_seed(0)
                seconds[name] = min(seconds[name], loop(build(architecture, data.task)))
        speed = {name: len(train) / value for name, value in seconds.items()}
        lines.append(
            f"| {space} | {profile(architecture, data.task).macs:,} | {speed['ours']:,.0f} | {speed['tensors']:,.0f} | "
            f"{speed['items']:,.0f} | {speed['ours'] / speed['tensors']:.2f}x | {speed['ours'] / speed['items']:.2f}x |"
        )
        print(lines[-1], flush=True)
    (HERE / "table.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
