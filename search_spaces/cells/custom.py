"""Any `nn.Module` class as a cell: a person's own, torch's, or one of an installed package."""

from __future__ import annotations

import functools
import inspect
from dataclasses import make_dataclass
from typing import Any

import torch
from torch import nn

from search_spaces.architecture import KNOWN_CELLS
from search_spaces.cells.arguments import frozen, thawed
from search_spaces.cells.layers import Shape
from search_spaces.errors import SpaceError

SHAPE = ("shape", "input_shape")
CHANNELS = ("in_channels", "num_features", "num_channels", "num_parameters", "in_features", "input_size", "d_model")


class Custom:
    """`Custom(MyBlock, width=Choice(32, 64))` builds `MyBlock(in_channels, width=…)`.

    The constructor's first argument gets the input's channels, or the whole shape (channels first, without the batch)
    if it is called `shape` or `input_shape`; it gets nothing if it is among `arguments`, or if there is none. Of
    torch's own classes the argument that means channels gets them, e.g. `num_channels` of `nn.GroupNorm`.
    The module maps a batch of that shape to one of any shape of 1 to 3 sizes.

    Args:
        module: a class; it must be importable where the network is trained (or live in `__main__`).
        arguments: the constructor's other arguments, see `search_spaces.cells.arguments`, or expressions.

    Raises:
        SpaceError: `module` is no `nn.Module` class, or its constructor does not take such arguments.
    """

    def __new__(cls, module: Any = None, /, **arguments: Any) -> Any:
        if cls is Custom:
            if not (isinstance(module, type) and issubclass(module, nn.Module)):
                raise SpaceError(
                    f"`Custom` needs an nn.Module class, got {module!r}. Write e.g. Custom(MyBlock, width=32)."
                )
            cls = cell_class(module, tuple(arguments))  # type: ignore[arg-type]
        return object.__new__(cls)

    def __init__(self, module: Any = None, /, **arguments: Any) -> None:
        for name, value in arguments.items():
            owner = type(self).module.__name__  # type: ignore[attr-defined]
            object.__setattr__(self, name, frozen(value, f"`{name}` of `{owner}`"))

    def __reduce__(self) -> Any:
        """Pickled as the call that made it, since its class is made on the fly."""
        return _again, (type(self).module, tuple(self._arguments().items()))  # type: ignore[attr-defined]

    def _arguments(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}  # type: ignore[attr-defined]

    def build(self, shape: Shape) -> nn.Module:
        module = type(self).module  # type: ignore[attr-defined]
        given = {name: thawed(value) for name, value in self._arguments().items()}
        first = _of_the_input(module, tuple(given))
        arguments = {**({first: shape if first in SHAPE else shape[0]} if first else {}), **given}
        try:
            network = module(**arguments)
        except Exception as error:  # whatever a person's own constructor raises is reported as theirs
            listed = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
            raise SpaceError(
                f"`{module.__name__}({listed})` raised {type(error).__name__}: {error}{blame(error)}. "
                "Correct its constructor, or leave that option out."
            ) from error
        if not isinstance(network, nn.Module):
            raise SpaceError(f"`{module.__name__}(…)` must give an nn.Module, got {network!r}. Correct its `__new__`.")
        network.export_arguments = arguments  # how the constructor call is written down again
        if any(map(nn.parameter.is_lazy, (*network.parameters(), *network.buffers()))):
            _run_once(network, shape)
        return network


def _run_once(network: nn.Module, shape: Shape) -> None:
    """Lazy layers learn their sizes from the first input."""
    device = torch.get_default_device()
    with torch.no_grad():
        network.eval()(torch.zeros((2, *shape), device=device))
    network.train()


@functools.cache
def cell_class(module: Any, names: tuple[str, ...]) -> Any:
    """The frozen dataclass of cells that build `module` with arguments of these names."""
    accepted = inspect.signature(module).parameters
    takes_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in accepted.values())
    for name in names:
        if name not in accepted and not takes_any:
            raise SpaceError(
                f"`{module.__name__}` takes no argument `{name}`; it takes {', '.join(list(accepted)[1:]) or 'none'}."
            )
        if hasattr(Custom, name) or not name.isidentifier():
            raise SpaceError(f"`{name}` of `{module.__name__}` is a word that cells need. Call the argument otherwise.")
    title = f"Custom[{module.__module__}:{module.__qualname__}]"
    made: Any = make_dataclass("Custom", [(name, Any) for name in names], bases=(Custom,), frozen=True, init=False)
    made.__name__ = made.__qualname__ = title
    made.module = module
    KNOWN_CELLS[title] = functools.partial(Custom, module)  # one module may stand in cells with different arguments
    return made


def _of_the_input(module: type, given: tuple[str, ...]) -> str | None:
    """The constructor's argument that gets the input's channels or shape; None for none."""
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    parameters = inspect.signature(module).parameters.values()
    names = [parameter.name for parameter in parameters if parameter.kind not in variadic]
    if module.__module__.split(".")[0] == "torch":
        return next((name for name in names if name in CHANNELS and name not in given), None)
    return names[0] if names and names[0] not in given else None


def blame(error: BaseException) -> str:
    """The file and line of a person's code that an error comes from, as the end of a sentence."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f" ({trace.tb_frame.f_code.co_filename}, line {trace.tb_lineno})"


def _again(module: type, arguments: tuple[tuple[str, Any], ...]) -> Any:
    return Custom(module, **dict(arguments))
