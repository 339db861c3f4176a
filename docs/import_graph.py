"""What imports what in the three packages, read from the source files: nothing is imported to find out.

The order of packages and rooms stands in `[tool.nas]` of pyproject.toml. It is data, so it stands with the project's
other data, and both who read it, `tests/test_dependencies.py` and the drawing `docs/architecture.py`, get it from here.

A *room* is a file or a folder directly in a package: `nas/errors.py` is the room `errors`, `nas/data/` the room `data`.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
ORDER = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["nas"]
PACKAGES: tuple[str, ...] = tuple(ORDER["packages"])
LAYERS: tuple[str, ...] = tuple(ORDER["rooms"])
FRONT = "nas"  # nas/__init__.py hands names on when they are first used: it belongs to no layer,
HANDED_ON = "search"  # and who imports it needs what lies as high as this


@dataclass(frozen=True, order=True)
class Import:
    """One import: `importer` needs `imported`, at `file:line`. Both are names of our modules, with dots."""

    importer: str
    imported: str
    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.importer} -> {self.imported}  {self.file}:{self.line}"


@dataclass(frozen=True)
class Module:
    """A source file. `others` are names from outside our packages that it imports, with the line of each."""

    name: str
    path: Path
    lines: int
    imports: tuple[Import, ...] = ()
    others: Mapping[str, int] = field(default_factory=dict)

    @property
    def file(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @property
    def package(self) -> str:
        return self.name.split(".")[0]

    @property
    def room(self) -> str:
        """The room it belongs to, "" for the `__init__` of a package."""
        return room_of(self.name)


def room_of(module: str) -> str:
    """`data` of `nas.data.load`, "" of `nas`."""
    return f"{module}.".split(".")[1]


def rooms(package: str) -> list[str]:
    """The rooms of a package as they are on disk, by name."""
    files = {path.relative_to(ROOT / package) for path in (ROOT / package).rglob("*.py")}
    return sorted({path.parts[0].removesuffix(".py") for path in files} - {"__init__"})


def modules(packages: Iterable[str] = PACKAGES) -> dict[str, Module]:
    """All modules of our packages by name, with what they import."""
    trees = {_name(path): (path, path.read_text()) for package in packages for path in (ROOT / package).rglob("*.py")}
    parsed = {name: ast.parse(text) for name, (path, text) in sorted(trees.items())}
    bound = {name: _bound(parsed[name]) for name, (path, _) in trees.items() if path.name == "__init__.py"}
    found = {}
    for name, tree in parsed.items():
        path, text = trees[name]
        ours: set[tuple[str, int]] = set()
        others: dict[str, int] = {}
        for target, line in _names(tree, name, path.name == "__init__.py"):
            module = _resolved(target, set(parsed), bound)
            if module is None:
                others.setdefault(target, line)
            elif name != FRONT and module != name:
                ours.add((module, line))
        file = path.relative_to(ROOT).as_posix()
        imports = tuple(sorted(Import(name, target, file, line) for target, line in ours))
        found[name] = Module(name, path, text.count("\n"), imports, others)
    return found


def circles(found: Mapping[str, Module]) -> list[list[Import]]:
    """The shortest circle of imports through each module that lies on one; each circle once, the shortest first."""
    graph: dict[str, dict[str, Import]] = {name: {} for name in found}
    for module in found.values():
        for one in module.imports:
            graph[one.importer].setdefault(one.imported, one)
    distinct: dict[frozenset[Import], list[Import]] = {}
    for start in sorted(graph):
        circle = _shortest_circle(start, graph)
        if circle:
            distinct.setdefault(frozenset(circle), circle)
    return sorted(distinct.values(), key=lambda circle: (len(circle), circle))


def _shortest_circle(start: str, graph: Mapping[str, Mapping[str, Import]]) -> list[Import]:
    reached: dict[str, list[Import]] = {start: []}
    waiting = [start]
    for name in waiting:
        for target in sorted(graph[name]):
            path = [*reached[name], graph[name][target]]
            if target == start:
                return path
            if target not in reached:
                reached[target] = path
                waiting.append(target)
    return []


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _names(tree: ast.Module, module: str, is_package: bool) -> Iterator[tuple[str, int]]:
    """Whatever a file imports, at any depth: in functions, under `if TYPE_CHECKING`, and by `import_module`.

    Where a file calls `import_module`, a string that is a dotted name counts: a table of modules imports them.
    """
    by_name = any(
        isinstance(node, ast.Attribute | ast.Name) and _last(node) == "import_module" for node in ast.walk(tree)
    )
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = _from(node, module, is_package)
            yield from ((f"{start}.{alias.name}", node.lineno) for alias in node.names)
        elif by_name and isinstance(node, ast.Constant) and isinstance(node.value, str):
            words = node.value.split(".")
            if len(words) > 1 and words[0] in PACKAGES and all(word.isidentifier() for word in words):
                yield node.value, node.lineno


def _last(node: ast.Attribute | ast.Name) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id


def _from(node: ast.ImportFrom, module: str, is_package: bool) -> str:
    """The absolute name after `from`, also where it begins with dots."""
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    parts = parts[: len(parts) - node.level + is_package]
    return ".".join([*parts, *filter(None, [node.module])])


def _bound(tree: ast.Module) -> set[str]:
    """Names that an `__init__` gives a value of its own, so that they do not mean a module beside it."""
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


def _resolved(target: str, known: set[str], bound: Mapping[str, set[str]]) -> str | None:
    """The module of ours that `target` is, or is a name in; None for a name from elsewhere."""
    parent, _, last = target.rpartition(".")
    if target in known and last not in bound.get(parent, set()):
        return target
    while parent and parent not in known:
        parent = parent.rpartition(".")[0]
    return parent or (target if target in known else None)
