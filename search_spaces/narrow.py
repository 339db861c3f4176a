"""A space narrowed by what a person bans and pins, without a change of its places: decisions mean what they meant.

    narrowed(cells, ban=["Transformer", "kernel=7"], pin=["stem.width=32"])

A ban is a cell's name, or a place and a value that it must not take. A pin is a place and the value that it must take.
A place is named by its path (`1[0].width`), its end (`width`), or by its cell and field (`stem.width`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from search_spaces.architecture import Architecture
from search_spaces.dsl import Choice, Expression, Repeat, Tied, below, field_names, is_cell_like
from search_spaces.errors import SpaceError
from search_spaces.rules import Rule
from search_spaces.task import Task
from search_spaces.tree import cells_within

Allowed = Mapping[str, tuple[int, ...]]  # indices of the options left, by path; what is not mentioned is free
SHOWN = 12  # names in a message


@dataclass(frozen=True, repr=False)
class Within(Rule):
    """Obeyed where every decision is one of those left. A space with this rule draws nothing else.

    Args:
        allowed: see `Allowed`. text: how it was asked for.
    """

    allowed: Allowed = field(hash=False)
    text: str

    def permits(self, decisions: Mapping[str, int]) -> bool:
        """Whether all decisions are among those left."""
        return not self._wrong(decisions)

    def distance(self, architecture: Architecture, task: Task | None = None, recipe: Any = None) -> float:
        return float(len(self._wrong(architecture.decisions)))

    def explain(self, architecture: Architecture, task: Task | None = None, recipe: Any = None) -> str:
        wrong = self._wrong(architecture.decisions)
        return f"`{wrong[0]}` takes what is out by {self.text}" if wrong else ""

    def __invert__(self) -> Rule:
        raise SpaceError("What is banned and pinned has no opposite. Ban or pin something else.")

    def __repr__(self) -> str:
        return self.text

    def _wrong(self, decisions: Mapping[str, int]) -> list[str]:
        return [path for path, index in decisions.items() if index not in self.allowed.get(path, (index,))]


@dataclass(frozen=True)
class Place:
    """Where a decision is taken, and all names that it answers to."""

    path: str
    options: tuple[Any, ...]
    of: str  # `stem.width`: the cell and the field that it stands in; "" where alternatives of cells stand

    def called(self, name: str) -> bool:
        """Whether `name` is its path, the end of it, or its cell and field."""
        return name == self.path or self.path.endswith((f".{name}", f"@{name}")) or name.lower() == self.of


def narrowed(trees: Mapping[str, Any], ban: Sequence[str] = (), pin: Sequence[str] = ()) -> Within:
    """What is left of open trees.

    Args:
        trees: each by the path at which it begins, e.g. `{"": space.cells, "training": recipe}`.

    Raises:
        SpaceError: no such cell or place, a place that has no such option, or nothing that is left.
    """
    known = [place for path, tree in trees.items() for place in _places(tree, path, _kind_of_root(path))]
    kinds = {kind(cell).lower(): kind(cell) for tree in trees.values() for cell in cells_within(tree)}
    banned = {text.strip().lower() for text in ban if "=" not in text}
    for text in ban:
        if "=" not in text and text.strip().lower() not in kinds:
            raise SpaceError(
                f"`ban` names {text!r}, which is no cell of this space. Its cells: {_few(kinds.values())}."
            )
    left: dict[str, set[int]] = {}
    for text in pin:
        for place in _meant("pin", text, known):
            taken = _taken(place, text)
            if not taken:
                options = ", ".join(map(word, place.options))
                raise SpaceError(
                    f"`pin` says {text!r}, and `{place.path}` cannot be that: its options are {options}. Name the "
                    f"places that can, e.g. by their paths."
                )
            left[place.path] = left.get(place.path, set(range(len(place.options)))) & taken
    for text in ban:
        if "=" in text:
            meant = _meant("ban", text, known)
            out = {place.path: _taken(place, text, every=False) for place in meant}
            if not any(out.values()):
                options = ", ".join(sorted({word(option) for place in meant for option in place.options}))
                raise SpaceError(f"`ban` says {text!r}, and no place so called has that option. They have: {options}.")
            for place in meant:
                left[place.path] = left.get(place.path, set(range(len(place.options)))) - out[place.path]
    words = "; ".join([*(f"ban {text}" for text in ban), *(f"pin {text}" for text in pin)])
    pruning = _Pruning(banned, left)
    if not all(pruning.possible(tree, path) for path, tree in trees.items()):
        raise SpaceError(f"No network of this space is left by {words}. Ban or pin less.")
    return Within({path: some for path, some in sorted(pruning.allowed.items()) if some}, words)


def kind(cell: Any) -> str:
    """The name of a cell: its class, or the module's class where it is a person's own."""
    cls = type(cell)
    return str(getattr(cls, "module", cls).__name__)


def word(option: Any) -> str:
    """An option as a person writes it: a cell's name, a number, a word."""
    if isinstance(option, tuple):
        return " + ".join(map(word, option)) or "nothing"
    if isinstance(option, Expression):
        return f"{type(option).__name__.lower()} of {' or '.join(word(part) for _, part in below(option))}"
    return kind(option) if hasattr(option, "build") else "none" if option is None else str(option)


def _kind_of_root(path: str) -> str:
    return "recipe" if path else ""


def _places(node: Any, path: str, of: str) -> Iterator[Place]:
    """Every decision below `node`, with the cell and field that it stands in."""
    if isinstance(node, Choice):
        yield Place(path, node.options, of)
    if is_cell_like(node) and not isinstance(node, Expression):
        owner = of if of == "recipe" else kind(node)
        cls: Any = type(node)
        names = field_names(cls)
        for name, (place, part) in zip(names, below(node, path), strict=True):
            yield from _places(part, place, f"{owner}.{name}".lower())
        return
    for place, part in below(node, path):
        yield from _places(part, place, of)


def _meant(what: str, text: str, known: Sequence[Place]) -> list[Place]:
    """The places that a ban or a pin speaks of."""
    name, sign, value = (part.strip() for part in text.partition("="))
    if not sign or not name or not value:
        raise SpaceError(f"`{what}` must be a place and a value such as stem.width=32, got {text!r}.")
    found = [place for place in known if place.called(name)]
    if not found:
        names = sorted({place.of or place.path for place in known})
        raise SpaceError(f"`{what}` names {name!r}, and this space leaves no such place open. It has: {_few(names)}.")
    return found


def _taken(place: Place, text: str, every: bool = True) -> set[int]:
    """Which options of a place have one of the values; further expressions decide for themselves in a pin."""
    values = [value.strip() for value in text.partition("=")[2].split(",")]
    return {
        index
        for index, option in enumerate(place.options)
        if (every and isinstance(option, Choice)) or any(_means(option, value) for value in values)
    }


def _means(option: Any, text: str) -> bool:
    if isinstance(option, bool) or option is None or isinstance(option, str):
        return word(option).lower() == text.lower()
    if isinstance(option, int | float):
        try:
            return float(text) == option
        except ValueError:
            return False
    return word(option).lower() == text.lower()


def _few(names: Any) -> str:
    listed = sorted(names)
    return ", ".join(listed[:SHOWN]) + (f" and {len(listed) - SHOWN} more" if len(listed) > SHOWN else "")


class _Pruning:
    """Which options still lead to a network; an option that cannot be closed without a ban is out as a whole."""

    def __init__(self, banned: set[str], left: Mapping[str, set[int]]) -> None:
        self.banned, self.left = banned, left
        self.allowed: dict[str, tuple[int, ...]] = {}

    def possible(self, node: Any, path: str) -> bool:
        """Whether some way to close `node` is left; notes the decisions that are."""
        if isinstance(node, Choice):
            inside = [self.possible(option, place) for place, option in below(node, path)]
            return self._note(path, node, {index for index, open_ in enumerate(inside) if open_})
        if isinstance(node, Repeat):
            (place, times), *copies = below(node, path)
            open_ = [self.possible(part, where) for where, part in copies]
            free = next((index for index, one in enumerate(open_) if not one), None)
            most = None if free is None else 0 if node.tied else free
            if isinstance(times, Choice):
                ends = {index for index, number in enumerate(times.options) if most is None or number <= most}
                return self._note(place, times, ends)
            return most is None or times <= most
        if is_cell_like(node) and not isinstance(node, Tied) and kind(node).lower() in self.banned:
            return False
        return all(self.possible(part, place) for place, part in below(node, path))

    def _note(self, path: str, node: Choice, usable: set[int]) -> bool:
        usable = usable & self.left.get(path, usable)
        if len(usable) < len(node.options):
            self.allowed[path] = tuple(sorted(usable))
        return bool(usable)
