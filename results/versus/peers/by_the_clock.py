"""A training whose one-cycle schedule (https://arxiv.org/abs/1708.07120) ends when the time does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import torch


def batches(
    n: int, size: int, seconds: float, most_epochs: float, optimizer: torch.optim.Optimizer, peak: float
) -> Iterator[torch.Tensor]:
    """Indices of one batch after another; the learning rate rises for a fifth of the way and falls to nearly 0.

    Args:
        seconds: until the last batch. most_epochs: an end before that, for small data.
    """
    began, steps, most = time.monotonic(), 0, most_epochs * n / size
    while True:
        for batch in torch.randperm(n).split(size):
            if len(batch) < 2 <= n:
                continue  # batch normalisation needs two
            way = max((time.monotonic() - began) / seconds, steps / most) if seconds > 0 else 1.0
            if way >= 1:
                return
            for group in optimizer.param_groups:
                group["lr"] = peak * (way / 0.2 if way < 0.2 else max(1e-3, 1 - (way - 0.2) / 0.8))
            yield batch
            steps += 1


def train(
    step: Callable[[torch.Tensor], object],
    n: int,
    size: int,
    seconds: float,
    most_epochs: float,
    optimizer: torch.optim.Optimizer,
    peak: float,
) -> float:
    """Epochs for which `step` was given the indices of a batch, see `batches`."""
    steps = 0
    for index in batches(n, size, seconds, most_epochs, optimizer, peak):
        step(index)
        steps += 1
    return round(steps * size / n, 1)


def seconds_of(step: Callable[[], object], repeats: int = 5) -> float:
    """Of one step, after two that are not counted."""
    for _ in range(2):
        step()
    began = time.monotonic()
    for _ in range(repeats):
        step()
    return (time.monotonic() - began) / repeats
