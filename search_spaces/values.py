"""Values of a recipe and of cells, compared in rules.

    forbid(recipe.optimizer == "sgd", recipe.learning_rate < 0.01)
    forbid(recipe.learning_rate > 0.01, some(Transformer).heads >= 8)

`recipe.NAME` is a setting of the training recipe. `some(Cell).FIELD` is true of a network in which one of these cells
has such a value, `every(Cell).FIELD` where all of them have, which is so where there are none.
"""

from __future__ import annotations

import dataclasses
import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from search_spaces.architecture import Architecture
from search_spaces.cells.arguments import frozen
from search_spaces.dsl import is_cell_like
from search_spaces.errors import SpaceError
from search_spaces.rules import Rule, with_inner
from search_spaces.task import Task

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le, "<": operator.lt, ">=": operator.ge, ">": operator.gt
}  # fmt: skip
_OPPOSITE = {"<=": ">", "<": ">=", ">=": "<", ">": "<=", "==": "!=", "!=": "=="}


@dataclass(frozen=True)
class OfRecipe:
    """A setting of the recipe, by its name."""

    name: str

    @property
    def text(self) -> str:
        """As it is written."""
        return f"recipe.{self.name}"


@dataclass(frozen=True)
class OfCells:
    """A field of all cells of a class, those inside other cells too.

    Args:
        every: whether all of them are meant, or one.
    """

    cell: type
    name: str
    every: bool

    @property
    def text(self) -> str:
        """As it is written."""
        return f"{'every' if self.every else 'some'}({self.cell.__name__}).{self.name}"


@dataclass(frozen=True, repr=False)
class Condition(Rule):
    """Obeyed where a value stands to `value` as `sign` says; with `wanted=False` where it does not."""

    of: OfRecipe | OfCells
    sign: str
    value: Any
    wanted: bool = True

    @property
    def needs_recipe(self) -> bool:
        return isinstance(self.of, OfRecipe)

    def distance(self, architecture: Architecture, task: Task | None = None, recipe: Any = None) -> float:
        found = self._found(architecture, recipe)
        if self._holds(found):
            return 0.0
        numbers = [value for value in found if _is_number(value)] if _is_number(self.value) else []
        return min((_apart(value, self.value) for value in numbers), default=1.0) + 1e-3

    def explain(self, architecture: Architecture, task: Task | None = None, recipe: Any = None) -> str:
        found = ", ".join(dict.fromkeys(map(repr, self._found(architecture, recipe)))) or "nothing"
        return f"{self.of.text} is {found}, where {self!r} is asked for"

    def __invert__(self) -> Rule:
        if isinstance(self.of, OfRecipe):
            return dataclasses.replace(self, sign=_OPPOSITE[self.sign])
        return dataclasses.replace(self, wanted=not self.wanted)

    def __repr__(self) -> str:
        text = f"{self.of.text} {self.sign} {self.value!r}"
        return text if self.wanted else f"~({text})"

    def _found(self, architecture: Architecture, recipe: Any) -> list[Any]:
        if isinstance(self.of, OfRecipe):
            if recipe is None:
                raise SpaceError(f"The rule `{self!r}` needs to know the recipe.")
            return [getattr(recipe, self.of.name)]
        cells = (cell for outer in architecture.cells for cell in with_inner(outer))
        return [getattr(cell, self.of.name) for cell in cells if isinstance(cell, self.of.cell)]

    def _holds(self, found: list[Any]) -> bool:
        judge = all if isinstance(self.of, OfCells) and self.of.every else any
        return judge(self._compared(value) for value in found) is self.wanted

    def _compared(self, value: Any) -> bool:
        if self.sign in ("==", "!="):
            same = isinstance(value, bool) == isinstance(self.value, bool) and value == self.value
            return bool(same) == (self.sign == "==")
        if value is None:
            return False
        if not _is_number(value):
            raise SpaceError(f"The rule `{self!r}` compares by size, and {self.of.text} is {value!r}, which has none.")
        return _COMPARE[self.sign](value, self.value)


class Value:
    """What stands before a comparison in a rule; compared (`==`, `!=`, `<`, `<=`, `>`, `>=`) it makes one."""

    __slots__ = ("_of",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, of: OfRecipe | OfCells) -> None:
        self._of = of

    def __eq__(self, value: object) -> Rule:  # type: ignore[override]
        return _condition(self._of, "==", value)

    def __ne__(self, value: object) -> Rule:  # type: ignore[override]
        return _condition(self._of, "!=", value)

    def __lt__(self, value: Any) -> Rule:
        return _condition(self._of, "<", value)

    def __le__(self, value: Any) -> Rule:
        return _condition(self._of, "<=", value)

    def __gt__(self, value: Any) -> Rule:
        return _condition(self._of, ">", value)

    def __ge__(self, value: Any) -> Rule:
        return _condition(self._of, ">=", value)

    def __bool__(self) -> NoReturn:
        raise SpaceError(f"`{self._of.text}` is no rule until it is compared, e.g. {self._of.text} == …")

    def _brackets(self, other: Any) -> NoReturn:
        raise SpaceError(
            f"Comparisons that are joined by `&` or `|` stand in brackets: ({self._of.text} == …) & (…). Or write "
            "forbid(…, …)."
        )

    __and__ = __rand__ = __or__ = __ror__ = _brackets

    def __repr__(self) -> str:
        return self._of.text


class _Recipe:
    """The training recipe in rules; its attributes are its settings."""

    def __getattr__(self, name: str) -> Value:
        if name.startswith("_"):
            raise AttributeError(name)
        return Value(OfRecipe(name))

    def __repr__(self) -> str:
        return "recipe"


class _Cells:
    """The cells of a class in rules; their attributes are their fields."""

    __slots__ = ("_cell", "_every")

    def __init__(self, cell: Any, every: bool) -> None:
        self._cell, self._every = cell, every

    def __getattr__(self, name: str) -> Value:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in (field.name for field in dataclasses.fields(self._cell)):
            fields = ", ".join(field.name for field in dataclasses.fields(self._cell)) or "none"
            raise SpaceError(f"{self._cell.__name__} has no field `{name}`. Its fields: {fields}.")
        return Value(OfCells(self._cell, name, self._every))


recipe: Any = _Recipe()


def some(cell: type) -> Any:
    """One at least of the cells of this class, e.g. `some(Transformer).heads >= 8`."""
    return _Cells(_checked(cell, "some"), every=False)


def every(cell: type) -> Any:
    """All cells of this class, e.g. `every(Conv).kernel == 3`; true of a network without any."""
    return _Cells(_checked(cell, "every"), every=True)


def _checked(cell: Any, word: str) -> type:
    if not isinstance(cell, type) or not dataclasses.is_dataclass(cell):
        raise SpaceError(f"`{word}` is written around a class of cells, e.g. {word}(Conv).kernel == 3, got {cell!r}.")
    return cell


def _condition(of: OfRecipe | OfCells, sign: str, value: Any) -> Condition:
    if isinstance(value, Value):
        raise SpaceError(f"A rule compares {of.text} with a value, got {value!r}. Values cannot be compared together.")
    if sign in _COMPARE and not (_is_number(value) and math.isfinite(value)):
        raise SpaceError(f"`{of.text} {sign} …` needs a number, got {value!r}. Words are compared by == and !=.")
    try:
        data = value if is_cell_like(value) else frozen(value, f"`{of.text} {sign} …`")
        hash(data)
    except TypeError:
        raise SpaceError(f"`{of.text} {sign} …` needs a number, a word or a cell, got {value!r}.") from None
    return Condition(of, sign, data)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _apart(value: float, other: float) -> float:
    """How far two numbers are from each other, to their size; below 1."""
    return abs(value - other) / (abs(value) + abs(other) + 1e-12) / 2
