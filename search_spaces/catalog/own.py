"""A person's own space, or anything else of theirs, by `module:attribute` or `file.py:attribute`."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from search_spaces.errors import SpaceError
from search_spaces.space import Space


def own_space(place: str, attribute: str) -> Space:
    """The `Space` of that name in a module or file, or what the function of that name returns.

    Raises:
        SpaceError: the module or attribute is not there, or its code raises: says what and in which line.
    """
    found = own_attribute(place, attribute, "space", "or name a space of the catalogue")
    name = f"{place}:{attribute}"
    try:
        space = found() if callable(found) and not isinstance(found, Space) else found
    except Exception as error:  # whatever a person's own code raises is reported as theirs, with its line
        raise SpaceError(_blame(error, f"space `{name}`", "or name a space of the catalogue")) from error
    if not isinstance(space, Space):
        raise SpaceError(f"`{name}` must be a Space or a function that returns one, got {space!r}.")
    return space


def own_attribute(place: str, attribute: str, what: str, otherwise: str) -> Any:
    """What has this name in a module or file.

    Args:
        what: it is to be, for messages; otherwise: what else a person can do.

    Raises:
        SpaceError: the module or attribute is not there, or its code raises: says what and in which line.
    """
    try:
        module = _file(Path(place)) if place.endswith(".py") else _module(place)
        return getattr(module, attribute)
    except Exception as error:  # whatever a person's own code raises is reported as theirs, with its line
        raise SpaceError(_blame(error, f"{what} `{place}:{attribute}`", otherwise)) from error


def _file(path: Path) -> ModuleType:
    """The file, run anew; it may import what lies beside it."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise FileNotFoundError(f"no file {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    sys.path.insert(0, str(path.resolve().parent))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(path.resolve().parent))
    return module


def _module(name: str) -> ModuleType:
    """The module, looked for in the current folder first."""
    sys.path.insert(0, str(Path.cwd()))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(Path.cwd()))


def _blame(error: Exception, what: str, otherwise: str) -> str:
    """The last line of the traceback, and the line of the person's file that it comes from."""
    here = Path(__file__).parent.parent
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if not f.filename.startswith("<frozen") and here not in Path(f.filename).parents]
    own = [frame for frame in own if Path(frame.filename).parent.name != "importlib"]
    where = f" (from {own[-1].filename}, line {own[-1].lineno})" if own else ""
    if isinstance(error, SyntaxError):
        where = f" (from {error.filename}, line {error.lineno})"
    last = traceback.format_exception_only(error)[-1].strip()
    return f"Cannot load {what}: {last}{where}. Correct it there, {otherwise}."
