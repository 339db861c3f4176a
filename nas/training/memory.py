"""Peak memory of a training: predicted from the profile, measured, and what to do when it does not fit."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from nas.training.config import TrainingConfig
from nas.training.optimizers import STATE_TENSORS
from search_spaces.architecture import Architecture
from search_spaces.cells.facts import facts
from search_spaces.errors import SpaceError
from search_spaces.profile import complete, profile
from search_spaces.task import Task

EXAMPLES = 4  # of a batch on the meta device: more than one, for norms over the batch
SAFE_SHARE = 0.5  # of the free memory that one training may count on: others run beside it


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out, on any device."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and "can't allocate memory" in str(error)


@dataclass(frozen=True)
class Memory:
    """Predicted bytes of a training at its peak.

    Args:
        weights: weights, gradients, optimizer state and averaged weights.
        activations: kept for the backward pass by one micro-batch.
    """

    weights: int
    activations: int

    @property
    def peak(self) -> int:
        return self.weights + self.activations


def predicted(architecture: Architecture, task: Task, config: TrainingConfig, batch: int) -> Memory:
    """Peak of a step on `batch` examples at once, without running it.

    With checkpointing the cells' outputs are kept, and one cell's inside at a time.
    """
    known = profile(architecture, task)
    copies = 2 + STATE_TENSORS.get(config.optimizer, max(STATE_TENSORS.values())) + (1 if config.ema else 0)
    cells = complete(architecture.cells, task)
    kept = [kept_bytes(cell, shape) for cell, shape in zip(cells, known.shapes, strict=False)]
    each = sum(kept)
    if config.checkpointing:
        each = sum(4 * math.prod(shape) for shape in known.shapes) + max(kept)
    if config.precision in ("bf16", "fp16"):
        each = each * 5 // 8  # products in half precision, norms and sums in full
    return Memory(4 * known.parameters * copies, each * batch)


@functools.lru_cache(maxsize=50_000)
def kept_bytes(cell: Any, shape: tuple[int, ...]) -> int:
    """Bytes that a cell keeps for the backward pass of one example, seen once on torch's meta device.

    A module that cannot run there is taken to keep all that its forward pass writes.
    """
    try:
        with torch.device("meta"):
            network, x = cell.build(shape), torch.zeros((EXAMPLES, *shape))
        return kept_for_backward(network, x) // EXAMPLES
    except SpaceError:
        raise
    except Exception:  # a person's own module may do what the meta device does not know
        return facts(cell, shape).activation_bytes


def parts_that_fit(architecture: Architecture, task: Task, config: TrainingConfig, batch: int, free: int) -> int:
    """Micro-batches to cut a batch into so that the prediction fits: `config.accumulate`, doubled as needed."""
    parts = int(config.accumulate)
    while parts < batch and predicted(architecture, task, config, -(-batch // parts)).peak > SAFE_SHARE * free:
        parts *= 2
    return min(parts, batch)


def free_bytes(device: torch.device) -> int:
    """Memory that can be had now; a very large number where that cannot be known."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration, ValueError):
        return 1 << 62


def kept_for_backward(network: nn.Module, x: torch.Tensor, *, checkpointing: bool = False) -> int:
    """Bytes of activations that one forward pass keeps for its backward pass, measured by watching autograd.

    Weights are not counted, and what several operations keep is counted once. Works on any device.
    """
    from nas.training.checkpointing import run_checkpointed

    own = {parameter.untyped_storage()._cdata for parameter in network.parameters()}
    seen: dict[int, torch.UntypedStorage] = {}  # held, so that no number is given twice

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in own:
            seen[storage._cdata] = storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        cells = network if isinstance(network, nn.Sequential) else (network,)
        result = run_checkpointed(cells, x) if checkpointing else network(x)
    del result
    return sum(storage.nbytes() for storage in seen.values())
