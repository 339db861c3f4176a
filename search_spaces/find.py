"""Which decisions lead to given cells: the inverse of resolving, by what options are, not by where they stand."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from search_spaces.dsl import Choice, Expression, Repeat, Tied, below, field_names, is_cell_like
from search_spaces.space import Space
from search_spaces.tree import places, walk

Decisions = dict[str, int]
MOST_STEPS = 200_000  # of one search; spaces in which so many ways must be tried are not for this


def find(space: Space, cells: tuple[Any, ...]) -> Decisions | None:
    """The first decisions of `space` that lead to these cells; None where there are none.

    >>> from search_spaces.cells import Conv, Head, Stem
    >>> space = Space("s", Stem(Choice(8, 16)), Repeat(Conv(Choice(4, 8)), times=Choice(1, 2)), Head())
    >>> find(space, (Stem(16), Conv(8), Head()))
    {'0.width': 1, '1.times': 0, '1[0].width': 1}
    """
    search = _Search(cells)
    for end, taken in search.line(space.cells, "", 0, {}):
        if end == len(cells):
            return taken
    return None


def begins(space: Space, cells: tuple[Any, ...]) -> bool:
    """Whether some network of the space begins with these cells."""
    search = _Search(cells)
    return any(True for _ in search.line(space.cells, "", 0, {})) or search.reached


def fill(space: Space, values: Mapping[str, Any]) -> Decisions:
    """The decisions that take these values, named by paths (`1[0].width`), their ends (`width`), or by cells.

    `{"stem": Stem(32)}` and `{"stem.width": 32}` mean the cells of that class. A name that stands for several places is
    decided at all of them that have the value. Names at which no place has it are left out.
    """
    taken: Decisions = {}
    for path, cell in walk(space.cells):
        cls: Any = type(cell)
        kind = getattr(cls, "module", cls).__name__.lower()
        for name, value in values.items():
            first, _, field = name.partition(".")
            if first.lower() != kind or not is_cell_like(cell):
                continue
            parts = dict(zip(field_names(cls), below(cell, path), strict=True))
            place, node = parts.get(field, (path, cell)) if field else (path, cell)
            for decided in _Search(()).value(node, place, value, {}):
                taken.update({**_leading_to(place), **decided})
                break
    for path, options in places(space.cells):
        for name, value in values.items():
            if path == name or path.endswith((f".{name}", f"@{name}")):
                found = [index for index, option in enumerate(options) if _same(option, value)]
                if found:
                    taken[path] = found[0]
                    taken.update(_leading_to(path))
    return taken


def _leading_to(path: str) -> Decisions:
    """The decisions on the way to a place."""
    marks = [place for place, letter in enumerate(path) if letter == ":"]
    return {path[:mark]: int(_digits(path[mark + 1 :])) for mark in marks}


def _digits(text: str) -> str:
    end = next((place for place, letter in enumerate(text) if not letter.isdigit()), len(text))
    return text[:end]


class _Search:
    """One search; it counts its steps, so that it ends."""

    def __init__(self, cells: tuple[Any, ...]) -> None:
        self.cells = cells
        self.reached = False  # whether the last of the cells was met
        self.steps = 0

    def line(self, node: Any, path: str, start: int, taken: Decisions) -> Iterator[tuple[int, Decisions]]:
        """The ways in which `node` becomes the cells from place `start` on: where they end, and all decisions."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            return
        if isinstance(node, tuple):
            yield from self._in_turn(below(node, path), start, taken)
        elif isinstance(node, Choice):
            for index, (place, option) in enumerate(below(node, path)):
                if taken.get(path, index) == index:
                    yield from self.line(option, place, start, {**taken, path: index})
        elif isinstance(node, Repeat):
            for times, decided in _times(node, path, taken):
                copies = below(node, path)[1:]
                yield from self._in_turn(copies * times if node.tied else copies[:times], start, decided)
        elif isinstance(node, Tied):
            [(place, inner)] = below(node, path)
            yield from self.line(inner, place, start, taken)
        elif start < len(self.cells):
            for decided in self.value(node, path, self.cells[start], taken):
                self.reached = self.reached or start + 1 == len(self.cells)
                yield start + 1, decided

    def _in_turn(self, parts: list[tuple[str, Any]], start: int, taken: Decisions) -> Iterator[tuple[int, Decisions]]:
        if not parts:
            yield start, taken
            return
        (place, node), *rest = parts
        for end, decided in self.line(node, place, start, taken):
            yield from self._in_turn(rest, end, decided)

    def value(self, node: Any, path: str, value: Any, taken: Decisions) -> Iterator[Decisions]:
        """The ways in which `node` becomes `value`."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            return
        if isinstance(node, Choice):
            for index, (place, option) in enumerate(below(node, path)):
                if taken.get(path, index) == index:
                    yield from self.value(option, place, value, {**taken, path: index})
        elif isinstance(node, Tied):
            [(place, inner)] = below(node, path)
            yield from self.value(inner, place, value, taken)
        elif isinstance(node, Repeat):
            for times, decided in _times(node, path, taken):
                copies = below(node, path)[1:]
                parts = copies * times if node.tied else copies[:times]
                if isinstance(value, tuple) and len(value) == times:
                    yield from self._each(parts, value, decided)
        elif isinstance(node, tuple):
            if isinstance(value, tuple) and len(value) == len(node):
                yield from self._each(below(node, path), value, taken)
        elif is_cell_like(node):
            if type(node) is type(value):
                parts = below(node, path)
                names = [field.name for field in dataclasses.fields(node) if field.init]
                yield from self._each(parts, tuple(getattr(value, name) for name in names), taken)
        elif _same(node, value):
            yield taken

    def _each(self, parts: list[tuple[str, Any]], values: tuple[Any, ...], taken: Decisions) -> Iterator[Decisions]:
        if not parts:
            yield taken
            return
        (place, node), *rest = parts
        for decided in self.value(node, place, values[0], taken):
            yield from self._each(rest, values[1:], decided)


def _times(node: Repeat, path: str, taken: Decisions) -> Iterator[tuple[int, Decisions]]:
    place, times = below(node, path)[0]
    if not isinstance(times, Choice):
        yield times, taken
        return
    for index, number in enumerate(times.options):
        if taken.get(place, index) == index:
            yield number, {**taken, place: index}


def _same(option: Any, value: Any) -> bool:
    return (
        not isinstance(option, Expression) and isinstance(option, bool) == isinstance(value, bool) and option == value
    )
