"""Which master tensor a parameter of a cell is a part of, and which part.

Channels are leading slices, spatial sizes of convolutions are centre crops (https://arxiv.org/abs/1908.09791,
https://arxiv.org/abs/2107.00651). Layers that stack several matrices in one, such as the gates of an LSTM, are cut in
each of them alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.modules.conv import _ConvNd

from search_spaces.cells import causal_transformer, token_mixer, transformer

Shape = tuple[int, ...]

STACKED = {"lstm": 4, "gru": 3}  # gates of a recurrent layer
CHUNKED = {  # modules of ours whose linear layer of this name gives three results one after another
    getattr(room, name)
    for room in (transformer, causal_transformer, token_mixer)
    for name, made in vars(room).items()
    if isinstance(made, type) and issubclass(made, nn.Module) and made.__module__ == room.__name__
}


@dataclass(frozen=True)
class Slot:
    """Where one parameter of an architecture lies.

    Args:
        key: of its master.
        shape: of the parameter.
        blocks: matrices that are stacked along its first size; its master has them as a size of their own.
        kernel: whether sizes from the third on are spatial, and cut around their centre.
        trained: False for frozen parameters. They are kept apart by their shape and never changed.
    """

    key: str
    shape: Shape
    blocks: int = 1
    kernel: bool = False
    trained: bool = True

    @property
    def size(self) -> Shape:
        """Shape of the part of the master."""
        return self.shape if self.blocks == 1 else (self.blocks, self.shape[0] // self.blocks, *self.shape[1:])

    def part(self, master: torch.Tensor) -> torch.Tensor:
        """The part of the master, as a view of shape `size`."""
        return cut(master, self.size, self.kernel)

    def parameter(self, part: torch.Tensor) -> torch.Tensor:
        """The parameter, of `shape`, from its part of the master."""
        return part if self.blocks == 1 else part.flatten(0, 1)


def cut(master: torch.Tensor, size: Shape, kernel: bool) -> torch.Tensor:
    """A view of shape `size`: leading slices, and crops around the centre from the third size on if `kernel`.

    The middle element `n // 2` of a crop is that of the whole. So a crop of a crop is the crop of the whole, and a
    master that grows keeps every part where it was.
    """
    starts = [(m // 2 - s // 2) if kernel and axis >= 2 else 0 for axis, (m, s) in enumerate(_pairs(master, size))]
    return master[tuple(slice(start, start + s) for start, s in zip(starts, size, strict=True))]


def _pairs(master: torch.Tensor, size: Shape) -> Iterator[tuple[int, int]]:
    return zip(master.shape, size, strict=True)


def slots(cell: Any, module: nn.Module, place: str) -> dict[str, Slot]:
    """The slot of every parameter of a cell's module, by name; a parameter that stands in it twice comes once.

    A master belongs to the place, the cell's type, and the parameter's name with the classes of the modules that it
    lies in: two cells that differ inside share what is alike.
    """
    return {
        name: _slot(f"{place} {type(cell).__name__}", module, name, parameter)
        for name, parameter in module.named_parameters()
    }


def _slot(where: str, module: nn.Module, name: str, parameter: nn.Parameter) -> Slot:
    *path, last = name.split(".")
    parent, owner, words = None, module, []
    for step in path:
        parent, owner = owner, owner.get_submodule(step)
        words.append(f"{step}:{type(owner).__name__}")
    shape = tuple(parameter.shape)
    key = f"{where} {'.'.join([*words, last])} {len(shape)}"
    if not parameter.requires_grad:
        return Slot(f"{key} frozen {shape}", shape, trained=False)
    kernel = isinstance(owner, _ConvNd)
    if isinstance(owner, _ConvNd) and owner.groups > 1:
        key += " depthwise" if owner.groups == owner.in_channels else f" {owner.groups} groups"
    blocks = _blocks(parent, owner, path, last)
    if blocks > 1 and shape[0] % blocks:
        return Slot(f"{key} {shape}", shape, kernel=kernel)
    return Slot(key, shape, blocks, kernel)


def _blocks(parent: nn.Module | None, owner: nn.Module, path: list[str], last: str) -> int:
    """Matrices stacked along the first size of a parameter."""
    if isinstance(owner, nn.LSTM | nn.GRU):
        return 1 if last.startswith("weight_hr") else STACKED["lstm" if isinstance(owner, nn.LSTM) else "gru"]
    if isinstance(owner, nn.MultiheadAttention):
        return 3 if last.startswith("in_proj") else 1
    return 3 if type(parent) in CHUNKED and path[-1] == "inputs" else 1
