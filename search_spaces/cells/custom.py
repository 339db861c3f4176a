"""Any `nn.Module` class of the user's own as a cell."""

from __future__ import annotations

import functools
import inspect
from dataclasses import make_dataclass
from typing import Any

from torch import nn

from search_spaces.architecture import KNOWN_CELLS
from search_spaces.cells.layers import Shape
from search_spaces.errors import SpaceError


class Custom:
    """`Custom(MyBlock, width=Choice(32, 64))` builds `MyBlock(in_channels, width=…)`.

    The constructor's first argument gets the input's channels, or the whole shape (channels first, without the batch)
    if it is called `shape` or `input_shape`. The module maps a batch of that shape to one of any shape of 1 to 3 sizes.

    Args:
        module: a class; it must be importable where the network is trained (or live in `__main__`).
        arguments: the constructor's other arguments: hashable values, or expressions.

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
            object.__setattr__(self, name, value)

    def __reduce__(self) -> Any:
        """Pickled as the call that made it, since its class is made on the fly."""
        return _again, (type(self).module, tuple(self._arguments().items()))  # type: ignore[attr-defined]

    def _arguments(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}  # type: ignore[attr-defined]

    def build(self, shape: Shape) -> nn.Module:
        module = type(self).module  # type: ignore[attr-defined]
        first = _first_argument(module)
        arguments = {first: shape if first in ("shape", "input_shape") else shape[0], **self._arguments()}
        try:
            network = module(**arguments)
        except Exception as error:  # whatever a person's own constructor raises is reported as theirs
            listed = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
            raise SpaceError(
                f"`{module.__name__}({listed})` raised {type(error).__name__}: {error}. "
                "Correct its constructor, or leave that option out."
            ) from error
        network.export_arguments = arguments  # how the constructor call is written down again
        return network


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
    title = f"Custom[{module.__module__}:{module.__qualname__}]"
    made: Any = make_dataclass("Custom", [(name, Any) for name in names], bases=(Custom,), frozen=True, init=False)
    made.__name__ = made.__qualname__ = title
    made.module = module
    KNOWN_CELLS[title] = functools.partial(Custom, module)  # one module may stand in cells with different arguments
    return made


def _first_argument(module: type) -> str:
    names = list(inspect.signature(module).parameters)
    if not names:
        raise SpaceError(f"`{module.__name__}` must take the input's channels, or `shape`, as its first argument.")
    return names[0]


def _again(module: type, arguments: tuple[tuple[str, Any], ...]) -> Any:
    return Custom(module, **dict(arguments))
