"""How a budget of time is spent: how long a training of the search is, on how many examples, and what the final gets.

A predictor learns and halving stops only where there are enough trainings. So trainings are made as short as it takes
for `TRAININGS` of them to fit, by fewer epochs and then by fewer examples, and never so short that they say nothing.
Those that halving lets live are trained for all their epochs, and the final trains the winner on all of the data.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, replace

import torch

from nas.config.budget import Budget, duration
from nas.config.final_time import FULL_EPOCHS, LONGER, kept_for_final, seconds_of_final
from nas.config.recipe import Fidelity, TrainingConfig, each_recipe
from nas.config.search_config import SearchConfig
from nas.data.dataset import FOLDS, Dataset
from nas.records.joint_space import JointSpace
from nas.training.machine import cpus
from nas.training.timing import seconds_per_step
from search_spaces.architecture import Architecture
from search_spaces.cells.custom import Custom
from search_spaces.profile import profile
from search_spaces.task import LANGUAGE, Task
from search_spaces.tree import cells_within, is_open, outcomes

OURS = "search_spaces"
TRAININGS = 40
AVERAGE = 0.5  # of a whole training, that one costs in the mean when weak ones are stopped
STARTUP = 10.0  # seconds until the first training begins, workers and data included
EXAMPLES_SEEN = 20_000  # of a training where time is no matter
LEAST_SEEN = 3_000  # a training that sees fewer says little about the network
LEAST_EPOCHS, MOST_EPOCHS, FEW_EPOCHS = 4, 20, 3
LEAST_SUBSET = 1_000  # examples
WINDOW_OF_TEXT = 8  # examples that a window says as much as: it has a target at every position
SUBSETS = (1.0, 0.7, 0.5, 0.35, 0.25, 0.18, 0.12, 0.08)  # coarse, so that the plan does not hang on the machine's mood
BATCH = 64  # that a network is timed with where the recipe leaves the batch open
TIMED = 5  # networks drawn, of which the middle one by multiply-adds is timed
VALIDATION = 1.2  # a training with its validation, to its training alone


@dataclass(frozen=True)
class Plan:
    """What the trainings of a search are.

    Args:
        epochs: of a training that is not stopped early.
        subset: share of the training examples that one sees, 0 to 1.
        trainings: that the search phase has time for, about; None without a limit on time.
        seconds: of a whole training on one slot, about.
        search_seconds: of the search phase. final_seconds: kept for the final.
    """

    epochs: int
    subset: float = 1.0
    trainings: int | None = None
    seconds: float = 0.0
    search_seconds: float = 0.0
    final_seconds: float = 0.0

    def part(self, architecture: Architecture, watch: Stopwatch | None, examples: int) -> float:
        """Share of the search phase that a whole training of this network takes on a slot; 0 where nothing is timed."""
        if watch is None or self.trainings is None:
            return 0.0
        seen = self.epochs * self.subset * examples
        return watch.seconds_per_example(architecture) * seen / max(self.search_seconds, 1e-9)

    def recipe(self, recipe: TrainingConfig) -> TrainingConfig:
        """A recipe of the search as it is planned."""
        if self.subset == 1:
            return recipe
        return each_recipe(recipe, lambda one: replace(one, fidelity=Fidelity(subset=self.subset)))

    def sentence(self, examples: int) -> str:
        """The plan for so many training examples, in words."""
        seen = f"{self.epochs} epoch{'s' * (self.epochs != 1)} on {round(self.subset * examples):,} examples"
        if self.trainings is None:
            return f"Plan: trainings of {seen}."
        return (
            f"Plan: about {self.trainings} training{'s' * (self.trainings != 1)} of {seen}, "
            f"{duration(max(self.seconds, 0.1))} each; "
            f"{duration(self.final_seconds)} for the final, which trains on all of them."
        )


def epochs_for_data(examples: int) -> int:
    """Epochs of a short training on so many examples where time is no matter."""
    return min(max(math.ceil(EXAMPLES_SEEN / examples), LEAST_EPOCHS), MOST_EPOCHS)


@dataclass(frozen=True)
class Stopwatch:
    """What a training of the search costs on this machine, by timing a few steps of a network.

    Args:
        batch: examples of a step. threads: of torch. folds: that a candidate is trained on.
    """

    task: Task
    batch: int
    threads: int = 1
    folds: int = 1

    @classmethod
    def of(cls, config: SearchConfig, joint: JointSpace, dataset: Dataset) -> Stopwatch | None:
        """None where nothing is timed: without a limit on time, and on a GPU, where small steps all cost the same.

        A person's own cells are not timed either: what hangs, crashes or hoards is met by a worker, never here.
        """
        own = any(_is_own(cell) for cell in cells_within(joint.space.cells))
        if config.budget.seconds is None or torch.cuda.is_available() or own:
            return None
        batch = BATCH if is_open(joint.training) else joint.training.batch_for(len(dataset.search.train))
        folds = FOLDS if dataset.search.crossed else 1
        return cls(dataset.task, batch, min(int(config.cpus_per_trial), cpus()), folds)

    def seconds_per_example(self, architecture: Architecture) -> float:
        """Of a training step, and of its share of the validation."""
        return (
            self.folds * VALIDATION * seconds_per_step(architecture, self.task, self.batch, self.threads) / self.batch
        )


def _is_own(cell: object) -> bool:
    """Whether a cell is not one of the catalogue's."""
    return hasattr(cell, "build") and (isinstance(cell, Custom) or type(cell).__module__.split(".")[0] != OURS)


def plan_for(config: SearchConfig, joint: JointSpace, dataset: Dataset, watch: Stopwatch | None) -> Plan:
    """The plan of a search on this machine, by the time of some middling network."""
    each = 0.0
    if watch is not None:
        rng = random.Random(f"{config.seed}/plan")
        drawn = [joint.sample(rng).architecture for _ in range(TIMED)]
        middle = sorted(drawn, key=lambda one: profile(one, dataset.task).macs)[TIMED // 2]
        each = watch.seconds_per_example(middle)
    return planned(
        config.budget,
        len(dataset.search.train),
        each,
        1 if config.executes_on == "local" else max(1, cpus() // int(config.cpus_per_trial)),
        config.final_share if config.final else 0.0,
        epochs=config.epochs,
        subset=all(recipe.fidelity == Fidelity() for recipe in outcomes(config.training)),
        worth=WINDOW_OF_TEXT if dataset.task.kind == LANGUAGE else 1,
    )


def planned(
    budget: Budget,
    examples: int,
    seconds_per_example: float,
    slots: int,
    final_share: float,
    *,
    epochs: int | None = None,
    subset: bool = True,
    worth: int = 1,
) -> Plan:
    """The plan of a search.

    Args:
        examples: of the training split.
        seconds_per_example: of a training step on one slot, and of its share of validation, for a middling network.
        slots: trainings at once.
        final_share: share of the time that is kept for the final at most; 0 without one.
        epochs: of a training, where the person has said so.
        subset: whether trainings may see a part of the examples only.
        worth: ordinary examples that one says as much as.
    """
    whole = epochs or epochs_for_data(examples * worth)
    if budget.seconds is None or seconds_per_example <= 0:
        return Plan(whole)
    final_seconds = 0.0
    if final_share:
        needs = seconds_of_final(LONGER * whole, FULL_EPOCHS, seconds_per_example * examples, slots)
        final_seconds = kept_for_final(budget.seconds, final_share, needs)
    time = max(0.0, budget.seconds - STARTUP) * (1 - final_seconds / budget.seconds)
    affordable = time * slots / (TRAININGS * AVERAGE * seconds_per_example)  # examples that one training may see
    share = 1.0
    if epochs is None and affordable < whole * examples:
        seen = max(affordable, LEAST_SEEN / worth)
        whole = max(FEW_EPOCHS, min(whole, int(seen / examples)))
        if subset and whole * examples > seen:
            wanted = min(1.0, max(seen / (whole * examples), LEAST_SUBSET / worth / examples))
            share = min(SUBSETS, key=lambda one: abs(math.log(one / wanted)))
    seconds = whole * share * examples * seconds_per_example
    trainings = max(1, int(time * slots / (AVERAGE * seconds)))
    if budget.trials is not None:
        trainings = min(trainings, budget.trials)
    return Plan(whole, share, trainings, seconds, time, final_seconds)
