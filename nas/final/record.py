"""What a final leaves in its folder: `final.json`, weights, the test examples an export has to reproduce, and rules."""

from __future__ import annotations

import dataclasses
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nas.data.dataset import Dataset
from nas.data.preprocessing import FILE as PREPROCESS
from nas.data.preprocessing import to_json
from nas.errors import InputError
from nas.final.raw_rows import ROWS, save_rows
from nas.journal.directory import FILE, FINAL, RECORD
from nas.records.results import Finalist, FinalResult
from nas.training.loop import says_the_mean_of_both
from nas.training.whole_network import constants_of
from search_spaces.task import Task

CHECK = "check.npz"


@dataclass(frozen=True)
class Check:
    """What an export must reproduce.

    Args:
        inputs: `(n, *task.input_shape)` in the data's own scale and type.
        outputs: `(n, task.outputs)` of the trained network.
        targets: `(n,)` class numbers or `(n, outputs)` values.
    """

    inputs: np.ndarray
    outputs: np.ndarray
    targets: np.ndarray

    def save(self, path: Path) -> None:
        """Writes it as `.npz` without pickles."""
        np.savez(path, inputs=self.inputs, outputs=self.outputs, targets=self.targets)

    @classmethod
    def load(cls, path: Path) -> Check:
        with np.load(path, allow_pickle=False) as file:
            return cls(file["inputs"], file["outputs"], file["targets"])


def write_raw(dataset: Dataset, directory: Path, examples: int) -> None:
    """`schema.json`, `preprocess.json` and `rows.npz`: the first raw test examples, by which an export is proved."""
    if dataset.schema is None or dataset.preprocessing is None:
        return
    dataset.schema.save(directory)
    save_rows(directory / ROWS, dataset.test.open_rows(), dataset.preprocessing, examples)
    (directory / PREPROCESS).write_text(to_json(dataset.preprocessing, dataset.schema), encoding="utf-8")


def write_record(dataset: Dataset, result: FinalResult, tried: int, directory: Path) -> None:
    """`final.json`: all that an export needs beside the weights, so that it can be made again at any time."""
    record = {
        "task": dataset.task.to_data(),
        "data": dataset.name,
        "fingerprint": dataset.fingerprint,
        "classes": list(dataset.classes),
        "trials": tried,
        "constants": constants_of(dataset.search),
        "finalists": [_entry(finalist, dataset.task) for finalist in result.finalists],
        "baseline": _entry(result.first_random, dataset.task) if result.first_random else None,
        "runs": [_entry(run, dataset.task) for run in result.runs],
        "baselines": [dataclasses.asdict(one) for one in result.baselines],
        "left_out": dict(result.left_out),
        "standing": result.standing.to_data() if result.standing is not None else None,
    }
    part = directory / f"{RECORD}.part"
    part.write_text(json.dumps(record, indent=1))
    os.replace(part, directory / RECORD)


def final_record(search: Path, final: str = FINAL) -> dict[str, Any]:
    """What the final of the search in this directory wrote down.

    Raises:
        InputError: there is no search, or its final has not ended.
    """
    path = Path(search) / final / RECORD
    if not path.exists():
        if (Path(search) / FILE).exists():
            raise InputError(f"The search in {search} has no final yet. Finish it: nas resume {search}")
        raise InputError(f"There is no search in {search}. Name the directory that `nas search` printed.")
    return dict(json.loads(path.read_text()))


def _entry(finalist: Finalist, task: Task) -> dict[str, Any]:
    names = ("validation_score", "test_score", "epochs", "seed", "seconds")
    return {
        "number": finalist.trial.number,
        **{name: getattr(finalist, name) for name in names},
        "scores": list(finalist.scores),
        "refitted": finalist.refitted,
        "members": finalist.members,
        "weights": finalist.weights.name,
        "mirrored": says_the_mean_of_both(finalist.trial.recipe, task),
        "architecture": json.loads(finalist.architecture.to_json()),
    }
