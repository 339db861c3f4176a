"""Optuna by itself, one categorical parameter a decision; what it asks twice is a query like any other."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import optuna

from nas.records.joint_space import JointSpace
from nas.records.proposal import Proposal

SAMPLERS: dict[str, Callable[[int], optuna.samplers.BaseSampler]] = {
    "optuna TPE": lambda seed: optuna.samplers.TPESampler(seed=seed),
    "optuna GP": lambda seed: optuna.samplers.GPSampler(seed=seed, deterministic_objective=False),
    "optuna NSGA-II": lambda seed: optuna.samplers.NSGAIISampler(seed=seed, population_size=20),
}


def proposals(
    space: JointSpace, name: str, seed: int, directions: int = 1
) -> Iterator[tuple[optuna.Trial, Proposal, optuna.Study]]:
    """Without end; all objectives are to be small. The caller tells the study before it asks for the next."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        study = optuna.create_study(directions=["minimize"] * directions, sampler=SAMPLERS[name](seed))
        while True:
            trial = study.ask()
            yield trial, space.resolve(partial(_decide, trial)), study


def _decide(trial: optuna.Trial, path: str, options: tuple[Any, ...]) -> int:
    return int(trial.suggest_categorical(path, range(len(options))))
