"""LightGBM (Ke et al. 2017, https://papers.nips.cc/paper/6907), where the package is installed."""

from __future__ import annotations

import importlib.util
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from nas.baselines.examples import and_notes, at_most, flat, joined
from nas.baselines.fitted import Fitted
from nas.baselines.gradient_boosting import TRIED, boosts, fault_of, most_examples, part_of
from nas.baselines.threads import fastest
from nas.data.dataset import Split, TrainingData
from nas.training.score import score
from search_spaces.task import Task

MOST_ROUNDS = 1_000
PATIENCE = 40


@dataclass(frozen=True)
class LightGradientBoosting:
    """As many rounds as are best on the validation split."""

    name: str = "lightgbm"
    label: str = "LightGBM"

    def fits(self, task: Task) -> bool:
        """Real inputs and the package installed; up to 100 classes or 16 values."""
        return boosts(task) and installed()

    def train(self, data: TrainingData, seconds: float, seed: int = 0, refit: bool = True) -> Fitted:
        """Stops when the validation split has shown no progress for 40 rounds, or at half the time."""
        began, task = time.monotonic(), data.task
        most = 2 * most_examples(task, seconds)
        train, note = at_most(data.train, task, most, seed)
        model, cut = _grown(train, data.validation, task, seed, began + (0.5 if refit else 0.9) * seconds)
        grew = time.monotonic() - began
        value = score(task, model(data.validation.inputs), data.validation.targets)
        both, _ = at_most(joined(data), task, most, seed)
        again = refit and grew * len(both) / len(train) < 0.9 * (seconds - grew)
        if again:
            model = _trained(both, task, seed, model.rounds, model.threads)
        stopped = f"stopped by the time after {max(model.rounds)} rounds" if cut else ""
        spent = time.monotonic() - began
        return Fitted(self.name, self.label, model, value, again, spent, and_notes(note, stopped))


def installed() -> bool:
    """Whether the package is there."""
    return importlib.util.find_spec("lightgbm") is not None


@dataclass(frozen=True, eq=False)
class LightBoosted:
    """Boosters: one for classes, one for each value of a regression, with their rounds."""

    boosters: tuple[Any, ...]
    rounds: tuple[int, ...]
    task: Task
    threads: int

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """`(n, …)` to `(n, outputs)`: probabilities or values."""
        if not len(inputs):
            return np.empty((0, self.task.outputs), dtype=np.float32)
        rows = flat(inputs)
        found = [
            booster.predict(rows, num_iteration=rounds, num_threads=self.threads)
            for booster, rounds in zip(self.boosters, self.rounds, strict=True)
        ]
        if self.task.kind != "classification":
            return np.stack(found, axis=1).astype(np.float32)
        shares = found[0]
        return (np.stack([1 - shares, shares], axis=1) if shares.ndim == 1 else shares).astype(np.float32)


def _grown(train: Split, held: Split, task: Task, seed: int, deadline: float) -> tuple[LightBoosted, bool]:
    import lightgbm

    boosters, rounds, cut = [], [], False
    few = at_most(train, task, TRIED, seed)[0]
    threads = fastest(
        int(train.inputs.size), lambda count: _trained(few, task, seed, (3,) * len(_columns(few, task)), count)
    )
    targets, held_targets = _columns(train, task), _columns(held, task)
    for place, (own, own_held) in enumerate(zip(targets, held_targets, strict=True)):
        rows = lightgbm.Dataset(flat(train.inputs), own)
        until = time.monotonic() + (deadline - time.monotonic()) / (len(targets) - place)
        clock = _Clock(until)
        booster = lightgbm.train(
            _settings(task, seed, len(train), threads),
            rows,
            MOST_ROUNDS,
            feval=_fault(task),
            valid_sets=[rows.create_valid(flat(held.inputs), own_held)],
            callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False), clock],
        )
        cut |= clock.ended
        boosters.append(booster)
        rounds.append(max(1, booster.best_iteration or clock.rounds))
    return LightBoosted(tuple(boosters), tuple(rounds), task, threads), cut


def _fault(task: Task) -> Any:
    """A measure of validation for LightGBM where its own would end too early, else None."""
    if task.kind != "classification" or task.outputs == 2:
        return None
    return lambda outputs, rows: ("fault", fault_of(task, outputs, rows.get_label().astype(np.int64)), False)


class _Clock:
    """A callback that ends the training at a time."""

    order = 20  # before early stopping's own
    before_iteration = False

    def __init__(self, deadline: float) -> None:
        self.deadline, self.ended, self.rounds = deadline, False, 0

    def __call__(self, env: Any) -> None:
        from lightgbm.callback import EarlyStopException

        self.rounds = env.iteration + 1
        if time.monotonic() > self.deadline:
            self.ended = True
            raise EarlyStopException(env.iteration, env.evaluation_result_list)


def _trained(split: Split, task: Task, seed: int, rounds: tuple[int, ...], threads: int) -> LightBoosted:
    import lightgbm

    boosters = tuple(
        lightgbm.train(_settings(task, seed, len(split), threads), lightgbm.Dataset(flat(split.inputs), own), count)
        for own, count in zip(_columns(split, task), rounds, strict=True)
    )
    return LightBoosted(boosters, rounds, task, threads)


def _columns(split: Split, task: Task) -> list[np.ndarray]:
    """The targets of each booster; LightGBM warns of parts of an array."""
    if task.kind == "classification":
        return [split.targets]
    return list(np.ascontiguousarray(split.targets.reshape(len(split), -1).T))


def _settings(task: Task, seed: int, examples: int, threads: int) -> dict[str, Any]:
    many = task.kind == "classification" and task.outputs > 2
    kind = "multiclass" if many else "binary" if task.kind == "classification" else "regression"
    return {
        "objective": kind,
        "learning_rate": 0.05,
        "num_leaves": 31,
        "min_data_in_leaf": 20 if examples >= 500 else 5,
        "feature_fraction": part_of(int(np.prod(task.input_shape))),
        "seed": seed,
        "num_threads": threads,
        "deterministic": True,
        "force_row_wise": True,
        "verbose": -1,
        **({"metric": "None"} if many else {}),
        **({"num_class": task.outputs} if many else {}),
    }
