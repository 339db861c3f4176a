"""The stages of a person's own `nn.Sequential` as cells, and the space of what may stand in their place.

A stage becomes a `Custom` cell where the arguments of its constructor can be read from its attributes, as torch's own
layers have them, and where the cell's network, given the stage's weights, computes what the stage does.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from nas.errors import InputError
from search_spaces.cells import MLP, Conv, Custom, Head, Residual
from search_spaces.cells.custom import CHANNELS
from search_spaces.cells.layers import Shape
from search_spaces.dsl import Choice, Repeat
from search_spaces.errors import SpaceError
from search_spaces.space import Space
from search_spaces.task import Task

NAME = "own_stages"
EXAMPLES = 3  # on which a cell is compared with its stage
TOLERANCE = 1e-5  # of its outputs
SHOWN = 120  # characters of a stage in a message


def space_around(network: nn.Module, task: Task) -> tuple[Space, tuple[Any, ...]]:
    """The space of challengers, and the cells of the network itself, which it holds.

    Each stage with weights may be exchanged for a convolution, a residual block or, on a vector, a layer of the
    catalogue, as wide or, where what follows takes it, twice as wide; before each but the first, and before the last
    layer, a block may be added.

    Raises:
        InputError: it is no Sequential that ends with a linear layer, or a stage cannot be made again; says which.
    """
    stages = list(_stages(network))
    if not isinstance(network, nn.Sequential) or len(stages) < 2 or type(stages[-1]) is not nn.Linear:
        raise InputError("it is no nn.Sequential of stages that ends with an nn.Linear")
    cells, shapes, x = list[Any](), list[Shape](), torch.rand(EXAMPLES, *task.input_shape)
    for number, stage in enumerate(stages[:-1]):
        shapes.append(_shape(x))
        cell, x = _cell(stage, x, number)
        cells.append(cell)
    if x.dim() != 2 or stages[-1].out_features != task.outputs or stages[-1].bias is None:
        raise InputError(f"its last stage is no layer with bias from a vector to {task.outputs} outputs")
    shapes.append(_shape(x))
    heavy = [any(one.dim() > 1 for one in stage.parameters()) for stage in stages[:-1]]
    places = list[Any]()
    for number, cell in enumerate(cells):
        before, after = shapes[number : number + 2]
        follow = next((place for place in range(number + 1, len(cells)) if heavy[place]), len(cells) - 1)
        wider = _take(cells[number + 1 : follow + 1], (2 * after[0], *after[1:]))
        options = _exchanges(before, after, wider) if heavy[number] else ()
        places += [_added(before)] if heavy[number] and number else []
        places.append(Choice(cell, *options) if options else cell)
    return Space(NAME, *places, _added(shapes[-1]), Head()), (*cells, Head())


def _take(cells: list[Any], shape: Shape) -> bool:
    """Whether these cells can stand behind something of that shape: some layers fix the channels that they take."""
    x = torch.zeros(EXAMPLES, *shape)
    try:
        with torch.no_grad():
            for cell in cells:
                x = cell.build(_shape(x)).eval()(x)
    except Exception:  # whatever a person's own layer raises
        return False
    return True


def _stages(network: nn.Module) -> Iterator[nn.Module]:
    """The parts of a Sequential, those of Sequentials within it one by one."""
    for part in network.children() if type(network) is nn.Sequential else (network,):
        yield from _stages(part) if type(part) is nn.Sequential else (part,)


def _shape(x: torch.Tensor) -> Shape:
    return tuple(x.shape[1:])


def _cell(stage: nn.Module, x: torch.Tensor, number: int) -> tuple[Any, torch.Tensor]:
    """The cell of a stage, and what the stage makes of `x`."""
    what = f"stage {number} ({' '.join(repr(stage).split())[:SHOWN]})"
    try:
        cell = Custom(type(stage), **_arguments(stage))
        again = cell.build(_shape(x)).eval()
        again.load_state_dict(stage.state_dict())
        with torch.no_grad():
            expected, found = stage.eval()(x), again(x)
    except (SpaceError, RuntimeError, TypeError, ValueError) as error:
        raise InputError(f"{what} cannot be made again: {str(error).splitlines()[0]}") from None
    if repr(again) != repr(stage) or expected.shape != found.shape or not torch.allclose(expected, found, TOLERANCE):
        raise InputError(f"{what} is another one when it is made again of its attributes")
    return cell, expected


def _arguments(stage: nn.Module) -> dict[str, Any]:
    """Of its constructor, beside the one that the input gives, from attributes of the same names."""
    parameters = inspect.signature(type(stage)).parameters
    own = not type(stage).__module__.startswith("torch.")
    first = next(iter(parameters), None) if own else next((name for name in parameters if name in CHANNELS), None)
    found = {}
    for name, parameter in parameters.items():
        if name == first or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if not hasattr(stage, name):
            if parameter.default is parameter.empty:
                raise ValueError(f"it does not keep its argument `{name}` as an attribute")
            continue
        value = getattr(stage, name)
        if name == "bias" and (value is None or isinstance(value, nn.Parameter)):
            value = value is not None
        if isinstance(value, nn.Module | torch.Tensor):
            continue  # a part that has the name of an argument; the comparison tells whether the default made it
        if parameter.default is parameter.empty or value != parameter.default:
            found[name] = value
    return found


def _exchanges(before: Shape, after: Shape, wider: bool) -> tuple[Any, ...]:
    """What else leads from one shape to the other, or to twice as many channels; a stride is the same on all axes."""
    width = Choice(after[0], 2 * after[0]) if wider else after[0]
    if len(before) == len(after) == 1:
        return (MLP(width), MLP(width, activation="gelu", dropout=0.2))
    strides = {-(-one // other) for one, other in zip(before[1:], after[1:], strict=False)}
    if len(before) != len(after) or len(strides) != 1:
        return ()
    stride = strides.pop()
    return (Conv(width, kernel=Choice(3, 5), stride=stride), Residual(width, stride=stride))


def _added(shape: Shape) -> Any:
    """One block more or none."""
    block = Choice(Residual(), Conv()) if len(shape) > 1 else Choice(Residual(), MLP(shape[0]))
    return Repeat(block, times=Choice(0, 1))
