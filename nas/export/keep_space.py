"""Writes a person's space, with the code that it is made of, into the directory of a search."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import search_spaces.cells
from nas.errors import InputError
from nas.export.keep_code import new_place
from nas.export.kept_sources import is_foreign_name, is_ours, reference_to, sorted_out, texts_of
from nas.export.sources import Sources, is_foreign
from nas.setup.kept_code import CODE, FORMAT
from nas.setup.kept_space import DATA, KEPT, kept_space, rule_of
from search_spaces import rules, values
from search_spaces.cells.arguments import NAMED, Named
from search_spaces.cells.custom import Custom
from search_spaces.dsl import is_cell_like
from search_spaces.rules import Rule
from search_spaces.space import Space
from search_spaces.stored import cells_to_data, names_in
from search_spaces.tree import cells_within

DOCSTRING = '"""The code of the space of this search, as it was when the search began."""'


def kept_anew(directory: Path, space: Space, reference: str) -> Space:
    """The space with changed code as it is to be kept, beside the one that is kept, until `replace_kept`.

    Args:
        reference: where it stands; what a script had defined as `__main__` goes on to be called so.
    """
    place = new_place(directory, KEPT)
    file = reference.rpartition(":")[0]
    keep_space(place, space, main=Path(file).stem if file.endswith(".py") else "")
    found = kept_space(place)
    if found is None:
        raise InputError(f"{place} cannot be read.")
    return found


def keep_space(directory: Path, space: Space, main: str = "") -> None:
    """Writes `space/` below `directory`. It appears whole or not at all.

    Args:
        main: name of a module that is to be known as `__main__`.

    Raises:
        InputError: some of the space's code cannot be had.
    """
    sources = Sources(copied=False)
    data = cells_to_data(space.cells)
    own, imported = sorted_out(dict(_things(space, data)), sources)
    titles = {title: "" for title in names_in(data)[0] if title.startswith("Custom[")}
    titles |= {type(cell).__name__: reference_to(type(cell)) for cell in cells_within(space.cells) if _is_strange(cell)}
    kept = {
        "format": FORMAT,
        "name": space.name,
        "cells": data,
        "rules": _rules(space, sources),
        "own": own,
        "imported": imported,
        "titles": titles,
        "reference": reference_of(space),
        "sources": texts_of(sources),
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


def _things(space: Space, data: list[Any]) -> Iterator[tuple[str, Any]]:
    """Classes and functions of a space that are not cells of ours, by reference."""
    for cell in cells_within(space.cells):
        if isinstance(cell, Custom):
            module = type(cell).module  # type: ignore[attr-defined]
            yield reference_to(module), module
        elif _is_strange(cell):
            yield reference_to(type(cell)), type(cell)
    for reference in sorted(names_in(data)[1] | {one.name for one in _named_in(space.rules)}):
        yield reference, NAMED[reference]


def _is_strange(cell: Any) -> bool:
    """Whether a cell is of a person's own class of cells."""
    return hasattr(cell, "build") and not isinstance(cell, Custom) and not is_ours(type(cell))


def _rules(space: Space, sources: Sources) -> list[str] | None:
    """The rules as they are written, if that makes the same rules again."""
    texts = []
    names = {**vars(search_spaces.cells), **vars(rules), **vars(values)}
    names |= {repr(one): one.value for one in _named_in(space.rules)}
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


def _named_in(written: Sequence[Rule]) -> Iterator[Named]:
    """The names of code that rules compare with."""
    return (one for one in _held(tuple(written)) if isinstance(one, Named))


def _functions(rule: Rule) -> Iterator[Any]:
    """A person's own functions and classes in a rule."""
    return (
        one for one in _held(rule) if isinstance(one, FunctionType | type) and not (is_foreign(one) or is_ours(one))
    )


def _held(node: Any) -> Iterator[Any]:
    """What a rule is made of in the end: values, names of code, functions and classes."""
    if isinstance(node, tuple):
        parts = node
    elif is_cell_like(node) and not isinstance(node, Named):
        parts = tuple(getattr(node, field.name) for field in dataclasses.fields(node))
    else:
        yield node
        return
    for part in parts:
        yield from _held(part)
