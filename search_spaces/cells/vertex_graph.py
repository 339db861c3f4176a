"""Graphs with operations on their vertices and a chosen adjacency, as in NAS-Bench-101 (https://arxiv.org/abs/1902.09635)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from search_spaces.architecture import canonical, cell_text
from search_spaces.cells import layers
from search_spaces.cells.conv import Conv
from search_spaces.cells.graph import Parts, build_chain
from search_spaces.cells.graph_form import digest_of_vertices
from search_spaces.cells.layers import Shape
from search_spaces.dsl import Whole
from search_spaces.errors import SpaceError

Matrix = list[list[int]]


class VertexGraphLayer(nn.Module):
    """Vertices sum what they read, cut to their own channels, and run their operation; the output concatenates.

    Args:
        ops: one for each inner vertex.
        projections: of the input, for each vertex that reads it (or an identity that is not used), the output's last.
        reads: for each inner vertex and the output, the inner vertices that it reads.
        from_input: for each inner vertex and the output, whether it reads the input.
        widths: channels of each inner vertex.
    """

    def __init__(
        self, ops: nn.ModuleList, projections: nn.ModuleList, reads: tuple, from_input: tuple, widths: tuple
    ) -> None:
        super().__init__()
        self.ops = ops
        self.projections = projections
        self.reads = reads
        self.from_input = from_input
        self.widths = widths

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        values: list[torch.Tensor] = []
        for place in range(len(self.widths)):
            terms = [values[source][:, : self.widths[place]] for source in self.reads[place]]
            if self.from_input[place]:
                terms.append(self.projections[place](x))
            total = terms[0]
            for term in terms[1:]:
                total = total + term
            values.append(self.ops[place](total))
        if not self.reads[-1]:
            return self.projections[-1](x)
        output = torch.cat([values[source] for source in self.reads[-1]], dim=1)
        return output + self.projections[-1](x) if self.from_input[-1] else output


@dataclass(frozen=True)
class VertexGraph:
    """Operations on vertices; vertex 0 is the input, the last one the output.

    Args:
        adjacency: 0 or 1 for each pair of vertices (0, 1), (0, 2), …, (1, 2), …: whether the second reads the first.
        ops: a cell for each vertex between input and output; they keep width and positions.
        width: channels out; 0 keeps the channels of the input.
    """

    adjacency: Any
    ops: Any
    width: Whole = 0

    def matrix(self) -> Matrix:
        """The adjacency as rows of 0 and 1."""
        count = len(self.ops) + 2
        if len(self.adjacency) != count * (count - 1) // 2 or set(self.adjacency) - {0, 1}:
            raise SpaceError(
                f"`adjacency` of {count} vertices must hold {count * (count - 1) // 2} numbers 0 or 1, "
                f"got {self.adjacency!r}."
            )
        entries = iter(self.adjacency)
        return [[next(entries) if row < column else 0 for column in range(count)] for row in range(count)]

    def alive(self) -> list[int]:
        """The vertices on a way from the input to the output; none where there is no way."""
        matrix = self.matrix()
        count = len(matrix)
        forth, back = {0}, {count - 1}
        for column in range(1, count):
            if any(matrix[row][column] for row in forth):
                forth.add(column)
        for row in range(count - 2, -1, -1):
            if any(matrix[row][column] for column in back):
                back.add(row)
        return sorted(forth & back) if count - 1 in forth else []

    def build(self, shape: Shape) -> nn.Module:
        plan = self._plan(shape)
        return VertexGraphLayer(
            nn.ModuleList(
                [build_chain(op, (width, *shape[1:])) for op, width in zip(plan.ops, plan.widths, strict=True)]
            ),
            nn.ModuleList([nn.Identity() if cell is None else cell.build(shape) for cell in plan.projections]),
            plan.reads,
            tuple(cell is not None for cell in plan.projections),
            plan.widths,
        )

    def parts(self, shape: Shape) -> Parts:
        """Operations and projections with their input shapes."""
        plan = self._plan(shape)
        cells: list[tuple[Any, Shape]] = [(cell, shape) for cell in plan.projections if cell is not None]
        cells += [(op, (width, *shape[1:])) for op, width in zip(plan.ops, plan.widths, strict=True)]
        sums = [len(reads) + (cell is not None) - 1 for reads, cell in zip(plan.reads, plan.projections, strict=True)]
        merged = sum(extra * width for extra, width in zip(sums[:-1], plan.widths, strict=True))
        out = plan.out
        merged += out * ((len(plan.reads[-1]) > 0) + (len(plan.reads[-1]) > 0 and plan.projections[-1] is not None))
        return Parts(tuple(cells), (out, *shape[1:]), merged * math.prod(shape[1:]))

    def canonical(self) -> Any:
        """The graph without dead vertices, whatever the order of the others."""
        alive, matrix = self.alive(), self.matrix()
        labels = ["input", *("|".join(map(cell_text, canonical((op,)))) for op in self.ops), "output"]
        kept = [[matrix[row][column] for column in alive] for row in alive]
        return ("VertexGraph", digest_of_vertices(kept, [labels[vertex] for vertex in alive]), self.width)

    def _plan(self, shape: Shape) -> _Plan:
        alive, matrix = self.alive(), self.matrix()
        if not alive:
            raise SpaceError(
                "no way leads from the input of the graph to its output. Add the rule `connected` to the space."
            )
        kept = [[matrix[row][column] for column in alive] for row in alive]
        widths = vertex_widths(kept, shape[0], layers.width_of(self.width, shape))
        columns = range(1, len(kept))
        return _Plan(
            ops=tuple(self.ops[vertex - 1] for vertex in alive[1:-1]),
            widths=tuple(widths[1:-1]),
            out=widths[-1],
            projections=tuple(Conv(widths[column], kernel=1) if kept[0][column] else None for column in columns),
            reads=tuple(tuple(row - 1 for row in range(1, column) if kept[row][column]) for column in columns),
        )


@dataclass(frozen=True)
class _Plan:
    out: int
    ops: tuple[Any, ...]
    widths: tuple[int, ...]
    projections: tuple[Any, ...]
    reads: tuple[tuple[int, ...], ...]


def vertex_widths(matrix: Matrix, channels_in: int, channels_out: int) -> list[int]:
    """Channels of each vertex: those that feed the output share its own, others are as wide as their widest reader."""
    count = len(matrix)
    feeding = [vertex for vertex in range(1, count - 1) if matrix[vertex][count - 1]]
    widths = [channels_in, *([0] * (count - 2)), channels_out]
    for place, vertex in enumerate(feeding):
        widths[vertex] = max(1, channels_out // len(feeding) + (place < channels_out % len(feeding)))
    widths[-1] = sum(widths[vertex] for vertex in feeding) or channels_out  # more only with less than 1 for each
    for vertex in range(count - 3, 0, -1):
        if vertex not in feeding:
            widths[vertex] = max(widths[reader] for reader in range(vertex + 1, count - 1) if matrix[vertex][reader])
    return widths
