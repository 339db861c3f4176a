"""Where trainings run. An executor is a module with a context manager `workers(config, data)` that yields `Workers`."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

EXECUTORS = {"ray": "nas.execution.ray.tune", "local": "nas.execution.local"}


@dataclass(frozen=True)
class Workers:
    """What an executor offers.

    Args:
        train: `train(trials, joint, config)` trains what `trials` hands out until it has no more.
        gpu_memory: bytes of a GPU in reach, 0 without one.
    """

    train: Callable[[Any, Any, Any], None]
    gpu_memory: Callable[[], int]


def executor(name: str) -> Callable[..., Any]:
    """`workers(config, data)` of an executor.

    Raises:
        InputError: what the workers are to run on is not there.
    """
    return importlib.import_module(EXECUTORS[name]).workers
