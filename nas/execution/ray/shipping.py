"""Which modules must travel with a search: a person's own code lies in files that the workers need not have."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from search_spaces.cells.arguments import Named
from search_spaces.tree import cells_within

OURS = ("search_spaces", "predictors", "nas")


def modules_to_ship(node: Any) -> set[ModuleType]:
    """Modules of the code in open cells and recipes that are neither installed nor part of this package."""
    names = {cls.__module__ for cls in _classes(node)}
    found = [sys.modules[name] for name in names if name in sys.modules and name != "__main__"]
    return {module for module in found if not _everywhere(module)}


def _classes(node: Any) -> Iterator[Any]:
    """Classes of cells, and classes and functions that are arguments of a person's own."""
    for cell in cells_within(node):
        yield type(cell)
        if isinstance(cell, Named) and hasattr(cell.value, "__module__"):
            yield cell.value
        module = getattr(type(cell), "module", None)  # of a Custom cell: the person's own nn.Module
        if isinstance(module, type):
            yield from (parent for parent in module.__mro__ if parent is not object)


def _everywhere(module: ModuleType) -> bool:
    """Whether any worker can import it: built in, installed, or ours."""
    file = getattr(module, "__file__", None)
    if file is None or module.__name__.split(".")[0] in OURS:
        return True
    installed = [Path(sysconfig.get_path(name)) for name in ("purelib", "platlib", "stdlib")]
    return any(folder in Path(file).parents for folder in installed)
