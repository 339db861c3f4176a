"""Several named inputs, each through a network of its own, to tokens of one width that further cells may join."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import nn

from search_spaces.architecture import canonical
from search_spaces.cells import layers
from search_spaces.cells.completed import completed
from search_spaces.cells.facts import facts
from search_spaces.cells.graph import Parts
from search_spaces.cells.layers import Shape
from search_spaces.dsl import Whole
from search_spaces.errors import SpaceError
from search_spaces.task import Input
from search_spaces.tree import in_a_row


class OneToken(nn.Module):
    """A branch: its input -> (batch, width, 1)."""

    def __init__(self, body: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.body = body
        self.head = head

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.body(x)).unsqueeze(2)


class SeveralTokens(nn.Module):
    """A branch: its input -> (batch, width, 1 + windows): what the head says, then what stands where."""

    def __init__(self, body: nn.Module, head: nn.Module, windows: nn.Module) -> None:
        super().__init__()
        self.body = body
        self.head = head
        self.windows = windows

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        features = self.body(x)
        return torch.cat([self.head(features).unsqueeze(2), self.windows(features)], dim=2)


class WindowTokens(nn.Module):
    """(batch, channels, …positions) -> (batch, width, windows): means of `size` positions in a row, mapped linearly."""

    def __init__(self, channels: int, width: int, size: int) -> None:
        super().__init__()
        self.channels = channels
        self.width = width
        self.size = size
        self.map = nn.Conv1d(channels, width, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.reshape(x.shape[0], self.channels, -1)
        return self.map(F.avg_pool1d(x, self.size, ceil_mode=True, count_include_pad=False))


class BranchesLayer(nn.Module):
    """(batch, all inputs end to end) -> (batch, width, tokens of all branches).

    Args:
        branches: one for each input.
        shapes: of the inputs that they take, without the batch; empty where each takes the whole input as it is.
        starts: where each input begins.
    """

    def __init__(self, branches: nn.ModuleList, shapes: tuple, starts: tuple) -> None:
        super().__init__()
        self.branches = branches
        self.shapes = shapes
        self.starts = starts

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        parts = [x] * len(self.branches)
        if self.shapes:
            parts = []
            for start, shape in zip(self.starts, self.shapes):  # noqa: B905 - the export is plain code
                size = 1
                for side in shape:
                    size *= side
                parts.append(x[:, start : start + size].unflatten(1, shape))
        return torch.cat([branch(part) for branch, part in zip(self.branches, parts)], dim=2)  # noqa: B905


@dataclass(frozen=True)
class Branch:
    """The network of one named input.

    Args:
        name: of the input.
        cells: as of a space of its own; a `Head` at their end says how the branch is pooled, its outputs are set by
            `Branches`. Tokens are embedded as in a space of their own.
    """

    name: str
    cells: Any


@dataclass(frozen=True)
class _Windows:
    """What gives a branch its further tokens."""

    width: int
    tokens: int

    def build(self, shape: Shape) -> nn.Module:
        return WindowTokens(shape[0], self.width, -(-math.prod(shape[1:]) // self.tokens))


@dataclass(frozen=True)
class _Plan:
    """One branch at its input's shape: its cells with the shapes that they get, the head last."""

    start: int
    shape: Shape
    cells: tuple[tuple[Any, Shape], ...]
    windows: _Windows | None
    count: int  # of tokens


@dataclass(frozen=True)
class Branches:
    """Each named input of the task through its own branch: `(all inputs,)` -> `(width, tokens)`.

    It stands first in a network. What follows sees a series with the tokens of all branches, in the order of the
    branches: `Fusion` joins them, and every other cell works on them too. A task with one input only gives it whole to
    every branch.

    Args:
        branches: a tuple of `Branch`, one for each input of the task.
        width: of a token, at least 1.
        tokens: how many a branch with positions gives beside the one of its head, at most; 0 for none.
        inputs: set from the task when the network is built.
    """

    takes_inputs: ClassVar[bool] = True

    branches: Any
    width: Whole = 64
    tokens: Whole = 0
    inputs: Any = ()

    @functools.cached_property
    def _hash(self) -> int:
        return hash((self.branches, self.width, self.tokens, self.inputs))

    def __hash__(self) -> int:
        """Computed once, as of `Graph`."""
        return self._hash

    def __reduce__(self) -> Any:
        return Branches, (self.branches, self.width, self.tokens, self.inputs)

    def build(self, shape: Shape) -> nn.Module:
        plans = list(self._plans(shape))
        shapes = tuple(plan.shape for plan in plans) if self.inputs else ()
        starts = tuple(plan.start for plan in plans) if self.inputs else ()
        return BranchesLayer(nn.ModuleList([_network(plan) for plan in plans]), shapes, starts)

    def parts(self, shape: Shape) -> Parts:
        """The cells of all branches with their input shapes."""
        plans = list(self._plans(shape))
        cells = [pair for plan in plans for pair in plan.cells]
        cells += [(plan.windows, plan.cells[-1][1]) for plan in plans if plan.windows is not None]
        written = [plan.count for plan in plans if plan.windows is not None] + [plan.count for plan in plans]
        return Parts(tuple(cells), (self.width, sum(plan.count for plan in plans)), self.width * sum(written))

    def canonical(self) -> Any:
        """Without cells that compute nothing, in every branch."""
        branches = tuple((branch.name, canonical(tuple(in_a_row(branch.cells)))) for branch in self.branches)
        return ("Branches", branches, self.width, self.tokens)

    def _plans(self, shape: Shape) -> Iterator[_Plan]:
        width, tokens = layers.whole("width", self.width), layers.whole("tokens", self.tokens, least=0)
        if not isinstance(self.branches, tuple) or not self.branches:
            raise SpaceError(f"`branches` must be a tuple of Branch, got {self.branches!r}.")
        strange = [one for one in self.branches if not isinstance(one, Branch)]
        if strange:
            raise SpaceError(f"`branches` must be a tuple of Branch, got {strange[0]!r} in it.")
        places = self._places(shape)
        for branch in self.branches:
            yield _plan(branch, *places[branch.name], width, tokens)

    def _places(self, shape: Shape) -> dict[str, tuple[int, Input]]:
        """Start of the input of each branch, and the input."""
        names = [branch.name for branch in self.branches]
        if len(set(names)) < len(names):
            raise SpaceError(f"Branches must have names of their own, got {', '.join(map(repr, names))}.")
        if not self.inputs:
            return dict.fromkeys(names, (0, Input("all", shape)))
        found, start = {}, 0
        for one in self.inputs:
            found[one.name] = (start, one)
            start += one.size
        if set(found) != set(names):
            raise SpaceError(
                f"every input needs a branch of its name: the data has {', '.join(map(repr, found))}, the branches are "
                f"{', '.join(map(repr, names))}. Name them alike."
            )
        return found


def _plan(branch: Branch, start: int, given: Input, width: int, tokens: int) -> _Plan:
    cells: list[tuple[Any, Shape]] = []
    here = given.shape
    within = completed(tuple(in_a_row(branch.cells)), width, given.vocabulary, given.columns)
    for place, cell in enumerate(within):
        cells.append((cell, here))
        try:
            here = facts(cell, here).shape
        except SpaceError as error:
            raise SpaceError(
                f"in branch {branch.name!r}, cell {place}, {cell!r}, cannot take the input shape {here}: {error}"
            ) from None
    features = cells[-1][1]
    if not tokens or not layers.positions(features):
        return _Plan(start, given.shape, tuple(cells), None, 1)
    windows = _Windows(width, tokens)
    return _Plan(start, given.shape, tuple(cells), windows, 1 + facts(windows, features).shape[1])


def _network(plan: _Plan) -> nn.Module:
    *body, head = [cell.build(shape) for cell, shape in plan.cells]
    if plan.windows is None:
        return OneToken(layers.chain(*body), head)
    return SeveralTokens(layers.chain(*body), head, plan.windows.build(plan.cells[-1][1]))
