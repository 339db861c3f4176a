"""Baselines for several inputs or targets: all inputs as one row of numbers, and a model for each target."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nas.baselines.examples import and_notes
from nas.baselines.fitted import Baseline, Fitted
from nas.data.dataset import Split, TrainingData
from search_spaces.task import Target, Task

MOST_WORDS = 300  # of a text, each with a column of its own
PADDING = 0

Predict = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class OfSeveral:
    """A baseline on the data of a task with several inputs or targets, as a person would prepare it.

    Of tokens each of the 300 most frequent becomes a column that counts it; everything else is laid flat.
    """

    baseline: Baseline

    @property
    def name(self) -> str:
        """Key in `BASELINES`."""
        return self.baseline.name

    @property
    def label(self) -> str:
        """How a sentence calls it."""
        return self.baseline.label

    def fits(self, task: Task) -> bool:
        """Whether it can do the task of every target."""
        return all(one.kind != "multilabel" and self.baseline.fits(one) for one in single_tasks(task))

    def train(self, data: TrainingData, seconds: float, seed: int = 0, refit: bool = True) -> Fitted:
        """One model a target, each in an equal share of the time."""
        began, flat = time.monotonic(), Flat.of(data.train, data.task)
        tasks = single_tasks(data.task, flat.width)
        fitted = []
        for place, task in enumerate(tasks):
            left = seconds - (time.monotonic() - began)
            own = _single(data, task, flat, data.task.targets[place] if data.task.targets else None)
            fitted.append(self.baseline.train(own, left / (len(tasks) - place), seed, refit))
        predict = SideBySide(flat, tuple(one.predict for one in fitted))
        value = float(np.mean([one.validation_score for one in fitted]))  # the score of several is this mean too
        notes = and_notes(*(one.note for one in fitted))
        every = all(one.refitted for one in fitted)
        return Fitted(self.name, self.label, predict, value, every, time.monotonic() - began, notes)


def single_tasks(task: Task, features: int = 1) -> list[Task]:
    """The tasks that it falls into: one a target, on so many numbers; of one input only, on that."""
    shape, vocabulary = ((features,), 0) if task.inputs else (task.input_shape, task.vocabulary)
    if not task.targets:
        return [Task(shape, task.outputs, task.kind, vocabulary, task.metric, task.positive)]
    return [Task(shape, one.outputs, one.kind, vocabulary, one.metric) for one in task.targets]


@dataclass(frozen=True, eq=False)
class Flat:
    """All inputs of an example as one row of numbers.

    Args:
        tokens: of each input that holds some, those that are counted. None for others.
    """

    task: Task
    tokens: tuple[np.ndarray | None, ...]

    @classmethod
    def of(cls, split: Split, task: Task) -> Flat:
        """With the most frequent tokens of a split."""
        found: list[np.ndarray | None] = []
        for place, one in zip(task.input_slices().values(), task.inputs, strict=True):
            if not one.vocabulary:
                found.append(None)
                continue
            order = np.argsort(-np.bincount(split.inputs[:, place].astype(np.int64).ravel()), kind="stable")
            found.append(order[order != PADDING][:MOST_WORDS])
        return cls(task, tuple(found))

    @property
    def width(self) -> int:
        """How many numbers a row has."""
        parts = zip(self.tokens, self.task.inputs, strict=True)
        return sum(one.size if tokens is None else len(tokens) for tokens, one in parts)

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """`(n, width)` float32; inputs of a task with one input as they are."""
        if not self.task.inputs:
            return inputs
        parts = []
        for place, tokens in zip(self.task.input_slices().values(), self.tokens, strict=True):
            here = inputs[:, place]
            parts.append(here if tokens is None else _counted(here.astype(np.int64), tokens))
        return np.ascontiguousarray(np.concatenate(parts, axis=1), np.float32)


def _counted(tokens: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """How often each wanted token stands in a row: `(n, wanted)`."""
    column = np.full(max(int(tokens.max(initial=0)), int(wanted.max(initial=0))) + 1, len(wanted))
    column[wanted] = np.arange(len(wanted))
    counts = np.zeros((len(tokens), len(wanted) + 1), np.float32)
    np.add.at(counts, (np.arange(len(tokens))[:, None], column[tokens]), 1.0)
    return counts[:, :-1]


@dataclass(frozen=True, eq=False)
class SideBySide:
    """The outputs of one model a target, end to end."""

    flat: Flat
    models: tuple[Predict, ...]

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """`(n, outputs of all)` float32."""
        rows = self.flat(inputs)
        found = [np.asarray(model(rows), np.float32) for model in self.models]
        return found[0] if len(found) == 1 else np.concatenate(found, axis=1)


def _single(data: TrainingData, task: Task, flat: Flat, target: Target | None) -> TrainingData:
    """The data of one target alone."""

    def targets(split: Split) -> np.ndarray:
        if target is None:
            return split.targets
        values = split.targets[:, data.task.target_slices()[target.name]]
        return values[:, 0].astype(np.int64) if target.kind == "classification" else np.ascontiguousarray(values)

    train, validation = (Split(flat(one.inputs), targets(one)) for one in (data.train, data.validation))
    return TrainingData.measured(task, train, validation, data.class_weights)
