"""What is known of an architecture without training: shapes, parameters, multiply-adds, activation memory.

A profile is a sum over the cells of what each was measured to be at the shape it gets (`search_spaces.cells.facts`).
"""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass
from typing import Any

from search_spaces.architecture import Architecture
from search_spaces.cells.completed import completed
from search_spaces.cells.facts import Facts, facts
from search_spaces.cells.layers import Shape
from search_spaces.cells.members import Members
from search_spaces.errors import SpaceError
from search_spaces.task import LANGUAGE, Task
from search_spaces.tree import in_a_row


@dataclass(frozen=True)
class Profile:
    """Facts of a whole network, for one example.

    Args:
        parameters: numbers in its weights, frozen ones included.
        macs: multiply-adds of the forward pass in convolutions, linear layers and attention.
        activation_bytes: what the forward pass writes, in float32; training keeps most of it for the backward pass.
        layers: convolutions and linear layers.
        shapes: the input's shape and the shape behind each cell, without the batch.
        cells: the facts of each cell, in order.
        trainable: of the parameters, those that training changes.
    """

    parameters: int
    macs: int
    activation_bytes: int
    layers: int
    shapes: tuple[Shape, ...]
    cells: tuple[Facts, ...]
    trainable: int


@functools.lru_cache(maxsize=50_000)
def complete(cells: tuple[Any, ...], task: Task) -> tuple[Any, ...]:
    """The cells with what only the task knows: the head's outputs, what is embedded, the named inputs.

    Raises:
        SpaceError: the task has several inputs, and the cells do not begin with branches; or it is a language, and the
            cells are no language model.
    """
    if len(cells) == 1 and isinstance(cells[0], Members):
        return (dataclasses.replace(cells[0], cells=complete(tuple(in_a_row(cells[0].cells)), task)),)
    if task.kind == LANGUAGE:
        if len(cells) != 1 or not getattr(cells[0], "gives_tokens", False):
            raise SpaceError(
                "The next token is wanted at every position of a text, and these networks say one thing of all of it. "
                "Take the space `language` (or `auto`), or NextToken((block, block, …)) as the only cell."
            )
        return (dataclasses.replace(cells[0], vocabulary=task.vocabulary, outputs=task.outputs),)
    if task.inputs:
        if not cells or not getattr(cells[0], "takes_inputs", False):
            names = ", ".join(repr(one.name) for one in task.inputs)
            raise SpaceError(
                f"The data has several inputs ({names}), and these networks take one. Take the space `auto`, or begin "
                "with Branches((Branch(name, cells), …)), one for each input."
            )
        cells = (dataclasses.replace(cells[0], inputs=task.inputs), *cells[1:])
    return completed(cells, task.outputs, task.vocabulary, task.columns)


def profile(architecture: Architecture, task: Task) -> Profile:
    """The profile of the network that `build(architecture, task)` makes.

    Raises:
        SpaceError: a cell cannot take the shape it gets; names the cell, the shape and the reason.
    """
    cells = complete(architecture.cells, task)
    try:
        return _profile(cells, task.input_shape)
    except _CellError as error:
        added = cells[0] is not architecture.cells[0] and len(cells) > len(architecture.cells) and bool(task.vocabulary)
        path = architecture.path(error.number - added)
        where = f"Cell {error.number}" + (f" at `{path}`" if path else "")
        raise SpaceError(f"{where}, {error.cell!r}, cannot take the input shape {error.shape}: {error}") from None


class _CellError(SpaceError):
    """A cell of a network cannot take its input."""

    def __init__(self, number: int, cell: Any, shape: Shape, reason: str) -> None:
        super().__init__(reason)
        self.number, self.cell, self.shape = number, cell, shape


@functools.lru_cache(maxsize=50_000)
def _profile(cells: tuple[Any, ...], shape: Shape) -> Profile:
    parameters = macs = activation_bytes = layers = 0
    shapes, known = [shape], []
    trainable = 0
    for place, cell in enumerate(cells):
        try:
            fact = facts(cell, shape)
        except SpaceError as error:
            raise _CellError(place, cell, shape, str(error)) from None
        shape = fact.shape
        parameters += fact.parameters
        macs += fact.macs
        activation_bytes += fact.activation_bytes
        layers += fact.layers
        trainable += fact.trainable
        shapes.append(shape)
        known.append(fact)
    return Profile(parameters, macs, activation_bytes, layers, tuple(shapes), tuple(known), trainable)
