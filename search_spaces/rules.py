"""Rules: conditions that every architecture of a space must obey, composed with `&`, `|` and `~`, printed as written.

A rule also says how far an architecture is from obeying it, so that a space can repair a draw instead of drawing anew.
Rules may speak of how a network is trained, too: see `search_spaces.values`. They are judged where a recipe is given.

    max_parameters(1_000_000) & (forbid(after(Transformer, Pool)) | (count(Conv) >= 3))
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import math
import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from search_spaces.architecture import Architecture
from search_spaces.dsl import is_cell_like
from search_spaces.errors import SpaceError
from search_spaces.latency import latency
from search_spaces.profile import profile
from search_spaces.task import Task
from search_spaces.tree import cells_within

_COMPARE = {"<=": operator.le, "<": operator.lt, ">=": operator.ge, ">": operator.gt}
_OPPOSITE = {"<=": ">", "<": ">=", ">=": "<", ">": "<="}


class Rule:
    """A condition on architectures. Combine rules with `&`, `|` and `~`."""

    @property
    def needs_task(self) -> bool:
        """Whether the rule can be judged only when the input is known."""
        return False

    @property
    def needs_recipe(self) -> bool:
        """Whether the rule can be judged only when it is known how the network is trained."""
        return False

    def distance(self, architecture: Architecture, task: Task | None = None, recipe: Any = None) -> float:
        """0 when obeyed, else how far away: a relative excess, larger is worse."""
        raise NotImplementedError

    def explain(self, architecture: Architecture, task: Task | None = None, recipe: Any = None) -> str:
        """Why the rule is broken, with the numbers."""
        raise NotImplementedError

    def __invert__(self) -> Rule:
        """The rule that is obeyed where this one is broken."""
        raise NotImplementedError

    def __and__(self, other: Any) -> Rule:
        return All((*_parts(self, All), *_parts(symbol(other), All)))

    def __or__(self, other: Any) -> Rule:
        return Any_((*_parts(self, Any_), *_parts(symbol(other), Any_)))

    def __bool__(self) -> NoReturn:
        raise SpaceError(
            f"The rule `{self!r}` is neither true nor false by itself. Rules are joined by `&`, `|` and `~`, each "
            "comparison in brackets, or by forbid(…, …); not by `and`, `or`, `not` or as in 1 < … < 3."
        )


@dataclass(frozen=True, repr=False)
class Joined(Rule):
    """A rule made of others; it can be judged where all of them can."""

    rules: tuple[Rule, ...]

    @property
    def needs_task(self) -> bool:
        return any(rule.needs_task for rule in self.rules)

    @property
    def needs_recipe(self) -> bool:
        return any(rule.needs_recipe for rule in self.rules)


@dataclass(frozen=True, repr=False)
class All(Joined):
    """Obeyed when every part is."""

    def distance(self, architecture: Architecture, task: Task | None = None, recipe: Any = None) -> float:
        return sum(rule.distance(architecture, task, recipe) for rule in self.rules)

    def explain(self, architecture: Architecture, task: Task | None = None, recipe: Any = None) -> str:
        broken_ones = [rule for rule in self.rules if rule.distance(architecture, task, recipe) > 0]
        return ", and ".join(rule.explain(architecture, task, recipe) for rule in broken_ones)

    def __invert__(self) -> Rule:
        return Any_(tuple(~rule for rule in self.rules))

    def __repr__(self) -> str:
        return " & ".join(map(_bracketed, self.rules))


@dataclass(frozen=True, repr=False)
class Any_(Joined):  # noqa: N801 - `Any` is typing's word
    """Obeyed when at least one part is."""

    def distance(self, architecture: Architecture, task: Task | None = None, recipe: Any = None) -> float:
        return min(rule.distance(architecture, task, recipe) for rule in self.rules)

    def explain(self, architecture: Architecture, task: Task | None = None, recipe: Any = None) -> str:
        return ", and ".join(rule.explain(architecture, task, recipe) for rule in self.rules)

    def __invert__(self) -> Rule:
        return All(tuple(~rule for rule in self.rules))

    def __repr__(self) -> str:
        return " | ".join(map(_bracketed, self.rules))


@dataclass(frozen=True, repr=False)
class NotTogether(Joined):
    """Obeyed when one of the conditions at least does not hold."""

    def distance(self, architecture: Architecture, task: Task | None = None, recipe: Any = None) -> float:
        return min((~rule).distance(architecture, task, recipe) for rule in self.rules)

    def explain(self, architecture: Architecture, task: Task | None = None, recipe: Any = None) -> str:
        return f"{' and '.join(map(repr, self.rules))} hold together"

    def __invert__(self) -> Rule:
        return All(self.rules)

    def __repr__(self) -> str:
        return f"forbid({', '.join(map(repr, self.rules))})"


@dataclass(frozen=True)
class Quantity:
    """A number known of an architecture; compared with a limit (`<=`, `<`, `>=`, `>`) it makes a rule.

    Args:
        name: how it prints.
        measure: the number for an architecture and a task.
        needs_task: whether it depends on the input.
    """

    name: str
    measure: Callable[[Architecture, Task | None], float]
    needs_task: bool = False

    def __le__(self, limit: float) -> Rule:
        return Comparison(self, "<=", _number(limit, self.name))

    def __lt__(self, limit: float) -> Rule:
        return Comparison(self, "<", _number(limit, self.name))

    def __ge__(self, limit: float) -> Rule:
        return Comparison(self, ">=", _number(limit, self.name))

    def __gt__(self, limit: float) -> Rule:
        return Comparison(self, ">", _number(limit, self.name))


@dataclass(frozen=True, repr=False)
class Comparison(Rule):
    """Obeyed when `quantity` stands to `limit` as `sign` says."""

    quantity: Quantity
    sign: str
    limit: float

    @property
    def needs_task(self) -> bool:
        return self.quantity.needs_task

    def distance(self, architecture: Architecture, task: Task | None = None, recipe: Any = None) -> float:
        value = self.quantity.measure(architecture, task)
        if _COMPARE[self.sign](value, self.limit):
            return 0.0
        # In logarithms, ten times too large and ten times too small are equally far away.
        return abs(math.log((value + 1) / (self.limit + 1))) + 1e-3

    def explain(self, architecture: Architecture, task: Task | None = None, recipe: Any = None) -> str:
        return f"{self.quantity.name} is {_plain(self.quantity.measure(architecture, task))}, not {self._wanted()}"

    def __invert__(self) -> Rule:
        return Comparison(self.quantity, _OPPOSITE[self.sign], self.limit)

    def _wanted(self) -> str:
        return f"{self.sign} {_plain(self.limit)}"

    def __repr__(self) -> str:
        name = self.quantity.name
        if name.startswith("count(") and self.limit == 1 and self.sign in ("<", ">="):
            return f"{'forbid' if self.sign == '<' else 'require'}{name.removeprefix('count')}"
        return f"{name} {self._wanted()}"


@dataclass(frozen=True, repr=False)
class Holds(Rule):
    """Obeyed when `function(architecture)` is true (or false, with `wanted=False`)."""

    function: Callable[[Architecture], bool]
    wanted: bool = True

    def distance(self, architecture: Architecture, task: Task | None = None, recipe: Any = None) -> float:
        return 0.0 if bool(self.function(architecture)) is self.wanted else 1.0

    def explain(self, architecture: Architecture, task: Task | None = None, recipe: Any = None) -> str:
        return f"{_name(self.function)} is {not self.wanted}"

    def __invert__(self) -> Rule:
        return Holds(self.function, not self.wanted)

    def __repr__(self) -> str:
        return f"{'' if self.wanted else '~'}{_name(self.function)}"


@dataclass(frozen=True)
class Pattern:
    """Something that cells may form; `find` counts how often an architecture has it."""

    name: str
    find: Callable[[Architecture], int]


def after(later: Any, earlier: Any, directly: bool = False) -> Pattern:
    """A cell `later` somewhere behind a cell `earlier`, or right behind it with `directly`."""
    matches_later, matches_earlier = _matcher(later), _matcher(earlier)

    def find(architecture: Architecture) -> int:
        found, seen = 0, False
        for cell in architecture.cells:
            found += seen and matches_later(cell)
            seen = matches_earlier(cell) or (seen and not directly)
        return found

    extra = ", directly=True" if directly else ""
    return Pattern(f"after({_name(later)}, {_name(earlier)}{extra})", find)


def at(position: int, cell: Any) -> Pattern:
    """A cell at this position: 0 is the first, -1 the last."""
    matches = _matcher(cell)

    def find(architecture: Architecture) -> int:
        cells = architecture.cells
        return int(-len(cells) <= position < len(cells) and matches(cells[position]))

    return Pattern(f"at({position}, {_name(cell)})", find)


def where(cell: type, **values: Any) -> Pattern:
    """A cell of this class with these field values, e.g. `where(Transformer, heads=8)`."""
    unknown = sorted(set(values) - {field.name for field in dataclasses.fields(cell)})
    if unknown:
        raise SpaceError(f"{cell.__name__} has no field `{unknown[0]}`. Use a field of the cell in `where`.")

    def matches(candidate: Any) -> bool:
        return isinstance(candidate, cell) and all(getattr(candidate, key) == values[key] for key in values)

    listed = "".join(f", {key}={value!r}" for key, value in values.items())
    return Pattern(f"where({cell.__name__}{listed})", lambda a: _occurrences(matches, a))


def count(pattern: Any) -> Quantity:
    """How often a cell class, or a pattern, occurs; cells inside other cells count too."""
    if isinstance(pattern, Pattern):
        return Quantity(f"count({pattern.name})", lambda architecture, task: pattern.find(architecture))
    matches = _matcher(pattern)
    return Quantity(f"count({_name(pattern)})", lambda architecture, task: _occurrences(matches, architecture))


def _occurrences(matches: Callable[[Any], bool], architecture: Architecture) -> int:
    return sum(matches(cell) for outer in architecture.cells for cell in with_inner(outer))


@functools.lru_cache(maxsize=200_000)
def with_inner(cell: Any) -> tuple[Any, ...]:
    """A cell and all cells inside it."""
    return tuple(cells_within(cell))


def symbol(condition: Any) -> Rule:
    """A rule from what a person writes: a rule, a cell class or pattern that must occur, or a function."""
    if isinstance(condition, Rule):
        return condition
    if isinstance(condition, type | Pattern):
        return count(condition) >= 1
    if callable(condition):
        return Holds(condition)
    raise SpaceError(
        f"A rule is made from a rule, a cell class, a pattern such as after(Transformer, Pool) or a function, "
        f"got {condition!r}."
    )


def require(condition: Any, *more: Any) -> Rule:
    """Every architecture must have this: a cell class, a pattern, a rule, or a function `(architecture) -> bool`.

    Args:
        more: what it must have as well.
    """
    first = symbol(condition)
    return functools.reduce(operator.and_, map(symbol, more), first)


def forbid(condition: Any, *more: Any) -> Rule:
    """No architecture may have this: a cell class, a pattern, a rule, or a function `(architecture) -> bool`.

    Args:
        more: with these, it is forbidden to have all of them together; each alone is allowed.
    """
    first = symbol(condition)
    return NotTogether((first, *map(symbol, more))) if more else ~first


def _profiled(name: str) -> Quantity:
    def measure(architecture: Architecture, task: Task | None) -> float:
        if task is None:
            raise SpaceError("A rule about the profile needs to know the input: pass a `task`.")
        return getattr(profile(architecture, task), name)

    return Quantity(name, measure, needs_task=True)


def _latency(architecture: Architecture, task: Task | None) -> float:
    if task is None:
        raise SpaceError("A rule about latency needs to know the input: pass a `task`.")
    return latency(architecture, task)


parameters = _profiled("parameters")
macs = _profiled("macs")
activation_bytes = _profiled("activation_bytes")
layers = _profiled("layers")
latency_seconds = Quantity("latency_seconds", _latency, needs_task=True)


def max_parameters(limit: int) -> Rule:
    """At most this many parameters."""
    return parameters <= limit


def max_macs(limit: int) -> Rule:
    """At most this many multiply-adds for one example."""
    return macs <= limit


def max_latency(seconds: float) -> Rule:
    """At most this many seconds for one example on this machine's CPU, see `search_spaces.latency`."""
    return latency_seconds <= seconds


def broken(
    rules: Sequence[Rule], architecture: Architecture, task: Task | None = None, recipe: Any = None
) -> Rule | None:
    """The first rule that the architecture breaks; rules that need a task or a recipe are skipped without one."""
    known = judged(rules, task, recipe is not None)
    return next((rule for rule in known if rule.distance(architecture, task, recipe) > 0), None)


def judged(rules: Sequence[Rule], task: Task | None, with_recipe: bool = False) -> list[Rule]:
    """The rules that can be judged with this task, and with or without a recipe; a conjunction as its parts."""
    parts = [part for rule in rules for part in _parts(rule, All)]
    return [
        part for part in parts if (task is not None or not part.needs_task) and (with_recipe or not part.needs_recipe)
    ]


def conditions(rule: Rule) -> Iterator[Rule]:
    """The rules that a rule is made of, itself included."""
    yield rule
    for part in rule.rules if isinstance(rule, Joined) else ():
        yield from conditions(part)


def _parts(rule: Rule, kind: type[All] | type[Any_]) -> tuple[Rule, ...]:
    return tuple(part for inner in rule.rules for part in _parts(inner, kind)) if isinstance(rule, kind) else (rule,)


def _bracketed(rule: Rule) -> str:
    """As a part of a longer rule, in brackets where Python would read it otherwise."""
    text = repr(rule)
    try:
        alone = isinstance(ast.parse(text, mode="eval").body, ast.Name | ast.Call | ast.UnaryOp)
    except SyntaxError:  # `<lambda>`
        alone = True
    return text if alone else f"({text})"


def _matcher(cell: Any) -> Callable[[Any], bool]:
    if isinstance(cell, type):
        return lambda candidate: isinstance(candidate, cell)
    if is_cell_like(cell):
        return lambda candidate: candidate == cell
    raise SpaceError(f"A pattern speaks of cell classes such as Transformer, got {cell!r}.")


def _number(limit: Any, name: str) -> float:
    if isinstance(limit, bool) or not isinstance(limit, int | float) or not limit >= 0:
        raise SpaceError(f"The limit of `{name}` must be a number of at least 0, got {limit!r}.")
    return limit


def _plain(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _name(thing: Any) -> str:
    return getattr(thing, "__name__", None) or repr(thing)
