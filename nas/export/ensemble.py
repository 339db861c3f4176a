"""The best finalists of a search as one module: the mean of what they say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from torch import nn

from nas.errors import InputError
from nas.export.export import finalist_network, know_cells, proved
from nas.export.expression import INDENT, Name, expression, written
from nas.export.model_file import Written, module_text
from nas.export.verify import Proof
from nas.final.record import CHECK, Check, final_record
from nas.journal.directory import FINAL
from nas.training.ensemble import Average
from nas.training.inference import outputs
from search_spaces.task import Task

CARD = """# An ensemble for {data}

The mean of the {kind} of {size} networks that an architecture search found, the best of its final by validation score.
Plain PyTorch: `from model import load; network = load()`; inputs (batch, {shape}) in the data's own scale.

| member | validation {metric} |
|---|---|
{members}

On {examples} examples of the sealed test split: {metric} {score:.4f}; the best member alone: {alone:.4f}. Outputs in a
clean interpreter are within {difference:.1e}. Cost and size are those of all members together.
"""


def export_ensemble(search: Path, out: Path, size: int) -> Path:
    """Exports the `size` best finalists of the search as one verified module.

    Raises:
        InputError: the search has no final or fewer finalists, `size` is below 2, or `out` exists.
    """
    record = final_record(search)
    finalists = record["finalists"][:size]
    if size < 2 or len(finalists) < size:
        raise InputError(
            f"An ensemble takes from 2 to {len(record['finalists'])} members, as many as the final of this search "
            f"trained; got {size}."
        )
    know_cells(search)
    task = Task(**record["task"])
    members = nn.ModuleList([finalist_network(search / FINAL, record, finalist) for finalist in finalists])
    network = Average(members, probabilities=task.kind == "classification").eval()
    stored = Check.load(search / FINAL / CHECK)
    check = Check(stored.inputs, outputs(network, stored.inputs), stored.targets)
    state = {f"ensemble.{name}": value for name, value in network.state_dict().items()}
    with proved(out, [lambda: _written(network, task, state)], check, task) as (part, proof):
        architectures = [finalist["architecture"] for finalist in finalists]
        (part / "architecture.json").write_text(json.dumps(architectures, indent=1))
        (part / "card.md").write_text(_card(record, finalists, task, proof, stored))
    return Path(out).absolute()


def _written(network: Average, task: Task, state: dict[str, torch.Tensor]) -> Written:
    title = f'"""An ensemble of {len(network.members)} networks found by architecture search. See card.md."""'
    return module_text(title, network, lambda name: _model(network, task, name), state)


def _model(network: Average, task: Task, name: Name) -> str:
    shape = ", ".join(map(str, task.input_shape))
    return "\n".join(
        [
            "class Model(nn.Module):",
            f'{INDENT}"""(batch, {shape}) in the data\'s own scale -> (batch, {task.outputs}): the members\' mean."""',
            "",
            f"{INDENT}def __init__(self) -> None:",
            f"{INDENT * 2}super().__init__()",
            f"{INDENT * 2}self.ensemble = {written(expression(network, name), 2, 16)}",
            "",
            f"{INDENT}def forward(self, x: torch.Tensor) -> torch.Tensor:",
            f"{INDENT * 2}return self.ensemble(x)",
        ]
    )


def _card(record: dict[str, Any], finalists: list[dict[str, Any]], task: Task, proof: Proof, stored: Check) -> str:
    from nas.training.score import score

    return CARD.format(
        data=record["data"],
        kind="probabilities" if task.kind == "classification" else "values",
        size=len(finalists),
        shape=", ".join(map(str, task.input_shape)),
        metric=task.metric,
        members="\n".join(f"| trial {one['number']} | {one['validation_score']:.4f} |" for one in finalists),
        examples=proof.examples,
        score=proof.score,
        alone=score(task, stored.outputs, stored.targets),
        difference=proof.difference,
    )
