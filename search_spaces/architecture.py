"""A space with nothing left open: cells and the decisions that led to them. Data only, never weights.

Here are also its JSON and its fingerprint. Which cells JSON may name is told by whoever has them, see `KNOWN_CELLS`.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from search_spaces.dsl import is_cell_like
from search_spaces.errors import SpaceError
from search_spaces.tree import cell_paths, is_open

FORMAT = 1
LONGEST_TEXT = 1_000_000
DEEPEST_CELL = 16
LARGEST_NUMBER = 1_000_000

# What makes a cell of its fields, by the cell's name in JSON. `search_spaces.cells` enters its cells on import.
KNOWN_CELLS: dict[str, Callable[..., Any]] = {}


@dataclass(frozen=True)
class Architecture:
    """One network, as data.

    Args:
        space: name of the space it comes from.
        cells: resolved cells in the order in which data flows through them.
        decisions: index of the option taken, by path. Treat as read-only.
    """

    space: str
    cells: tuple[Any, ...]
    decisions: Mapping[str, int] = field(hash=False)

    def __post_init__(self) -> None:
        if is_open(self.cells):
            raise SpaceError("An architecture has nothing left open. Sample one: `space.sample(random.Random(0))`.")

    @classmethod
    def known_closed(
        cls, space: str, cells: tuple[Any, ...], decisions: Mapping[str, int], tree: Any = None
    ) -> Architecture:
        """An architecture of cells in which nothing is open, unchecked.

        Args:
            tree: the open cells that they were resolved from, if at hand: errors name places in it.
        """
        made = object.__new__(cls)
        made.__dict__.update(space=space, cells=cells, decisions=decisions, _tree=tree)
        return made

    def __getstate__(self) -> dict[str, Any]:
        return {"space": self.space, "cells": self.cells, "decisions": self.decisions}

    def path(self, number: int) -> str:
        """Where cell `number` stands in its space, e.g. `1[0]:2`; empty where the space is not at hand."""
        tree = self.__dict__.get("_tree")
        paths = cell_paths(tree, self.decisions) if tree is not None else []
        return paths[number] if 0 <= number < len(paths) else ""

    @functools.cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that stand for what the network computes."""
        text = "|".join(map(cell_text, canonical(self.cells)))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def to_json(self) -> str:
        """A text from which `from_json` makes an equal architecture."""
        cells = [cell_to_data(cell) for cell in self.cells]
        data = {"format": FORMAT, "space": self.space, "cells": cells, "decisions": dict(self.decisions)}
        return json.dumps(data, indent=1)

    @classmethod
    def from_json(cls, text: str, cells: Mapping[str, Callable[..., Any]] = KNOWN_CELLS) -> Architecture:
        """The architecture that `to_json` wrote.

        Args:
            cells: what may stand in it, by name: cell classes, or functions that make a cell of its fields.

        Raises:
            SpaceError: anything that is not such a text; nothing in it is ever imported or run.
        """
        data = _parsed(text)
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise SpaceError(f"An architecture is a JSON object with `format` {FORMAT}, got {str(data)[:80]}.")
        space, listed, decisions = data.get("space"), data.get("cells"), data.get("decisions")
        if not isinstance(space, str) or not isinstance(listed, list) or not isinstance(decisions, dict):
            raise SpaceError("An architecture needs `space` (text), `cells` (list) and `decisions` (object).")
        for path, index in decisions.items():
            if isinstance(index, bool) or not isinstance(index, int) or index < 0:
                raise SpaceError(f"Decision for `{path}` must be a whole number from 0, got {index!r}.")
        made = [_from_data(cell, f"cells.{place}", cells) for place, cell in enumerate(listed)]
        return cls.known_closed(space, tuple(made), decisions)  # no name in JSON stands for an open value


def canonical(cells: tuple[Any, ...]) -> tuple[Any, ...]:
    """The cells without those that compute nothing, each in its simplest equal form."""
    simple = map(_canonical, cells)
    return tuple(cell for cell in simple if cell is not None)


@functools.lru_cache(maxsize=200_000)
def _canonical(cell: Any) -> Any:
    return cell.canonical() if hasattr(cell, "canonical") else cell


@functools.lru_cache(maxsize=200_000)
def cell_text(value: Any) -> str:
    """A text that is the same for equal values in every process, however they are written (2, 2.0)."""
    if is_cell_like(value):
        fields = (f"{f.name}={cell_text(getattr(value, f.name))}" for f in dataclasses.fields(value))
        return f"{type(value).__name__}({','.join(fields)})"
    if isinstance(value, tuple):
        return f"({','.join(map(cell_text, value))})"
    return repr(float(value)) if isinstance(value, int | float) else repr(value)


def cell_to_data(value: Any) -> Any:
    """A cell, or a value in one, as JSON data: a cell is an object with its class name under `cell`."""
    if is_cell_like(value):
        fields = {f.name: cell_to_data(getattr(value, f.name)) for f in dataclasses.fields(value) if f.init}
        return {"cell": type(value).__name__, **fields}
    if isinstance(value, tuple):
        return [cell_to_data(part) for part in value]
    return value


def _from_data(data: Any, path: str, known: Mapping[str, Callable[..., Any]], depth: int = 0) -> Any:
    """The inverse of `cell_to_data`; `path` says in an error where the data stands."""
    if depth > DEEPEST_CELL:
        raise SpaceError(f"`{path}` is nested deeper than {DEEPEST_CELL} levels, more than any cell.")
    if isinstance(data, dict):
        fields = ((key, value) for key, value in data.items() if key != "cell")
        make = _maker(data.get("cell"), path, known)
        inner = {key: _from_data(value, f"{path}.{key}", known, depth + 1) for key, value in fields}
        try:
            return make(**inner)
        except (TypeError, ValueError) as error:
            raise SpaceError(f"`{path}` is not a valid {data['cell']}: {error}") from None
    if isinstance(data, list):
        return tuple(_from_data(part, f"{path}.{place}", known, depth + 1) for place, part in enumerate(data))
    if isinstance(data, int | float) and not abs(data) <= LARGEST_NUMBER:
        raise SpaceError(f"`{path}` must be at most {LARGEST_NUMBER:,} in size, got {data!r}.")
    return data


def _maker(name: Any, path: str, known: Mapping[str, Callable[..., Any]]) -> Callable[..., Any]:
    if isinstance(name, str) and name in known:
        return known[name]
    if str(name).startswith("Custom["):
        raise SpaceError(f"`{path}` is a cell of your own, {name!r}, that is not loaded. Load its space first.")
    cells = sorted(name for name, make in known.items() if hasattr(make, "build"))
    raise SpaceError(f"`{path}` names an unknown cell {name!r}. Known cells: {', '.join(cells)}.")


def _parsed(text: str) -> Any:
    if len(text) > LONGEST_TEXT:
        raise SpaceError(f"An architecture takes at most {LONGEST_TEXT:,} characters, got {len(text):,}.")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SpaceError(f"Not an architecture: the text is not JSON ({error}).") from None
