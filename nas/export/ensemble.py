"""Networks of a search's final as one module: the mean of what they say, chosen greedily on the validation split."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from nas.config.metric import shown, words
from nas.data.dataset import Dataset
from nas.data.metrics import score_or_nan
from nas.data.schema import Schema
from nas.errors import InputError
from nas.export.card import columns_of, use
from nas.export.export import Say, absent, add, calibration_of, finalist_network, know_code, proved
from nas.export.expression import INDENT, Name, expression, written
from nas.export.formats import PYTHON, asked
from nas.export.formats.subject import Subject
from nas.export.merged_normalisation import merged
from nas.export.model_file import Written, forward, module_text, says
from nas.export.raw_inputs import raw_inputs
from nas.export.searched_data import searched_data
from nas.export.verify import Proof
from nas.final.record import CHECK, Check, final_record
from nas.journal.directory import FINAL
from nas.training.ensemble import Average, select
from nas.training.inference import outputs
from search_spaces.task import Task

CARD = """# An ensemble for {data}

The mean of the {kind} of {size} networks that an architecture search found, chosen one after
another for what each adds on the validation split.
Plain PyTorch: `from model import load; network = load()`; inputs (batch, {shape}) in the data's own scale.
Outputs, in order: {names}
{columns}{use}
| member | validation {metric} |
|---|---|
{members}

On {examples} examples of the sealed test split: {metric} {score}; the search's winner alone: {alone}. Outputs
in a clean interpreter are within {difference:.1e}. Cost and size are those of all members together.
"""


def export_ensemble(
    search: Path,
    out: Path,
    size: int,
    dataset: Dataset | None = None,
    *,
    formats: str | Sequence[str] = PYTHON,
    merge_normalisation: bool = False,
    say: Say = lambda text: None,
) -> Path:
    """Exports `size` of the final's networks as one verified module, those whose mean is best on the validation split.

    Args:
        dataset: of the search; None reads it again from where the search had it.
        formats, merge_normalisation, say: as of `nas.export.export_winner`.

    Raises:
        InputError: the search has no final or fewer networks, `size` is below 2, `out` exists, a format is unknown or
            lacks a package, or the data is not there as it was.
        SearchFailed: a format does not compute what the ensemble does.
    """
    absent(out)
    chosen_formats = asked(formats)
    record = final_record(search)
    runs = record.get("runs") or record["finalists"]  # searches of before kept the finalists only
    if size < 2 or len(runs) < size:
        raise InputError(
            f"An ensemble takes from 2 to {len(runs)} members, as many as the final of this search trained; got {size}."
        )
    know_code(search)
    if dataset is None:
        why = "An ensemble is chosen on the validation split"
        dataset = searched_data(search, why, "nas.export.ensemble.export_ensemble")
    task, validation = Task.from_data(record["task"]), dataset.search.validation
    networks = [finalist_network(search / FINAL, record, run) for run in runs]
    chosen = select([outputs(one, validation.inputs) for one in networks], validation.targets, task, size)
    finalists = [runs[place] for place in chosen]
    members = nn.ModuleList([networks[place] for place in chosen])
    network = Average(members, probabilities=task.kind == "classification").eval()
    stored = Check.load(search / FINAL / CHECK)
    check = Check(stored.inputs, outputs(network, stored.inputs), stored.targets)
    state = {f"ensemble.{name}": value for name, value in network.state_dict().items()}
    raw = raw_inputs(search, dataset=dataset)
    calibration = calibration_of(search, chosen_formats, dataset)
    subject = Subject(task, check, tuple(record["classes"]), record["constants"], record["data"], calibration)

    def way() -> Written:
        return _written(network, task, state)

    ways: list[Callable[[], Written]] = [functools.partial(merged, way, task, say) if merge_normalisation else way]
    with proved(out, ways, check, task, raw) as (part, proof):
        architectures = [finalist["architecture"] for finalist in finalists]
        (part / "architecture.json").write_text(json.dumps(architectures, indent=1))
        described = _card(record, finalists, task, proof, stored, raw.schema if raw else None)
        add(part, chosen_formats, subject, described, proof.score, say)
    return Path(out).absolute()


def _written(network: Average, task: Task, state: dict[str, torch.Tensor]) -> Written:
    title = f'"""An ensemble of {len(network.members)} networks found by architecture search. See card.md."""'
    return module_text(title, network, lambda name: _model(network, task, name), state)


def _model(network: Average, task: Task, name: Name) -> str:
    return "\n".join(
        [
            "class Model(nn.Module):",
            *says(task, ": the members' mean"),
            "",
            f"{INDENT}def __init__(self) -> None:",
            f"{INDENT * 2}super().__init__()",
            f"{INDENT * 2}self.ensemble = {written(expression(network, name), 2, 16)}",
            "",
            forward(task),
            f"{INDENT * 2}return self.ensemble(x)",
        ]
    )


def _card(
    record: dict[str, Any],
    finalists: list[dict[str, Any]],
    task: Task,
    proof: Proof,
    stored: Check,
    schema: Schema | None,
) -> str:
    return CARD.format(
        data=record["data"],
        kind="probabilities" if task.kind == "classification" else "values",
        size=len(finalists),
        shape=", ".join(map(str, task.input_shape)),
        metric=words(task.metric),
        members="\n".join(
            f"| trial {one['number']} | {shown(task.metric, one['validation_score'])} |" for one in finalists
        ),
        names=", ".join(record["classes"]),
        columns=columns_of(schema),
        use=use(schema),
        examples=proof.examples,
        score=shown(task.metric, proof.score),
        alone=shown(task.metric, score_or_nan(task, stored.outputs, stored.targets)),
        difference=proof.difference,
    )
