"""The one place where the sealed test split is opened: winner, first random candidate and baselines are scored."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from nas.baselines.within import Lot
from nas.data.dataset import Dataset
from nas.data.metrics import score_or_nan
from nas.final.record import CHECK, Check, write_raw
from nas.final.verdict import Rival, standing
from nas.records.results import BaselineResult, Finalist, FinalResult
from nas.training.inference import outputs as predicted
from nas.training.loop import says_the_mean_of_both
from nas.training.whole_network import constants_of, whole_network

CHECKED_EXAMPLES, CHECKED_AT_LEAST = 2_048, 128  # by which an export is proved
CHECKED_NUMBERS = 4_000_000  # of outputs at most: a language model gives many for each example
CHECKED_SECONDS = 2.0  # that the network may take for them, so that the proof of a heavy one ends in time


def tested(
    dataset: Dataset,
    finalists: Sequence[Finalist],
    first: Finalist | None,
    baselines: Lot,
    directory: Path,
    device: str,
) -> FinalResult:
    """The finalists with the test scores of the winner, the first random candidate and the baselines."""
    test, task = dataset.test.open(), dataset.task
    winner = finalists[0]
    began = time.monotonic()
    outputs = _outputs(dataset, winner, test.inputs, device)
    each = (time.monotonic() - began) / max(1, len(outputs))
    winner = _with_test_score(winner, score_or_nan(task, outputs, test.targets))
    examples = max(CHECKED_AT_LEAST, min(CHECKED_EXAMPLES, int(CHECKED_SECONDS / max(each, 1e-9))))
    examples = min(examples, max(1, CHECKED_NUMBERS // outputs[0].size))
    rows = slice(0, examples)
    checked = outputs if device == "cpu" else _outputs(dataset, winner, test.inputs[rows], "cpu")
    Check(test.inputs[rows], checked[rows], test.targets[rows]).save(directory / CHECK)  # exports are proved on the CPU
    write_raw(dataset, directory, examples)
    rival = None
    if first is not None and first.trial.number == winner.trial.number:
        first = winner
    elif first is not None:
        others = _outputs(dataset, first, test.inputs, device)
        first = _with_test_score(first, score_or_nan(task, others, test.targets))
        rival = Rival("the first random candidate", first.validation_score, others)
    rivals = [Rival(one.label, one.validation_score, one.predict(test.inputs)) for one in baselines.fitted]
    measured = tuple(
        BaselineResult(
            one.name,
            one.label,
            one.validation_score,
            score_or_nan(task, found.outputs, test.targets),
            one.seconds,
            one.note,
        )
        for one, found in zip(baselines.fitted, rivals, strict=True)
    )
    found = standing(task, outputs, test.targets, rivals, rival)
    rest = (first if first and first.weights == one.weights else one for one in finalists[1:])
    return FinalResult((winner, *rest), first, measured, baselines.left_out, found)


def _outputs(dataset: Dataset, finalist: Finalist, inputs: np.ndarray, device: str) -> np.ndarray:
    state = torch.load(finalist.weights, weights_only=True)
    constants = constants_of(dataset.search, says_the_mean_of_both(finalist.trial.recipe, dataset.task))
    network = whole_network(finalist.architecture, dataset.task, constants, state)
    return predicted(network, inputs, device=device)


def _with_test_score(finalist: Finalist, value: float) -> Finalist:
    return dataclasses.replace(finalist, trial=dataclasses.replace(finalist.trial, test_score=value))
