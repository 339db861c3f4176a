"""Pre-flight: what a space holds and what a budget will buy, known before a second of training."""

from __future__ import annotations

import math
import random
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from nas.config.budget import Budget
from nas.errors import InputError
from nas.training.machine import torch_threads
from search_spaces import Architecture, Profile, Space, SpaceError, Task, build, profile
from search_spaces.decide import at_random
from search_spaces.rules import judged

SEEN_ENOUGH = 20  # draws of an option before its absence among the valid ones means anything
TIMED_STEPS = 3
BYTES_A_PARAMETER = 16  # weight, gradient and two moments of AdamW, in float32


@dataclass(frozen=True)
class Timing:
    """One candidate timed on random data: forward, backward and an optimizer's step."""

    parameters: int
    macs: int
    seconds_per_epoch: float


@dataclass(frozen=True)
class Preflight:
    """What was found. Shares are from 0 to 1; tuples hold a number for each valid architecture (builds, obeys rules).

    Args:
        size: decision sequences of the space.
        samples: architectures drawn, rules left aside.
        builds, obeys: shares of the samples that build, and that build and obey every rule.
        rejections: rule and the share of the building samples that break it, most first.
        failures: reason and number of the samples that do not build, most first.
        unreachable: options that were drawn often and yet never stand in a valid architecture, as `path:index`.
        distinct: distinct fingerprints for each distinct decision sequence among the samples.
        memory_bytes: weights, gradients, moments and activations of a training step at `batch_size`.
        trainings: how many trainings of `epochs` the budget buys at least, `parallel` at a time; None without a budget.
    """

    space: str
    task: Task
    size: int
    samples: int
    builds: float
    obeys: float
    rejections: tuple[tuple[str, float], ...]
    failures: tuple[tuple[str, int], ...]
    unreachable: tuple[str, ...]
    distinct: float
    parameters: tuple[int, ...]
    macs: tuple[int, ...]
    memory_bytes: tuple[int, ...]
    depth: tuple[int, ...]
    batch_size: int
    examples: int
    epochs: int
    timings: tuple[Timing, ...]
    trainings: int | None
    parallel: int
    seconds: float
    architectures: tuple[Architecture, ...]

    @property
    def seconds_per_epoch(self) -> float:
        """Of the middle one of the timed candidates; 0 when none was timed."""
        return statistics.median(timing.seconds_per_epoch for timing in self.timings) if self.timings else 0.0

    @property
    def budget_seconds(self) -> float:
        """How long the trainings that the budget buys take if none is stopped early."""
        return (self.trainings or 0) * self.seconds_per_epoch * self.epochs / self.parallel


def preflight(
    space: Space,
    task: Task,
    *,
    samples: int = 2_000,
    examples: int = 10_000,
    batch_size: int = 64,
    epochs: int = 10,
    budget: Budget | None = None,
    parallel: int = 1,
    seed: int = 0,
    timed: bool = True,
) -> Preflight:
    """Draw `samples` architectures on the meta device, judge them, and time three that are valid.

    Args:
        examples: training examples of an epoch.
        budget: says how many trainings of `epochs` it buys; time on GPUs is left aside, since timings are the CPU's.
        parallel: trainings at a time.
    """
    if samples < 1 or examples < 1 or batch_size < 1:
        got = f"{samples}, {examples} and {batch_size}"
        raise InputError(f"`samples`, `examples` and `batch_size` must be at least 1, got {got}. Give larger numbers.")
    started = time.perf_counter()
    drawn = _Drawn(space, task)
    rng = random.Random(seed)
    for _ in range(samples):
        drawn.add(space.resolve(at_random(rng)))
    profiles = [known for _, known in drawn.valid]
    timings = _timings(drawn.valid, task, examples, batch_size) if timed else ()
    seconds_per_epoch = statistics.median(t.seconds_per_epoch for t in timings) if timings else math.inf
    return Preflight(
        space=space.name,
        task=task,
        size=space.size(),
        samples=samples,
        builds=drawn.built / samples,
        obeys=len(profiles) / samples,
        rejections=tuple((rule, times / max(drawn.built, 1)) for rule, times in drawn.rejections.most_common()),
        failures=tuple(drawn.failures.most_common()),
        unreachable=drawn.unreachable(),
        distinct=len(drawn.fingerprints) / len(drawn.sequences),
        parameters=tuple(known.parameters for known in profiles),
        macs=tuple(known.macs for known in profiles),
        memory_bytes=tuple(_memory(known, batch_size) for known in profiles),
        depth=tuple(known.layers for known in profiles),
        batch_size=batch_size,
        examples=examples,
        epochs=epochs,
        timings=timings,
        trainings=_bought(budget, parallel / (seconds_per_epoch * epochs)) if budget else None,
        parallel=parallel,
        seconds=time.perf_counter() - started,
        architectures=tuple(architecture for architecture, _ in drawn.valid),
    )


class _Drawn:
    """Tallies of what was drawn."""

    def __init__(self, space: Space, task: Task) -> None:
        self.rules, self.task = judged(space.rules, task), task
        self.built = 0
        self.valid: list[tuple[Architecture, Profile]] = []
        self.rejections: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self.options: Counter[tuple[str, int]] = Counter()
        self.valid_options: set[tuple[str, int]] = set()
        self.fingerprints: set[str] = set()
        self.sequences: set[tuple[tuple[str, int], ...]] = set()

    def add(self, architecture: Architecture) -> None:
        """Judge one draw."""
        taken = tuple(architecture.decisions.items())
        self.options.update(taken)
        self.sequences.add(taken)
        self.fingerprints.add(architecture.fingerprint)
        try:
            known = profile(architecture, self.task)
        except SpaceError as error:
            self.failures[str(error)] += 1
            return
        self.built += 1
        broken = [repr(rule) for rule in self.rules if rule.distance(architecture, self.task) > 0]
        self.rejections.update(broken)
        if not broken:
            self.valid.append((architecture, known))
            self.valid_options.update(taken)

    def unreachable(self) -> tuple[str, ...]:
        """Options drawn often that no valid architecture has."""
        often = {option for option, times in self.options.items() if times >= SEEN_ENOUGH}
        return tuple(f"{path}:{index}" for path, index in sorted(often - self.valid_options))


def _bought(budget: Budget, per_second: float) -> int | None:
    """Trainings until the first limit is reached; None where only time on GPUs is limited."""
    by_time = None if budget.seconds is None else int(budget.seconds * per_second)
    return min((count for count in (by_time, budget.trials) if count is not None), default=None)


def _memory(known: Profile, batch_size: int) -> int:
    return known.parameters * BYTES_A_PARAMETER + known.activation_bytes * batch_size


def _timings(
    valid: Sequence[tuple[Architecture, Profile]], task: Task, examples: int, batch_size: int
) -> tuple[Timing, ...]:
    """A small, a middle and a large candidate by multiply-adds, timed."""
    ordered = sorted(valid, key=lambda pair: pair[1].macs)
    places = sorted({int(share * (len(ordered) - 1)) for share in (0.1, 0.5, 0.9)}) if ordered else []
    steps = math.ceil(examples / batch_size)
    with torch_threads(1):  # as many as a training has by default
        return tuple(
            Timing(known.parameters, known.macs, steps * _seconds_per_step(architecture, task, batch_size))
            for architecture, known in (ordered[place] for place in places)
        )


def _seconds_per_step(architecture: Architecture, task: Task, batch_size: int) -> float:
    """The median of a few training steps on random data on the CPU, after one to warm up."""
    with torch.random.fork_rng(devices=[]):
        network = build(architecture, task)
        inputs, targets, loss = _random_batch(task, batch_size)
        optimizer = torch.optim.AdamW(network.parameters())
        seconds = []
        for _ in range(1 + TIMED_STEPS):
            start = time.perf_counter()
            optimizer.zero_grad()
            loss(network(inputs), targets).backward()
            optimizer.step()
            seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[1:])


def _random_batch(task: Task, batch_size: int) -> tuple[torch.Tensor, torch.Tensor, Any]:
    shape = (batch_size, *task.input_shape)
    inputs = torch.randint(task.vocabulary, shape).float() if task.vocabulary else torch.randn(shape)
    if task.kind == "classification":
        return inputs, torch.randint(task.outputs, (batch_size,)), nn.CrossEntropyLoss()
    return inputs, torch.randn(batch_size, task.outputs), nn.MSELoss()
