"""The whole network: normalisation of the inputs, the network, and for regression rescaling of the outputs.

It takes inputs and gives outputs in the data's own scale. Exports and finals keep networks in this form.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import nn

from nas.data.dataset import TrainingData, positions_by_input
from search_spaces.architecture import Architecture
from search_spaces.network import build
from search_spaces.task import Task

Constants = Mapping[str, Sequence[float]]


class Normalize(nn.Module):
    """`(x - mean) / std` per channel; takes uint8 or floats `(batch, channels, …)`, gives float32.

    Args:
        mean, std: one number per channel, in the data's own scale.
    """

    shift: torch.Tensor
    scale: torch.Tensor

    def __init__(self, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.mean, self.std = tuple(mean), tuple(std)
        self.register_buffer("shift", torch.tensor(self.mean, dtype=torch.float32), persistent=False)
        self.register_buffer("scale", 1.0 / torch.tensor(self.std, dtype=torch.float32), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        shape = (1, -1) + (1,) * (x.dim() - 2)
        return (x.to(self.shift.dtype) - self.shift.view(shape)) * self.scale.view(shape)


class NormalizeInputs(nn.Module):
    """`(x - mean) / std` of several inputs end to end, `(batch, length of all)`.

    Args:
        mean, std: one number per channel of each input in turn. positions: how many numbers share each of them.
    """

    shift: torch.Tensor
    scale: torch.Tensor

    def __init__(self, mean: Sequence[float], std: Sequence[float], positions: Sequence[int]) -> None:
        super().__init__()
        self.mean, self.std, self.positions = tuple(mean), tuple(std), tuple(positions)
        times = torch.tensor(self.positions)
        shift, scale = torch.tensor(self.mean, dtype=torch.float32), 1.0 / torch.tensor(self.std, dtype=torch.float32)
        self.register_buffer("shift", shift.repeat_interleave(times), persistent=False)
        self.register_buffer("scale", scale.repeat_interleave(times), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x.to(self.shift.dtype) - self.shift) * self.scale


class Rescale(nn.Module):
    """`x * std + mean` per output: from standardised targets `(batch, outputs)` to the targets' own scale.

    Args:
        mean, std: one number per output, in the targets' own scale.
    """

    shift: torch.Tensor
    scale: torch.Tensor

    def __init__(self, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.mean, self.std = tuple(mean), tuple(std)
        self.register_buffer("shift", torch.tensor(self.mean, dtype=torch.float32), persistent=False)
        self.register_buffer("scale", torch.tensor(self.std, dtype=torch.float32), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.float() * self.scale + self.shift


class Mirrored(nn.Module):
    """The mean of what a network says of a picture and of its mirror image: `(batch, channels, height, width)`."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (self.network(x) + self.network(x.flip(-1))) / 2


class SeenFromTheEnd(nn.Module):
    """A normalised window (batch, channels, steps) as a network sees it, and the forecast that it adds to.

    The channels of the targets are given as differences from their last value, so that a level that training did not
    have is nothing new (as in https://arxiv.org/abs/2205.13504). The forecast to be added to is a value of the window
    for each output.

    Args:
        channels: of the targets.
        places: of each output, in the window's channels laid end to end.
    """

    levels: torch.Tensor
    taken: torch.Tensor

    def __init__(self, channels: Sequence[int], places: Sequence[int], count: int) -> None:
        super().__init__()
        self.channels, self.places, self.count = tuple(channels), tuple(places), count
        levels = torch.zeros(1, count, 1)
        levels[:, list(self.channels)] = 1.0
        self.register_buffer("levels", levels, persistent=False)
        self.register_buffer("taken", torch.tensor(self.places), persistent=False)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return x - x[:, :, -1:] * self.levels, x.flatten(1).index_select(1, self.taken)


class Ahead(nn.Module):
    """What a network adds to a simple forecast, and that forecast."""

    def __init__(self, network: nn.Module, view: SeenFromTheEnd) -> None:
        super().__init__()
        self.network = network
        self.view = view

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x, simple = self.view(x)
        return self.network(x) + simple


def constants_of(data: TrainingData, mirrored: bool = False) -> dict[str, list[float]]:
    """`mean` and `std` of the inputs, `target_mean` and `target_std`; empty lists where nothing is normalised.

    Tokens are not normalised, and neither are class numbers. `positions` is there for several inputs,
    `mirrored` where the network is `Mirrored`, `channels` and `places` where it is `Ahead`.
    """
    names = ("target_mean", "target_std") if data.task.vocabulary else ("mean", "std", "target_mean", "target_std")
    constants: dict[str, list[float]] = {"mean": [], "std": [], **{name: list(getattr(data, name)) for name in names}}
    if data.task.inputs:
        constants["positions"] = list(positions_by_input(data.task))
    if data.task.forecast is not None:
        forecast = data.task.forecast
        constants["channels"] = list(forecast.channels)
        constants["places"] = list(forecast.places(data.task.input_shape[1], forecast.repeats))
    return {**constants, "mirrored": [1.0]} if mirrored else constants


def normalization(constants: Constants) -> nn.Module:
    """What stands in front of the network: the identity for tokens."""
    if constants.get("positions"):
        return NormalizeInputs(constants["mean"], constants["std"], [int(one) for one in constants["positions"]])
    return Normalize(constants["mean"], constants["std"]) if constants["mean"] else nn.Identity()


def view(constants: Constants) -> SeenFromTheEnd | None:
    """How the network sees the window of a forecast; None for other tasks."""
    if not constants.get("places"):
        return None
    channels, places = ([int(one) for one in constants[name]] for name in ("channels", "places"))
    return SeenFromTheEnd(channels, places, len(constants["mean"]))


def wrapped(network: nn.Module, constants: Constants) -> nn.Sequential:
    """The whole network around `network`, whose weights it shares."""
    seen = view(constants)
    inner = network if seen is None else Ahead(network, seen)
    parts = [normalization(constants), Mirrored(network) if constants.get("mirrored") else inner]
    if constants["target_mean"]:
        parts.append(Rescale(constants["target_mean"], constants["target_std"]))
    return nn.Sequential(*parts)


def whole_network(
    architecture: Architecture, task: Task, constants: Constants, state: Mapping[str, torch.Tensor]
) -> nn.Sequential:
    """The trained whole network, in evaluation mode.

    Args:
        constants: see `constants_of`.
        state: state dict of the whole network. Its buffers of constants are not part of it.
    """
    whole = wrapped(build(architecture, task), constants)
    whole.load_state_dict(dict(state))
    return whole.eval()
