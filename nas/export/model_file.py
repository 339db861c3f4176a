"""The text of `model.py`: one network as plain PyTorch, readable from top to bottom, importing nothing of ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from nas.export import standing
from nas.export.expression import INDENT, Name, expression, written
from nas.export.sources import Sources, classes_of, collect, is_foreign, parts_of
from nas.training.whole_network import Ahead, Mirrored
from search_spaces.architecture import Architecture
from search_spaces.profile import complete, profile
from search_spaces.task import Task

NAMES = {"0": "normalize", "1": "cells", "2": "rescale"}
OURS = ("search_spaces", "nas")
ANY = "from typing import Any"
LOAD = '''
def load(weights: str = "weights.pt", device: str = "cpu") -> Model:
    """The trained network, ready to use. A relative path starts from this file's folder.

    `model.safetensors` holds the same weights as `weights.pt`; it needs the package safetensors.
    """
    model, path = Model(), Path(__file__).parent / weights
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        state = load_file(path, device=device)
    else:
        state = torch.load(path, map_location=device, weights_only=True)
    model.load_state_dict(state)
    return model.to(device).eval()
'''


@dataclass(frozen=True)
class Written:
    """A network as a file and its weights.

    Args:
        text: of `model.py`.
        state: of `weights.pt`, under the names that the file's `Model` has.
        packages: installed packages that the file imports beside torch.
    """

    text: str
    state: dict[str, torch.Tensor]
    packages: tuple[str, ...]


def model(architecture: Architecture, task: Task, whole: nn.Sequential, constructors: bool = True) -> Written:
    """The file for a whole network: what normalises, the network, and what rescales its outputs if anything does.

    Args:
        constructors: whether a person's own modules are made by their constructors; else part by part, as they stand.

    Raises:
        InputError: a module whose source or arguments cannot be written down.
    """
    sources, outside = Sources(frozenset() if constructors else _standing(_cells_of(whole))), dict[str, torch.Tensor]()
    made = parts_of(whole) if constructors else whole.modules()
    for cls in classes_of(part for part in made if not isinstance(part, Mirrored | Ahead)):
        sources.name(cls)
    body = _model(architecture, task, whole, sources, None if constructors else outside)
    state = {**state_of_model(dict(whole.state_dict()), isinstance(whole[1], Mirrored | Ahead)), **outside}
    return Written(_file(_docstring(architecture, task), sources, body), state, tuple(sorted(sources.packages)))


def _cells_of(whole: nn.Sequential) -> nn.Module:
    return whole[1].network if isinstance(whole[1], Mirrored | Ahead) else whole[1]


def _standing(network: nn.Module) -> frozenset[type]:
    """Classes of a person's own in the cells that hold a module with its constructor's arguments."""
    cells = (cell for cell in network.children() if any("export_arguments" in vars(part) for part in cell.modules()))
    kinds = {kind for cell in cells for part in cell.modules() for kind in type(part).__mro__}
    return frozenset(kind for kind in kinds if not is_foreign(kind) and kind.__module__.split(".")[0] not in OURS)


def model_text(architecture: Architecture, task: Task, whole: nn.Sequential) -> str:
    """The text of `model`."""
    return model(architecture, task, whole).text


def module_text(
    docstring: str, network: nn.Module, write: Callable[[Name], str], state: dict[str, torch.Tensor]
) -> Written:
    """A file: the docstring, what the network's classes need, the class `Model` that `write` gives, and `load`."""
    sources = collect(classes_of(parts_of(network)))
    text = _file(docstring, sources, write(sources.name))
    return Written(text, state, tuple(sorted(sources.packages)))


def _file(docstring: str, sources: Sources, model: str) -> str:
    stands = "as_it_stood(" in model
    end = "\n\n".join([*([standing.FUNCTION.rstrip()] if stands else []), f"\n{model}", LOAD.rstrip()])
    return sources.file(docstring, end, frozenset({"from pathlib import Path"} | ({ANY} if stands else set())))


def state_of_model(state: dict[str, torch.Tensor], inside: bool = False) -> dict[str, torch.Tensor]:
    """The state dict of a whole network under the names that it has in `Model`.

    Args:
        inside: whether the network lies in another one, which is `Mirrored` or `Ahead`.
    """
    state = {key.replace("1.network.", "1.", 1) if inside else key: value for key, value in state.items()}
    return {f"{NAMES[key.split('.', 1)[0]]}.{key.split('.', 1)[1]}": value for key, value in state.items()}


def _docstring(architecture: Architecture, task: Task) -> str:
    facts = profile(architecture, task)
    return (
        f'"""A network found by architecture search in the space `{architecture.space}`, as plain PyTorch.\n\n'
        f"    from model import load\n    network = load()      # (batch, {_sizes(task.input_shape)}) -> "
        f"(batch, {_sizes(task.output_shape)})\n\n"
        f"{facts.parameters:,} parameters, {facts.macs:,} multiply-adds for one example. "
        'See card.md for data and scores.\n"""'
    )


def _model(
    architecture: Architecture,
    task: Task,
    whole: nn.Sequential,
    sources: Sources,
    outside: dict[str, torch.Tensor] | None,
) -> str:
    normalize, network = whole[0], _cells_of(whole)
    lines = [
        "class Model(nn.Module):",
        *says(task),
        "",
        f"{INDENT}def __init__(self) -> None:",
        f"{INDENT * 2}super().__init__()",
        f"{INDENT * 2}self.normalize = {written(expression(normalize, sources.name), 2, 17)}",
        *_cells(architecture, task, network, sources, outside),
    ]
    middle = whole[1]
    if isinstance(middle, Ahead):
        lines.append(f"{INDENT * 2}self.view = {written(expression(middle.view, sources.name), 2, 12)}")
    rescaled = len(whole) > 2
    if rescaled:
        lines.append(f"{INDENT * 2}self.rescale = {written(expression(whole[2], sources.name), 2, 15)}")
    mirrored = isinstance(middle, Mirrored)
    result = "(self.cells(x) + self.cells(x.flip(-1))) / 2" if mirrored else "self.cells(self.normalize(x))"
    first = [f"{INDENT * 2}x = self.normalize(x)", f"{INDENT * 2}# of a picture and of its mirror image"]
    ahead = isinstance(middle, Ahead)
    if ahead:
        first, result = [f"{INDENT * 2}x, simple = self.view(self.normalize(x))"], "self.cells(x) + simple"
    lines += [
        "",
        forward(task),
        *(first if mirrored or ahead else []),
        f"{INDENT * 2}return {f'self.rescale({result})' if rescaled else result}",
    ]
    return "\n".join(lines)


FORWARD = "    def forward(self, x: torch.Tensor) -> torch.Tensor:"
FORWARD_OF_SEVERAL = """
    def forward(self, x: torch.Tensor | None = None, **inputs: torch.Tensor) -> torch.Tensor:
        if x is None:
            if set(inputs) != set(self.inputs):
                got = ", ".join(inputs) or "none"
                raise ValueError(f"The inputs are {', '.join(self.inputs)}, got {got}.")
            for name, shape in self.inputs.items():
                if tuple(inputs[name].shape[1:]) != shape:
                    got = tuple(inputs[name].shape[1:])
                    raise ValueError(f"Input {name} must have shape {shape} behind the batch, got {got}.")
            x = torch.cat([inputs[name].flatten(1).float() for name in self.inputs], dim=1)"""[1:]


def forward(task: Task) -> str:
    """The first lines of the method, which take several inputs by name where the task has them."""
    return FORWARD_OF_SEVERAL if task.inputs else FORWARD


def says(task: Task, more: str = "") -> list[str]:
    """The docstring of the class, and of several inputs their shapes by name."""
    takes = f"(batch, {_sizes(task.input_shape)}) in the data's own scale -> (batch, {_sizes(task.output_shape)}){more}"
    heads = [f"{name}: outputs[:, {place.start}:{place.stop}]" for name, place in task.output_slices().items()]
    lines = [f'{INDENT}"""{takes}.']
    if task.inputs:
        named = ", ".join(f"{one.name}=…" for one in task.inputs)
        lines += ["", f"{INDENT}Takes all inputs by name, `model({named})`, or laid end to end."]
    if heads:
        lines += ["", f"{INDENT}Of the outputs, {'; '.join(heads)}."]
    lines = [lines[0] + '"""'] if len(lines) == 1 else [*lines, f'{INDENT}"""']
    if task.inputs:
        shapes = ", ".join(f'"{one.name}": {one.shape}' for one in task.inputs)
        lines += ["", f"{INDENT}inputs = {{{shapes}}}  # without the batch; tokens are whole numbers"]
    return lines


def _cells(
    architecture: Architecture,
    task: Task,
    network: nn.Module,
    sources: Sources,
    outside: dict[str, torch.Tensor] | None,
) -> list[str]:
    """One cell after another, each under a line that says what it is and what comes out of it."""
    cells, shapes = complete(architecture.cells, task), profile(architecture, task).shapes
    lines = [f"{INDENT * 2}self.cells = nn.Sequential("]
    for place, (cell, shape, module) in enumerate(zip(cells, shapes[1:], network.children(), strict=True)):
        lines.append(f"{INDENT * 3}# {type(cell).__name__}: out ({_sizes(shape)})")
        own = outside is not None and any("export_arguments" in vars(part) for part in module.modules())
        call = (
            standing.standing(module, sources.name, f"cells.{place}.", outside)
            if own and outside is not None
            else expression(module, sources.name)
        )
        lines.append(f"{INDENT * 3}{written(call, 3, 1)},")
    return [*lines, f"{INDENT * 2})"]


def _sizes(shape: tuple[int, ...]) -> str:
    return ", ".join(map(str, shape))
