"""Trained weights handed on: a candidate starts from what a relative has learned.

Cells of one class and kind are paired in their order. A cell that is wider, or has a larger kernel, takes the parent's
weights into the corner (kernels: the middle) of its own, and what reads the units that came new begins at zero, so that
the outputs stay what they were (https://arxiv.org/abs/1511.05641, by the zeros of https://arxiv.org/abs/2308.06103).
A residual cell that the parent lacks begins as the identity. Where a norm reaches across channels, or the child is
narrower, the function is not kept: what can be copied is a better start than none.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from search_spaces.architecture import Architecture, cell_text
from search_spaces.cells.residual import ResidualSum
from search_spaces.cells.transformer import TransformerBlock
from search_spaces.profile import complete, profile
from search_spaces.task import Task

State = Mapping[str, torch.Tensor]
SIZES = ("width", "kernel", "expansion", "reduction", "mlp_ratio", "hidden", "dropout")  # what paired cells differ in
GROWING = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.BatchNorm1d, nn.BatchNorm2d)
LEAST_SHARE = 0.25  # of a child's parameters that a relative must be able to hand on


@dataclass(frozen=True)
class Inheritance:
    """What was taken over.

    Args:
        cells: pairs (place in the child, place in the parent) of cells that were handed on.
        share: of the child's parameters, 0 to 1.
    """

    cells: tuple[tuple[int, int], ...]
    share: float


def matching_cells(child: Architecture, parent: Architecture, task: Task) -> tuple[tuple[int, int], ...]:
    """Places of cells that differ in no more than size, in order: the longest runs that both share."""
    mine, theirs = _kinds(child, task), _kinds(parent, task)
    blocks = difflib.SequenceMatcher(None, mine, theirs, autojunk=False).get_matching_blocks()
    return tuple((block.a + i, block.b + i) for block in blocks for i in range(block.size))


def _kinds(architecture: Architecture, task: Task) -> list[str]:
    """Each cell without its sizes, and the positions (not the channels) that it sees."""
    cells, shapes = complete(architecture.cells, task), profile(architecture, task).shapes
    return [f"{cell_text(_without_sizes(cell))} {shape[1:]}" for cell, shape in zip(cells, shapes, strict=False)]


def _without_sizes(cell: Any) -> Any:
    names = [field.name for field in dataclasses.fields(cell) if field.name in SIZES and field.init]
    return dataclasses.replace(cell, **dict.fromkeys(names, 0))


def nearest(child: Architecture, relatives: Sequence[Architecture], task: Task) -> int | None:
    """Index of the relative that would hand on the most parameters; None when none would hand on enough."""
    shares = [_share(child, relative, task) for relative in relatives]
    best = max(range(len(shares)), key=shares.__getitem__, default=None)
    return best if best is not None and shares[best] >= LEAST_SHARE else None


def _share(child: Architecture, parent: Architecture, task: Task) -> float:
    """How much of the child's parameters the parent could hand on, at most."""
    mine, theirs = profile(child, task), profile(parent, task)
    pairs = matching_cells(child, parent, task)
    both = sum(min(mine.cells[a].parameters, theirs.cells[b].parameters) for a, b in pairs)
    return both / mine.parameters if mine.parameters else 0.0


@torch.no_grad()
def inherit(
    network: nn.Module, child: Architecture, parent: Architecture, state: State, task: Task
) -> Inheritance | None:
    """Copies the trained weights of every cell in common into the child's freshly drawn network.

    Args:
        network: of `build(child, task)`, an `nn.Sequential` of its cells.
        state: state dict of the parent's `build(parent, task)`.

    Returns None where not a single cell could be handed on; the network is then as it was.
    """
    copied, pairs = 0, []
    cells = list(network.children())
    for mine, theirs in matching_cells(child, parent, task):
        prefix = f"{theirs}."
        values = [(name, value) for name, value in state.items() if name.startswith(prefix)]
        count = _hand_on(cells[mine], values)
        if count:
            pairs.append((mine, theirs))
            copied += count
    if not pairs:
        return None
    shapes = profile(child, task).shapes
    for place in sorted(set(range(len(cells))) - {mine for mine, _ in pairs}):
        if shapes[place] == shapes[place + 1]:
            begin_as_identity(cells[place])
    total = sum(parameter.numel() for parameter in network.parameters())
    return Inheritance(tuple(pairs), copied / total)


def _hand_on(cell: nn.Module, values: Sequence[tuple[str, torch.Tensor]]) -> int:
    """Numbers of parameters that the cell has taken over: those of a whole cell, or none."""
    own = [*cell.state_dict().items()]
    if [_role(*one) for one in own] != [_role(*one) for one in values]:
        return 0
    for (name, mine), (_, theirs) in zip(own, values, strict=True):
        if mine.shape != theirs.shape and not _grows(cell.get_submodule(name.rpartition(".")[0])):
            return 0
    taken = 0
    trained = {name for name, _ in cell.named_parameters()}
    for (name, mine), (_, theirs) in zip(own, values, strict=True):
        count = _take(mine, theirs)
        taken += count if name in trained else 0
    return taken


def _role(name: str, value: torch.Tensor) -> tuple[str, int]:
    return name.rpartition(".")[2], value.dim()


def _grows(module: nn.Module) -> bool:
    """Whether more channels leave what the old ones compute as it is; a depthwise convolution's do."""
    groups = getattr(module, "groups", 1)
    return isinstance(module, GROWING) and groups in (1, getattr(module, "in_channels", 1))


def _take(mine: torch.Tensor, theirs: torch.Tensor) -> int:
    """Copies what fits, in place; new inputs of old units, and the rim of larger kernels, become zero."""
    if mine.shape == theirs.shape:
        mine.copy_(theirs)
        return mine.numel()
    outs = min(len(mine), len(theirs))
    if mine.dim() > 1:
        mine[:outs] = 0
    to, of = mine[:outs], theirs[:outs]
    for dim in range(1, mine.dim()):
        both = min(to.shape[dim], of.shape[dim])
        middle = dim >= 2  # positions of a kernel; channels are counted from the first one
        to = to.narrow(dim, (to.shape[dim] - both) // 2 if middle else 0, both)
        of = of.narrow(dim, (of.shape[dim] - both) // 2 if middle else 0, both)
    to.copy_(of)
    return to.numel()


@torch.no_grad()
def begin_as_identity(cell: nn.Module) -> None:
    """Sets the last layers of residual branches to zero, so that the cell hands on what it gets.

    A rectifier behind the sum still cuts what is negative. Cells without a residual branch stay as they are.
    """
    for module in cell.modules():
        for layer in _last_layers(module):
            for parameter in layer.parameters(recurse=False):
                parameter.zero_()


def _last_layers(module: nn.Module) -> Iterator[nn.Module]:
    if isinstance(module, ResidualSum):
        yield [layer for layer in module.branch.modules() if [*layer.parameters(recurse=False)]][-1]
    elif isinstance(module, TransformerBlock) and module.pre_norm:
        yield from (module.attention.output, module.feed_forward[-1])  # type: ignore[index, misc]
