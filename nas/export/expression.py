"""A live module -> the constructor call that makes it, by introspection."""

from __future__ import annotations

import collections
import dataclasses
import enum
import functools
import inspect
import math
import pathlib
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from nas.errors import InputError

WIDTH = 120
INDENT = "    "
RECURRENT = ("input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout", "bidirectional", "proj_size")
RECURRENT_DEFAULTS = {
    "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0, "bidirectional": False, "proj_size": 0,
}  # fmt: skip
SIZES = ("kernel_size", "stride", "padding", "dilation", "output_padding")
NAMED = ("kernel_size", "stride", "eps")  # written with their names even where they must be given


Name = Callable[[Any], str]  # how a class or function is called in the file


def plain_name(thing: Any) -> str:
    """Its own name; torch's layers by `nn`."""
    if isinstance(thing, enum.Enum):
        return f"{type(thing).__name__}.{thing.name}"
    if isinstance(thing, torch.dtype):
        return str(thing)
    return f"nn.{thing.__name__}" if isinstance(thing, type) and is_torch(thing) else str(thing.__qualname__)


@dataclass(frozen=True)
class Call:
    """A call as a tree: `name(*arguments)`; an argument is a text or a `Call`, each with its keyword or none."""

    name: str
    arguments: tuple[tuple[str, str | Call], ...]
    brackets: str = "()"
    comments: tuple[str, ...] = ()

    def flat(self) -> str:
        """On one line."""
        parts = (f"{keyword}={flat(value)}" if keyword else flat(value) for keyword, value in self.arguments)
        return f"{self.name}{self.brackets[0]}{', '.join(parts)}{self.brackets[1]}"

    def lines(self, indent: int, before: str = "", after: str = "") -> list[str]:
        """On as few lines as fit, arguments one a line where one is not enough; comments stand above theirs."""
        one = f"{' ' * indent}{before}{self.flat()}{after}"
        if (len(one) <= WIDTH and not self.comments) or not self.arguments:
            return [one]
        if len(self.arguments) == 1 and isinstance(self.arguments[0][1], Call) and self.arguments[0][1].name == "":
            return self.arguments[0][1].lines(
                indent, f"{before}{self.name}{self.brackets[0]}", self.brackets[1] + after
            )
        lines = [f"{' ' * indent}{before}{self.name}{self.brackets[0]}"]
        for place, (keyword, value) in enumerate(self.arguments):
            if self.comments:
                lines.append(f"{' ' * (indent + 4)}# {self.comments[place]}")
            lines += _lines(value, indent + 4, f"{keyword}=" if keyword else "")
        return [*lines, f"{' ' * indent}{self.brackets[1]}{after}"]


def flat(value: str | Call) -> str:
    """A text or a call on one line."""
    return value if isinstance(value, str) else value.flat()


def _lines(value: str | Call, indent: int, before: str) -> list[str]:
    if isinstance(value, Call):
        return value.lines(indent, before, ",")
    return [f"{' ' * indent}{before}{value},"]


def written(call: str | Call, depth: int, used: int) -> str:
    """The text of a call that begins `used` characters after an indentation of `depth` levels."""
    if isinstance(call, str):
        return call
    first, *rest = call.lines(depth * len(INDENT), " " * used)
    return "\n".join([first.strip(), *rest])


def expression(module: nn.Module, name: Name = plain_name) -> Call:
    """The call that makes a module like this one, with new weights.

    Args:
        name: how classes and functions are called in the file.

    Raises:
        InputError: a constructor argument that the module does not keep.
    """
    kind = type(module)
    if "export_arguments" in vars(module):
        arguments: Any = vars(module)["export_arguments"]
        return Call(name(kind), tuple((word, literal(value, name)) for word, value in arguments.items()))
    if kind is nn.Sequential or kind is nn.ModuleList:
        children = tuple(("", expression(child, name)) for child in module.children())
        if kind is nn.Sequential:
            return Call("nn.Sequential", children)
        return Call("nn.ModuleList", (("", Call("", children, "[]")),))
    return Call(name(kind), tuple(_arguments(module, name)))


def is_torch(kind: type) -> bool:
    """Whether the class is one of torch's own layers."""
    return kind.__module__.split(".")[0] == "torch"


def _arguments(module: nn.Module, name_of: Name) -> list[tuple[str, str | Call]]:
    """Keyword (torch's first ones have none) and text of every argument that is not at its default."""
    found: list[tuple[str, str | Call]] = []
    for name, default in _parameters(type(module)):
        value = _value(module, name)
        if default is not inspect.Parameter.empty and _same(value, default):
            continue
        if isinstance(module, nn.modules.pooling._MaxPoolNd | nn.AvgPool1d | nn.AvgPool2d | nn.AvgPool3d) and (
            name == "stride" and value == _value(module, "kernel_size")
        ):
            continue
        positional = is_torch(type(module)) and default is inspect.Parameter.empty and name not in NAMED
        positional = positional and all(not keyword for keyword, _ in found)
        found.append(
            (
                "" if positional else name,
                expression(value, name_of) if isinstance(value, nn.Module) else literal(value, name_of),
            )
        )
    return found


def _parameters(kind: type) -> list[tuple[str, Any]]:
    if issubclass(kind, nn.RNNBase):
        return [(name, RECURRENT_DEFAULTS.get(name, inspect.Parameter.empty)) for name in RECURRENT]
    signature = inspect.signature(kind.__init__)
    plain = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [
        (name, parameter.default)
        for name, parameter in signature.parameters.items()
        if parameter.kind in plain and name not in ("self", "device", "dtype") and not name.startswith("_")
    ]


def _value(module: nn.Module, name: str) -> Any:
    """What the module keeps of its argument `name`."""
    if name == "bias" and is_torch(type(module)) and not isinstance(module, nn.RNNBase):
        return getattr(module, "bias", None) is not None
    if not hasattr(module, name):
        raise InputError(
            f"`{type(module).__name__}` must keep its constructor argument `{name}` as an attribute of that name, so "
            f"that the exported model can be written down. Add `self.{name} = {name}`."
        )
    value = getattr(module, name)
    if is_torch(type(module)) and name in SIZES and isinstance(value, tuple) and len(set(value)) == 1:
        return value[0]
    return value


def _same(value: Any, default: Any) -> bool:
    return type(value) is type(default) and bool(value == default)


def literal(value: Any, name: Name = plain_name) -> str | Call:
    """A plain value as Python text.

    Args:
        name: how classes, functions, dtypes and members of enums are called in the file.

    Raises:
        InputError: a value of a type that has no literal.
    """
    if isinstance(value, enum.Enum | type | types.FunctionType | types.BuiltinFunctionType | torch.dtype):
        return name(value)
    if isinstance(value, bool) or value is None or type(value) is str:
        return _quoted(value) if isinstance(value, str) else repr(value)
    if type(value) is float and not math.isfinite(value):
        return f'float("{value}")'
    if type(value) in (int, float, complex, bytes):
        return repr(value)
    plain = type(value) in (tuple, list, torch.Size)
    if plain and all(isinstance(part, int | float) for part in value) and len(value) > 12:
        return Call("", tuple(("", line) for line in _rows(value)), "[]" if isinstance(value, list) else "()")
    if plain:
        inner = ", ".join(flat(literal(part, name)) for part in value)
        return f"[{inner}]" if isinstance(value, list) else f"({inner},)" if len(value) == 1 else f"({inner})"
    if type(value) is dict:
        pairs = (f"{flat(literal(key, name))}: {flat(literal(part, name))}" for key, part in value.items())
        return "{" + ", ".join(pairs) + "}"
    return _made(value, name)


def _made(value: Any, name: Name) -> str | Call:
    """A value by the call that makes it."""
    again = functools.partial(literal, name=name)
    if isinstance(value, functools.partial):
        given = ("", again(value.func)), *(("", again(part)) for part in value.args)
        return Call(name(functools.partial), (*given, *((word, again(part)) for word, part in value.keywords.items())))
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return Call(name(type(value)), tuple(("", again(part)) for part in value))
    if isinstance(value, set | frozenset | range):
        return Call(name(type(value)), (("", again(sorted(value))),)) if type(value) is not range else repr(value)
    if isinstance(value, dict) and type(value) is collections.OrderedDict:
        return Call(name(type(value)), (("", again(dict(value))),))
    if dataclasses.is_dataclass(value):
        fields = ((f.name, again(getattr(value, f.name))) for f in dataclasses.fields(value) if f.init)
        return Call(name(type(value)), tuple(fields))
    if isinstance(value, torch.device | pathlib.PurePath):
        return Call(name(torch.device if isinstance(value, torch.device) else pathlib.Path), (("", again(str(value))),))
    raise InputError(
        f"An exported constructor argument must be a number, word, class, function, dataclass, or a tuple, list or dict "
        f"of them, got {str(value)[:80]} of type {type(value).__name__}."
    )


def _rows(values: tuple[Any, ...] | list[Any], each: int = 5) -> list[str]:
    texts = [flat(literal(value)) for value in values]
    return [", ".join(texts[start : start + each]) for start in range(0, len(texts), each)]


def _quoted(text: str) -> str:
    plain = repr(text)
    return f'"{plain[1:-1]}"' if plain.startswith("'") and '"' not in text else plain
