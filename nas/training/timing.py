"""How long a training step takes, measured on the data's own shapes before anything is trained."""

from __future__ import annotations

import statistics
import time
from typing import Any

import torch
from torch import nn

from nas.training.forward import Forward
from nas.training.machine import torch_threads
from nas.training.precision import resolve_precision
from search_spaces.architecture import Architecture
from search_spaces.network import build
from search_spaces.task import LANGUAGE, Task

STEPS = 3
LONGEST = 1.5  # seconds after which no further step is timed


def seconds_per_step(architecture: Architecture, task: Task, batch: int, threads: int = 1, steps: int = STEPS) -> float:
    """The median of a few training steps on random data on the CPU, after one to warm up.

    Number format and memory layout are those of a training with the default recipe.

    A network whose steps take long is timed by fewer of them: on its own, that one is a good enough measure.
    """
    began = time.perf_counter()
    with torch.random.fork_rng(devices=[]), torch_threads(threads):
        layout = torch.channels_last if len(task.input_shape) == 3 else torch.contiguous_format
        network = build(architecture, task).to(memory_format=layout)  # type: ignore[call-overload]
        forward = Forward(network, resolve_precision("auto", torch.device("cpu")))
        inputs, targets, loss = _random_batch(task, batch)
        inputs = inputs.contiguous(memory_format=layout)
        optimizer = torch.optim.AdamW(network.parameters())
        seconds = []
        for _ in range(1 + steps):
            start = time.perf_counter()
            optimizer.zero_grad()
            loss(forward(inputs), targets).backward()
            optimizer.step()
            seconds.append(time.perf_counter() - start)
            if time.perf_counter() - began > LONGEST:
                break
    return statistics.median(seconds[1:] or seconds)


def fastest_threads(architecture: Architecture, task: Task, batch: int, most: int) -> tuple[int, float]:
    """`most` threads where a step is clearly faster with them than with one, else 1; and so many times as fast."""
    if most == 1:
        return 1, 1.0
    alone, together = (seconds_per_step(architecture, task, batch, threads) for threads in (1, most))
    return (most, alone / together) if together < 0.9 * alone else (1, 1.0)  # small networks lose by more threads


def _random_inputs(shape: tuple[int, ...], vocabulary: int) -> torch.Tensor:
    return torch.randint(vocabulary, shape).float() if vocabulary else torch.randn(shape)


def _random_batch(task: Task, batch: int) -> tuple[torch.Tensor, torch.Tensor, Any]:
    if task.inputs:
        inputs = torch.cat([_random_inputs((batch, one.size), one.vocabulary) for one in task.inputs], dim=1)
    else:
        inputs = _random_inputs((batch, *task.input_shape), task.vocabulary)
    if task.kind == "classification":
        return inputs, torch.randint(task.outputs, (batch,)), nn.CrossEntropyLoss()
    if task.kind == LANGUAGE:
        return inputs, torch.randint(task.outputs, inputs.shape), nn.CrossEntropyLoss()
    return inputs, torch.randn(batch, task.outputs), nn.MSELoss()
