"""Latency: seconds of a network's forward pass on a device, predicted from the latencies of its cells.

Each pair of cell and input shape is timed once and kept in a file. The sum over a network's cells is not exactly the
network's time: caches are warm when cells run in a row, and each call has a cost of its own. So a few whole networks
are timed too, and `seconds = a * sum + b * cells + c` is fitted to them.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import platform
import random
import re
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from nas.errors import InputError
from nas.training.precision import resolve_device
from search_spaces.architecture import Architecture, cell_text
from search_spaces.network import build
from search_spaces.profile import complete, profile
from search_spaces.rules import Quantity, Rule
from search_spaces.space import Space
from search_spaces.task import Task

WARM_UPS = 3
LEAST_RUNS, MOST_RUNS, SECONDS_ENOUGH = 7, 200, 0.03
CLEARLY_MORE = 0.25  # of a load, see `Timed`: what was timed under so much more is timed again
NETWORKS = 8  # timed as a whole to fit the correction
UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6}


def parse_seconds(text: str | float) -> float:
    """Seconds of a text such as `2ms`, `0.5 s` or `300us`, or of a number of seconds.

    Raises:
        InputError: any other text, or a time that is not above 0.
    """
    found = re.fullmatch(r"\s*([0-9]*\.?[0-9]+(?:e-?[0-9]+)?)\s*(s|ms|us|µs)?\s*", str(text))
    seconds = float(found[1]) * UNITS[found[2] or "s"] if found else 0.0
    if seconds <= 0:
        raise InputError(f"a latency must be a time above 0 such as `2ms`, `300us` or `0.01s`, got {text!r}.")
    return seconds


@torch.inference_mode()
def measured(network: nn.Module, shape: tuple[int, ...], *, batch: int = 1, device: str = "cpu") -> float:
    """Seconds of one forward pass in evaluation mode: the median of the faster half of the runs, after a warm-up.

    Other work on the machine can only make a run slower, so the outliers are in the slower half.

    Args:
        shape: of one example, channels first. batch: examples at once.
    """
    place = torch.device(device)
    network, x = network.to(place).eval(), torch.zeros((batch, *shape), device=place)
    for _ in range(WARM_UPS):
        network(x)
    times: list[float] = []
    while len(times) < LEAST_RUNS or (sum(times) < SECONDS_ENOUGH and len(times) < MOST_RUNS):
        _wait_for(place)
        started = time.perf_counter()
        network(x)
        _wait_for(place)
        times.append(time.perf_counter() - started)
    times.sort()
    return statistics.median(times[: -(-len(times) // 2)])


def _wait_for(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


class Timed(NamedTuple):
    """Seconds of a cell, and the machine's load meanwhile: processes that want to run, for each CPU."""

    seconds: float
    load: float


def _load() -> float:
    return os.getloadavg()[0] / max(1, os.cpu_count() or 1)


class LatencyTable:
    """Measured seconds of cells on one device, at one batch size and number of threads; kept in a file across searches.

    Args:
        batch: examples at once.
        folder: of the files; by default `nas/latency` in the user's cache.
    """

    def __init__(self, device: str = "cpu", batch: int = 1, folder: Path | None = None) -> None:
        if isinstance(batch, bool) or not isinstance(batch, int) or batch < 1:
            raise InputError(f"`batch` of a latency must be a whole number of at least 1, got {batch!r}.")
        self.device, self.batch = str(resolve_device(device)), batch
        self.key = _device_key(self.device, batch)
        folder = folder or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nas" / "latency"
        self.path = folder / f"{hashlib.blake2b(self.key.encode(), digest_size=6).hexdigest()}.json"
        self.load = _load()
        self.cells: dict[str, Timed] = _read(self.path, self.key)
        self.corrections: dict[str, tuple[float, ...]] = {}

    def cell_seconds(self, cell: Any, shape: tuple[int, ...]) -> float:
        """Seconds of a cell at an input shape: as measured before, unless under clearly more load than now."""
        name = f"{cell_text(cell)} {shape}"
        known = self.cells.get(name)
        if known is None or known.load > self.load + CLEARLY_MORE:
            with torch.random.fork_rng(devices=[]):
                seconds = measured(cell.build(shape), shape, batch=self.batch, device=self.device)
            known = self.cells[name] = Timed(seconds, self.load)
        return known.seconds

    def features(self, architecture: Architecture, task: Task) -> tuple[float, float, float]:
        """Sum of the cells' seconds, their number, and 1."""
        cells = complete(architecture.cells, task)
        shapes = profile(architecture, task).shapes
        times = [self.cell_seconds(cell, shape) for cell, shape in zip(cells, shapes, strict=False)]
        return sum(times), float(len(times)), 1.0

    def predict(self, architecture: Architecture, task: Task) -> float:
        """Seconds of the whole network, corrected if `calibrate` was called for its space."""
        features = self.features(architecture, task)
        weights = self.corrections.get(architecture.space, (1.0, 0.0, 0.0))
        return max(self._fastest(architecture, task), float(np.dot(features, weights)))

    def _fastest(self, architecture: Architecture, task: Task) -> float:
        """Seconds of its fastest cell, which no network is below, whatever a correction says."""
        cells, shapes = complete(architecture.cells, task), profile(architecture, task).shapes
        return min(self.cell_seconds(cell, shape) for cell, shape in zip(cells, shapes, strict=False))

    def calibrate(self, space: Space, task: Task, *, networks: int = NETWORKS, seed: int = 0) -> None:
        """Times some random networks of a space and corrects the space's predictions by them from now on."""
        rng = random.Random(seed)
        samples = [space.sample(rng, task) for _ in range(networks)]
        with torch.random.fork_rng(devices=[]):
            times = [
                measured(build(sample, task), task.input_shape, batch=self.batch, device=self.device)
                for sample in samples
            ]
        self.corrections[space.name] = _fit([self.features(sample, task) for sample in samples], times)
        self.save()

    def save(self) -> None:
        """Writes the file, with the cells that other processes have added to it; it is never half written."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        cells = dict(self.cells)
        for name, other in _read(self.path, self.key).items():
            cells[name] = min(cells.get(name, other), other, key=lambda one: one.load)
        text = json.dumps({"device": self.key, "cells": cells})
        with tempfile.NamedTemporaryFile("w", dir=self.path.parent, delete=False, encoding="utf-8") as file:
            file.write(text)
        os.replace(file.name, self.path)


def max_latency(seconds: str | float, space: Space, task: Task, *, device: str = "cpu", batch: int = 1) -> Rule:
    """A rule for a space: at most so many seconds on this device, as predicted after calibration."""
    table = LatencyTable(device, batch)
    table.calibrate(space, task)

    def predicted(architecture: Architecture, task: Task | None) -> float:
        return table.predict(architecture, task) if task else 0.0

    return Quantity(f"latency_seconds on {device}", predicted, needs_task=True) <= parse_seconds(seconds)


def _fit(features: Sequence[tuple[float, ...]], times: Sequence[float]) -> tuple[float, ...]:
    """Weights of the features with the least squared relative error.

    One ratio to the sum alone where times are few, or where the fit says that a larger sum is faster.
    """
    x, y = np.array(features), np.array(times)
    if len(y) < 2 * x.shape[1]:
        return float(y.mean() / x[:, 0].mean()), 0.0, 0.0
    weights, *_ = np.linalg.lstsq(x / y[:, None], np.ones(len(y)), rcond=None)
    if weights[0] <= 0:
        return float(y.mean() / x[:, 0].mean()), 0.0, 0.0
    return tuple(map(float, weights))


@functools.cache
def _processor() -> str:
    """Name of the CPU as far as the system gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _device_key(device: str, batch: int) -> str:
    if device.startswith("cuda"):
        return f"{torch.cuda.get_device_name(device)}, torch {torch.__version__}, batch {batch}"
    return f"{_processor()}, {torch.get_num_threads()} threads, torch {torch.__version__}, batch {batch}"


def _read(path: Path, key: str) -> dict[str, Timed]:
    """The cells of a file; nothing where it is missing, unreadable or of another device."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        cells = {str(name): Timed(*map(float, timed)) for name, timed in data["cells"].items()}
        return cells if data["device"] == key else {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
