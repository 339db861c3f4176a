"""Designs of the field that a space holds: by name, with their source, written as cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from search_spaces.dsl import Choice, Repeat, Tied, below, is_cell_like
from search_spaces.errors import SpaceError


@dataclass(frozen=True, init=False)
class Known:
    """A design that people know by a name.

    Args:
        name: a plain word such as `resnet9`, once in a space.
        source: URL of the paper or code that it is from.
        cells: in the order in which data flows, nothing left open; some decisions of the space must lead to them.
    """

    name: str
    source: str
    cells: tuple[Any, ...]

    def __init__(self, name: str, source: str, *cells: Any) -> None:
        if not name.isidentifier():
            raise SpaceError(f"`name` of a `Known` must be a plain word such as 'resnet9', got {name!r}.")
        if not source.startswith("https://"):
            raise SpaceError(f"`source` of the design {name!r} must be a URL (https://…), got {source!r}.")
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "source", source)
        object.__setattr__(self, "cells", cells)


def decisions_for(tree: tuple[Any, ...], cells: tuple[Any, ...]) -> dict[str, int]:
    """The first decisions, by path, that lead from the open `tree` to these cells in a row.

    Raises:
        SpaceError: no decisions do; names the first cell that cannot be reached.
    """
    reached: list[int] = [0]
    for rest, found in _row(tree, "", cells, _Found(), reached):
        if not rest:
            return found.decisions
    at = max(reached)
    if at == len(cells):
        raise SpaceError(f"no decisions end after its last cell, {cells[-1]!r}")
    raise SpaceError(f"no decisions lead to its cell {at}, {cells[at]!r}")


@dataclass(frozen=True)
class _Found:
    """Decisions taken so far, and what each tied node became."""

    decisions: dict[str, int] = field(default_factory=dict)
    tied: dict[str, Any] = field(default_factory=dict)

    def decided(self, path: str, index: int) -> _Found:
        return _Found({**self.decisions, path: index}, self.tied)

    def became(self, name: str, value: Any) -> _Found:
        return _Found(self.decisions, {**self.tied, name: value})


def _row(
    node: Any, path: str, row: tuple[Any, ...], found: _Found, reached: list[int], behind: int = 0
) -> Iterator[tuple[tuple[Any, ...], _Found]]:
    """(cells left, decisions) for each way in which `node` becomes the first cells of `row`."""
    if isinstance(node, Choice):
        for index, (place, option) in enumerate(below(node, path)):
            yield from _row(option, place, row, found.decided(path, index), reached, behind)
    elif isinstance(node, Repeat):
        (place, times), *copies = below(node, path)
        numbers = times.options if isinstance(times, Choice) else (times,)
        for index, number in enumerate(numbers):
            now = found.decided(place, index) if isinstance(times, Choice) else found
            if node.tied and number:
                yield from _again(copies[0], number, row, now, reached, behind)
            else:
                yield from _rows(copies[:number], row, now, reached, behind)
    elif isinstance(node, Tied):
        if node.name in found.tied:
            same = found.tied[node.name]
            if row[: len(same)] == same:
                yield row[len(same) :], found
            return
        ((place, inner),) = below(node, path)
        for rest, now in _row(inner, place, row, found, reached, behind):
            yield rest, now.became(node.name, row[: len(row) - len(rest)])
    elif isinstance(node, tuple):
        yield from _rows(below(node, path), row, found, reached, behind)
    elif row:
        for now in _value(node, path, row[0], found):
            reached.append(behind + 1)
            yield row[1:], now


def _rows(
    parts: Sequence[tuple[str, Any]], row: tuple[Any, ...], found: _Found, reached: list[int], behind: int
) -> Iterator[tuple[tuple[Any, ...], _Found]]:
    if not parts:
        yield row, found
        return
    (place, part), *others = parts
    for rest, now in _row(part, place, row, found, reached, behind):
        yield from _rows(others, rest, now, reached, behind + len(row) - len(rest))


def _again(
    part: tuple[str, Any], number: int, row: tuple[Any, ...], found: _Found, reached: list[int], behind: int
) -> Iterator[tuple[tuple[Any, ...], _Found]]:
    """`number` equal copies that decide once."""
    place, node = part
    for rest, now in _row(node, place, row, found, reached, behind):
        size = len(row) - len(rest)
        if row[: size * number] == row[:size] * number:
            yield row[size * number :], now


def _value(node: Any, path: str, value: Any, found: _Found) -> Iterator[_Found]:
    """Decisions for each way in which `node` becomes `value`."""
    if isinstance(node, Choice):
        for index, (place, option) in enumerate(below(node, path)):
            yield from _value(option, place, value, found.decided(path, index))
    elif isinstance(node, Tied):
        if node.name in found.tied:
            yield from [found] if found.tied[node.name] == value else []
            return
        ((place, inner),) = below(node, path)
        for now in _value(inner, place, value, found):
            yield now.became(node.name, value)
    elif isinstance(node, Repeat):
        (place, times), *copies = below(node, path)
        for index, number in enumerate(times.options if isinstance(times, Choice) else (times,)):
            if isinstance(value, tuple) and len(value) == number:
                now = found.decided(place, index) if isinstance(times, Choice) else found
                if not node.tied:
                    yield from _values(copies[:number], value, now)
                elif len(set(value)) <= 1:
                    yield from _values(copies[: min(number, 1)], value[:1], now)
    elif isinstance(node, tuple):
        if isinstance(value, tuple) and len(node) == len(value):
            yield from _values(below(node, path), value, found)
    elif is_cell_like(node):
        if type(node) is type(value):
            parts = below(node, path)
            yield from _values(parts, [part for _, part in below(value)], found)
    elif node == value:
        yield found


def _values(parts: Sequence[tuple[str, Any]], values: Sequence[Any], found: _Found) -> Iterator[_Found]:
    if not parts:
        yield found
        return
    (place, part), *others = parts
    for now in _value(part, place, values[0], found):
        yield from _values(others, values[1:], now)
