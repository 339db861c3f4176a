"""Peak memory of a training: predicted from the profile or measured, and how to cut batches so that it fits."""

from __future__ import annotations

import functools
import math
import warnings
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from nas.config.recipe import TrainingConfig
from nas.training.forward import run_checkpointed
from nas.training.machine import free_memory
from nas.training.optimizers import STATE_TENSORS
from search_spaces.architecture import Architecture
from search_spaces.cells.facts import facts
from search_spaces.errors import SpaceError
from search_spaces.profile import complete, profile
from search_spaces.task import Task

EXAMPLES = 4  # in a batch on the meta device: more than one, because of norms over the batch
SAFE_SHARE = 0.5  # of the free memory may be used by one training: others run beside it


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the error says that the memory of any device ran out."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and "can't allocate memory" in str(error)


@dataclass(frozen=True)
class Memory:
    """Predicted bytes of a training at its peak.

    Args:
        weights: of weights, gradients, optimizer state and averaged weights together.
        activations: of what one micro-batch keeps for the backward pass.
    """

    weights: int
    activations: int

    @property
    def peak(self) -> int:
        return self.weights + self.activations


def predicted(architecture: Architecture, task: Task, config: TrainingConfig, batch: int) -> Memory:
    """Peak of a training step on `batch` examples at once, without running it.

    With checkpointing, the inputs of all cells are kept, and everything inside one cell at a time.
    """
    known = profile(architecture, task)
    copies = 2 + STATE_TENSORS.get(config.optimizer, max(STATE_TENSORS.values())) + (1 if config.ema else 0)
    cells = complete(architecture.cells, task)
    kept = [kept_bytes(cell, shape) for cell, shape in zip(cells, known.shapes, strict=False)]
    each = sum(kept)
    if config.checkpointing:
        each = sum(4 * math.prod(shape) for shape in known.shapes) + max(kept)
    if config.precision in ("bf16", "fp16"):
        each = each * 5 // 8  # convolutions and products in half precision, norms and sums in full
    return Memory(4 * known.parameters * copies, each * batch)


@functools.lru_cache(maxsize=50_000)
def kept_bytes(cell: Any, shape: tuple[int, ...]) -> int:
    """Bytes that a cell keeps for the backward pass of one example, measured on torch's meta device and cached.

    A module that cannot run there is assumed to keep everything that its forward pass writes.

    Args:
        shape: of the cell's input, channels first, without the batch.
    """
    try:
        with warnings.catch_warnings(), torch.device("meta"):
            warnings.simplefilter("ignore")  # weights from a file are not copied to the meta device
            network, x = cell.build(shape), torch.zeros((EXAMPLES, *shape))
        return kept_for_backward(network, x) // EXAMPLES
    except SpaceError:
        raise
    except Exception:  # a person's own module may do what the meta device does not know
        return facts(cell, shape).activation_bytes


def parts_that_fit(architecture: Architecture, task: Task, config: TrainingConfig, batch: int, free: int) -> int:
    """Into how many micro-batches a batch is cut: `config.accumulate`, doubled until the predicted peak fits.

    Args:
        batch: examples.
        free: bytes of free memory.
    """
    parts = int(config.accumulate)
    while parts < batch and predicted(architecture, task, config, -(-batch // parts)).peak > SAFE_SHARE * free:
        parts *= 2
    return min(parts, batch)


def free_bytes(device: torch.device) -> int:
    """Bytes of the device's memory that can still be allocated; on the CPU see `machine.free_memory`."""
    return int(torch.cuda.mem_get_info(device)[0]) if device.type == "cuda" else free_memory()


def kept_for_backward(network: nn.Module, x: torch.Tensor, *, checkpointing: bool = False) -> int:
    """Bytes of activations that one forward pass keeps for its backward pass, measured through autograd's hooks.

    Weights are not counted. A tensor that several operations keep is counted once. Works on any device.
    """
    own = {parameter.untyped_storage()._cdata for parameter in network.parameters()}
    seen: dict[int, torch.UntypedStorage] = {}  # keeps them alive, so that no address is used twice

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
