"""The card of an export: what the network is, what it was trained on, how good it is, and how to use it."""

from __future__ import annotations

import datetime
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from nas.config.metric import shown, words
from nas.data.schema import LEFT_OUT, Column, Schema
from nas.export.formats import FORMATS
from nas.export.formats.proof import FormatProof
from nas.export.verify import Proof
from search_spaces.architecture import Architecture
from search_spaces.cells import Members
from search_spaces.profile import Profile, profile
from search_spaces.task import LANGUAGE, Target, Task

CLASSES_SHOWN, COLUMNS_SHOWN = 50, 100


@dataclass(frozen=True)
class Facts:
    """What the search knows of the network beside its architecture.

    Args:
        data: name of the data set; `fingerprint` is the hash of its arrays.
        classes: names in the order of the outputs.
        validation_score, test_score: None where it was not measured.
        baseline_score: test score of the first random candidate, trained for as many epochs; None without one.
        epochs: trained for; `seed`: of its weights and batches.
        trials: candidates that the search tried.
    """

    data: str
    fingerprint: str
    classes: tuple[str, ...]
    validation_score: float | None
    test_score: float | None
    baseline_score: float | None
    epochs: int
    seed: int
    trials: int


def card(architecture: Architecture, task: Task, facts: Facts, proof: Proof, schema: Schema | None = None) -> str:
    """The card as Markdown.

    Args:
        schema: of the data, where raw rows can be predicted.
    """
    known = profile(architecture, task)
    shape = ", ".join(map(str, task.input_shape))
    names = ", ".join(facts.classes[:CLASSES_SHOWN]) + (", …" if len(facts.classes) > CLASSES_SHOWN else "")
    rows = [
        ("task", f"{task.kind}, {words(task.metric)}"),
        ("input", f"(batch, {shape}), in the data's own scale; normalisation is inside"),
        *(("inputs, by name or end to end in this order", _inputs(task)) for _ in task.inputs[:1]),
        ("output", f"(batch, {', '.join(map(str, task.output_shape))}){_logits(task)}"),
        *((f"target {one.name}", _target(task, one)) for one in task.targets),
        ("parameters", f"{known.parameters:,}{_of_them(known)}"),
        ("multiply-adds", f"{known.macs:,} for one example"),
        ("data", f"{facts.data} (fingerprint {facts.fingerprint})"),
        (f"validation {words(task.metric)}", _number(task, facts.validation_score)),
        (f"test {words(task.metric)}", f"{_number(task, facts.test_score)}, read once, after the choice was made"),
        (
            "first random candidate",
            f"{_number(task, facts.baseline_score)} test {words(task.metric)}, trained in the same final",
        ),
        (
            "training",
            f"{facts.epochs} epochs, seed {facts.seed}{_members(architecture)}, "
            f"the best of {facts.trials} candidates tried",
        ),
        (
            "proof",
            f"outputs on {proof.examples} examples within {proof.difference:.1e}, "
            f"{words(task.metric)} {shown(task.metric, proof.score)}{_from_rows(proof)}",
        ),
        ("made with", f"PyTorch {torch.__version__}, Python {platform.python_version()}, {_today()}"),
    ]
    table = "\n".join(f"| {name} | {value} |" for name, value in rows if not value.startswith("not measured"))
    return f"""# A network for {facts.data}

| | |
|---|---|
{table}

Outputs, in order: {names}
{columns_of(schema)}
## Use
{use(schema)}
```python
from model import load          # model.py, beside this card; needs {_needs(proof)}

network = load()                # weights.pt, on the CPU, ready for inference
outputs = network(inputs)       # inputs: (batch, {shape})
```

`architecture.json` holds the decisions that led to this network; `nas` reads it back.

## Limits

The scores hold for data like {facts.data}; the network was chosen on a validation split of it and on nothing else.
It has not been examined for bias, for robustness against shifted or hostile inputs, or for calibration.
"""


def _members(architecture: Architecture) -> str:
    one = architecture.cells[0]
    return f" and further ones: the mean of {one.count} networks" if isinstance(one, Members) else ""


def _logits(task: Task) -> str:
    return " logits" if task.kind in ("classification", LANGUAGE) else ""


USES = {  # by the kind of the task
    "": """found = predict(rows)               # raw rows, as they stood in the data; columns are matched by their names
found.answers, found.probabilities""",
    "forecasting": """found = predict(rows)               # raw rows of the past, in any order
found.answers                       # of each series its next steps, with their times
predict.backtest(rows)              # what it would have said at each step, and what came""",
    "language": """found = predict(["some text"])      # what follows: found.answers, found.probabilities
predict.generate("some text")       # goes on with 200 tokens""",
}


def columns_of(schema: Schema | None) -> str:
    """A table of the columns that raw rows have; empty for other data."""
    learned = [one for one in schema.columns if one.role != LEFT_OUT] if schema else []
    if not learned or schema is None:
        return ""
    rows = [f"| {_cell(one.name)} | {one.type} | {_role(one)} | {_cell(', '.join(one.samples))} |" for one in learned]
    more = len(rows) - COLUMNS_SHOWN
    rest = f"\nAnd {more} more, in `schema.json`.\n" if more > 0 else ""
    head = "| column | type | role | e.g. |\n|---|---|---|---|\n"
    return "\n## Columns\n\n" + head + "\n".join(rows[:COLUMNS_SHOWN]) + f"\n{rest}"


def _role(column: Column) -> str:
    return f"{column.role}, {column.missing:.1%} missing" if column.missing else column.role


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def use(schema: Schema | None) -> str:
    """How raw rows are predicted; without a schema, that they are not."""
    if schema is None:
        return "\nThis export takes arrays only: what was done to raw rows is not known any more.\n"
    return f"""
```python
from predict import load_predictor  # predict.py, beside this card; pip install -r requirements.txt

predict = load_predictor()
{USES.get(schema.kind, USES[""])}
```

`python predict.py FILE` does so from the command line. `preprocess.json` holds the rules from raw rows to inputs,
`schema.json` what was understood of the data. For arrays that are prepared already:
"""


def formats_of(proofs: Sequence[FormatProof], task: Task) -> str:
    """A section of what was proved of other formats; empty without any."""
    if not proofs:
        return ""
    rows = [f"| `{FORMATS[one.name].file}` | {one.size:,} | {_cell(one.sentence(task.metric))} |" for one in proofs]
    return (
        "\n## Other formats\n\n| file | bytes | proved in a clean interpreter |\n|---|---|---|\n"
        + "\n".join(rows)
        + "\n"
    )


def _from_rows(proof: Proof) -> str:
    if not proof.raw:
        return ""
    rows = "the same" if proof.raw == proof.examples else f"the first {proof.raw}"
    return f"; from {rows} as raw rows too"


def _inputs(task: Task) -> str:
    return "; ".join(f"{one.name} {one.shape}{' tokens' if one.vocabulary else ''}" for one in task.inputs)


def _target(task: Task, one: Target) -> str:
    place = task.output_slices()[one.name]
    return f"{one.kind}, {one.metric}, outputs {place.start} to {place.stop - 1}, weight of its loss {one.weight:g}"


def _needs(proof: Proof) -> str:
    if not proof.packages:
        return "torch only"
    return f"torch and {', '.join(proof.packages)}: pip install -r requirements.txt"


def _of_them(known: Profile) -> str:
    return "" if known.trainable == known.parameters else f", {known.trainable:,} of them trained, the others frozen"


def _number(task: Task, value: float | None) -> str:
    return "not measured" if value is None else shown(task.metric, value)


def _today() -> Any:
    return datetime.datetime.now(datetime.UTC).date()
