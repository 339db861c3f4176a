"""Cells that are graphs: operations on the edges between nodes, or on the nodes themselves."""

from __future__ import annotations

import dataclasses
import functools
import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from search_spaces.cells import layers
from search_spaces.cells.facts import facts
from search_spaces.cells.graph_form import form_of_graph
from search_spaces.cells.layers import Shape
from search_spaces.cells.zero import Skip, Zero
from search_spaces.dsl import Whole, Word
from search_spaces.errors import SpaceError


@dataclass(frozen=True)
class Node:
    """One place in a graph where results of operations on earlier nodes meet.

    Args:
        ops: cells, or tuples of cells that run in a row.
        sources: for each operation the number of the node it reads. 0 is the graph's input, 1 the first node.
        merge: sum or concat (along the channels).
    """

    ops: Any
    sources: Any
    merge: Word = "sum"

    @functools.cached_property
    def _hash(self) -> int:
        return hash((self.ops, self.sources, self.merge))

    def __hash__(self) -> int:
        """Computed once: graphs are large, and looked up for each place where they stand."""
        return self._hash

    def __reduce__(self) -> Any:
        """Without the hash, which differs from process to process."""
        return Node, (self.ops, self.sources, self.merge)


@dataclass(frozen=True)
class Parts:
    """What a compound cell consists of: the cells in it with their input shapes, and what merging them writes."""

    cells: tuple[tuple[Any, Shape], ...]
    shape: Shape
    merged: int


class GraphLayer(nn.Module):
    """Runs `ops` along `wiring`: for each node the (source, operation) pairs and whether they are concatenated."""

    def __init__(self, ops: nn.ModuleList, wiring: tuple, concat: tuple, outputs: tuple) -> None:
        super().__init__()
        self.ops = ops
        self.wiring = wiring
        self.concat = concat
        self.outputs = outputs

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        values = list(inputs)
        for pairs, concat in zip(self.wiring, self.concat):  # noqa: B905 - the export is plain code
            results = [self.ops[op](values[source]) for source, op in pairs]
            if concat:
                values.append(torch.cat(results, dim=1))
            else:
                total = results[0]
                for result in results[1:]:
                    total = total + result
                values.append(total)
        if len(self.outputs) == 1:
            return values[self.outputs[0]]
        return torch.cat([values[node] for node in self.outputs], dim=1)


@dataclass(frozen=True)
class Graph:
    """A directed graph without cycles, with operations on its edges (NAS-Bench-201, DARTS, …).

    Args:
        nodes: `Node`s in order; each reads the input (0) or nodes before it.
        output: last (the last node) or concat (all nodes, along the channels).
        width, stride: given to every operation that reads the input, so that one graph serves at several shapes; 0 and
            1 leave the operations as they are.
    """

    nodes: Any
    output: Word = "last"
    width: Whole = 0
    stride: Whole = 1

    @functools.cached_property
    def _hash(self) -> int:
        return hash((self.nodes, self.output, self.width, self.stride))

    def __hash__(self) -> int:
        """Computed once, as of `Node`."""
        return self._hash

    def __reduce__(self) -> Any:
        return Graph, (self.nodes, self.output, self.width, self.stride)

    def build(self, shape: Shape) -> nn.Module:
        return graph_layer(self._shaped(), (shape,), self.output)

    def parts(self, shape: Shape) -> Parts:
        """The operations with their input shapes."""
        return graph_parts(self._shaped(), (shape,), self.output)

    def canonical(self) -> Any:
        """What the graph computes, whatever the order of its sums, dead ends and detours by skips."""
        return form_of_graph(self._shaped(), 1, self.output)

    def _shaped(self) -> Any:
        return self.nodes if not self.width and self.stride == 1 else shaped(self.nodes, 1, self.width, self.stride)


def shaped(nodes: Any, inputs: int, width: int, stride: int) -> tuple[Node, ...]:
    """The nodes with width and stride given to the operations that read an input."""
    made = []
    for node in nodes:
        ops = (
            _given(op, width, stride) if source < inputs else op
            for op, source in zip(node.ops, node.sources, strict=True)
        )
        made.append(Node(tuple(ops), node.sources, node.merge))
    return tuple(made)


def _given(op: Any, width: int, stride: int) -> Any:
    """The operation with this width and stride; a skip brings the width where the operation has none."""
    if isinstance(op, tuple):
        first = _given(op[0], width, stride)
        return (*(first if isinstance(first, tuple) else (first,)), *op[1:])
    fields = {field.name for field in dataclasses.fields(op)}
    changes = {"width": width or getattr(op, "width", 0), "stride": stride}
    given = dataclasses.replace(op, **{name: value for name, value in changes.items() if name in fields})
    return given if not width or "width" in fields else (given, Skip(width))


def graph_layer(nodes: Any, inputs: tuple[Shape, ...], output: str) -> nn.Module:
    """The module of a graph with inputs of these shapes."""
    shapes, _ = node_shapes(nodes, inputs)
    ops: list[nn.Module] = []
    wiring = []
    for node in nodes:
        pairs = []
        for op, source in _live(node):
            pairs.append((source, len(ops)))
            ops.append(build_chain(op, shapes[source]))
        wiring.append(tuple(pairs))
    concat = tuple(node.merge == "concat" for node in nodes)
    return GraphLayer(nn.ModuleList(ops), tuple(wiring), concat, _outputs(nodes, len(inputs), output))


def graph_parts(nodes: Any, inputs: tuple[Shape, ...], output: str) -> Parts:
    """What the module of a graph consists of."""
    shapes, cells = node_shapes(nodes, inputs)
    merged = 0
    for node, shape in zip(nodes, shapes[len(inputs) :], strict=True):
        count = len(_live(node))
        merged += math.prod(shape) * ((count - 1) if node.merge == "sum" else int(count > 0))
    outputs = _outputs(nodes, len(inputs), output)
    out = shapes[outputs[0]]
    if len(outputs) > 1:
        _same_positions([shapes[node] for node in outputs], "the output")
        out = (sum(shapes[node][0] for node in outputs), *out[1:])
        merged += math.prod(out)
    return Parts(tuple(cells), out, merged)


def node_shapes(nodes: Any, inputs: tuple[Shape, ...]) -> tuple[list[Shape], list[tuple[Any, Shape]]]:
    """Shapes of the inputs and nodes, and each live operation's cells with their input shapes."""
    if not isinstance(nodes, tuple) or not nodes or not all(isinstance(node, Node) for node in nodes):
        raise SpaceError(f"`nodes` must be a tuple of Node, got {nodes!r}. Write e.g. nodes=(Node((Conv(),), (0,)),).")
    shapes, cells = list(inputs), []
    for place, node in enumerate(nodes):
        _check(node, place, len(shapes))
        results = []
        for op, source in _live(node):
            shape = shapes[source]
            for cell in op if isinstance(op, tuple) else (op,):
                cells.append((cell, shape))
                shape = _shape_behind(cell, shape)
            results.append(shape)
        shapes.append(_merged(node, results, place))
    return shapes, cells


def build_chain(op: Any, shape: Shape) -> nn.Module:
    """The module of a cell, or of a tuple of cells in a row."""
    modules = []
    for cell in op if isinstance(op, tuple) else (op,):
        modules.append(cell.build(shape))
        shape = _shape_behind(cell, shape)
    return layers.chain(*modules)


def _live(node: Node) -> list[tuple[Any, int]]:
    """Operations that add something; where all are zero, one of them."""
    pairs = list(zip(node.ops, node.sources, strict=True))
    return [pair for pair in pairs if not isinstance(pair[0], Zero)] or pairs[:1]


def _check(node: Node, place: int, known: int) -> None:
    layers.one_of("merge", node.merge, ("sum", "concat"))
    if not isinstance(node.ops, tuple) or not isinstance(node.sources, tuple) or not node.ops:
        raise SpaceError(f"`ops` and `sources` of node {place} must be tuples that are not empty, got {node!r}.")
    if len(node.ops) != len(node.sources):
        raise SpaceError(
            f"Node {place} has {len(node.ops)} operations and {len(node.sources)} sources. Give one source for each."
        )
    for source in node.sources:
        if not isinstance(source, int) or not 0 <= source < known:
            raise SpaceError(f"Node {place} reads node {source!r}, but only 0 to {known - 1} come before it.")


def _merged(node: Node, results: list[Shape], place: int) -> Shape:
    if node.merge == "concat":
        _same_positions(results, f"node {place}")
        return (sum(shape[0] for shape in results), *results[0][1:])
    if len(set(results)) > 1:
        listed = ", ".join(map(str, results))
        raise SpaceError(
            f"Operations that meet in node {place} must give one shape to be summed, got {listed}. "
            "Give them one width and stride, or merge by concat."
        )
    return results[0]


def _same_positions(shapes: list[Shape], where: str) -> None:
    if len({shape[1:] for shape in shapes}) > 1:
        listed = ", ".join(map(str, shapes))
        raise SpaceError(f"Shapes that are concatenated in {where} must agree but for the channels, got {listed}.")


def _outputs(nodes: Any, inputs: int, output: str) -> tuple[int, ...]:
    layers.one_of("output", output, ("last", "concat"))
    last = inputs + len(nodes) - 1
    return (last,) if output == "last" else tuple(range(inputs, last + 1))


@functools.lru_cache(maxsize=100_000)
def _shape_behind(cell: Any, shape: Shape) -> Shape:
    return facts(cell, shape).shape
