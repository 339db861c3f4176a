"""A rehearsal of a recipe before anything is spent: own code in it that cannot work is refused now.

Each loss, optimizer and augmentation of a person's own trains a random network of the space for one epoch, on a few
examples of the data; each loop for two, so that it is told once to go on and once that it is over.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
import random
import time
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from nas.config.own_code import is_code, name_of
from nas.config.own_metric import registered
from nas.config.reason import reason
from nas.config.recipe import TrainingConfig
from nas.data.dataset import Split, TrainingData
from nas.data.own_metrics import MetricFailed
from nas.errors import InputError
from nas.records.joint_space import JointSpace
from nas.training.batches import resident
from nas.training.epoch_clock import TooSlow
from nas.training.health import Diverged
from nas.training.inference import outputs
from nas.training.loop import Training, begin
from nas.training.own_loop import LoopFailed
from nas.training.score import Criterion
from search_spaces.tree import outcomes

EXAMPLES = 64
OWN = ("loss", "optimizer", "augment", "train")
OPPOSITE = -0.2  # cosine below which a loss leads away from the targets
LOOP_EPOCHS, LOOP_SECONDS = 2, 60.0  # that a loop is rehearsed for, and may take at most


def rehearse_recipe(joint: JointSpace, data: TrainingData) -> int:
    """Tries every piece of own code in the recipe; how many there were.

    Raises:
        InputError: names the setting, the code, what went wrong and where.
    """
    tried = 0
    for name, code in _own(joint.training):
        tried += 1
        try:
            _epoch(joint, few(data, EXAMPLES), name, code)
        except Exception as error:  # whatever a person's own code raises
            raise InputError(
                f"`{name}` {name_of(code)} would come to nothing: {_why(error).rstrip('.')}. Correct that, or leave "
                "it out; nothing was written."
            ) from error
    return tried


def _why(error: Exception) -> str:
    """In words; a loop's error has its lines already."""
    return str(error) if isinstance(error, LoopFailed | TooSlow) else reason(error)


def _own(training: Any) -> Iterator[tuple[str, Any]]:
    """Own code in the recipe, by the name of the setting."""
    for recipe in outcomes(training):
        for name in OWN:
            for value in outcomes(getattr(recipe, name)):
                if is_code(value):
                    yield name, value


def _epoch(joint: JointSpace, data: TrainingData, name: str, code: Any) -> None:
    given: dict[str, Any] = {name: code}
    rates = [rate for recipe in outcomes(joint.training) for rate in outcomes(recipe.learning_rate) if rate]
    config = TrainingConfig(**given, learning_rate=rates[0] if rates else 0.0)
    epochs = LOOP_EPOCHS if name == "train" else 1
    with torch.random.fork_rng(devices=[]):
        training = begin(joint.sample(random.Random(0)).architecture, data, config, epochs=epochs, seed=0)
        deadline = time.time() + LOOP_SECONDS if name == "train" else math.inf
        with contextlib.closing(training):
            for _ in range(epochs):
                _one(training, name, deadline)
            if name == "loss" and registered(data.task.metric) is None:
                _towards_the_truth(data, code, outputs(training.trained_network(), data.train.inputs).shape)


def _towards_the_truth(data: TrainingData, loss: Any, shape: tuple[int, ...]) -> None:
    """Holds a loss to fall where outputs come nearer to the targets, as the task's own loss does.

    A metric of a person's own may mean something else by outputs and targets; with it nothing is known.

    Raises:
        InputError: the gradients of the two point against each other, at random outputs of that shape.
    """
    here, rng = torch.device("cpu"), torch.Generator().manual_seed(0)
    said = torch.randn(shape, generator=rng).requires_grad_()
    own, ours = (_gradient(Criterion(data, 0.0, here, one), said, data) for one in (loss, "auto"))
    alike = float(nn.functional.cosine_similarity(own, ours, dim=0))
    if alike < OPPOSITE:
        raise InputError(
            f"it grows where outputs come nearer to the targets (its gradient and that of the task's own loss have a "
            f"cosine of {alike:.2f}), and training makes it small. Give it with the other sign"
        )


def _gradient(criterion: Criterion, said: torch.Tensor, data: TrainingData) -> torch.Tensor:
    true = criterion.standardised(resident(data.train.targets, said.device))
    return torch.autograd.grad(criterion.plain(said, true), said)[0].flatten()


def _one(training: Training, name: str, deadline: float) -> None:
    """One epoch; what only says that a network has learned nothing yet is let be."""
    try:
        training.epoch(deadline)
        if name == "loss" and not training.gradient_flow:
            raise InputError(
                "no gradient comes from it, so nothing would be learned. Compute it from `outputs` in PyTorch, without "
                "`.detach()`, `.item()` or NumPy"
            )
    except MetricFailed:  # on so few examples it may have no value
        return
    except Diverged as error:
        if name == "loss" and error.reason.startswith("loss"):
            raise InputError(f"with a network that has learned nothing, {error.reason}") from None


def few(data: TrainingData, examples: int) -> TrainingData:
    """The data with the first so many examples of each split."""
    train, validation = (Split(one.inputs[:examples], one.targets[:examples]) for one in (data.train, data.validation))
    return dataclasses.replace(data, train=train, validation=validation)
