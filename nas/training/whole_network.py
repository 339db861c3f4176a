"""Architecture + normalisation constants + state dict -> the whole trained network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import nn

from nas.data.dataset import TrainingData
from nas.training.normalize import Normalize, Rescale
from search_spaces.architecture import Architecture
from search_spaces.network import build
from search_spaces.task import Task

Constants = Mapping[str, Sequence[float]]


def constants_of(data: TrainingData) -> dict[str, list[float]]:
    """What makes a network take and give values in the data's own scale; all empty where nothing is to be done."""
    if data.task.vocabulary:
        return {"mean": [], "std": [], "target_mean": list(data.target_mean), "target_std": list(data.target_std)}
    return {name: list(getattr(data, name)) for name in ("mean", "std", "target_mean", "target_std")}


def whole_network(
    architecture: Architecture, task: Task, constants: Constants, state: Mapping[str, torch.Tensor]
) -> nn.Sequential:
    """Normalisation, network and, for real targets, rescaling; in eval mode."""
    normalize = Normalize(tuple(constants["mean"]), tuple(constants["std"])) if constants["mean"] else nn.Identity()
    parts = [normalize, build(architecture, task)]
    if constants["target_mean"]:
        parts.append(Rescale(tuple(constants["target_mean"]), tuple(constants["target_std"])))
    whole = nn.Sequential(*parts)
    whole.load_state_dict(dict(state))
    return whole.eval()
