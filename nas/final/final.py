"""The final: the best few trained in full, the winner chosen on the validation split and read once on the sealed test.

Beside the winner stands the first random candidate, trained for as many epochs: what the search was worth.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nas.data.dataset import Dataset, TrainingData
from nas.errors import SearchFailed
from nas.execution.full_training import Failed, FullTraining, NextJob, Step, Trained, one_after_another
from nas.export.rebuild import constants_of, whole_network
from nas.export.verify import Check
from nas.final.schedule import FinalConfig, Lineup
from nas.records.trial import Candidate
from nas.training.inference import outputs as predicted
from nas.training.loop import EpochReport
from nas.training.score import score

log = logging.getLogger("nas")
CHECKED_EXAMPLES = 2_048

OnEpoch = Callable[[Candidate, EpochReport], None]
TrainAll = Callable[[NextJob, TrainingData, Callable[[], bool]], Iterator[tuple[FullTraining, Step]]]


@dataclass(frozen=True)
class Finalist:
    """A candidate trained in full.

    Args:
        validation_score: mean over the seeds. scores: of the kept training, one per epoch.
        test_score: for the winner and the baseline only, else None.
        weights: state dict of the whole network, normalisation included.
        seconds: of all its trainings.
        gradient_flow: norm of the gradients of each cell with weights after the last epoch, by place in the network.
    """

    candidate: Candidate
    validation_score: float
    scores: tuple[float, ...]
    epochs: int
    seed: int
    seconds: float
    weights: Path
    gradient_flow: Mapping[str, float] = field(default_factory=dict, hash=False)
    test_score: float | None = None


@dataclass(frozen=True)
class FinalResult:
    """Finalists, the best first; the winner is the first of them; the baseline may be one of them."""

    finalists: tuple[Finalist, ...]
    baseline: Finalist | None

    @property
    def winner(self) -> Finalist:
        return self.finalists[0]


def run_final(
    dataset: Dataset,
    candidates: Sequence[Candidate],
    first: Candidate | None,
    directory: Path,
    config: FinalConfig,
    *,
    tried: int = 0,
    device: str = "cpu",
    train: TrainAll = one_after_another,
    slots: int = 1,
    seconds_left: Callable[[], float] = lambda: math.inf,
    stopped: Callable[[], bool] = lambda: False,
    on_epoch: OnEpoch = lambda candidate, report: None,
) -> FinalResult:
    """Trains `candidates` (best first) and `first`, opens the test split once, and keeps weights under `directory`.

    Args:
        candidates: the best first. first: the baseline.
        directory: where weights and `final.json` go.
        tried: candidates that the search tried, for the record.
        train: where trainings run, `slots` of them at once: here, or on workers.

    Every training is planned with as many epochs as fit, so that its schedule ends in time, see `Lineup`.

    Raises:
        SearchFailed: not one of them could be trained.
    """
    directory.mkdir(parents=True, exist_ok=True)
    lineup = Lineup(
        candidates, first, config, device=device, slots=slots, seconds_left=seconds_left, stopped=stopped
    )  # fmt: skip
    runs: list[Finalist] = []
    why = "Give the search more time."
    for job, step in train(lineup.next, dataset.search, stopped):
        candidate = lineup.candidates[job.number]
        if isinstance(step, Failed):
            why = f"The last error: {step.error}"
            log.warning("Trial %d failed in the final: %s", job.number, step.error)
        elif isinstance(step, Trained):
            runs.append(_kept(candidate, job, step, directory))
            lineup.anything = True
        else:
            on_epoch(candidate, step)
    trained = _by_candidate(runs)
    finalists = [trained[candidate.number] for candidate in lineup.best if candidate.number in trained]
    if not finalists:
        raise SearchFailed(f"Not one of the best candidates could be trained in the final. {why}")
    finalists.sort(key=lambda finalist: -finalist.validation_score)
    here = device if torch.cuda.is_available() else "cpu"  # workers may have GPUs where the driver has none
    result = _tested(dataset, finalists, trained.get(first.number) if first else None, directory, here)
    _write_record(dataset, result, tried, directory)
    return result


def _kept(candidate: Candidate, job: FullTraining, trained: Trained, directory: Path) -> Finalist:
    """The training as a finalist, its weights on disk: whole or not at all."""
    path = directory / f"{job.number:04d}-{job.turn}.pt"
    part = path.with_suffix(".part")
    torch.save(dict(trained.weights), part)
    os.replace(part, path)
    scores = trained.scores
    flow = dict(trained.gradient_flow)
    return Finalist(candidate, scores[-1], scores, len(scores), job.seed, trained.seconds, path, flow)


def _by_candidate(runs: Sequence[Finalist]) -> dict[int, Finalist]:
    """For each candidate its best training, with the mean validation score of all of them."""
    found: dict[int, Finalist] = {}
    for number in dict.fromkeys(run.candidate.number for run in runs):
        same = [run for run in runs if run.candidate.number == number]
        found[number] = dataclasses.replace(
            max(same, key=lambda run: run.validation_score),
            validation_score=float(np.mean([run.validation_score for run in same])),
            seconds=sum(run.seconds for run in same),
        )
    return found


def _tested(
    dataset: Dataset, finalists: Sequence[Finalist], baseline: Finalist | None, directory: Path, device: str
) -> FinalResult:
    """The one place where the sealed test split is opened."""
    test = dataset.test.open()
    winner = finalists[0]
    outputs = _outputs(dataset, winner, test.inputs, device)
    winner = _with_test_score(winner, score(dataset.task, outputs, test.targets))
    rows = slice(0, CHECKED_EXAMPLES)
    if device != "cpu":  # an export is proved on the CPU, to more digits than a GPU's fast formats keep
        outputs = _outputs(dataset, winner, test.inputs[rows], "cpu")
    Check(test.inputs[rows], outputs[rows], test.targets[rows]).save(directory / "check.npz")
    if baseline is not None and baseline.candidate.number == winner.candidate.number:
        baseline = winner
    elif baseline is not None:
        measured = score(dataset.task, _outputs(dataset, baseline, test.inputs, device), test.targets)
        baseline = _with_test_score(baseline, measured)
    others = (baseline if baseline and baseline.weights == one.weights else one for one in finalists[1:])
    return FinalResult((winner, *others), baseline)


def _outputs(dataset: Dataset, finalist: Finalist, inputs: np.ndarray, device: str) -> np.ndarray:
    state = torch.load(finalist.weights, weights_only=True)
    network = whole_network(finalist.candidate.architecture, dataset.task, constants_of(dataset.search), state)
    return predicted(network, inputs, device=device)


def _with_test_score(finalist: Finalist, value: float) -> Finalist:
    candidate = dataclasses.replace(finalist.candidate, test_score=value)
    return dataclasses.replace(finalist, test_score=value, candidate=candidate)


def _write_record(dataset: Dataset, result: FinalResult, tried: int, directory: Path) -> None:
    """`final.json`: all that an export needs beside the weights, so that it can be made again at any time."""
    record = {
        "task": dataclasses.asdict(dataset.task),
        "data": dataset.name,
        "fingerprint": dataset.fingerprint,
        "classes": list(dataset.classes),
        "trials": tried,
        "constants": constants_of(dataset.search),
        "finalists": [_row(finalist) for finalist in result.finalists],
        "baseline": _row(result.baseline) if result.baseline else None,
    }
    part = directory / "final.json.part"
    part.write_text(json.dumps(record, indent=1))
    os.replace(part, directory / "final.json")


def _row(finalist: Finalist) -> dict[str, Any]:
    names = ("validation_score", "test_score", "epochs", "seed", "seconds")
    return {
        "number": finalist.candidate.number,
        **{name: getattr(finalist, name) for name in names},
        "scores": list(finalist.scores),
        "weights": finalist.weights.name,
        "architecture": json.loads(finalist.candidate.architecture.to_json()),
    }
