"""Architecture + data + recipe -> a training that is ready to run."""

from __future__ import annotations

import torch

from nas.config.recipe import TrainingConfig
from nas.data.dataset import TrainingData
from nas.training.fidelity import narrowed, reduced
from nas.training.loop import Training
from nas.training.memory import free_bytes, parts_that_fit
from search_spaces.architecture import Architecture
from search_spaces.network import build


def begin(
    architecture: Architecture,
    data: TrainingData,
    config: TrainingConfig,
    *,
    epochs: int,
    seed: int,
    device: str = "cpu",
) -> Training:
    """Weights drawn from `seed`, data and network at the recipe's fidelity.

    Where the memory that the profile predicts is not free, batches are cut into micro-batches from the start.

    Raises:
        InputError: a recipe that cannot work on this device.
        SpaceError: an architecture that cannot be built for this data.
    """
    config.validate()
    data, architecture = reduced(data, config.fidelity), narrowed(architecture, config.fidelity.width)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build(architecture, data.task)
    training = Training(network, data, config, epochs=epochs, seed=seed, device=device)
    batch = config.batch_for(len(data.train))
    training.cut_batches(parts_that_fit(architecture, data.task, config, batch, free_bytes(training.device)))
    return training
