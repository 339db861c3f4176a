"""An open space as JSON data, and back: cells with everything that they leave open. Rules are not part of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from search_spaces.architecture import KNOWN_CELLS, cell_from_data, cell_to_data
from search_spaces.dsl import Choice, Repeat, Tied

OPEN: dict[str, Callable[..., Any]] = {"Choice": lambda options: Choice(*options), "Repeat": Repeat, "Tied": Tied}


def cells_to_data(cells: tuple[Any, ...]) -> list[Any]:
    """The cells of a space as JSON data."""
    return [cell_to_data(cell) for cell in cells]


def cells_from_data(data: list[Any], known: Mapping[str, Callable[..., Any]] = KNOWN_CELLS) -> tuple[Any, ...]:
    """The inverse of `cells_to_data`.

    Raises:
        SpaceError: anything that is not such data, or a cell that `known` lacks.
    """
    every = {**known, **OPEN}
    return tuple(cell_from_data(cell, f"cells.{place}", every, deepest=None) for place, cell in enumerate(data))


def names_in(data: Any) -> tuple[set[str], set[str]]:
    """The names of cells in such data, and what else of a person's code it names."""
    cells: set[str] = set()
    named: set[str] = set()
    waiting = [data]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            cells.add(str(one.get("cell", "")))
            if one.get("cell") == "Named":
                named.add(str(one.get("name")))
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
    return cells - {""}, named
