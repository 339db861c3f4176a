"""What may be passed to a person's own module: plain values, and what stands for everything else in a cell.

A cell is compared, hashed, stored as JSON and sent to workers, so it holds data only. A class, a function or a member of
an enum is kept by its name; a list, a dict, a `functools.partial` or a dataclass by what it is made of. `frozen` turns
arguments into such data when the cell is made, `thawed` turns them back when its module is built. Values inside lists,
dicts and dataclasses may be left open as everywhere.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import importlib
import pathlib
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from search_spaces.dsl import Choice, Repeat, Tied, is_cell_like
from search_spaces.errors import SpaceError

# What names stand for: entered when a cell is made or arrives at a worker. Nothing is ever imported for a name in a file.
NAMED: dict[str, Any] = {}
_PUBLIC = ("torch", "torch.nn.functional", "math", "builtins")
_CALLABLE = (type, types.FunctionType, types.BuiltinFunctionType, types.MethodType, torch.dtype)


@dataclass(frozen=True, repr=False)
class Named:
    """A class, function, member of an enum or dtype, by `module:qualified.name`."""

    name: str

    def __repr__(self) -> str:
        return self.name.partition(":")[2]

    def __reduce__(self) -> Any:
        return _named, (self.name, self.value)

    @property
    def value(self) -> Any:
        """What is so named.

        Raises:
            SpaceError: it is not known here.
        """
        if self.name not in NAMED:
            raise SpaceError(f"{self.name!r} is code of your own that is not loaded. Load its space first.")
        return NAMED[self.name]


@dataclass(frozen=True, repr=False)
class Listed:
    """A list of these values."""

    values: tuple[Any, ...]

    def __repr__(self) -> str:
        return repr(list(self.values))


@dataclass(frozen=True, repr=False)
class Mapped:
    """A dict of these keys and values, in order."""

    keys: tuple[Any, ...]
    values: tuple[Any, ...]

    def __repr__(self) -> str:
        return "{" + ", ".join(f"{key!r}: {value!r}" for key, value in zip(self.keys, self.values, strict=True)) + "}"


@dataclass(frozen=True, repr=False)
class Made:
    """What `maker(*arguments, **dict(zip(names, values)))` gives: an instance of a dataclass, a `functools.partial`."""

    maker: Named
    arguments: tuple[Any, ...] = ()
    names: tuple[str, ...] = ()
    values: tuple[Any, ...] = ()

    def __repr__(self) -> str:
        named = (f"{name}={value!r}" for name, value in zip(self.names, self.values, strict=True))
        return f"{self.maker!r}({', '.join([*map(repr, self.arguments), *named])})"


DATA: dict[str, Callable[..., Any]] = {"Named": Named, "Listed": Listed, "Mapped": Mapped, "Made": Made}


def frozen(value: Any, where: str) -> Any:
    """`value` as data.

    Args:
        where: what it is an argument of, for the error.

    Raises:
        SpaceError: a value that cannot be written down.
    """
    again = functools.partial(frozen, where=where)
    if value is None or isinstance(value, (*DATA.values(),)) or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, Choice):
        return Choice(*map(again, value.options))
    if isinstance(value, Repeat | Tied):
        return dataclasses.replace(value, node=again(value.node))
    if isinstance(value, enum.Enum):
        return known(f"{type(value).__module__}:{type(value).__qualname__}.{value.name}", value)
    if isinstance(value, _CALLABLE):
        return known(_name(value, where), value)
    if isinstance(value, functools.partial):
        made = (value.func, *value.args)
        return Made(
            _PARTIAL, tuple(map(again, made)), tuple(value.keywords), tuple(map(again, value.keywords.values()))
        )
    return _container(value, again, where)


def _container(value: Any, again: Callable[[Any], Any], where: str) -> Any:
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return Made(known(_name(type(value), where), type(value)), tuple(map(again, value)))
    if isinstance(value, tuple):
        return tuple(map(again, value))
    if type(value) is list:
        return Listed(tuple(map(again, value)))
    if type(value) in (set, frozenset, range):
        return Made(known(_name(type(value), where), type(value)), (Listed(tuple(map(again, sorted(value)))),))
    if isinstance(value, dict):
        mapped = Mapped(tuple(map(again, value)), tuple(map(again, value.values())))
        kind = type(value)
        return mapped if kind is dict else Made(known(_name(kind, where), kind), (mapped,))
    if is_cell_like(value):
        if hasattr(value, "build"):
            return value
        fields = {f.name: again(getattr(value, f.name)) for f in dataclasses.fields(value) if f.init}
        return Made(known(_name(type(value), where), type(value)), (), tuple(fields), tuple(fields.values()))
    if isinstance(value, torch.device | pathlib.PurePath):
        kind = torch.device if isinstance(value, torch.device) else pathlib.Path
        return Made(known(_name(kind, where), kind), (str(value),))
    if getattr(value, "shape", None) == () and hasattr(value, "item") and not isinstance(value, torch.Tensor):
        return again(value.item())  # a number of numpy's
    raise _refused(value, where)


def _refused(value: Any, where: str) -> SpaceError:
    if isinstance(value, nn.Module):
        kind = type(value).__name__
        return SpaceError(
            f"{where} must be data, got the module {value!r}, whose weights all networks would share. Pass its class "
            f"({kind}) or a function that makes it (functools.partial({kind}, …)), and call it in the constructor."
        )
    return SpaceError(
        f"{where} must be a number, text, class, function, member of an enum, functools.partial, dataclass, or a tuple, "
        f"list or dict of these, got {str(value)[:80]} of type {type(value).__name__}. Make it in the constructor "
        "instead, or hold it in a constant of the module."
    )


def known(name: str, value: Any) -> Named:
    """The name of a thing, which is found again by it in this process."""
    NAMED[name] = value
    return Named(name)


def _named(name: str, value: Any) -> Named:
    return known(name, value)


_PARTIAL = known("functools:partial", functools.partial)


def _name(thing: Any, where: str) -> str:
    """`module:qualified.name`, by which the thing is found in its module."""
    if isinstance(thing, torch.dtype):
        return f"torch:{str(thing).removeprefix('torch.')}"
    name = getattr(thing, "__qualname__", "")
    for module in _PUBLIC if isinstance(thing, types.BuiltinFunctionType) else ():
        if getattr(importlib.import_module(module), thing.__name__, None) is thing:
            return f"{module}:{thing.__name__}"
    if "<lambda>" in name or not getattr(thing, "__module__", None):
        raise SpaceError(
            f"{where} must have a name by which it is found again, got {thing!r}. Define it by `def` at the top of a "
            "module, or use functools.partial."
        )
    return f"{thing.__module__}:{name}"


def thawed(value: Any) -> Any:
    """The argument that `value` stands for, made anew: nothing is shared between networks."""
    if isinstance(value, Named):
        return value.value
    if isinstance(value, tuple):
        return tuple(map(thawed, value))
    if isinstance(value, Listed):
        return [thawed(part) for part in value.values]
    if isinstance(value, Mapped):
        return dict(zip(map(thawed, value.keys), map(thawed, value.values), strict=True))
    if isinstance(value, Made):
        named = dict(zip(value.names, map(thawed, value.values), strict=True))
        return value.maker.value(*map(thawed, value.arguments), **named)
    return value
