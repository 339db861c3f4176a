"""Optuna's own samplers, asked for whole candidates so that broken rules and repeats never become trials.

TPE: https://papers.nips.cc/paper/4443-algorithms-for-hyper-parameter-optimization; NSGA-II:
https://doi.org/10.1109/4235.996017.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import optuna
from optuna.samplers import BaseGASampler, BaseSampler, NSGAIISampler, TPESampler
from optuna.trial import FrozenTrial, TrialState

from nas.records.joint_space import JointSpace, Proposal
from nas.strategies.optuna.planned import PlannedSampler, distribution


class OptunaSampler(PlannedSampler):
    """`make(seed)` anew for each proposal: what it knows is in the study, what it draws follows from the number."""

    def __init__(
        self, joint: JointSpace, seed: int, objectives: Sequence[str], name: str, make: Callable[[int], BaseSampler]
    ) -> None:
        super().__init__(joint, seed, objectives)
        self.name = name
        self.make = make
        self.inner = make(seed)

    def plan(self, study: optuna.Study, trial: FrozenTrial, rng: random.Random) -> Proposal:
        self.source = self.name
        self.inner = inner = self.make(rng.randrange(2**32))
        together = inner.sample_relative(study, trial, inner.infer_relative_search_space(study, trial))

        def decide(path: str, options: tuple[Any, ...]) -> int:
            if path in together:
                return int(together[path])
            return int(inner.sample_independent(study, trial, path, distribution(len(options))))

        return self.joint.resolve(decide)

    def admit(self, study: optuna.Study, trial: FrozenTrial) -> None:
        if isinstance(self.inner, BaseGASampler):
            self.inner.get_trial_generation(study, trial)  # marks the trial, so that it may become a parent

    def after_trial(
        self, study: optuna.Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None
    ) -> None:
        self.inner.after_trial(study, trial, state, values)


def tpe(joint: JointSpace, seed: int = 0, objectives: Sequence[str] = ("score",)) -> OptunaSampler:
    """Tree-structured Parzen estimator; groups decisions that occur together."""

    def make(seed: int) -> BaseSampler:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # `group` is still marked experimental
            return TPESampler(seed=seed, multivariate=True, group=True, warn_independent_sampling=False)

    return OptunaSampler(joint, seed, objectives, "tpe", make)


def nsga2(joint: JointSpace, seed: int = 0, objectives: Sequence[str] = ("score",)) -> OptunaSampler:
    """The genetic algorithm for several objectives."""
    return OptunaSampler(joint, seed, objectives, "nsga2", lambda seed: NSGAIISampler(seed=seed, population_size=24))
