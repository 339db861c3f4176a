"""What the peers have in common: a data set read and scaled as a person would, and the line that is printed."""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch


@dataclass(frozen=True, eq=False)
class Arrays:
    """Tensors of a data set, inputs channels first and standardised by the training part."""

    name: str
    x: torch.Tensor
    y: torch.Tensor
    x_test: torch.Tensor
    y_test: torch.Tensor

    @property
    def classes(self) -> int:
        return int(self.y.max()) + 1

    @property
    def is_picture(self) -> bool:
        return self.x.ndim == 4


def asked(description: str) -> argparse.Namespace:
    """`DATA.npz --seconds S --seed N [--outputs FILE]` of the command line; seeds and threads are set."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("data", type=Path, help="an archive with x_train, y_train, x_test, y_test")
    parser.add_argument("--seconds", type=float, required=True, help="wall time from the start to the printed line")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--outputs", type=Path, help="where the outputs on the test part go, an .npy file")
    given = parser.parse_args()
    torch.manual_seed(given.seed)
    torch.set_num_threads(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    return given


def read(path: Path) -> Arrays:
    """Pictures `(n, height, width[, channels])` of uint8, series `(n, length)` or `(n, channels, length)`."""
    with np.load(path, allow_pickle=False) as archive:
        x, y, x_test, y_test = (archive[key] for key in ("x_train", "y_train", "x_test", "y_test"))
    pictures = x.dtype == np.uint8 and x.ndim >= 3
    if pictures and x.ndim == 4:
        x, x_test = x.transpose(0, 3, 1, 2), x_test.transpose(0, 3, 1, 2)
    elif pictures or x.ndim == 2:
        x, x_test = x[:, None], x_test[:, None]
    inputs = [torch.from_numpy(np.ascontiguousarray(part)).float() for part in (x, x_test)]
    over = tuple(axis for axis in range(inputs[0].ndim) if axis != 1)
    mean, std = inputs[0].mean(over, keepdim=True), inputs[0].std(over, keepdim=True) + 1e-6
    x_scaled, x_test_scaled = ((part - mean) / std for part in inputs)
    labels = (torch.from_numpy(part.astype(np.int64)) for part in (y, y_test))
    return Arrays(path.stem, x_scaled, next(labels), x_test_scaled, next(labels))


def outputs_of(network: Callable[[torch.Tensor], torch.Tensor], inputs: torch.Tensor, mirrored: bool) -> torch.Tensor:
    """Of a trained network, with the mean over each picture and its mirror image where that keeps the class."""
    with torch.inference_mode():
        return torch.cat([network(b) + (network(b.flip(-1)) if mirrored else 0) for b in inputs.split(256)])


def finish(
    peer: str, given: argparse.Namespace, began: float, data: Arrays, outputs: torch.Tensor, **more: object
) -> None:
    """Prints the line of the result.

    Args:
        began: of `time.monotonic()`, before the imports.
    """
    if given.outputs:
        np.save(given.outputs, outputs.numpy())
    accuracy = float((outputs.argmax(1) == data.y_test).float().mean())
    line = {"peer": peer, "data": data.name, "seed": given.seed, "test": round(accuracy, 4)}
    print(json.dumps({**line, "seconds": round(time.monotonic() - began, 1), **more}), flush=True)
