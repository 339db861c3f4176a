"""The sources of the module classes that a network uses, in an order in which they can be read, each under a free name.

A source is copied word for word, but for names that another thing in the file has already, and for what it takes from a
person's own modules by `module.name`: these are rewritten.
"""

from __future__ import annotations

import ast
import contextlib
import enum
import functools
import importlib.metadata
import importlib.util
import sys
from collections.abc import Iterable, Iterator
from types import FunctionType, ModuleType
from typing import Any

import torch
import torch.nn.functional
from torch import nn

from nas.errors import InputError
from nas.export import source_text
from nas.export.expression import Call, flat, literal

OURS = ("search_spaces", "nas", "predictors")
OWN = (*OURS, "__main__")
TORCH, NN, FUNCTIONAL, PATH = "import torch", "from torch import nn", "import torch.nn.functional as F", "Path"
TAKEN: dict[str, Any] = {"torch": TORCH, "nn": NN, "F": FUNCTIONAL, "Path": PATH, "Model": None, "load": None}
MODULES = {"torch": TORCH, "torch.nn": NN, "torch.nn.functional": FUNCTIONAL}


class Sources:
    """What a file must hold before the network itself.

    Args:
        standing: classes whose modules are made as they stand, so that they need no `__init__`.
        copied: whether what belongs to this project is copied as well; else the file imports it.
        without: methods that are left out of every class.

    Attributes:
        imports: lines of import.
        texts: sources and constants by name, each after everything that it refers to.
        packages: installed packages that are imported, beside torch and Python's own.
    """

    def __init__(
        self, standing: frozenset[type] = frozenset(), *, copied: bool = True, without: frozenset[str] = frozenset()
    ) -> None:
        self.standing = standing
        self.without = without
        self.copied = copied
        self.imports = {TORCH, NN, "from __future__ import annotations"}
        self.texts: dict[str, str] = {}
        self.constants: set[str] = set()
        self.packages: set[str] = set()
        self.things: dict[int, tuple[Any, str]] = {}
        self._names: dict[str, Any] = dict(TAKEN)

    def add(self, thing: Any) -> str:
        """Takes in a class or function with all that its source refers to; gives its name in the file.

        Raises:
            InputError: a source that cannot be had or does not stand alone.
        """
        found = self.things.get(id(thing))
        if found is not None:
            return found[1]
        try:
            text = source_text.source_of(thing)
        except InputError:
            around, own = vars(sys.modules.get(thing.__module__, ModuleType("none"))), str(thing.__name__)
            if around.get(own) is not thing or not source_text.module_source(around):
                raise
            return self._statement(own, thing, around, own)  # e.g. of a named tuple
        leave_out = self.without | ({"__init__"} if thing in self.standing else set())
        text = _without_methods(text, leave_out) if leave_out else text
        name = self._take(thing.__name__, thing)
        self.things[id(thing)] = thing, name
        self.texts[name] = self._rewritten(text, source_text.namespace_of(thing), thing, name)
        self.texts[name] = self.texts.pop(name)  # behind what it needed
        return name

    def file(self, docstring: str, end: str, further: frozenset[str] = frozenset()) -> str:
        """The text of a file: imports, everything taken in, and `end`."""
        blocks, run = [docstring, _imports(self.imports | further)], list[str]()
        for name, text in self.texts.items():
            if name in self.constants:
                run.append(text)
                continue
            blocks += ["\n".join(run)] if run else []
            blocks.append(f"\n{text}")
            run = []
        blocks += ["\n".join(run)] if run else []
        return "\n\n".join([*blocks, *filter(None, (end,))]) + "\n"

    def name(self, value: Any) -> str:
        """The text by which a class, function, enum member or dtype is called in the file."""
        if isinstance(value, torch.dtype):
            return str(value)
        if isinstance(value, enum.Enum):
            return f"{self.name(type(value))}.{value.name}"
        if getattr(value, "__name__", "") == "<lambda>":
            raise InputError("A lambda has no name by which a file could call it. Define it by `def`.")
        if isinstance(value, type | FunctionType) and not self._foreign(value):
            return self._nested(value)
        return self._imported(value)

    def _foreign(self, thing: Any) -> bool:
        return is_foreign(thing) or (not self.copied and (thing.__module__ or "").split(".")[0] in OURS)

    def _foreign_module(self, module: ModuleType) -> bool:
        return is_foreign_module(module) or (not self.copied and module.__name__.split(".")[0] in OURS)

    def _nested(self, value: Any) -> str:
        """Of a thing of one's own, which may stand inside a class."""
        outer, _, rest = value.__qualname__.partition(".")
        around = vars(sys.modules.get(value.__module__, ModuleType("none"))).get(outer)
        if rest and "<locals>" not in value.__qualname__ and isinstance(around, type):
            return f"{self.add(around)}.{rest}"
        return self.add(value)

    def _imported(self, value: Any, alias: str = "") -> str:
        """A foreign thing by an import, under `alias` where the source calls it so."""
        place, name = public_name(value)
        if not place:
            raise InputError(
                f"{value!r} has no name by which a file could import it. Make it in the constructor instead."
            )
        if place == "builtins":
            return name
        if place in MODULES and not alias:
            self.imports.add(MODULES[place])
            return f"{MODULES[place].split()[-1]}.{name}"
        first, *rest = name.split(".")
        return ".".join([self._import_name(place, first, first if rest else alias or first), *rest])

    def _import_name(self, module: str, name: str, alias: str) -> str:
        self._note(module)
        if (module, name) == ("pathlib", "Path"):
            self.imports.add("from pathlib import Path")
            return "Path"
        taken = self._take(alias, ("from", module, name))
        self.imports.add(f"from {module} import {name}" + (f" as {taken}" if taken != name else ""))
        return taken

    def _import_module(self, module: str, alias: str) -> str:
        self._note(module)
        known = MODULES.get(module)
        if known and known.split()[-1] == alias:
            self.imports.add(known)
            return alias
        if "." in module and alias == module.split(".")[0]:
            taken = self._take(alias, MODULES.get(alias, ("module", alias)))
            self.imports.add(f"import {module}")
            return taken
        taken = self._take(alias, MODULES.get(module, ("module", module)))
        self.imports.add(f"import {module}" + (f" as {taken}" if taken != module else ""))
        return taken

    def _note(self, module: str) -> None:
        top = module.split(".")[0]
        if top != "torch" and top not in sys.stdlib_module_names and top not in OURS:
            self.packages.add(top)

    def _take(self, name: str, key: Any) -> str:
        """`name`, or one like it that nothing else has."""
        count, free = 1, name
        while free in self._names and not _is_same(self._names[free], key):
            count += 1
            free = f"{name}_{count}"
        self._names[free] = key
        return free

    def _rewritten(self, text: str, namespace: dict[str, Any], thing: Any, name: str) -> str:
        """The source with every reference under the name that it has in the file."""
        changes: list[tuple[int, int, str]] = []
        for reference in source_text.references(text):
            first = reference.parts[0]
            if first not in namespace:
                continue
            if first == getattr(thing, "__name__", ""):
                used, parts = name, 1
            else:
                used, parts = self._refer(reference.parts, namespace, name)
            end = reference.start + len(".".join(reference.parts[:parts]))
            old = text[reference.start : end]
            if used != old:
                if old != ".".join(reference.parts[:parts]):
                    raise InputError(f"`{name}` cannot be exported: write `{'.'.join(reference.parts)}` on one line.")
                changes.append((reference.start, end, used))
        looked_at = isinstance(thing, type) and hasattr(thing, "__dataclass_fields__")
        for noted in sorted(source_text.annotated_names(text) & namespace.keys()):
            if looked_at or _comes_with_torch(namespace[noted]):
                with contextlib.suppress(InputError):  # it is never evaluated
                    self._refer((noted,), namespace, name)
        renamed = getattr(thing, "__name__", name) != name
        for start, end, used in sorted(changes, reverse=True):
            text = text[:start] + used + text[end:]
        return _defined_as(text, thing.__name__, name) if renamed else text

    def _refer(self, parts: tuple[str, ...], namespace: dict[str, Any], owner: str) -> tuple[str, int]:
        """What stands for `parts` in the file, and how many of them it stands for."""
        name, value = parts[0], namespace[parts[0]]
        if not isinstance(value, ModuleType):
            return self._value(name, value, namespace, owner), 1
        used = 1
        while used < len(parts) and isinstance(getattr(value, parts[used], None), ModuleType):
            deeper = getattr(value, parts[used])
            if self._foreign_module(value) and not deeper.__name__.startswith(value.__name__):
                break
            value = deeper
            used += 1
        if self._foreign_module(value):
            root = namespace[name]
            if self._foreign_module(root):
                if value is not root and value.__name__ not in MODULES:
                    self.imports.add(f"import {value.__name__}")
                return self._import_module(root.__name__, name), 1
            return self._import_module(value.__name__, parts[used - 1]), used
        if used == len(parts):
            raise InputError(
                f"`{owner}` cannot be exported: it passes on your module `{'.'.join(parts)}` as a whole. Import what "
                f"it uses by `from {value.__name__} import …`."
            )
        inner = vars(value)
        if parts[used] not in inner:
            raise InputError(f"`{owner}` cannot be exported: `{value.__name__}` has no `{parts[used]}` of its own.")
        return self._value(parts[used], inner[parts[used]], inner, owner), used + 1

    def _value(self, name: str, value: Any, namespace: dict[str, Any], owner: str) -> str:
        """The name in the file of what `name` means in `namespace`."""
        if isinstance(value, type | FunctionType) and getattr(value, "__name__", "") != "<lambda>":
            if _is_typing(value):
                return self._import_name(value.__module__, value.__name__, name)
            return self._imported(value, name) if self._foreign(value) else self.name(value)
        if callable(value) and not isinstance(value, functools.partial) and public_name(value)[0]:
            return self._imported(value, name)
        try:
            text = flat(literal(value, self.name))
        except InputError:
            return self._statement(name, value, namespace, owner)
        return self._constant(name, text)

    def _constant(self, name: str, text: str) -> str:
        taken = self._take(name, ("constant", name, text))
        if taken not in self.texts:
            self.texts[taken] = f"{taken} = {text}"
            self.constants.add(taken)
        return taken

    def _statement(self, name: str, value: Any, namespace: dict[str, Any], owner: str) -> str:
        """By the statement of the person's module that makes the value."""
        source = source_text.module_source(namespace)
        found = source_text.binding(source, name)
        if isinstance(found, ast.ImportFrom) and not found.level and found.module:
            alias = next(one for one in found.names if (one.asname or one.name) == name)
            origin = sys.modules.get(found.module)
            if origin is None or self._foreign_module(origin):
                return self._import_name(found.module, alias.name, name)
            return self._value(alias.name, value, vars(origin), owner)
        if isinstance(found, ast.ImportFrom) and found.level:
            origin_name = importlib.util.resolve_name(
                "." * found.level + (found.module or ""), namespace["__package__"]
            )
            alias = next(one for one in found.names if (one.asname or one.name) == name)
            return self._value(alias.name, value, vars(sys.modules[origin_name]), owner)
        if found is None:
            raise InputError(
                f"`{owner}` cannot be exported: it refers to `{name}`, {str(value)[:60]!r} of type "
                f"{type(value).__name__}, and no statement at the top of its module that makes it can be read. Make it "
                "in the constructor instead, and keep it as an attribute."
            )
        text = ast.get_source_segment(source, found) or ""
        if isinstance(found, ast.FunctionDef | ast.ClassDef) and found.decorator_list:
            lines = source.splitlines()
            text = "\n".join(lines[found.decorator_list[0].lineno - 1 : found.end_lineno])
        taken = self._take(name, ("statement", id(value)))
        if taken in self.texts:
            return taken
        if taken != name:
            raise InputError(
                f"`{owner}` cannot be exported: `{name}` means two things in the modules of this network. Rename one."
            )
        self.texts[taken] = ""
        self.texts[taken] = self._rewritten(text, {**namespace, name: value}, _Statement(name), taken)
        self.texts[taken] = self.texts.pop(taken)
        if not isinstance(found, ast.FunctionDef | ast.ClassDef):
            self.constants.add(taken)
        return taken


class _Statement:
    """Stands for a statement where a class or function is expected."""

    def __init__(self, name: str) -> None:
        self.__name__ = name


def parts_of(network: nn.Module) -> Iterator[nn.Module]:
    """The modules in a network that its file has to make: not those that a person's own module makes by itself."""
    yield network
    if "export_arguments" not in vars(network):
        for child in network.children():
            yield from parts_of(child)


def classes_of(modules: Iterable[nn.Module]) -> list[type]:
    """The classes of these modules that are not torch's own or an installed package's, in order of first use."""
    found = {type(module): None for module in modules}
    return [cls for cls in found if not is_foreign(cls)]


def collect(classes: Iterable[type]) -> Sources:
    """The sources of `classes` and of everything that they need."""
    sources = Sources()
    for cls in classes:
        sources.name(cls)
    return sources


@functools.cache
def distributions(package: str) -> tuple[str, ...]:
    """`name==version` of what installs a package."""
    names = sorted(set(importlib.metadata.packages_distributions().get(package, ())))
    return tuple(f"{name}=={importlib.metadata.version(name)}" for name in names) or (package,)


def is_foreign(thing: Any) -> bool:
    """Whether it belongs to torch, to Python or to another installed package, and is imported rather than copied."""
    module = getattr(thing, "__module__", None) or "builtins"
    return module not in OWN and is_foreign_module(sys.modules.get(module) or sys.modules.get(module.split(".")[0]))


def is_foreign_module(module: ModuleType | None) -> bool:
    """Whether a module belongs to torch, to Python or to another installed package."""
    name = getattr(module, "__name__", "") or ""
    top = name.split(".")[0]
    if top in OWN:
        return False
    if top in sys.stdlib_module_names or top == "torch":
        return True
    path = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), "")
    return "site-packages" in path or "dist-packages" in path


def public_name(value: Any) -> tuple[str, str]:
    """The installed module that has a thing, and its name there; empty where there is none."""
    own = getattr(value, "__module__", None) or "builtins"
    names = dict.fromkeys(name for name in (getattr(value, "__qualname__", ""), getattr(value, "__name__", "")) if name)
    for place in ("torch", "torch.nn", "torch.nn.functional", "math", "builtins", own):
        module = sys.modules.get(place)
        if module is None or not (is_foreign_module(module) or module.__name__.split(".")[0] in OURS):
            continue
        for name in names:
            found: Any = module
            for part in name.split("."):
                found = getattr(found, part, None)
            if found is value:
                return place, name
    return "", ""


def _imports(lines: set[str]) -> str:
    future = [line for line in lines if "__future__" in line]
    torch_lines = [line for line in lines if "torch" in line]
    others = sorted(lines - {*future, *torch_lines})
    return "\n\n".join("\n".join(group) for group in (future, others, sorted(torch_lines, key=_order)) if group)


def _order(line: str) -> tuple[bool, str]:
    return line.startswith("from"), line


def _is_same(known: Any, key: Any) -> bool:
    return known is key or (isinstance(key, str | tuple) and type(known) is type(key) and bool(known == key))


def _comes_with_torch(value: Any) -> bool:
    """Whether a name in an annotation can be imported wherever torch is."""
    module = value if isinstance(value, ModuleType) else sys.modules.get(getattr(value, "__module__", None) or "")
    top = getattr(module, "__name__", "").split(".")[0]
    return (top == "torch" or top in sys.stdlib_module_names) and top != "__main__"


def _is_typing(value: Any) -> bool:
    return getattr(value, "__module__", "").split(".")[0] == "typing"


def _defined_as(text: str, old: str, new: str) -> str:
    """The source of a class or function under another name."""
    node = next(one for one in source_text.tree_of(text).body if isinstance(one, ast.ClassDef | ast.FunctionDef))
    lines = text.splitlines()
    word = "class" if isinstance(node, ast.ClassDef) else "def"
    lines[node.lineno - 1] = lines[node.lineno - 1].replace(f"{word} {old}", f"{word} {new}", 1)
    return "\n".join(lines)


def _without_methods(text: str, names: frozenset[str]) -> str:
    """The source of a class without methods of these names."""
    node = source_text.tree_of(text).body[0]
    if not isinstance(node, ast.ClassDef):
        return text
    lines = text.splitlines()
    for one in reversed(node.body):
        if isinstance(one, ast.FunctionDef) and one.name in names:
            first = min([one.lineno, *(decorator.lineno for decorator in one.decorator_list)])
            blank = first > 1 and not lines[first - 2].strip()
            lines[first - 1 - blank : one.end_lineno] = []
            if len(node.body) == 1:
                lines.append("    pass")
    return "\n".join(lines)


__all__ = ["Call", "Sources", "classes_of", "collect", "distributions", "is_foreign", "parts_of"]
