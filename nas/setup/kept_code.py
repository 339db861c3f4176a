"""Code of a person's own as a search keeps it in its directory, beside the journal: it is there wherever that is read.

`code/code.json` says what the recipe and the metric consist of, `code/own_code.py` holds it. Reading it back runs
`own_code.py`: open only searches that you or someone you trust has run.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from nas.errors import InputError
from search_spaces.cells.arguments import NAMED, Named

KEPT_CODE, CODE_DATA, CODE = "code", "code.json", "own_code.py"
FORMAT = 1
_COPIES: dict[str, Any] = {}  # what was last read from a search, by name


def enter_kept_code(directory: Path) -> None:
    """Makes the code of a search's recipe and metric known by its names, as it was when the search began.

    Raises:
        InputError: it cannot be read, e.g. because a package that it imports is not installed.
    """
    folder = Path(directory).absolute() / KEPT_CODE
    if not (folder / CODE_DATA).is_file():
        return
    data = data_at(folder / CODE_DATA)
    try:
        entered(data, module_at(folder / CODE))
    except Exception as error:  # whatever a person's own code raises
        raise InputError(
            f"The code that is kept in {folder} cannot be read: {type(error).__name__}: {error}. Install what it needs."
        ) from error


def prefer_live(names: Iterable[Named]) -> None:
    """Lets names stand for what this process has itself, where an earlier search has entered its kept copy of it."""
    for one in names:
        origin, _, name = one.name.partition(":")
        thing: Any = sys.modules.get(origin)
        for part in name.split("."):
            thing = getattr(thing, part, None)
        if thing is not None and one.name in NAMED and NAMED[one.name] is _COPIES.get(one.name):
            NAMED[one.name] = thing


def data_at(path: Path) -> dict[str, Any]:
    """What a search keeps in a JSON file about code."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] != FORMAT:
            raise ValueError(f"it has format {data['format']}, and this program reads {FORMAT}")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} cannot be read: {error}.") from None
    return dict(data)


def module_at(path: Path) -> ModuleType:
    """The kept file as a module, run once."""
    name = f"own_code_{hashlib.sha256(str(path).encode() + path.read_bytes()).hexdigest()[:12]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not there")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def entered(data: dict[str, Any], module: ModuleType) -> dict[str, Any]:
    """Makes code known by the names that it had, so that cells, fingerprints and records are the same as then."""
    own = {}
    for reference, text in data["own"].items():
        thing: Any = module
        for part in text.split("."):
            thing = getattr(thing, part)
        own[reference] = thing
        origin, _, name = reference.partition(":")
        if isinstance(thing, type) or hasattr(thing, "__code__"):
            thing.__module__, thing.__qualname__ = origin, name
        NAMED[reference] = _COPIES[reference] = thing
    for reference in data["imported"]:
        origin, _, name = reference.partition(":")
        thing = importlib.import_module(origin)
        for part in name.split("."):
            thing = getattr(thing, part)
        own[reference] = NAMED[reference] = thing
    return own
