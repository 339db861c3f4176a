"""An `nn.Module` without weights to learn, e.g. a loss, as data: its class and what its attributes hold."""

from __future__ import annotations

from typing import Any

from nas.errors import InputError
from search_spaces.cells.arguments import Made, frozen, known
from search_spaces.errors import SpaceError

MOST_NUMBERS = 10_000  # in the tensors of one module: they stand in the journal


def is_module(thing: Any) -> bool:
    """Whether a thing is an `nn.Module` that has been made."""
    from torch import nn  # only now: settings are read where nothing is trained

    return isinstance(thing, nn.Module)


def module_as_data(module: Any, what: str) -> Made:
    """The data from which `module_again` makes a module like this one.

    Raises:
        InputError: it has weights to learn, large tensors, or attributes that cannot be written down.
    """
    from torch import nn

    title = f"`{what}` {type(module).__name__}"
    if any(True for _ in module.parameters()):
        raise InputError(
            f"{title} has weights of its own to learn, which nothing would train. Train them in your own loop "
            "(`train=`), or make them constants by `register_buffer`."
        )
    plain = vars(nn.Module()).keys()
    try:
        attributes = {name: _value(value, title) for name, value in vars(module).items() if name not in plain}
        buffers = {name: _value(value, title) for name, value in module._buffers.items()}
        children = {name: module_as_data(child, what) for name, child in module._modules.items() if child is not None}
        parts = (attributes, buffers, children)
        return Made(known("nas.config.own_module:module_again", module_again), (_class(module), *map(_dict, parts)))
    except SpaceError as error:
        raise InputError(f"{error} Or give the class, or a function that makes it.") from None


def module_again(cls: Any, attributes: dict[str, Any], buffers: dict[str, Any], children: dict[str, Any]) -> Any:
    """A module of this class with these attributes; its constructor does not run."""
    from torch import nn

    module = cls.__new__(cls)
    nn.Module.__init__(module)
    for name, value in buffers.items():
        module.register_buffer(name, value)
    for name, child in children.items():
        module.add_module(name, child)
    vars(module).update(attributes)
    return module


def _class(module: Any) -> Any:
    return frozen(type(module), f"the class {type(module).__name__}")


def _dict(parts: dict[str, Any]) -> Any:
    return frozen(parts, "the module")


def _value(value: Any, title: str) -> Any:
    import torch

    if not isinstance(value, torch.Tensor):
        return frozen(value, f"An attribute of {title}")
    if value.numel() > MOST_NUMBERS:
        raise InputError(f"{title} holds {value.numel():,} numbers, at most {MOST_NUMBERS:,} are kept. Give its class.")
    maker = known("torch:tensor", torch.tensor)
    numbers = frozen(value.detach().cpu().tolist(), f"A tensor of {title}")
    return Made(maker, (numbers,), ("dtype",), (frozen(value.dtype, title),))
