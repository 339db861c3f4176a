"""The text of `model.py`: one network as plain PyTorch, readable from top to bottom, importing nothing of ours."""

from __future__ import annotations

from torch import nn

from nas.export.expression import INDENT, expression, written
from nas.export.sources import classes_of, collect
from search_spaces.architecture import Architecture
from search_spaces.profile import complete, profile
from search_spaces.task import Task

LOAD = '''
def load(weights: str = "weights.pt", device: str = "cpu") -> Model:
    """The trained network, ready to use. A relative path starts from this file's folder."""
    model = Model()
    state = torch.load(Path(__file__).parent / weights, map_location=device, weights_only=True)
    model.load_state_dict(state)
    return model.to(device).eval()
'''


def model_text(architecture: Architecture, task: Task, whole: nn.Sequential) -> str:
    """The file for a whole network: what normalises, the network, and what rescales its outputs if anything does.

    Raises:
        InputError: a module whose source or arguments cannot be written down.
    """
    return module_text(_docstring(architecture, task), whole, _model(architecture, task, whole))


def module_text(docstring: str, network: nn.Module, model: str) -> str:
    """A file: the docstring, what the network's classes need, the class `Model` as given, and `load`."""
    sources = collect(classes_of(network))
    used = "\n".join(sources.texts.values())
    lines = {line for line in sources.imports if " F" not in line or "F." in used}
    blocks = [docstring, _imports(lines)]
    constants = [text for name, text in sources.texts.items() if name.isupper()]
    blocks += ["\n".join(constants)] if constants else []
    blocks += [f"\n{text}" for name, text in sources.texts.items() if not name.isupper()]
    blocks += [f"\n{model}", LOAD.rstrip()]
    return "\n\n".join(blocks) + "\n"


def state_of_model(state: dict[str, object]) -> dict[str, object]:
    """The state dict of a whole network under the names that it has in `Model`."""
    names = {"0": "normalize", "1": "cells", "2": "rescale"}
    return {f"{names[key.split('.', 1)[0]]}.{key.split('.', 1)[1]}": value for key, value in state.items()}


def _docstring(architecture: Architecture, task: Task) -> str:
    facts = profile(architecture, task)
    return (
        f'"""A network found by architecture search in the space `{architecture.space}`, as plain PyTorch.\n\n'
        f"    from model import load\n    network = load()      # (batch, {_sizes(task.input_shape)}) -> "
        f"(batch, {task.outputs})\n\n"
        f"{facts.parameters:,} parameters, {facts.macs:,} multiply-adds for one example. "
        'See card.md for data and scores.\n"""'
    )


def _imports(lines: set[str]) -> str:
    future = [line for line in lines if "__future__" in line]
    torch_lines = [line for line in lines if "torch" in line]
    others = sorted({*lines, "from pathlib import Path"} - {*future, *torch_lines})
    return "\n\n".join("\n".join(group) for group in (future, others, sorted(torch_lines, key=_order)) if group)


def _order(line: str) -> tuple[bool, str]:
    return line.startswith("from"), line


def _model(architecture: Architecture, task: Task, whole: nn.Sequential) -> str:
    normalize, network = whole[0], whole[1]
    lines = [
        "class Model(nn.Module):",
        f'{INDENT}"""(batch, {_sizes(task.input_shape)}) in the data\'s own scale -> (batch, {task.outputs})."""',
        "",
        f"{INDENT}def __init__(self) -> None:",
        f"{INDENT * 2}super().__init__()",
        f"{INDENT * 2}self.normalize = {written(expression(normalize), 2, 17)}",
        *_cells(architecture, task, network),
    ]
    rescaled = len(whole) > 2
    if rescaled:
        lines.append(f"{INDENT * 2}self.rescale = {written(expression(whole[2]), 2, 15)}")
    result = "self.cells(self.normalize(x))"
    lines += [
        "",
        f"{INDENT}def forward(self, x: torch.Tensor) -> torch.Tensor:",
        f"{INDENT * 2}return {f'self.rescale({result})' if rescaled else result}",
    ]
    return "\n".join(lines)


def _cells(architecture: Architecture, task: Task, network: nn.Module) -> list[str]:
    """One cell after another, each under a line that says what it is and what comes out of it."""
    cells, shapes = complete(architecture.cells, task), profile(architecture, task).shapes
    lines = [f"{INDENT * 2}self.cells = nn.Sequential("]
    for cell, shape, module in zip(cells, shapes[1:], network.children(), strict=True):
        lines.append(f"{INDENT * 3}# {type(cell).__name__}: out ({_sizes(shape)})")
        lines.append(f"{INDENT * 3}{written(expression(module), 3, 1)},")
    return [*lines, f"{INDENT * 2})"]


def _sizes(shape: tuple[int, ...]) -> str:
    return ", ".join(map(str, shape))
