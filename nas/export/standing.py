"""A person's module written down as it stands, part by part, instead of by its constructor.

For a constructor that needs what an export cannot have: a file with weights, an address, a hub. What it fetched is in the
weights of the export; here its modules are made without it.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from nas.errors import InputError
from nas.export.expression import Call, Name, expression, is_torch, literal

FUNCTION = '''
def as_it_stood(kind: type, /, **parts: Any) -> Any:
    """A module of this class with these attributes, made without its constructor. Its weights are loaded later."""
    module = kind.__new__(kind)
    nn.Module.__init__(module)
    for name, value in parts.items():
        if isinstance(value, torch.Tensor) and not isinstance(value, nn.Parameter):
            module.register_buffer(name, value)
        else:
            setattr(module, name, value)
    return module
'''
_INTERNAL = frozenset(vars(nn.Module())) | {"export_arguments"}


def standing(module: nn.Module, name: Name, path: str, tensors: dict[str, torch.Tensor]) -> Call:
    """The call that makes a module like this one without its constructor.

    Args:
        name: how classes and functions are called in the file.
        path: of the module in the state dict.
        tensors: takes every tensor that the module's own state dict lacks, by its path.

    Raises:
        InputError: an attribute that cannot be written down.
    """
    kind = type(module)
    children = dict(module.named_children())
    if kind in (nn.Sequential, nn.ModuleList) and list(children) == [str(place) for place in range(len(children))]:
        calls = tuple(("", standing(child, name, f"{path}{key}.", tensors)) for key, child in children.items())
        return Call("nn.Sequential", calls) if kind is nn.Sequential else Call(
            "nn.ModuleList", (("", Call("", calls, "[]")),)
        )  # fmt: skip
    if is_torch(kind) and "export_arguments" not in vars(module) and not module._forward_hooks:
        try:
            return _like(module, expression(module, name))
        except (InputError, AttributeError):
            pass  # it does not keep its arguments
    if module._forward_hooks or module._forward_pre_hooks or "parametrizations" in children:
        raise InputError(f"`{kind.__name__}` has hooks, which a file cannot make without its constructor.")
    parts: list[tuple[str, str | Call]] = []
    for word, value in vars(module).items():
        if word not in _INTERNAL:
            parts.append((word, _attribute(word, value, name, f"{path}{word}", tensors, kind)))
    for word, parameter in module._parameters.items():
        parts.append((word, _parameter(parameter, name)))
    for word, buffer in module._buffers.items():
        if buffer is not None:
            tensors[f"{path}{word}"] = buffer
        parts.append((word, "None" if buffer is None else _empty(buffer, name)))
    for word, child in module._modules.items():
        inner = "None" if child is None else standing(child, name, f"{path}{word}.", tensors)
        parts.append((word, inner))
    for word, _ in parts:
        if not word.isidentifier():
            raise InputError(f"`{kind.__name__}` has a part called {word!r}, which is no word. Call it otherwise.")
    return Call("as_it_stood", (("", name(kind)), *parts))


def _like(module: nn.Module, call: Call) -> Call:
    """The call, if what it makes has the same weights and is frozen alike, and nothing was changed since."""
    made = eval(call.flat(), {"nn": nn, "torch": torch})  # noqa: S307 - a call of torch's own layer, written just now
    same = {key: (value.shape, value.dtype) for key, value in made.state_dict().items()}
    if same != {key: (value.shape, value.dtype) for key, value in module.state_dict().items()}:
        raise InputError("made otherwise")
    if any(not parameter.requires_grad for parameter in module.parameters()):
        raise InputError("frozen")
    return call


def _attribute(
    word: str, value: Any, name: Name, path: str, tensors: dict[str, torch.Tensor], kind: type
) -> str | Call:
    if isinstance(value, torch.Tensor):
        tensors[path] = value.detach()
        return _empty(value, name)
    try:
        return literal(value, name)
    except InputError as error:
        raise InputError(f"`{word}` of `{kind.__name__}` cannot be written down: {error}") from None


def _empty(tensor: torch.Tensor, name: Name) -> str:
    kind = "" if tensor.dtype is torch.float32 else f", dtype={tensor.dtype}"
    return f"torch.empty({literal(tuple(tensor.shape), name)}{kind})"


def _parameter(parameter: torch.Tensor | None, name: Name) -> str:
    if parameter is None:
        return "None"
    frozen = "" if parameter.requires_grad else ", requires_grad=False"
    return f"nn.Parameter({_empty(parameter, name)}{frozen})"
