"""The normal form of a graph of operations: equal for graphs that compute the same.

Zero branches and what feeds nobody are removed, skips are folded into their sources, sums have no order, and pooling
the same value twice is pooling it once. Two operations with weights stay two even if they read the same value, since
their weights differ. NAS-Bench-201's `unique_str` does not tell one convolution used twice from two convolutions.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import Any

from search_spaces.architecture import canonical, cell_text
from search_spaces.cells.pool import Pool
from search_spaces.cells.zero import Zero

Value = tuple[int, ...]  # numbers of the results that are summed; empty is zero


class _Form:
    """Results by number: the inputs first, then one for each operation that matters."""

    def __init__(self, inputs: int) -> None:
        self.labels = [f"input{i}" for i in range(inputs)]
        self.reads: list[tuple[Value, ...]] = [()] * inputs
        self.known: dict[tuple[str, tuple[Value, ...]], int] = {}

    def apply(self, op: Any, value: Value) -> Value:
        """The value behind an operation."""
        cells = op if isinstance(op, tuple) else (op,)
        if not value or any(isinstance(cell, Zero) for cell in cells):
            return ()
        simple = canonical(cells)
        if not simple:
            return value
        label = "|".join(map(cell_text, simple))
        shared = all(isinstance(cell, Pool) for cell in simple)
        return (self.result(label, (value,), shared),)

    def result(self, label: str, values: tuple[Value, ...], shared: bool) -> int:
        """The number of a new result, or of the same one where computing it twice makes no difference."""
        if shared and (label, values) in self.known:
            return self.known[label, values]
        self.labels.append(label)
        self.reads.append(values)
        self.known[label, values] = len(self.labels) - 1
        return len(self.labels) - 1

    def merge(self, values: list[Value], how: str) -> Value:
        """What a node holds."""
        if how == "sum" or len(values) == 1:
            return tuple(sorted(number for value in values for number in value))
        return (self.result("concat", tuple(sorted(values)), shared=True),)

    def digest(self, output: Value) -> str:
        """A hash of what `output` depends on: each result by what it reads and by who reads it."""
        alive = self._alive(output)
        up: dict[int, str] = {}
        for number in sorted(alive):  # results read only earlier ones
            read = sorted(str(sorted(up[source] for source in value)) for value in self.reads[number])
            up[number] = _hash(f"{self.labels[number]}({read})")
        readers: dict[int, list[str]] = defaultdict(list)
        for number in output:
            readers[number].append("output")
        down: dict[int, str] = {}
        for number in sorted(alive, reverse=True):
            down[number] = _hash(f"{up[number]}<{sorted(readers[number])}")
            for source in (source for value in self.reads[number] for source in value):
                readers[source].append(down[number])
        return _hash(str(sorted(down.values())))

    def _alive(self, output: Value) -> set[int]:
        alive: set[int] = set()
        waiting = list(output)
        while waiting:
            number = waiting.pop()
            if number not in alive:
                alive.add(number)
                waiting += [source for value in self.reads[number] for source in value]
        return alive


def form_of_graph(nodes: Any, inputs: int, output: str) -> Any:
    """A hashable value that stands for what the graph computes; None where that is its only input."""
    form = _Form(inputs)
    values: list[Value] = [(i,) for i in range(inputs)]
    for node in nodes:
        found = [form.apply(op, values[source]) for op, source in zip(node.ops, node.sources, strict=True)]
        values.append(form.merge(found, node.merge))
    result = values[-1] if output == "last" else form.merge(values[inputs:], "concat")
    if inputs == 1 and result == (0,):
        return None
    return ("Graph", form.digest(result))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def digest_of_vertices(matrix: list[list[int]], labels: list[str]) -> str:
    """A hash of a labelled graph that does not depend on the order of its vertices.

    Each vertex is known by its label and, round by round, by what it reads and who reads it (Weisfeiler and Leman), as
    in NAS-Bench-101's own de-duplication.
    """
    count = len(matrix)
    ins = [[row for row in range(count) if matrix[row][column]] for column in range(count)]
    outs = [[column for column in range(count) if matrix[row][column]] for row in range(count)]
    known = [_hash(f"{len(ins[vertex])},{len(outs[vertex])},{labels[vertex]}") for vertex in range(count)]
    for _ in range(count):
        known = [
            _hash(f"{sorted(known[v] for v in ins[vertex])}{sorted(known[v] for v in outs[vertex])}{known[vertex]}")
            for vertex in range(count)
        ]
    return _hash(str(sorted(known)))
