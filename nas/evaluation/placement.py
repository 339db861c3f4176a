"""How much of a GPU a training holds, and how many trainings fit on the machines there are."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from nas.budget import Budget
from nas.config import AUTO, SearchConfig
from nas.data.dataset import Dataset
from nas.errors import InputError
from nas.evaluation import Workers
from nas.joint import Proposal
from nas.training.memory import predicted
from nas.training.precision import resolve_precision
from search_spaces.task import Task
from search_spaces.tree import outcomes

CONTEXT = 0.6 * 2**30  # bytes that CUDA itself and the kernels' work space take in every process
MARGIN = 1.3  # what a peak may come to beside its prediction
SHARES = (1 / 8, 1 / 4, 1 / 2, 1.0)  # few, so that a worker process can be used again by a training of equal share
CLOSE_TO_WHOLE = 1e-6  # 1 / 0.1 is 9.99… in floating point


def gpu_share(peak: float, memory: float) -> float:
    """The least of `SHARES` whose part of a GPU's `memory` holds a training of this predicted `peak`, in bytes.

    A whole GPU where even that may be too small: there the batch is cut into parts.
    """
    needed = CONTEXT + MARGIN * peak
    return next((share for share in SHARES if share * memory >= needed), SHARES[-1])


@dataclass(frozen=True)
class Placement:
    """What each training holds of a GPU.

    Args:
        gpus: as asked for, or `AUTO`: by the training's predicted memory.
        memory: bytes of the smallest GPU in reach.
        examples: of the training split, by which a recipe chooses its batch.
    """

    gpus: float | str
    memory: float
    task: Task
    examples: int

    def share(self, proposal: Proposal) -> float:
        """GPUs that this training is to hold."""
        if self.gpus != AUTO:
            return float(self.gpus)
        recipe = proposal.training
        batch = -(-recipe.batch_for(self.examples) // int(recipe.accumulate))
        return gpu_share(predicted(proposal.architecture, self.task, recipe, batch).peak, self.memory)


def placed(config: SearchConfig, workers: Workers, dataset: Dataset) -> tuple[SearchConfig, Placement]:
    """What trainings hold, now that the workers are there; `config` with `AUTO` decided where there is no GPU.

    Raises:
        InputError: a budget of GPU time without a GPU, or a number format that needs one.
    """
    gpus, memory = config.gpus_per_trial, 0
    if gpus == AUTO:
        memory = workers.gpu_memory()
        gpus = _without_gpu(config) if not memory else 1.0 if config.executes_on == "local" else AUTO
        config = config if memory else dataclasses.replace(config, gpus_per_trial=0.0)
    if not gpus:
        for precision in outcomes(config.training.precision):
            resolve_precision(precision, torch.device("cpu"))
    return config, Placement(gpus, memory, dataset.task, len(dataset.search.train))


def _without_gpu(config: SearchConfig) -> float:
    if Budget.parse(config.budget).gpu_seconds is not None:
        raise InputError(
            f"Budget `{config.budget}` counts GPU time, but no GPU is in reach, so it would never end. Give a time "
            "such as `10m`."
        )
    return 0.0


def slots_on(nodes: Sequence[Mapping[str, float]], cpus: float, gpus: float) -> int:
    """How many trainings of so many CPUs and GPUs fit at once on nodes with these resources (`CPU` and `GPU`)."""
    count = 0
    for node in nodes:
        fits = node.get("CPU", 0.0) / cpus
        if gpus:
            fits = min(fits, node.get("GPU", 0.0) / gpus)
        count += int(fits + CLOSE_TO_WHOLE)
    return count


def memory_of_gpu() -> int:
    """Bytes of this process's first GPU; 0 without one."""
    return int(torch.cuda.get_device_properties(0).total_memory) if torch.cuda.is_available() else 0
