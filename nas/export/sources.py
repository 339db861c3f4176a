"""The sources of the module classes that a network uses, word for word, in an order in which they can be read."""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import FunctionType, ModuleType
from typing import Any

from torch import nn

from nas.errors import InputError

WELL_KNOWN = {"torch": "import torch", "nn": "from torch import nn", "F": "import torch.nn.functional as F"}


@dataclass
class Sources:
    """What a file must hold before the network itself.

    Args:
        imports: lines of import.
        texts: sources and constants by name, each after everything that it refers to.
    """

    imports: set[str] = field(default_factory=lambda: set(WELL_KNOWN.values()) | {"from __future__ import annotations"})
    texts: dict[str, str] = field(default_factory=dict)
    _owners: dict[str, Any] = field(default_factory=dict)

    def add(self, thing: type | FunctionType) -> None:
        """Takes in a class or function with all that its source refers to.

        Raises:
            InputError: two things of one name, or a source that cannot be had or does not stand alone.
        """
        name = thing.__name__
        if name in self._owners:
            if self._owners[name] is not thing:
                raise InputError(f"Two classes in this network are called {name!r}; an export needs different names.")
            return
        self._owners[name] = thing
        text = _source(thing)
        namespace = vars(sys.modules[thing.__module__])
        for used in _names(text):
            if used != name and used in namespace:
                self._refer(used, namespace[used], name)
        for used in _annotated(text):
            if _is_standard(namespace.get(used)):  # Python never reads annotations; a person and a linter do
                self._refer(used, namespace[used], name)
        self.texts[name] = text

    def _refer(self, name: str, value: Any, owner: str) -> None:
        if name in WELL_KNOWN:
            return
        if isinstance(value, ModuleType):
            self.imports.add(f"import {value.__name__}" + (f" as {name}" if value.__name__ != name else ""))
        elif isinstance(value, type | FunctionType) and _is_foreign(value):
            self.imports.add(f"from {value.__module__} import {value.__name__}")
        elif isinstance(value, type | FunctionType):
            self.add(value)
        elif value is None or isinstance(value, bool | int | float | str | tuple):
            self.texts.setdefault(name, f"{name} = {value!r}")
        elif not _is_typing(value):
            raise InputError(
                f"{owner} cannot be exported: it refers to `{name}`, which is neither a class, a function nor a plain "
                "value. Pass it to the constructor instead."
            )


def classes_of(network: nn.Module) -> list[type]:
    """The classes of all modules in the network that are not torch's own, in order of first use."""
    found = {type(module): None for module in network.modules()}
    return [cls for cls in found if not _is_foreign(cls)]


def collect(classes: Iterable[type]) -> Sources:
    """The sources of `classes` and of everything that they need."""
    sources = Sources()
    for cls in classes:
        sources.add(cls)
    return sources


def _source(thing: type | FunctionType) -> str:
    try:
        return textwrap.dedent(inspect.getsource(thing)).rstrip()
    except (OSError, TypeError):
        raise InputError(
            f"The source of {thing.__name__} cannot be read, so it cannot be exported. Define it in a file."
        ) from None


def _names(text: str) -> list[str]:
    """Names that a source reads, outside annotations, in order."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
        if isinstance(node, ast.arg):
            node.annotation = None
        if isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(value=None)
    return list(dict.fromkeys(node.id for node in ast.walk(tree) if isinstance(node, ast.Name)))


def _annotated(text: str) -> list[str]:
    """Names in the annotations of a source, in order."""
    found: dict[str, None] = {}
    for node in ast.walk(ast.parse(text)):
        for noted in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if isinstance(noted, ast.AST):
                found.update({one.id: None for one in ast.walk(noted) if isinstance(one, ast.Name)})
    return list(found)


def _is_standard(value: Any) -> bool:
    """Whether it is a class of Python's own library, which has to be imported."""
    return isinstance(value, type) and value.__module__.split(".")[0] in sys.stdlib_module_names - {"builtins"}


def _is_foreign(thing: Any) -> bool:
    """Whether it belongs to torch or another installed package, and is imported rather than copied."""
    top = thing.__module__.split(".")[0]
    if top in ("search_spaces", "nas", "__main__"):
        return False
    if top in sys.stdlib_module_names or top == "torch":
        return True
    path = getattr(sys.modules.get(top), "__file__", None) or ""
    return "site-packages" in path or "dist-packages" in path


def _is_typing(value: Any) -> bool:
    return getattr(value, "__module__", "").split(".")[0] in ("typing", "collections", "types", "builtins")
