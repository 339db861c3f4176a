"""Outputs of a network for many inputs, in large batches."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from nas.data.dataset import TrainingData
from nas.training.batches import resident
from nas.training.memory import is_out_of_memory
from nas.training.whole_network import constants_of, wrapped

BATCH = {"cpu": 256, "cuda": 2048}  # examples


def outputs(
    network: nn.Module, inputs: np.ndarray, data: TrainingData | None = None, device: str = "cpu", *, flip: bool = False
) -> np.ndarray:
    """Outputs `(n, task.outputs)` for inputs in the data's own scale; for regression in the targets' own scale.

    Args:
        inputs: `(n, *task.input_shape)`.
        data: whose normalisation to put around the network; None for a whole network, which has its own.
        flip: gives the mean over each picture and its mirror image.
    """
    whole = (network if data is None else wrapped(network, constants_of(data))).to(device)
    tensor = resident(np.ascontiguousarray(inputs), torch.device(device))
    return predict(whole, tensor, flip=flip).cpu().numpy()


@torch.inference_mode()
def predict(
    network: nn.Module,
    inputs: torch.Tensor,
    *,
    flip: bool = False,
    layout: torch.memory_format = torch.contiguous_format,
) -> torch.Tensor:
    """Float32 outputs `(n, outputs)` on the inputs' device. Training or evaluation mode is afterwards as before.

    Batches are halved when memory runs out.
    """
    was_training = network.training
    network.eval()
    size, start = BATCH.get(inputs.device.type, 256), 0
    results: list[torch.Tensor] = []
    while start < len(inputs):
        batch = inputs[start : start + size].contiguous(memory_format=layout)
        try:
            result = network(batch).float()
            if flip and inputs.dim() == 4:
                result = (result + network(batch.flip(-1)).float()) / 2
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error) or size == 1:
                raise
            size = max(1, size // 2)
            continue
        results.append(result)
        start += len(batch)
    network.train(was_training)
    return torch.cat(results)
