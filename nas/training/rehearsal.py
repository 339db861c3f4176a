"""A rehearsal of a recipe before anything is spent: own code in it that cannot work is refused now.

Each loss, optimizer and augmentation of a person's own trains a random network of the space for one epoch, on a few
examples of the data.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator
from typing import Any

import torch

from nas.config.own_code import is_code, name_of
from nas.config.reason import reason
from nas.config.recipe import TrainingConfig
from nas.data.dataset import Split, TrainingData
from nas.errors import InputError
from nas.records.joint_space import JointSpace
from nas.training.health import Diverged
from nas.training.loop import begin
from search_spaces.tree import outcomes

EXAMPLES = 64
OWN = ("loss", "optimizer", "augment")


def rehearse_recipe(joint: JointSpace, data: TrainingData) -> int:
    """Tries every piece of own code in the recipe; how many there were.

    Raises:
        InputError: names the setting, the code, what went wrong and where.
    """
    tried = 0
    for name, code in _own(joint.training):
        tried += 1
        try:
            _epoch(joint, _few(data), name, code)
        except Exception as error:  # whatever a person's own code raises
            raise InputError(
                f"`{name}` {name_of(code)} would come to nothing: {reason(error).rstrip('.')}. Correct that, or leave "
                "it out; nothing was written."
            ) from error
    return tried


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
    with torch.random.fork_rng(devices=[]):
        training = begin(joint.sample(random.Random(0)).architecture, data, config, epochs=1, seed=0)
        try:
            training.epoch()
        except Diverged as error:
            if name == "loss" and error.reason.startswith("loss"):
                raise InputError(f"with a network that has learned nothing, {error.reason}") from None


def _few(data: TrainingData) -> TrainingData:
    """The data with its first examples only."""
    train, validation = (Split(one.inputs[:EXAMPLES], one.targets[:EXAMPLES]) for one in (data.train, data.validation))
    return dataclasses.replace(data, train=train, validation=validation)
