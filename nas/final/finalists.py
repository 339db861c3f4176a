"""Trainings as finalists: full ones, and the weights that the search kept of its best."""

from __future__ import annotations

import dataclasses
import logging
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from nas.execution.full_training import FullTraining, Trained
from nas.records.results import Finalist
from nas.records.trial import Trial
from nas.training.storage import load

log = logging.getLogger("nas")


def from_search(trial: Trial, kept: str, directory: Path) -> Finalist | None:
    """The best trial with the weights that the search kept of it; None where there are none."""
    try:
        state = load(kept) if kept else None
        if state is None:
            return None
        path = directory / f"{trial.number:04d}-search.pt"
        write_weights(state["weights"], path)
        scores = (*trial.scores[: int(state["epochs"]) - 1], float(state["score"]))
        return Finalist(trial, scores[-1], scores, trial.seed, trial.seconds, path)
    except Exception as error:  # torn, or of another version: the final has to do without
        log.warning("The weights that the search kept cannot be used: %s", error)
        return None


def is_better(fallback: Finalist, finalists: Sequence[Finalist]) -> bool:
    """Whether the search's own training is ahead of full trainings that were cut off before they were as long."""
    return all(
        one.epochs < fallback.epochs and one.validation_score < fallback.validation_score for one in finalists
    )  # fmt: skip


def finalist(trial: Trial, job: FullTraining, trained: Trained, directory: Path) -> Finalist:
    """The training as a finalist, its weights on disk."""
    path = directory / f"{job.number:04d}-{job.turn}.pt"
    write_weights(trained.weights, path)
    scores = trained.scores
    return Finalist(trial, scores[-1], scores, job.seed, trained.seconds, path, dict(trained.gradient_flow))


def by_trial(runs: Sequence[Finalist]) -> dict[int, Finalist]:
    """For each trial its best training, with the mean validation score of all of them."""
    found: dict[int, Finalist] = {}
    for number in dict.fromkeys(run.trial.number for run in runs):
        same = [run for run in runs if run.trial.number == number]
        found[number] = dataclasses.replace(
            max(same, key=lambda run: run.validation_score),
            validation_score=float(np.mean([run.validation_score for run in same])),
            seconds=sum(run.seconds for run in same),
        )
    return found


def write_weights(weights: object, path: Path) -> None:
    """Whole or not at all."""
    part = path.with_suffix(".part")
    torch.save(weights, part)
    os.replace(part, path)
