"""What a search keeps of a person's own code: where each piece stood, its text, and what is imported instead."""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from nas.errors import InputError
from nas.export.source_text import binding, file_of, module_source, namespace_of, references, source_of
from nas.export.sources import OURS, Sources, is_foreign, is_foreign_module


def sorted_out(things: Mapping[str, Any], sources: Sources) -> tuple[dict[str, str], list[str]]:
    """Of things by reference, the names in the file of a person's own, and the references of those that are imported.

    Raises:
        InputError: some of the code cannot be had.
    """
    own: dict[str, str] = {}
    imported: list[str] = []
    for reference, thing in things.items():
        if is_foreign(thing) or is_ours(thing):
            imported.append(reference)
        else:
            own[reference] = sources.name(thing)
    return own, imported


def reference_to(thing: Any) -> str:
    """`module:name`."""
    return f"{thing.__module__}:{thing.__qualname__}"


def is_ours(thing: Any) -> bool:
    """Whether it belongs to this project."""
    return (getattr(thing, "__module__", None) or "").split(".")[0] in OURS


def is_foreign_name(name: str) -> bool:
    """Whether a module is none of a person's own."""
    return name.split(".")[0] in (*OURS, "torch") or name.split(".")[0] in sys.stdlib_module_names


def texts_of(sources: Sources) -> dict[str, dict[str, str]]:
    """The classes and functions taken in, and the constants that they read, each with its text and its file."""
    return dict(_texts(sources))


def _texts(sources: Sources) -> Iterator[tuple[str, dict[str, str]]]:
    for thing, _ in sources.things.values():
        try:
            text = source_of(thing)
        except InputError:  # e.g. a named tuple, which is a statement
            continue
        yield reference_to(thing), {"file": file_of(thing), "name": thing.__qualname__, "text": text}
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
