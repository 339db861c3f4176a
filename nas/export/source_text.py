"""The source of a class or function, as it was when it was defined, and the names in it that mean something outside."""

from __future__ import annotations

import ast
import functools
import inspect
import linecache
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from nas.errors import InputError


@dataclass(frozen=True)
class Reference:
    """A name, or a chain `module.name`, that a source reads from its module.

    Args:
        start, end: offsets in the text.
        parts: `("layers", "Block")` for `layers.Block`.
    """

    start: int
    end: int
    parts: tuple[str, ...]


@functools.cache
def source_of(thing: Any) -> str:
    """The source, dedented, without trailing blanks. Read once: a file that is edited later is not read again.

    Raises:
        InputError: it cannot be had.
    """
    for found in (_by_code, _by_inspect):
        text = found(thing)
        if text:
            return textwrap.dedent(text).rstrip()
    raise InputError(
        f"The source of `{thing.__qualname__}` cannot be read, so it could not be exported. Define it in a file or in a "
        "notebook's cell, not at a prompt or by `exec`."
    )


def file_of(thing: Any) -> str:
    """The file that a thing was defined in; empty where there is none."""
    code = _a_code(thing)
    name = code.co_filename if code is not None else getattr(sys.modules.get(thing.__module__), "__file__", None) or ""
    return name if Path(name).is_file() else ""


def namespace_of(thing: Any) -> dict[str, Any]:
    """What the names in the source of a thing mean: its module's, and what its functions hold of a function around."""
    functions = [thing] if isinstance(thing, FunctionType) else list(_functions(thing))
    found = dict(vars(sys.modules.get(thing.__module__, ModuleType("none"))))
    for function in functions:
        if function.__module__ == thing.__module__:
            found.update(function.__globals__)
    for function in functions:
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
            if name != "__class__":
                found[name] = cell.cell_contents
    return found


@functools.cache
def tree_of(text: str) -> ast.Module:
    """The parsed source."""
    return ast.parse(text)


def references(text: str) -> list[Reference]:
    """The names that a source reads from outside, leaving out annotations, in order of their place."""
    starts = [0]
    for line in text.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    raw = text.encode()

    def at(line: int, column: int) -> int:
        return len(raw[: starts[line - 1] + column].decode())

    return [
        Reference(at(node.lineno, node.col_offset), at(node.end_lineno or 1, node.end_col_offset or 0), parts)
        for node, parts in sorted(
            _outside(tree_of(text), frozenset()), key=lambda one: (one[0].lineno, one[0].col_offset)
        )
    ]


def annotations(text: str) -> set[str]:
    """The first names of everything in annotations."""
    notes: list[ast.AST] = []
    for node in ast.walk(tree_of(text)):
        for name in ("annotation", "returns"):
            note = getattr(node, name, None)
            notes += [note] if isinstance(note, ast.AST) else []
    return {name.id for note in notes for name in ast.walk(note) if isinstance(name, ast.Name)}


def binding(source: str, name: str) -> ast.stmt | None:
    """The last statement at the top of a module that gives a name its value."""
    try:
        body = tree_of(source).body
    except SyntaxError:
        return None
    found = None
    for statement in body:
        bound = {
            node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        bound |= {
            alias.asname or alias.name.split(".")[0]
            for node in ast.walk(statement)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        if isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            bound = {statement.name}
        if name in bound:
            found = statement
    return found


def module_source(namespace: dict[str, Any]) -> str:
    """The text of the module of a namespace; empty where it is none, e.g. at a prompt."""
    name = namespace.get("__file__")
    return "".join(linecache.getlines(name)) if isinstance(name, str) else ""


def _outside(node: ast.AST, inner: frozenset[str]) -> Iterator[tuple[Any, tuple[str, ...]]]:
    """Reads of names that no function around them binds."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        for part in (*getattr(node, "decorator_list", ()), *node.args.defaults, *filter(None, node.args.kw_defaults)):
            yield from _outside(part, inner)
        inside = inner | _bound(node)
        body = node.body if isinstance(node.body, list) else [node.body]
        for part in body:
            yield from _outside(part, inside)
        return
    if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
        targets = (name for one in node.generators for name in ast.walk(one.target) if isinstance(name, ast.Name))
        inner = inner | {name.id for name in targets}
    if isinstance(node, ast.AnnAssign):
        for part in filter(None, (node.value,)):
            yield from _outside(part, inner)
        return
    chain = _chain(node)
    if chain and chain[0] not in inner:
        yield node, chain
        return
    for part in ast.iter_child_nodes(node):
        yield from _outside(part, inner)


def _chain(node: ast.AST) -> tuple[str, ...]:
    """`("a", "b")` of `a.b` where it is read; empty for anything else."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        return (node.id,)
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
        before = _chain(node.value)
        return (*before, node.attr) if before else ()
    return ()


def _bound(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> frozenset[str]:
    arguments = function.args
    every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg)
    names = {argument.arg for argument in every if argument is not None}
    shared: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Global):
            shared.update(node.names)
        elif (isinstance(node, ast.FunctionDef | ast.ClassDef) and node is not function) or (
            isinstance(node, ast.ExceptHandler) and node.name
        ):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names.update(alias.asname or alias.name.split(".")[0] for alias in node.names)
    return frozenset(names - shared)


def _functions(cls: Any) -> Iterator[FunctionType]:
    """The functions that stand in the body of a class."""
    for value in vars(cls).values():
        for part in (value, getattr(value, "__func__", None), getattr(value, "fget", None)):
            part = inspect.unwrap(part) if callable(part) else part
            if isinstance(part, FunctionType) and part.__qualname__.startswith(f"{cls.__qualname__}."):
                yield part


def _a_code(thing: Any) -> Any:
    """A piece of compiled code of a thing that knows where it was written."""
    functions = [inspect.unwrap(thing)] if isinstance(thing, FunctionType) else _functions(thing)
    codes = (function.__code__ for function in functions)
    return next((code for code in codes if code.co_filename != "<string>"), None)


def _by_code(thing: Any) -> str:
    """By the file and line of its own code, which is right for notebooks and for equal names in one file too."""
    code = _a_code(thing)
    if code is None or isinstance(thing, FunctionType):
        return ""
    lines = linecache.getlines(code.co_filename)
    try:
        tree = tree_of("".join(lines))
    except SyntaxError:
        return ""
    around = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        and node.name == thing.__name__
        and _first_line(node) <= code.co_firstlineno <= (node.end_lineno or 0)
    ]
    if not around:
        return ""
    node = max(around, key=lambda one: one.lineno)
    return "".join(lines[_first_line(node) - 1 : node.end_lineno])


def _first_line(node: ast.ClassDef) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def _by_inspect(thing: Any) -> str:
    try:
        return inspect.getsource(thing)
    except (OSError, TypeError, IndentationError, SyntaxError):
        return ""
