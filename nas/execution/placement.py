"""How much of a GPU a training holds, and how many trainings fit on the machines there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from nas.config.search_config import AUTO, SearchConfig
from nas.errors import InputError
from nas.records.problem import Placement, Problem
from nas.records.proposal import Proposal
from nas.training.memory import predicted
from nas.training.precision import resolve_precision
from search_spaces.tree import outcomes

CONTEXT = 1.5 * 2**30  # bytes that every process takes: CUDA itself, kernels' work space, data; see results/gpu
MARGIN = 1.3  # what a peak may come to beside its prediction
SHARES = (1 / 8, 1 / 4, 1 / 2, 1.0)  # few, so that a worker process can be used again by a training of equal share
CLOSE_TO_WHOLE = 1e-6  # 1 / 0.1 is 9.99… in floating point


def placement_for(config: SearchConfig, gpu_memory: int) -> Placement:
    """What trainings hold on machines whose smallest GPU has so many bytes, 0 for none.

    Raises:
        InputError: a budget of GPU time without a GPU, or a number format that needs one.
    """
    gpus = config.gpus_per_trial
    if gpus == AUTO and not gpu_memory and config.budget.gpu_seconds is not None:
        raise InputError(
            f"Budget `{config.budget}` counts GPU time, but no GPU is in reach, so it would never end. Give a time "
            "such as `10m`."
        )
    if gpus == AUTO:
        placement = Placement(0.0 if not gpu_memory else 1.0 if config.executes_on == "local" else None, gpu_memory)
    else:
        placement = Placement(float(gpus), gpu_memory)
    if placement.device == "cpu":
        for recipe in outcomes(config.training):
            for precision in outcomes(recipe.precision):
                resolve_precision(precision, torch.device("cpu"))
    return placement


def share_of(problem: Problem, proposal: Proposal) -> float:
    """GPUs that this training is to hold: as asked for, or by its predicted memory."""
    placement, dataset = problem.placement, problem.dataset
    if placement.gpus is not None or dataset is None:
        return placement.gpus or 0.0
    recipe = proposal.recipe
    batch = -(-recipe.batch_for(len(dataset.search.train)) // int(recipe.accumulate))
    return gpu_share(predicted(proposal.architecture, dataset.task, recipe, batch).peak, placement.memory)


def gpu_share(peak: float, memory: float) -> float:
    """The least of `SHARES` whose part of a GPU's `memory` holds a training of this predicted `peak`, in bytes.

    A whole GPU where even that may be too small: there the batch is cut into parts.
    """
    needed = CONTEXT + MARGIN * peak
    return next((share for share in SHARES if share * memory >= needed), SHARES[-1])


def full_training_gpus(placement: Placement) -> float:
    """GPUs that a full training holds: as asked for, or a whole one."""
    return 1.0 if placement.gpus is None else placement.gpus


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
