"""Walks over open trees: what `Choice`, `Repeat` and `Tied` leave to decide, found without sampling.

Every question about an open tree goes through `walk`: where decisions are taken (`places`), which cells there are
(`cells_within`), whether anything is open (`is_open`). `count` and `cell_paths` follow the same parts and paths (see
`search_spaces.dsl.below`), but treat alternatives apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from search_spaces.dsl import Choice, Expression, Repeat, Tied, below, is_cell_like
from search_spaces.errors import SpaceError


def walk(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """(path, value) of `node` and of everything inside it, outermost first: all options, and all copies there can be.

    What is tied comes once for each place where it stands, with one path for all of them.
    """
    waiting = [(path, node)]
    while waiting:
        path, node = waiting.pop()
        yield path, node
        waiting += reversed(below(node, path))


def is_open(node: Any) -> bool:
    """Whether a decision is left anywhere in `node`."""
    return any(isinstance(value, Expression) for _, value in walk(node))


def places(node: Any, path: str = "") -> Iterator[tuple[str, tuple[Any, ...]]]:
    """(path, options) of every decision below `node`, each path once, in the order in which they can be met.

    >>> dict(places((Choice(16, 32), Repeat(Choice("a", "b"), times=2))))
    {'0': (16, 32), '1[0]': ('a', 'b'), '1[1]': ('a', 'b')}
    """
    seen: set[str] = set()
    for place, value in walk(node, path):
        if isinstance(value, Choice) and place not in seen:
            seen.add(place)
            yield place, value.options


def cells_within(node: Any) -> Iterator[Any]:
    """Every dataclass instance (cell, node of a graph, …) anywhere in an open or resolved tree, outermost first."""
    return (value for _, value in walk(node) if is_cell_like(value) and not isinstance(value, Expression))


def outcomes(node: Any) -> Iterator[Any]:
    """What an expression may become: its options, and theirs; of a `Repeat` what is repeated. Else `node` itself.

    >>> list(outcomes(Choice(1, Tied("width", Choice(16, 32)))))
    [1, 16, 32]
    """
    if isinstance(node, Expression):
        for _, part in below(node)[isinstance(node, Repeat) :]:
            yield from outcomes(part)
    else:
        yield node


def cell_paths(node: Any, decisions: Mapping[str, int], path: str = "") -> list[str]:
    """The paths of the cells that these decisions lead to, in order."""
    inside = below(node, path)
    if isinstance(node, Choice):
        inside = [inside[decisions[path]]]
    elif isinstance(node, Repeat):
        (place, times), *inside = inside
        times = times.options[decisions[place]] if isinstance(times, Choice) else times
        inside = inside * times if node.tied else inside[:times]
    elif not isinstance(node, Tied | tuple):
        return [path]
    return [found for place, part in inside for found in cell_paths(part, decisions, place)]


def in_a_row(node: Any) -> Iterator[Any]:
    """The cells in nested tuples, in order."""
    for part in node:
        if isinstance(part, tuple):
            yield from in_a_row(part)
        elif hasattr(part, "build"):
            yield part
        else:
            raise SpaceError(
                f"A space is made of cells, got {part!r}. A cell has a method `build(shape)`; see `Custom`."
            )


Ways = Counter[frozenset[str]]  # decision sequences outside tied nodes, by the set of tied names that each one meets


def count(node: Any) -> int:
    """Number of distinct decision sequences that resolve `node`, exactly."""
    bodies: dict[str, Any] = {}
    total = 0
    for names, ways in _count(node, bodies, ()).items():
        total += ways * _count_tied(names, frozenset(), bodies)
    return total


def _count_tied(open_names: frozenset[str], done: frozenset[str], bodies: dict[str, Any]) -> int:
    """Ways to decide the tied nodes of these names, and the tied nodes that they in turn hold, once each."""
    if not open_names:
        return 1
    name = min(open_names)
    total = 0
    for inner, ways in _count(bodies[name], bodies, (name,)).items():
        done_now = done | {name}
        total += ways * _count_tied((open_names | inner) - done_now, done_now, bodies)
    return total


def _count(node: Any, bodies: dict[str, Any], within: tuple[str, ...]) -> Ways:
    if isinstance(node, Tied):
        _remember(node, bodies, within)
        return Counter({frozenset({node.name}): 1})
    if isinstance(node, Repeat):
        one = _count(node.node, bodies, within)
        numbers = node.times.options if isinstance(node.times, Choice) else (node.times,)
        return _sum([_product([one] * (min(times, 1) if node.tied else times)) for times in numbers])
    parts = [_count(part, bodies, within) for _, part in below(node)]
    return _sum(parts) if isinstance(node, Choice) else _product(parts)


def _sum(parts: list[Ways]) -> Ways:
    total: Ways = Counter()
    for part in parts:
        total.update(part)
    return total


def _product(parts: list[Ways]) -> Ways:
    total: Ways = Counter({frozenset(): 1})
    for part in parts:
        if part == {frozenset(): 1}:
            continue
        merged: Ways = Counter()
        for left, ways in total.items():
            for right, more in part.items():
                merged[left | right] += ways * more
        total = merged
    return total


def _remember(node: Tied, bodies: dict[str, Any], within: tuple[str, ...]) -> None:
    if node.name in within:
        raise SpaceError(
            f"Tied({node.name!r}, …) holds itself, so it would never end. Give the inner one another name."
        )
    if bodies.setdefault(node.name, node.node) != node.node:
        raise SpaceError(
            f"Two different nodes are tied under the name {node.name!r}: {bodies[node.name]!r} and {node.node!r}. "
            "One name stands for one node; use two names."
        )
    _count(node.node, bodies, (*within, node.name))
