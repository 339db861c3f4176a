"""The winner as the mean of several networks: further ones are trained like it, from other seeds, while time is left.

Two trainings of one network err on different examples, and so their mean is better than either: a deep ensemble
(https://arxiv.org/abs/1612.01474). `results/versus/members.md` says how much on small data, where time is left.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from nas.baselines.examples import joined
from nas.data.dataset import Dataset
from nas.final.choice import standard_error
from nas.final.finalists import write_weights
from nas.final.refit import SELECTED, LastTrainings, watched
from nas.records.results import Finalist
from nas.training.storage import load
from search_spaces.task import LANGUAGE

SLOWER = 1.1  # than expected, that a further training may be


def further_members(
    dataset: Dataset, winner: Finalist, trained: LastTrainings, directory: Path, seconds: float
) -> Finalist:
    """The winner with as many further members as there is time for; as it was where there is none for even one.

    Each is trained on the training and the validation split for as many epochs as the winner was. One that is clearly
    worse than the winner's score, on examples that it has seen, has failed: it does not count, and no other follows.
    """
    data, trial, refit = dataset.search, winner.trial, trained.refit
    first = load(str(winner.weights))
    if not winner.refitted or first is None or data.task.kind == LANGUAGE:
        return winner
    end, grown = time.monotonic() + seconds, (len(data.train) + len(data.validation)) / len(data.train)
    each = SLOWER * winner.epochs * grown * refit.seconds_of_epoch(trial, data)
    worst = winner.validation_score - SELECTED * standard_error(
        winner.validation_score, data.task.metric, len(data.validation)
    )
    states, spent = [first], 0.0
    everything = dataclasses.replace(data, train=joined(data), validation=watched(data, trial.seed))
    while len(states) < refit.members and not trained.stopped():
        closing = len(states) * refit.predicting
        if time.monotonic() + each + closing > end:
            break
        found, _ = trained(everything, winner.epochs, end - closing, seed=trial.seed + len(states))
        if found is None or len(found.scores) < winner.epochs or not found.scores[-1] >= worst:
            break
        states.append(dict(found.weights))
        spent, each = spent + found.seconds, SLOWER * found.seconds
    if len(states) == 1:
        return winner
    path = directory / f"{trial.number:04d}-members.pt"
    write_weights(state_of_members(states), path)
    return dataclasses.replace(winner, weights=path, members=len(states), seconds=winner.seconds + spent)


def state_of_members(states: Sequence[Mapping[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """The state dict of the whole network whose only cell is `Members`, of those of its members' whole networks."""
    found = {}
    for number, state in enumerate(states):
        for name, value in state.items():
            before = "1.network." if name.startswith("1.network.") else "1."  # behind the normalisation
            found[f"{before}0.members.{number}.{name.removeprefix(before)}"] = value
    return found
