"""Cross-validation in the search: a candidate is trained and scored on several divisions of few examples.

On 100 validation examples two candidates differ by chance; the mean over folds is surer (Kohavi 1995,
https://www.ijcai.org/Proceedings/95-2/Papers/016.pdf).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import nn

from nas.config.recipe import TrainingConfig
from nas.data.dataset import FOLDS, Split, TrainingData
from nas.records.job import EpochReport
from nas.training.loop import Training, begin
from search_spaces.architecture import Architecture


def folds_of(data: TrainingData) -> list[TrainingData]:
    """The division as it is, and others in which further examples validate: each example validates at most once.

    Of every class as large a share validates as now, none where it has too few examples.
    """
    share = len(data.validation) / (len(data.train) + len(data.validation))
    targets = data.train.targets
    labels = targets if targets.ndim == 1 else np.zeros(len(targets), np.int64)
    rng = np.random.default_rng(0)
    validates: list[list[np.ndarray]] = [[] for _ in range(FOLDS - 1)]
    for label in np.unique(labels):
        rows = rng.permutation(np.flatnonzero(labels == label))
        count = round(share * len(rows) / (1 - share))
        for fold, chosen in enumerate(validates):
            chosen.append(rows[fold * count : (fold + 1) * count])
    folds = [data]
    for chosen in validates:
        rows = np.sort(np.concatenate(chosen))
        rest = np.setdiff1d(np.arange(len(targets)), rows)
        if len(rows) and len(rest):
            train = _joined(_taken(data.train, rest), data.validation)
            folds.append(dataclasses.replace(data, train=train, validation=_taken(data.train, rows)))
    return folds


def _taken(split: Split, rows: np.ndarray) -> Split:
    return Split(split.inputs[rows], split.targets[rows])


def _joined(one: Split, other: Split) -> Split:
    return Split(np.concatenate([one.inputs, other.inputs]), np.concatenate([one.targets, other.targets]))


def begin_crossed(
    architecture: Architecture,
    data: TrainingData,
    config: TrainingConfig,
    *,
    epochs: int,
    seed: int,
    device: str = "cpu",
) -> Crossed:
    """A training on every fold; arguments as in `nas.training.loop.begin`."""
    return Crossed(
        [begin(architecture, one, config, epochs=epochs, seed=seed, device=device) for one in folds_of(data)]
    )


class Crossed:
    """Trainings of one network on several folds, as one: scores and losses are means, the network is the first fold's.

    Args:
        trainings: at least one; the first on the division that everything else uses.
    """

    def __init__(self, trainings: Sequence[Training]) -> None:
        self.trainings = tuple(trainings)

    @property
    def finished(self) -> bool:
        """Whether all planned epochs are done."""
        return all(training.finished for training in self.trainings)

    @property
    def epochs_done(self) -> int:
        """Epochs of each fold."""
        return self.trainings[0].epochs_done

    @property
    def continues(self) -> bool:
        """See `Training.continues`."""
        return self.trainings[0].continues

    def close(self) -> None:
        """See `Training.close`."""
        for training in self.trainings:
            training.close()

    def notice(self, text: str) -> None:
        """Adds what a person should know to the next report."""
        self.trainings[0].notice(text)

    def epoch(self, deadline: float) -> EpochReport:
        """One epoch of every fold; see `Training.epoch`."""
        reports = [training.epoch(deadline) for training in self.trainings]

        def mean(name: str) -> float:
            return float(np.mean([getattr(report, name) for report in reports]))

        return dataclasses.replace(
            reports[0],
            score=mean("score"),
            loss=mean("loss"),
            validation_loss=mean("validation_loss"),
            seconds=sum(report.seconds for report in reports),
        )

    def trained_network(self) -> nn.Module:
        """The network of the first fold."""
        return self.trainings[0].trained_network()

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` continues from."""
        return {"folds": [training.state_dict() for training in self.trainings]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continues from a state of the same architecture, recipe and data."""
        for training, own in zip(self.trainings, state["folds"], strict=True):
            training.load_state_dict(own)
