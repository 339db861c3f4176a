"""Optuna's own samplers, asked for whole candidates so that broken rules and repeats never become trials.

TPE: https://papers.nips.cc/paper/4443-algorithms-for-hyper-parameter-optimization; NSGA-II:
https://doi.org/10.1109/4235.996017.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import optuna
from optuna.samplers import BaseGASampler, BaseSampler, NSGAIISampler, TPESampler

from nas.records.problem import Problem
from nas.records.proposal import Proposal
from nas.records.trial import RUNNING, Trial
from nas.strategies.history import History
from nas.strategies.novelty import novel
from nas.strategies.optuna.study import distribution, distributions, frozen, new_study, state_and_values
from nas.strategies.strategy import GIVEN

OF_TRIAL, OF_STUDY = "optuna_trial", "optuna_study"  # attributes: what a sampler notes of a trial, and of the study


class OptunaStrategy:
    """`make(seed)` anew for each draw: what it knows is in a study kept in step with the trials.

    What a sampler writes into the study while it draws (NSGA-II: the trial's generation, and which trials are the
    parents of that generation) is part of the proposal, so that the study can be rebuilt from the journal.
    """

    def __init__(self, name: str, seed: int, make: Callable[[int], BaseSampler]) -> None:
        self.name = name
        self.seed = seed
        self.make = make
        self._history: History | None = None
        self._study: StudyInStep | None = None

    def propose(self, problem: Problem, trials: Sequence[Trial], number: int) -> Proposal:
        """See `Strategy`."""
        history = History.of(problem, trials, self._history)
        study = self._study
        if study is None or history is not self._history or not study.goes_on(trials):
            study = StudyInStep(problem, self._marks_of_given)
        self._history, self._study = history, study
        asked = study.ask(trials)
        return study.note(asked, novel(history, self.seed, number, lambda rng: self._draw(problem, asked, rng)))

    def _draw(self, problem: Problem, asked: optuna.Trial, rng: random.Random) -> Proposal:
        sampler, study = self.make(rng.randrange(2**32)), asked.study
        trial = study._storage.get_trial(asked._trial_id)
        together = sampler.sample_relative(study, trial, sampler.infer_relative_search_space(study, trial))

        def decide(path: str, options: Sequence[Any]) -> int:
            if path in together:
                return int(together[path])
            return int(sampler.sample_independent(study, trial, path, distribution(len(options))))

        return replace(problem.space.drawn(decide, rng), source=self.name)

    def _marks_of_given(self, trial: Trial) -> Mapping[str, Any]:
        """What the user began with may become parents as well: so many to a generation."""
        sampler = self.make(self.seed)
        if trial.source != GIVEN or not isinstance(sampler, BaseGASampler):
            return {}
        return {sampler._get_generation_key(): trial.number // (sampler.population_size or 1)}


class StudyInStep:
    """A study in memory in which Optuna's trial `n` is the search's trial `n`, and the last one may just be asked."""

    def __init__(self, problem: Problem, marks: Callable[[Trial], Mapping[str, Any]]) -> None:
        self.problem = problem
        self.marks = marks
        self.study = new_study(problem.objectives)
        self._unfinished: set[int] = set()
        self._noted: set[str] = set()
        self._count = 0
        self._asked: Proposal | None = None

    def goes_on(self, trials: Sequence[Trial]) -> bool:
        """Whether the trial that was asked last is among the trials: Optuna can take none back."""
        if self._count == 0 or self._asked is None:
            return self._count == 0
        return len(trials) >= self._count and trials[self._count - 1].decisions == self._asked.decisions

    def ask(self, trials: Sequence[Trial]) -> optuna.Trial:
        """The next trial, after all that has happened to `trials` since the last time."""
        storage = self.study._storage
        for number in sorted(self._unfinished):
            if trials[number].ended:
                state, values = state_and_values(trials[number], self.problem.objectives)
                if len(self.problem.objectives) == 1:
                    for epoch, score in enumerate(trials[number].scores, 1):
                        storage.set_trial_intermediate_value(number, epoch, score)
                storage.set_trial_state_values(number, state, values)
                self._unfinished.discard(number)
        for trial in trials[self._count :]:
            system = {**self.marks(trial), **trial.attributes.get(OF_TRIAL, {})}
            self.study.add_trial(
                frozen(trial if trial.ended else replace(trial, state=RUNNING), self.problem, system=system)
            )
            self._keep(trial.attributes.get(OF_STUDY, {}))
            if not trial.ended:
                self._unfinished.add(trial.number)
        self._count = len(trials) + 1
        self._unfinished.add(len(trials))
        self._asked = None
        return self.study.ask()

    def note(self, asked: optuna.Trial, proposal: Proposal) -> Proposal:
        """Writes the decisions into the study, and what the sampler wrote there into the proposal."""
        storage = self.study._storage
        for path, kind in distributions(self.problem.space, proposal.decisions).items():
            storage.set_trial_param(asked._trial_id, path, kind.to_internal_repr(proposal.decisions[path]), kind)
        self._asked = proposal
        of_trial = dict(storage.get_trial(asked._trial_id).system_attrs)
        written = storage.get_study_system_attrs(self.study._study_id)
        of_study = {name: value for name, value in written.items() if name not in self._noted}
        self._noted.update(of_study)
        attributes = {OF_TRIAL: of_trial, OF_STUDY: of_study}
        return replace(proposal, attributes={name: value for name, value in attributes.items() if value})

    def _keep(self, of_study: Mapping[str, Any]) -> None:
        for name, value in of_study.items():
            self.study._storage.set_study_system_attr(self.study._study_id, name, value)
        self._noted.update(of_study)


def tpe(seed: int = 0) -> OptunaStrategy:
    """Tree-structured Parzen estimator; groups decisions that occur together."""

    def make(seed: int) -> BaseSampler:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # `group` is still marked experimental
            return TPESampler(seed=seed, multivariate=True, group=True, warn_independent_sampling=False)

    return OptunaStrategy("tpe", seed, make)


def nsga2(seed: int = 0) -> OptunaStrategy:
    """The genetic algorithm for several objectives."""
    return OptunaStrategy("nsga2", seed, lambda seed: NSGAIISampler(seed=seed, population_size=24))
