"""Writes a person's space, with the code that it is made of, into the directory of a search."""

from __future__ import annotations

import ast
import dataclasses
import importlib.util
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import search_spaces.cells
from nas.errors import InputError
from nas.export.source_text import binding, file_of, module_source, namespace_of, references, source_of
from nas.export.sources import OURS, Sources, is_foreign, is_foreign_module
from nas.setup.kept_space import CODE, DATA, FORMAT, KEPT, kept_space, rule_of
from search_spaces import rules
from search_spaces.cells.arguments import NAMED
from search_spaces.cells.custom import Custom
from search_spaces.dsl import is_cell_like
from search_spaces.space import Space
from search_spaces.stored import cells_to_data, names_in
from search_spaces.tree import cells_within

NEW = f"{KEPT}.new"
DOCSTRING = '"""The code of the space of this search, as it was when the search began."""'


def kept_anew(directory: Path, space: Space, reference: str) -> Space:
    """The space with changed code as it is to be kept, beside the one that is kept, until `replace_kept`.

    Args:
        reference: where it stands; what a script had defined as `__main__` goes on to be called so.
    """
    place = directory / NEW
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    file = reference.rpartition(":")[0]
    keep_space(place, space, main=Path(file).stem if file.endswith(".py") else "")
    found = kept_space(place)
    if found is None:
        raise InputError(f"{place} cannot be read.")
    return found


def replace_kept(directory: Path) -> None:
    """What `kept_anew` wrote becomes the kept space; the old one stays under another name."""
    count = len(list(directory.glob(f"{KEPT}-before-*")))
    os.replace(directory / KEPT, directory / f"{KEPT}-before-{count + 1}")
    os.replace(directory / NEW / KEPT, directory / KEPT)
    shutil.rmtree(directory / NEW, ignore_errors=True)


def keep_space(directory: Path, space: Space, main: str = "") -> None:
    """Writes `space/` below `directory`. It appears whole or not at all.

    Args:
        main: name of a module that is to be known as `__main__`.

    Raises:
        InputError: some of the space's code cannot be had.
    """
    sources = Sources(copied=False)
    data = cells_to_data(space.cells)
    own: dict[str, str] = {}
    imported: list[str] = []
    things = dict(_things(space, data))
    for reference, thing in things.items():
        if is_foreign(thing) or _is_ours(thing):
            imported.append(reference)
        else:
            own[reference] = sources.name(thing)
    titles = {title: "" for title in names_in(data)[0] if title.startswith("Custom[")}
    titles |= {type(cell).__name__: _reference(type(cell)) for cell in cells_within(space.cells) if _is_strange(cell)}
    kept = {
        "format": FORMAT,
        "name": space.name,
        "cells": data,
        "rules": _rules(space, sources),
        "own": own,
        "imported": imported,
        "titles": titles,
        "reference": reference_of(space),
        "sources": dict(_sources(sources)),
    }
    part = directory / f"{KEPT}.part"
    part.mkdir(exist_ok=True)
    (part / CODE).write_text(sources.file(DOCSTRING, ""), encoding="utf-8")
    text = json.dumps(kept, indent=1)
    if main:
        text = text.replace(f'"{main}:', '"__main__:').replace(f"Custom[{main}:", "Custom[__main__:")
    (part / DATA).write_text(text, encoding="utf-8")
    os.replace(part, directory / KEPT)


def reference_of(space: Space) -> str:
    """`module:attribute`, or `file.py:attribute` of a script, under which the space is found; empty for nowhere."""
    for name, module in list(sys.modules.items()):
        if not isinstance(module, ModuleType) or (name != "__main__" and (is_foreign_name(name))):
            continue
        for attribute, value in list(vars(module).items()):
            if value is space:
                file = getattr(module, "__file__", None)
                return f"{file if name == '__main__' and file else name}:{attribute}"
    return ""


def is_foreign_name(name: str) -> bool:
    """Whether a module is none of a person's own."""
    return name.split(".")[0] in (*OURS, "torch") or name.split(".")[0] in sys.stdlib_module_names


def _things(space: Space, data: list[Any]) -> Iterator[tuple[str, Any]]:
    """Classes and functions of a space that are not cells of ours, by reference."""
    for cell in cells_within(space.cells):
        if isinstance(cell, Custom):
            module = type(cell).module  # type: ignore[attr-defined]
            yield _reference(module), module
        elif _is_strange(cell):
            yield _reference(type(cell)), type(cell)
    for reference in sorted(names_in(data)[1]):
        yield reference, NAMED[reference]


def _reference(thing: Any) -> str:
    return f"{thing.__module__}:{thing.__qualname__}"


def _is_ours(thing: Any) -> bool:
    return (getattr(thing, "__module__", None) or "").split(".")[0] in OURS


def _is_strange(cell: Any) -> bool:
    """Whether a cell is of a person's own class of cells."""
    return hasattr(cell, "build") and not isinstance(cell, Custom) and not _is_ours(type(cell))


def _rules(space: Space, sources: Sources) -> list[str] | None:
    """The rules as they are written, if that makes the same rules again."""
    texts = []
    names = {**vars(search_spaces.cells), **vars(rules)}
    try:
        for rule in space.rules:
            for thing in _functions(rule):
                if sources.name(thing) != thing.__name__:
                    return None
                names[thing.__name__] = thing
            text = re.sub(r"(?<=\d),(?=\d{3})", "", repr(rule))  # it prints 1,000,000
            if repr(rule_of(text, names)) != repr(rule):
                return None
            texts.append(text)
    except Exception:  # a rule that does not print as it is written, or whose code cannot be had
        return None
    return texts


def _functions(node: Any) -> Iterator[Any]:
    """A person's own functions and classes in a rule."""
    if isinstance(node, FunctionType | type):
        if not is_foreign(node) and not _is_ours(node):
            yield node
    elif isinstance(node, tuple):
        for part in node:
            yield from _functions(part)
    elif is_cell_like(node):
        for field in dataclasses.fields(node):
            yield from _functions(getattr(node, field.name))


def _sources(sources: Sources) -> Iterator[tuple[str, dict[str, str]]]:
    """The classes and functions taken in, and the constants that they read, each with its text and its file."""
    for thing, _ in sources.things.values():
        try:
            text = source_of(thing)
        except InputError:  # e.g. a named tuple, which is a statement
            continue
        yield _reference(thing), {"file": file_of(thing), "name": thing.__qualname__, "text": text}
        yield from _constants(text, namespace_of(thing), set())


def _constants(text: str, namespace: dict[str, Any], met: set[tuple[str, str]]) -> Iterator[tuple[str, dict[str, str]]]:
    """The statements that give values to what a source reads from the modules of the person, by module and name."""
    for reference in references(text):
        name, inside = reference.parts[0], namespace
        for part in reference.parts[1:]:
            module = inside.get(name)
            if not isinstance(module, ModuleType) or is_foreign_module(module):
                break
            name, inside = part, vars(module)
        yield from _constant(name, inside, met)


def _constant(name: str, namespace: dict[str, Any], met: set[tuple[str, str]]) -> Iterator[tuple[str, dict[str, str]]]:
    file, module = str(namespace.get("__file__") or ""), str(namespace.get("__name__") or "")
    if name not in namespace or (module, name) in met or not file or is_foreign_name(module):
        return
    met.add((module, name))
    source = module_source(namespace)
    statement = binding(source, name)
    if isinstance(statement, ast.ImportFrom) and statement.module is not None:
        origin = importlib.util.resolve_name(
            "." * statement.level + statement.module, str(namespace.get("__package__") or "") or None
        )
        alias = next(one for one in statement.names if name in (one.asname, one.name))
        if origin in sys.modules and not is_foreign_module(sys.modules[origin]):
            yield from _constant(alias.name, vars(sys.modules[origin]), met)
    elif isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        text = ast.get_source_segment(source, statement) or ""
        yield f"{module}:{name}", {"file": str(Path(file).absolute()), "name": name, "text": text}
        yield from _constants(text, namespace, met)
