"""The language of search spaces: values left open (`Choice`, `Repeat`, `Tied`), and `resolve`, which closes them.

An open architecture is an ordinary tree of frozen dataclasses in which some values are expressions. `resolve(node,
decide)` calls `decide(path, options) -> index` once per decision. Who decides (chance, a replay, a mutation, Optuna) is
no concern of the tree. That a space is an object with values left open is PyGlove's idea
(https://arxiv.org/abs/2101.08809); that a sampler is one function of path and options is NePS's
(https://github.com/automl/neps).

`below` is the one place that knows what lies inside a value and how paths are written: `resolve` and everything in
`search_spaces.tree` go through it.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from search_spaces.errors import SpaceError

Decide = Callable[[str, tuple[Any, ...]], int]

# Types of the fields of cells. Each field holds such a value, or an expression that becomes one.
Whole = Any  # a whole number
Real = Any  # a real number
Word = Any  # one of a few words
Flag = Any  # True or False


@dataclass(frozen=True, init=False)
class Choice:
    """One of several options: numbers, strings, cells, tuples of cells, or further expressions.

    >>> Choice(16, 32, 64)
    Choice(16, 32, 64)

    Raises:
        SpaceError: no option at all, an option that cannot be hashed, or two options that are equal.
    """

    options: tuple[Any, ...]

    def __init__(self, *options: Any) -> None:
        if not options:
            raise SpaceError("`Choice` needs at least one option, got none. Write e.g. Choice(16, 32).")
        seen: dict[Any, Any] = {}
        for option in options:
            try:
                twin = seen.setdefault(option, option)
            except TypeError:
                raise SpaceError(
                    f"Options of a `Choice` must be hashable, got {option!r} of type {type(option).__name__}. "
                    "Use a tuple instead of a list, and a frozen dataclass for a cell."
                ) from None
            if twin is not option or list(map(id, options)).count(id(option)) > 1:
                raise SpaceError(
                    f"Options of a `Choice` must differ, got {twin!r} and {option!r}, which are equal. "
                    "Leave one out; to make an option likelier, nest choices."
                )
        object.__setattr__(self, "options", options)

    def __repr__(self) -> str:
        return f"Choice({', '.join(map(repr, self.options))})"


@dataclass(frozen=True)
class Repeat:
    """`times` copies of `node` in a row. Copies decide freely; with `tied=True` they decide once for all.

    Args:
        node: a cell, a tuple of cells or an expression.
        times: copies, at least 0: a number or a `Choice` of numbers.
    """

    node: Any
    times: Any
    tied: bool = False

    def __post_init__(self) -> None:
        for times in self.times.options if isinstance(self.times, Choice) else (self.times,):
            if isinstance(times, bool) or not isinstance(times, int) or times < 0:
                raise SpaceError(f"`times` of a `Repeat` must be whole numbers of at least 0, got {times!r}.")


@dataclass(frozen=True)
class Tied:
    """`node`, decided once for all places that carry the same `name` in a space."""

    name: str
    node: Any

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise SpaceError(f"`name` of a `Tied` must be a plain word such as 'cell', got {self.name!r}.")


Expression = Choice | Repeat | Tied


def is_cell_like(node: Any) -> bool:
    """Whether `node` is a dataclass instance, whose fields may be open."""
    return dataclasses.is_dataclass(node) and not isinstance(node, type)


@functools.cache
def field_names(cls: Any) -> tuple[str, ...]:
    """The fields that the constructor of a dataclass takes."""
    return tuple(field.name for field in dataclasses.fields(cls) if field.init)


def join(path: str, part: str) -> str:
    """Path of `part` below `path`; a path at the root has no leading dot."""
    return f"{path}.{part}" if path else part


def below(node: Any, path: str = "") -> list[tuple[str, Any]]:
    """(path, value) of everything directly inside `node`, in the order in which it is resolved.

    All options of a `Choice`; of a `Repeat` first `times`, then as many copies as there can be (one if tied); the node
    of a `Tied`, whose path begins anew at its name; parts of a tuple; fields of a cell. Nothing inside any other value.

    >>> below(Choice(16, 32), "1.width")
    [('1.width:0', 16), ('1.width:1', 32)]
    """
    if isinstance(node, tuple):
        return [(join(path, str(index)), part) for index, part in enumerate(node)]
    if not is_cell_like(node):
        return []
    if isinstance(node, Choice):
        return [(f"{path}:{index}", option) for index, option in enumerate(node.options)]
    if isinstance(node, Repeat):
        most = max(node.times.options) if isinstance(node.times, Choice) else node.times
        copies = ["*"] if node.tied else range(most)
        return [(join(path, "times"), node.times), *((f"{path}[{copy}]", node.node) for copy in copies)]
    if isinstance(node, Tied):
        return [(f"@{node.name}", node.node)]
    cls: Any = type(node)
    return [(join(path, name), getattr(node, name)) for name in field_names(cls)]


def resolve(node: Any, decide: Decide, path: str = "") -> Any:
    """`node` with nothing left open; `decide(path, options)` is asked for an index once per decision.

    >>> resolve((Choice(16, 32), Repeat(Choice("a", "b"), times=2)), lambda path, options: len(options) - 1)
    (32, ('b', 'b'))
    """
    return compiled(node, path)(decide)


def compiled(node: Any, path: str = "") -> Callable[[Decide], Any]:
    """`resolve` for a node that is resolved often: a function of `decide`.

    Every place of the tree becomes a closure that knows its path, made when it is first reached. So a space that is
    sampled often spends its time on decisions, not on looking at the tree.
    """
    program = _program(node, path) or _constant(node)
    return lambda decide: program(_Run(decide))


class _Run:
    """One resolution: who decides, and what tied places have become so far."""

    __slots__ = ("decide", "tied")

    def __init__(self, decide: Decide) -> None:
        self.decide = decide
        self.tied: dict[str, Any] = {}


_Program = Callable[[_Run], Any]


def _constant(value: Any) -> _Program:
    return lambda run: value


def _program(node: Any, path: str) -> _Program | None:
    """What resolves `node`; None where nothing in it is open."""
    if isinstance(node, Choice):
        return _choice(node, path)
    if isinstance(node, Repeat):
        return _repeat(node, path)
    if isinstance(node, Tied):
        return _tied(node)
    inside = [(_program(part, place), part) for place, part in below(node, path)]
    if not any(program for program, _ in inside):
        return None
    parts = [program or _constant(part) for program, part in inside]
    if isinstance(node, tuple):
        return lambda run: tuple([part(run) for part in parts])
    cls: Any = type(node)
    return lambda run: _make(cls, *[part(run) for part in parts])


def _choice(node: Choice, path: str) -> _Program:
    options, places = node.options, below(node, path)
    branches: dict[int, _Program] = {}

    def choose(run: _Run) -> Any:
        index = run.decide(path, options)
        branch = branches.get(index)
        if branch is None:
            place, option = places[index]
            branch = branches[index] = _program(option, place) or _constant(option)
        return branch(run)

    return choose


def _repeat(node: Repeat, path: str) -> _Program:
    (place, open_times), *places = below(node, path)
    times = _program(open_times, place) or _constant(open_times)
    copies: list[_Program] = []

    def repeat(run: _Run) -> tuple[Any, ...]:
        n = times(run)
        for place, body in places[len(copies) : n]:
            copies.append(_program(body, place) or _constant(body))
        if node.tied:
            return (copies[0](run),) * n if n else ()
        return tuple([copy(run) for copy in copies[:n]])

    return repeat


def _tied(node: Tied) -> _Program:
    name = node.name
    [(place, inner)] = below(node)
    body = _program(inner, place) or _constant(inner)

    def once(run: _Run) -> Any:
        if name not in run.tied:
            run.tied[name] = body(run)
        return run.tied[name]

    return once


@functools.lru_cache(maxsize=200_000, typed=True)
def _make(cls: Any, *values: Any) -> Any:
    """Equal cells become one object, so that a large pool of architectures stays small."""
    return cls(**dict(zip(field_names(cls), values, strict=True)))
